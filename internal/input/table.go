package input

import (
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/spelling"
)

// table is a list with a header, as spreadsheets write it: cells separated by TAB, comma or
// semicolon. In the latter two, cells may be quoted (RFC 4180).
type table struct {
	header    string   // its text, without the end of its last line
	titles    []string // its cells
	separator byte
	media     int // the column of media ids, -1 if there is none; likewise item and path
	item      int
	path      int

	rows strings.Reader // the row that quoted parses
	// quoted is reused for rows, because a csv.Reader allocates a buffer; nil if the next row needs a
	// new one.
	quoted *csv.Reader
}

// columnKinds are the titles of the columns, in any case.
var columnKinds = []struct {
	what   string
	titles []string
	column func(*table) *int
}{
	{"the asset", []string{"id", "mediaId"}, func(t *table) *int { return &t.media }},
	{"the item", []string{"itemId"}, func(t *table) *int { return &t.item }},
	{"the path", []string{"path", "saveAs"}, func(t *table) *int { return &t.path }},
}

// isTitle reports whether a cell is one of the titles.
func isTitle(cell string, titles ...string) bool {
	return slices.ContainsFunc(titles, func(title string) bool { return strings.EqualFold(cell, title) })
}

// readHeader returns the table whose header is text, nil if text is not a header: a cell of a header is id, mediaId or
// itemId, and none has the shape of an id or a link. If separator is 0, it is TAB if there is one, else the one of
// semicolon and comma that yields that cell. open reports whether text ends within quotes, so that it may be a header
// together with the next lines.
func readHeader(text string, separator byte) (found *table, open bool) {
	candidates := ";,"
	switch {
	case separator != 0:
		candidates = string(separator)
	case strings.Contains(text, "\t"):
		candidates = "\t"
	}
	for _, separator := range []byte(candidates) {
		t := &table{header: text, separator: separator, media: -1, item: -1, path: -1}
		if state, _ := t.quotes(outside, text); state == within {
			open = true
			continue
		}
		cells, err := t.split(text)
		if err != nil {
			continue
		}
		trimCells(cells)
		if !slices.ContainsFunc(cells, namesAsset) &&
			slices.ContainsFunc(cells, func(cell string) bool { return isTitle(cell, "id", "mediaId", "itemId") }) {
			t.titles = cells
			return t, false
		}
	}
	return nil, open
}

// readSeparated returns the table whose header is text, after a line that specifies its separator, or 0. The header
// includes that line if it cannot be parsed without.
func readSeparated(text string, separator byte) (found *table, open bool) {
	found, open = readHeader(text, separator)
	if found == nil || separator == 0 {
		return found, open
	}
	if alone, _ := readHeader(text, 0); alone == nil || alone.separator != separator {
		found.header = "sep=" + string(separator) + "\n" + text
	}
	return found, false
}

// separatorLine returns the separator that a line specifies as in Excel, "sep=;", 0 for another line.
func separatorLine(text string) byte {
	text = strings.TrimRight(text, " ")
	if before, ok := strings.CutPrefix(strings.ToLower(text), "sep="); ok && len(before) == 1 && strings.Contains(separators, before) {
		return before[0]
	}
	return 0
}

// namesAsset reports whether a cell has the shape of an id or a link to an asset, and so is not a title.
func namesAsset(cell string) bool {
	return bynder.LooksLikeID(cell) || strings.Contains(cell, "://") || strings.Contains(strings.ToLower(cell), "mediaid=")
}

// trimCells trims the cells in place.
func trimCells(cells []string) {
	for i := range cells {
		cells[i] = spelling.Trim(cells[i])
	}
}

// findColumns finds the columns by their titles. The error is that of a header with two columns of a
// kind, or without one that f needs.
func (t *table) findColumns(f Format) error {
	for _, kind := range columnKinds {
		column := kind.column(t)
		for i, title := range t.titles {
			switch {
			case !isTitle(title, kind.titles...):
			case *column >= 0:
				return headerError(fmt.Errorf("columns %d (%s) and %d (%s) of the header both name %s", *column+1, t.titles[*column], i+1, title, kind.what),
					"rename one of the two columns")
			default:
				*column = i
			}
		}
	}
	switch {
	case t.media < 0 && !f.AssetNamed:
		return headerError(errors.New("the header has no column mediaId or id"), `name the column of media ids "mediaId"`)
	case t.item < 0 && f.ItemColumn:
		return headerError(errors.New("the header has no column itemId"), `name the column of item ids "itemId"`)
	}
	return nil
}

// headerError returns the error of a list that cannot be read.
func headerError(err error, advice string) error {
	return &download.Error{Code: download.CodeUsage, Err: err, Advice: advice}
}

// checkDocument rejects JSON that is not one object per line. text is the first line or, if that is {, the first two.
func checkDocument(text string) error {
	text = spelling.Trim(text)
	if text == "" {
		return nil
	}
	rest := strings.TrimLeft(text[1:], " \t")
	switch {
	case text[0] == '[' && (rest == "" || strings.IndexByte(`[{"]`, rest[0]) >= 0):
		return headerError(errors.New("the list is a JSON array, not one object per line"), "write each object on a line of its own with jq -c '.[]'")
	case strings.HasPrefix(text, "{\n") && strings.HasPrefix(spelling.Trim(text[2:]), `"`):
		return headerError(errors.New("the list is JSON with line breaks, not one object per line"), "write each object on a line of its own with jq -c .")
	}
	return nil
}

