// Package input reads lists of ids as people and programs write them: plain lines,
// columns, tables with a header, NDJSON, NUL-separated, in UTF-8 or UTF-16. Lists are streams:
// an entry is returned as soon as its line is complete.
package input

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/spelling"
)

// Entry is one line of a list.
type Entry struct {
	// Line is its number, from 1; for NUL-separated ids the number of the id.
	Line int
	// MediaID is "" if the only column of the list is the item id (see Format).
	MediaID string
	// ItemID is "" if the line has none.
	ItemID string
	// Asset is the metadata in the line, nil if it has none.
	Asset *bynder.Asset
	// Size is the file's size in the line, in bytes, 0 if it has none: the item's if the line has an item
	// id, else that of the asset's original.
	Size int64
	// SaveAs is the file's path in the line, slash-separated and below the destination; "" if it has
	// none.
	SaveAs string
	// Text is the unchanged line, for a row of a table, an object with SaveAs and a line with Err; "" for other lines,
	// and for a line that is too long.
	Text string
	// Err is the error of an invalid line; the other fields are then as far as they
	// could be parsed.
	Err error

	list    int    // number of the list, from 1; 0 for an argument
	table   *table // of the row; nil for other lines
	advice  string // what to do about Err
	misread bool   // the row cannot be split into cells

	wholeList bool // Err is that of the list, which cannot be read to its end
}

// Format is the format of a list.
type Format struct {
	// NUL means that the list is ids separated by NUL.
	NUL bool
	// ItemColumn means that a single column is an item id, not a media id.
	ItemColumn bool
	// AssetNamed means that the user specified the asset of lines without a media id.
	AssetNamed bool
	// Portal is the host whose links to assets are accepted, with its port if that is not the
	// scheme's default; "" for any.
	Portal string

	countOnly bool                            // entries are not parsed
	keep      func(number int) io.WriteCloser // see lines.keep
}

// Read returns an iterator over the entries of a list. It skips empty lines and those of blanks and separators only
// and, unless the list has a header, those that begin with #. An invalid line is an Entry with Err. The error next to
// an Entry ends the list: that of r, that of an invalid header (a *download.Error), or an *OpenQuoteError.
func Read(r io.Reader, f Format) iter.Seq2[Entry, error] { return newParser(r, f).entries }

// parser reads one list.
type parser struct {
	format Format
	lines  *lines
	begun  bool
	failed error  // the result of begin
	table  *table // nil for a list without a header
	empty  bool   // the list has only comments
	// separator is the one that a line before the header specifies, 0 if there is none.
	separator byte
	// untitled means that the first line is separated by TAB and has no id, so that it may be an invalid header.
	untitled bool
	ahead    []readLine // the first line of a list without a header, and further lines that begin has read
}

// readLine is a line that was read ahead.
type readLine struct {
	text   string
	number int
	err    error
}

// newParser returns a parser of r.
func newParser(r io.Reader, f Format) *parser { return &parser{format: f, lines: newLines(r, f)} }

// entries yields the rest of the list. It may be called again after a loop over it was left.
func (p *parser) entries(yield func(Entry, error) bool) {
	if err := p.begin(); err != nil {
		yield(Entry{Line: p.lines.number}, err)
		return
	}
	for {
		text, number, err := p.next()
		switch {
		case errors.Is(err, io.EOF):
			return
		case errors.Is(err, errLong):
			if !yield(Entry{Line: number, Err: err}, nil) {
				return
			}
			continue
		case err != nil:
			yield(Entry{Line: number}, err)
			return
		}
		if e, ok := p.entry(text); ok {
			e.Line = number
			if !yield(e, nil) {
				return
			}
		}
	}
}

// next returns the next line, or the next row of a table, with the number of its first line.
func (p *parser) next() (text string, number int, err error) {
	if len(p.ahead) > 0 {
		one := p.ahead[0]
		p.ahead = p.ahead[1:]
		return one.text, one.number, one.err
	}
	line, err := p.lines.next()
	number = p.lines.number
	if err != nil || p.table == nil {
		return string(line), number, err
	}
	state, _ := p.table.quotes(outside, string(line))
	if state != within {
		return string(line), number, nil
	}
	row, opened := bytes.Clone(line), number
	for state == within {
		line, err := p.lines.more()
		if errors.Is(err, io.EOF) || errors.Is(err, errLong) {
			return "", number, &OpenQuoteError{opened, number, string(row), errors.Is(err, io.EOF)}
		} else if err != nil {
			return "", number, err
		}
		if len(row)+len(line) > maxLine {
			return "", number, &OpenQuoteError{opened, number, string(row) + "\n" + string(line), false}
		}
		var opens bool
		if state, opens = p.table.quotes(state, string(line)); opens {
			opened = p.lines.number
		}
		row = append(append(row, '\n'), line...)
	}
	return string(row), number, nil
}

