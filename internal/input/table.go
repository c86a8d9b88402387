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

// table is a list with a header, as spreadsheets write it: values separated by TAB, comma or
// semicolon, of which the latter two may be quoted (RFC 4180).
type table struct {
	header    string   // its text, without the end of its last line
	titles    []string // its cells
	separator byte
	media     int // the column of media ids, -1 if there is none; likewise item and path
	item      int
	path      int

	rows strings.Reader // the row that quoted reads
	// quoted reads one row after another, because a csv.Reader has a buffer of its own; nil if the next one
	// needs a new one.
	quoted *csv.Reader
}

// columnKinds are the titles that columns are known by, whatever their case.
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

// readHeader returns the table that begins with text, nil if text is not a header: one of whose
// cells is id, mediaId or itemId, and none could be an id or a link. separator is given, or 0: then TAB separates if there is one, else the
// one of semicolon and comma that yields that cell. open reports that text ends within quotes, so that it may be
// a header with its next lines.
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

// readSeparated returns the table that begins with text behind a line that says its separator. That line
// is repeated with the header if it cannot be read without.
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

// separatorLine returns the separator that a line says as Excel does, "sep=;", 0 if it does not.
func separatorLine(text string) byte {
	text = strings.TrimRight(text, " ")
	if before, ok := strings.CutPrefix(strings.ToLower(text), "sep="); ok && len(before) == 1 && strings.Contains(separators, before) {
		return before[0]
	}
	return 0
}

// namesAsset reports whether a cell is not a title because it has the shape of an id or a link to an asset.
func namesAsset(cell string) bool {
	return bynder.LooksLikeID(cell) || strings.Contains(cell, "://") || strings.Contains(strings.ToLower(cell), "mediaid=")
}

func trimCells(cells []string) {
	for i := range cells {
		cells[i] = spelling.Trim(cells[i])
	}
}

// findColumns notes which columns say what, and refuses a header that names one thing twice or
// misses what f needs.
func (t *table) findColumns(f Format) error {
	for _, kind := range columnKinds {
		column := kind.column(t)
		for i, title := range t.titles {
			switch {
			case !isTitle(title, kind.titles...):
			case *column >= 0:
				return headerError(fmt.Errorf("columns %d (%s) and %d (%s) of the header both name %s", *column+1, t.titles[*column], i+1, title, kind.what),
					"give all but one of them other titles")
			default:
				*column = i
			}
		}
	}
	switch {
	case t.media < 0 && !f.AssetNamed:
		return headerError(errors.New("the header has no column mediaId or id"), "give the column of media ids the title mediaId")
	case t.item < 0 && f.ItemColumn:
		return headerError(errors.New("the header has no column itemId"), "give the column of item ids the title itemId")
	}
	return nil
}

// headerError is a list that cannot be read as it was meant.
func headerError(err error, advice string) error {
	return &download.Error{Code: download.CodeUsage, Err: err, Advice: advice}
}

// checkDocument refuses the beginning of JSON that is not one object per line: the first line or, if that is {, two.
func checkDocument(text string) error {
	text = spelling.Trim(text)
	if text == "" {
		return nil
	}
	rest := strings.TrimLeft(text[1:], " \t")
	switch {
	case text[0] == '[' && (rest == "" || strings.IndexByte(`[{"]`, rest[0]) >= 0):
		return headerError(errors.New("the list is a JSON array, and not one object per line"), "write each object on a line of its own with jq -c '.[]'")
	case strings.HasPrefix(text, "{\n") && strings.HasPrefix(spelling.Trim(text[2:]), `"`):
		return headerError(errors.New("the list is JSON with line breaks, and not one object per line"), "write each object on a line of its own with jq -c .")
	}
	return nil
}

// checkPlain refuses the first line of a list without a header that is separated by commas or
// semicolons: only a header says what its columns are.
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
	return headerError(fmt.Errorf("the first line is separated by %s and is not a header: %.100q", separator, text),
		"add a first line that names the columns: "+strings.Join(suggestTitles(strings.Split(text, separator), f), separator))
}

// idLike reports whether a cell, quoted or not, has the shape of a portal's id or a link to an asset.
func idLike(cell string) bool { return namesAsset(strings.Trim(spelling.Trim(cell), `"`)) }

// suggestTitles returns titles for the columns of a row: of the first id, a second one, and what looks
// most like a path. If an asset was named, a single one is an item's.
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

// quoting is where in a cell a text ends.
type quoting int

const (
	outside quoting = iota // at the beginning of a cell
	bare                   // in a cell without quotes, or behind those of one with quotes
	within                 // in quotes
	closing                // right behind a quote that closes, unless another one follows
)

// quotes returns where text ends that begins at state, and whether a quote opens in it: at the beginning of a cell,
// and nowhere else.
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
		t.quoted = nil // it may hold the rest of the row
		return nil, errors.New(`a quote in the wrong place: a cell that contains " is written in quotes, and each " in it twice`)
	}
	return cells, nil
}

// entry makes an Entry of a row; ok is false for one without any value, and for the header again.
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
			e.misread = true
			e.Err = fmt.Errorf("the row has %d cells, and the header %d: a cell that contains %q is written in quotes", len(cells), len(t.titles), string(t.separator))
		}
	}
	return e, true
}