// checkPlain rejects the first line of a list without a header if it is separated by commas or
// semicolons, because the meaning of its columns is unknown.
func checkPlain(text string, f Format) error {
	if _, err := bynder.ReadMediaID(text, ""); err == nil || !strings.ContainsAny(text, ";,") {
		return nil
	}
	separator := ""
	for _, each := range []string{";", ","} {
		cells := strings.Split(text, each)
		if len(cells) > 1 && (separator == "" || slices.ContainsFunc(cells, idLike)) {
			separator = each
		}
	}
	return headerError(fmt.Errorf("the first line is separated by %s but is not a header: %.100q", separator, text),
		"add a first line that names the columns: "+strings.Join(suggestTitles(strings.Split(text, separator), f), separator))
}

// idLike reports whether a cell, quoted or not, has the shape of a portal's id or a link to an asset.
func idLike(cell string) bool { return namesAsset(strings.Trim(spelling.Trim(cell), `"`)) }

// suggestTitles returns titles for the columns of a row: for the first id, a second id, and the cell that
// is most similar to a path. If the user specified the asset, a single id is an item's.
func suggestTitles(cells []string, f Format) []string {
	cells = cells[:min(len(cells), 20)]
	titles := make([]string, len(cells))
	take := func(title string, accept func(string) bool) {
		for i, cell := range cells {
			if titles[i] == "" && accept(cell) {
				titles[i] = title
				return
			}
		}
	}
	ids := []string{"mediaId", "itemId"}
	if first := slices.IndexFunc(cells, idLike); f.AssetNamed && !slices.ContainsFunc(cells[first+1:], idLike) {
		ids = []string{"itemId", "mediaId"}
	}
	take(ids[0], idLike)
	if !slices.Contains(titles, ids[0]) {
		titles[0] = ids[0]
	}
	take(ids[1], idLike)
	take("path", func(cell string) bool { return len(cells) == 2 || strings.ContainsAny(cell, "./") })
	for i := range titles {
		if titles[i] == "" {
			titles[i] = fmt.Sprintf("column%d", i+1)
		}
	}
	return titles
}

// quoting is the state of a text's end within a cell.
type quoting int

const (
	outside quoting = iota // at the beginning of a cell
	bare                   // in a cell without quotes, or after the quotes of one
	within                 // in quotes
	closing                // directly after a closing quote, unless another quote follows
)

// quotes returns the state at the end of text, which begins in state, and reports whether a quote opens in it, which
// it does at the beginning of a cell only.
func (t *table) quotes(state quoting, text string) (end quoting, opens bool) {
	if t.separator == '\t' || state == outside && !strings.Contains(text, `"`) {
		return outside, false
	}
	for i := range len(text) {
		switch b := text[i]; {
		case state == within && b != '"':
		case state == within:
			state = closing
		case b == '"' && state == outside:
			state, opens = within, true
		case b == '"' && state == closing:
			state = within
		case b == t.separator:
			state = outside
		default:
			state = bare
		}
	}
	return state, opens
}

// split returns the cells of a row.
func (t *table) split(text string) ([]string, error) {
	if t.separator == '\t' || !strings.Contains(text, `"`) {
		return strings.Split(text, string(t.separator)), nil
	}
	t.rows.Reset(text + "\n")
	if t.quoted == nil {
		t.quoted = csv.NewReader(&t.rows)
		t.quoted.Comma, t.quoted.FieldsPerRecord = rune(t.separator), -1
	}
	cells, err := t.quoted.Read()
	if err != nil {
		t.quoted = nil // its buffer may contain the rest of the row
		return nil, errors.New(`misplaced quote: put a cell that contains " in quotes, and double each " in it`)
	}
	return cells, nil
}

// entry parses a row; ok is false for an empty row, and for a repeated header.
func (t *table) entry(text string) (e Entry, ok bool) {
	if strings.Trim(text, separators+" ") == "" || separatorLine(text) == t.separator {
		return Entry{}, false
	}
	e = Entry{Text: text, table: t}
	cells, err := t.split(text)
	if err != nil {
		e.Err, e.misread = err, true
		return e, true
	}
	cell := func(column int) string {
		if column < 0 || column >= len(cells) {
			return ""
		}
		return cells[column]
	}
	path := cell(t.path)
	trimCells(cells)
	if slices.Equal(cells, t.titles) || !slices.ContainsFunc(cells, func(cell string) bool { return cell != "" }) {
		return Entry{}, false
	}
	e.MediaID, e.ItemID = cell(t.media), cell(t.item)
	if cell(t.path) != "" {
		e.SaveAs = path
	}
	for _, extra := range cells[min(len(cells), len(t.titles)):] {
		if extra != "" {
			remedy := fmt.Sprintf("put a cell that contains %q in quotes", string(t.separator))
			if t.separator == '\t' { // such a list has no quotes
				remedy = "remove the TAB from its cell, or make the list a CSV file"
			}
			e.misread = true
			e.Err = fmt.Errorf("the row has %d cells, but the header has %d: %s", len(cells), len(t.titles), remedy)
		}
	}
	return e, true
}