// Count returns the number of entries that Read yields for r, including duplicates, at most.
func Count(r io.Reader, f Format) (n int, err error) {
	f.countOnly, f.keep = true, nil
	for _, err := range Read(r, f) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// entry parses a line or row; ok is false for one to skip.
func (p *parser) entry(text string) (e Entry, ok bool) {
	f := p.format
	if p.table != nil {
		if e, ok = p.table.entry(text); !ok || f.countOnly {
			return e, ok
		}
		return f.checked(e), true
	}
	if f.NUL {
		if e = f.checked(f.single(text)); e.Err != nil {
			e.Text = unreadable(text) // it may contain line ends
		}
		return e, text != ""
	}
	line := trimmed([]byte(text))
	switch {
	case len(bytes.Trim(line, separators+" ")) == 0 || line[0] == '#':
		return Entry{}, false
	case f.countOnly:
		return Entry{}, true
	case line[0] == '{':
		e = f.checked(parseObject(line))
	default:
		e = f.checked(f.columns(line))
	}
	if e.Err != nil {
		e.Text = text
		if p.untitled {
			e.advice = "if the first line is a header, name the column of media ids \"id\""
		}
	}
	return e, true
}

// columns parses a line of one or more columns.
func (f Format) columns(line []byte) Entry {
	media, rest, more := bytes.Cut(line, []byte{'\t'})
	if !more {
		return f.single(string(line))
	}
	item, _, _ := bytes.Cut(rest, []byte{'\t'})
	return Entry{MediaID: string(trimmed(media)), ItemID: string(trimmed(item))}
}

// separators are the characters between columns.
const separators = "\t;,"

// trimmed returns text without invisible characters around it, but with tabs before it, because a column may be empty.
func trimmed(text []byte) []byte {
	text = bytes.TrimLeftFunc(text, func(r rune) bool { return r != '\t' && spelling.Blank(r) })
	return bytes.TrimRightFunc(text, spelling.Blank)
}

// single parses a line of one column.
func (f Format) single(id string) Entry {
	if f.ItemColumn {
		return Entry{ItemID: id}
	}
	return Entry{MediaID: id}
}

// parseObject parses a line of NDJSON: an asset as search --json writes it, an item as
// items --json does, or a result.
func parseObject(line []byte) Entry {
	var ids struct {
		ID         *jsonText       `json:"id"`
		MediaID    *jsonText       `json:"mediaId"`
		ItemID     *jsonText       `json:"itemId"`
		Name       json.RawMessage `json:"name"`
		Thumbnails json.RawMessage `json:"thumbnails"`
		FileSize   json.RawMessage `json:"fileSize"`
		Size       json.RawMessage `json:"size"`
		SaveAs     *jsonText       `json:"saveAs"`
	}
	var e Entry
	err := json.Unmarshal(line, &ids)
	if lost, ok := errors.AsType[*lostTextError](err); ok {
		e.Err = lost
	} else if err != nil {
		return Entry{Err: errors.New("the line is not a valid JSON object with string ids")}
	}
	if ids.SaveAs != nil && spelling.Trim(string(*ids.SaveAs)) != "" {
		e.SaveAs, e.Text = string(*ids.SaveAs), string(line)
	}
	switch {
	case ids.MediaID != nil:
		e.MediaID = string(*ids.MediaID)
		if ids.ID != nil { // next to mediaId, it is the item's
			e.ItemID, e.Size = string(*ids.ID), sizeOf(ids.Size)
		}
	case ids.ID != nil:
		e.MediaID, e.Size = string(*ids.ID), sizeOf(ids.FileSize)
		if ids.Name != nil && ids.Thumbnails != nil {
			e.Asset, _ = bynder.ParseAsset(line) // if it is nil, metadata are requested when needed
		}
	case ids.ItemID == nil:
		e.Err = errors.New("the JSON object has neither mediaId nor id")
		return e
	}
	if ids.ItemID != nil {
		if e.ItemID, e.Size = string(*ids.ItemID), 0; e.MediaID != "" {
			e.Size = sizeOf(ids.Size)
		}
	}
	return e
}

// sizeOf parses a number of bytes, which may be in quotes. It returns 0 for anything else.
func sizeOf(raw json.RawMessage) int64 {
	n, err := strconv.ParseInt(string(bytes.Trim(raw, `"`)), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// checked returns e with its ids parsed, or with Err if an id is not valid or the path is not safe. Invalid ids
// stay unchanged.
func (f Format) checked(e Entry) Entry {
	if e.Err != nil {
		return e
	}
	if e.MediaID != "" || !f.ItemColumn || e.ItemID == "" {
		id, err := bynder.ReadMediaID(e.MediaID, f.Portal)
		if e.Err = err; err == nil {
			e.MediaID = id
		}
	}
	if e.Err == nil && e.ItemID != "" {
		id, err := bynder.ReadID(e.ItemID)
		if err == nil {
			e.ItemID = id
		} else {
			e.Err = fmt.Errorf("item: %w", err)
		}
	}
	if e.Err == nil && e.SaveAs != "" {
		e.Err = checkPath(e.SaveAs)
	}
	return e
}

// checkPath returns an error with a safe path if path is not safe.
func checkPath(path string) error {
	safe := naming.SafePath(path)
	switch {
	case path == safe:
		return nil
	case !utf8.ValidString(path):
		return fmt.Errorf("the path %.200q is not UTF-8: save the list as UTF-8", path)
	case norm.NFC.String(path) == safe:
		return fmt.Errorf("the path %.200s is not normalized (Unicode NFC): a safe path is %.200q", strconv.QuoteToASCII(path), safe)
	default:
		return fmt.Errorf("the path %.200q is not safe below the destination: a safe path is %.200q", path, safe)
	}
}
