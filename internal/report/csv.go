package report

import (
	"bytes"
	"encoding/csv"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// idColumns are the columns whose ids are written unchanged: other programs read them, and an id cannot be a formula.
var idColumns = []string{"id", "mediaId", "itemId"}

var plainID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// NewCSV returns a Listing that writes the fields of its rows as CSV (RFC 4180, lines ending in a newline alone), below
// a header. A cell that a spreadsheet would take for a formula gets an apostrophe in front.
func NewCSV(w io.Writer, header []string) *Listing { return &Listing{w: w, header: header} }

// Header writes the header of CSV, if it was not written yet, and nothing in the other forms. Row does so itself.
func (l *Listing) Header() error {
	if l.header == nil || l.headed {
		return nil
	}
	l.headed = true
	_, err := l.w.Write(record(l.header, l.header))
	return err
}

// record returns one line of CSV. Hidden characters are left out, and line breaks become spaces.
func record(header, fields []string) []byte {
	cells := make([]string, len(fields))
	for i, field := range fields {
		cells[i] = Clean(field)
		if i >= len(header) || !slices.Contains(idColumns, header[i]) || !plainID.MatchString(field) {
			cells[i] = harmless(cells[i])
		}
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write(cells) // writing to a buffer does not fail
	w.Flush()
	return b.Bytes()
}

// formulaStarts are the characters that begin a formula, with their full-width and small forms.
const formulaStarts = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"

// harmless returns text that spreadsheets do not run as a formula ("CSV Injection", OWASP), which they look for behind
// blanks of all kinds and in full-width forms, too.
func harmless(text string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(text, unicode.IsSpace))
	if !strings.ContainsRune(formulaStarts, first) {
		return text
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return text // a number
	}
	return "'" + text
}
