// Package input reads lists of ids as people and programs write them: plain lines,
// columns, NDJSON, NUL-separated, in UTF-8 or as PowerShell's UTF-16. It reads as a
// stream: an entry is there as soon as its line is.
package input

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/spelling"
)

// maxLine is the longest line that is read, 2 MiB: an asset with all of its metadata
// may stand in one.
const maxLine = 2 << 20

// Entry is one line of a list.
type Entry struct {
	// Line is its number, from 1 up (of NUL-separated ids: which one it is).
	Line int
	// MediaID is "" where the list's one column is something else (see Format).
	MediaID string
	// ItemID is "" where the line names none.
	ItemID string
	// Asset is the metadata that came with the line, nil where none did.
	Asset *bynder.Asset
	// Size is what the line tells of the file's size in bytes: of the item where it names one, else of
	// the asset's original; 0 where it tells none.
	Size int64
	// Err says what is wrong with the line; the other fields are then as far as it
	// could be understood.
	Err error
}

// Format says how a list is written.
type Format struct {
	// NUL tells that ids are separated by NUL and are nothing but ids.
	NUL bool
	// ItemColumn tells that a line of one column is an item id, not a media id.
	ItemColumn bool
	// Portal is the host of which links to assets are understood, with its port if that is not the
	// scheme's own; "" for any.
	Portal string

	countOnly bool // entries are not looked into
}

// Read yields the entries of a list. Empty lines and those that begin with # are
// passed over; a line that makes no sense is an Entry with Err. The error beside an
// Entry is r's own and ends the list.
func Read(r io.Reader, f Format) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		delimiter := byte('\n')
		lines := bufio.NewReaderSize(r, 64<<10)
		if f.NUL {
			delimiter = 0
		} else if first, _ := lines.Peek(1); len(first) == 1 && first[0] >= 0xef {
			// UTF-16 is recognised by its byte order mark, and that of UTF-8 dropped. No
			// other text is looked at for one, because that would wait for three bytes.
			lines = bufio.NewReaderSize(transform.NewReader(lines, unicode.BOMOverride(transform.Nop)), 64<<10)
		}
		for number := 1; ; number++ {
			line, err := readLine(lines, delimiter)
			if len(line) > 0 || errors.Is(err, errLong) {
				e, ok := f.entry(line, err)
				e.Line = number
				if ok && !yield(e, nil) {
					return
				}
			}
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil && !errors.Is(err, errLong):
				yield(Entry{Line: number}, fmt.Errorf("reading the list of ids: %w", err))
				return
			}
		}
	}
}

// Count tells how many entries Read will yield of r, at most: doubles are counted, too.
func Count(r io.Reader, f Format) (n int, err error) {
	f.countOnly = true
	for _, err := range Read(r, f) {
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

var errLong = fmt.Errorf("the line is longer than %d MiB", maxLine>>20)

// readLine returns the next line without its end. A line that is too long is read to
// its end and dropped: errLong.
func readLine(r *bufio.Reader, delimiter byte) ([]byte, error) {
	var line []byte
	long := false
	for {
		piece, err := r.ReadSlice(delimiter)
		if long = long || len(line)+len(piece) > maxLine; long {
			line = nil
		} else {
			line = append(line, piece...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long && (err == nil || errors.Is(err, io.EOF)):
			return nil, errLong
		}
		return bytes.TrimSuffix(line, []byte{delimiter}), err
	}
}

// entry makes an Entry of a line; ok is false for one that says nothing.
func (f Format) entry(line []byte, err error) (e Entry, ok bool) {
	if err != nil && errors.Is(err, errLong) {
		return Entry{Err: err}, true
	}
	if f.NUL {
		return f.checked(f.columns(line))
	}
	line = trimmed(line)
	switch {
	case len(bytes.Trim(line, separators+" ")) == 0 || line[0] == '#':
		return Entry{}, false
	case f.countOnly:
		return Entry{}, true
	case line[0] == '{':
		return f.checked(parseObject(line))
	default:
		return f.checked(f.columns(line))
	}
}

// columns reads a line of one or more columns.
func (f Format) columns(line []byte) Entry {
	if f.NUL {
		return f.single(string(line))
	}
	media, rest, more := bytes.Cut(line, []byte{'\t'})
	if !more {
		return f.single(string(line))
	}
	item, _, _ := bytes.Cut(rest, []byte{'\t'})
	return Entry{MediaID: string(trimmed(media)), ItemID: string(trimmed(item))}
}

// separators are the characters between columns.
const separators = "\t;,"

// trimmed is text without what shows nothing around it, but for tabs before it: a column may be empty.
func trimmed(text []byte) []byte {
	text = bytes.TrimLeftFunc(text, func(r rune) bool { return r != '\t' && spelling.Blank(r) })
	return bytes.TrimRightFunc(text, spelling.Blank)
}

func (f Format) single(id string) Entry {
	if f.ItemColumn {
		return Entry{ItemID: id}
	}
	return Entry{MediaID: id}
}

// parseObject reads a line of NDJSON: an asset as search --json writes it, an item as
// items --json does, or a result.
func parseObject(line []byte) Entry {
	var ids struct {
		ID         *string         `json:"id"`
		MediaID    *string         `json:"mediaId"`
		ItemID     *string         `json:"itemId"`
		Name       json.RawMessage `json:"name"`
		Thumbnails json.RawMessage `json:"thumbnails"`
		FileSize   json.RawMessage `json:"fileSize"`
		Size       json.RawMessage `json:"size"`
	}
	if err := json.Unmarshal(line, &ids); err != nil {
		return Entry{Err: errors.New("the line begins like a JSON object and is none with string ids")}
	}
	var e Entry
	switch {
	case ids.MediaID != nil:
		e.MediaID = *ids.MediaID
		if ids.ID != nil { // beside mediaId, it is the item's
			e.ItemID, e.Size = *ids.ID, sizeOf(ids.Size)
		}
	case ids.ID != nil:
		e.MediaID, e.Size = *ids.ID, sizeOf(ids.FileSize)
		if ids.Name != nil && ids.Thumbnails != nil {
			e.Asset, _ = bynder.ParseAsset(line) // without it the metadata are asked for
		}
	case ids.ItemID == nil:
		return Entry{Err: errors.New("the JSON object has neither mediaId nor id")}
	}
	if ids.ItemID != nil {
		if e.ItemID, e.Size = *ids.ItemID, 0; e.MediaID != "" {
			e.Size = sizeOf(ids.Size)
		}
	}
	return e
}

// sizeOf reads a number of bytes, which may be a string; 0 for anything else.
func sizeOf(raw json.RawMessage) int64 {
	n, err := strconv.ParseInt(string(bytes.Trim(raw, `"`)), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// checked reads the ids, and refuses those that could not be any. Their text stays as it was then.
func (f Format) checked(e Entry) (Entry, bool) {
	if e.Err != nil {
		return e, true
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
	return e, true
}
