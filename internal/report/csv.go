package report

import (
	"bytes"
	"encoding/csv"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
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

// harmless returns text such that spreadsheets do not run it as a formula ("CSV Injection", OWASP).
func harmless(text string) string {
	if first := strings.TrimLeft(text, " "); first == "" || !strings.ContainsRune("=+-@", rune(first[0])) {
		return text
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return text // a number
	}
	return "'" + text
}
