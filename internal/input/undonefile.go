package input

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bynder-cli/bynder/internal/sink"
)

// form is how the lines of a list are written: below a header, or without one, "".
type form struct {
	header string
	broken bool // a quote opens in the header and is not closed
}

// undoneFile is the file that --undone-out names. Lines are added in the order of results and written in that of
// the input, so they stay in a temporary file until the end.
type undoneFile struct {
	forms []form // of what is read, each once
	lines sink.Spool
	long  sink.Spool // lines that are too long to be held
	added []addedLine
	last  *longLine // of the line that is read next

	to    *os.File
	final string // where to belongs when it is whole
	out   *bufio.Writer
	begun bool  // a line is written
	err   error // the first one
}

// addedLine is where a line stands in a spool, with the end of the line.
type addedLine struct {
	order      int
	in         *sink.Spool
	at, length int64
	first      bool // it can be the first line of a list without a header
}

// openUndoneFile opens the file. A regular file is replaced when the run is over: it may be the very list that
// the run reads.
func openUndoneFile(ctx context.Context, file string) (*undoneFile, error) {
	to, final, err := sink.OpenReplacing(ctx, file, ".undone-*")
	if err != nil {
		return nil, err
	}
	f := &undoneFile{to: to, final: final, out: bufio.NewWriter(to), lines: sink.Spool{Dir: os.TempDir()}, long: sink.Spool{Dir: os.TempDir()}}
	if f.replaces() {
		f.lines.Dir, f.long.Dir = filepath.Dir(final), filepath.Dir(final)
	}
	return f, nil
}

// replaces reports whether the list is written to a file of its own first.
func (f *undoneFile) replaces() bool { return f.to.Name() != f.final }

// note keeps the first error.
func (f *undoneFile) note(err error) {
	if f.err == nil {
		f.err = err
	}
}

// header returns the header that all that is read has, "" if there is none.
func (f *undoneFile) header() string {
	if len(f.forms) == 1 {
		return f.forms[0].header
	}
	return ""
}

// text returns how a line is written, "" for not at all: below the header as it was. Without one, rows are
// written as objects, what is wrong as it was, and everything else as its ids.
func (f *undoneFile) text(l *line) string {
	switch e := &l.entry; {
	case f.header() != "":
		return e.Text
	case l.raw && len(f.forms) == 1:
		return e.Text
	case l.raw || e.table != nil && (e.misread || e.MediaID == "" && e.ItemID == ""):
		return unreadable(e.Text)
	case e.table != nil:
		return e.object()
	case e.Text != "":
		return e.Text
	default:
		return spelled(e.MediaID, e.ItemID)
	}
}

// unreadable is a line of NDJSON that asks for nothing, so that it fails, and shows a text that cannot be written as
// a line of its own.
func unreadable(text string) string {
	if text == "" {
		return ""
	}
	line, err := json.Marshal(map[string]string{"line": text})
	if err != nil { // one text
		return ""
	}
	return string(line)
}

// add keeps a line until the end.
func (f *undoneFile) add(l *line) {
	text := f.text(l)
	if text == "" || f.err != nil {
		return
	}
	added := addedLine{order: l.order, in: &f.lines, at: f.lines.Size(), length: int64(len(text)) + 1, first: f.header() != "" || canBegin(text)}
	if _, err := io.WriteString(&f.lines, text+"\n"); err != nil {
		f.note(err)
		return
	}
	f.added = append(f.added, added)
}

// canBegin reports whether a list without a header can begin with a line: it is not read as a header, and not
// refused for looking like a row.
func canBegin(text string) bool {
	if line := trimmed([]byte(text)); len(line) > 0 && line[0] == '{' {
		return len(line) > 1 // with the next one it may be an object of several lines
	}
	found, open := readHeader(text, 0)
	if found != nil || open || separatorLine(text) != 0 || checkDocument(text) != nil {
		return false
	}
	return strings.Contains(text, "\t") || checkPlain(text, Format{}) == nil
}

// writeAdded writes what was added in the order of the input; more says that further lines may follow. A line that
// a list cannot begin with comes after the first one that can.
func (f *undoneFile) writeAdded(more bool) {
	slices.SortFunc(f.added, func(a, b addedLine) int { return cmp.Compare(a.order, b.order) })
	if i := slices.IndexFunc(f.added, func(a addedLine) bool { return a.first }); i > 0 {
		first := f.added[i]
		copy(f.added[1:], f.added[:i])
		f.added[0] = first
	}
	for _, a := range f.added {
		if f.err != nil {
			return
		}
		if !f.begun && !a.first {
			var text strings.Builder
			f.note(a.in.CopyTo(&text, a.at, a.length-1))
			f.write(text.String(), more)
			continue
		}
		f.begin()
		f.note(a.in.CopyTo(f.out, a.at, a.length))
	}
	f.added = nil
}

// begin writes the header before the first line.
func (f *undoneFile) begin() {
	if header := f.header(); !f.begun && header != "" {
		_, err := fmt.Fprintln(f.out, header)
		f.note(err)
	}
	f.begun = true
}

// write writes a line at once. The first one of a list without a header is changed if it would be read as a
// header or, if more follow, keep them from being read.
func (f *undoneFile) write(text string, more bool) {
	if f.err != nil {
		return
	}
	if plain := len(f.forms) != 1 || f.forms[0] == (form{}); plain && !f.begun && !canBegin(text) {
		if found, open := readHeader(text, 0); found != nil || open || more || separatorLine(text) != 0 {
			text = unreadable(text)
		}
	}
	f.begin()
	_, err := fmt.Fprintln(f.out, text)
	f.note(err)
}

// addRest writes a line that was never read.
func (f *undoneFile) addRest(l *line) {
	if text := f.text(l); text != "" || l.raw && len(f.forms) == 1 {
		f.write(text, true)
	}
}

// close ends the list, which takes its place if it is whole. It calls release before: Windows replaces no file
// that is open, and the list may replace what was read.
func (f *undoneFile) close(incomplete error, release func()) error {
	f.lines.Close()
	f.long.Close()
	release()
	if err := errors.Join(f.err, f.out.Flush(), f.to.Close()); err != nil {
		f.remove()
		return fmt.Errorf("writing --undone-out: %w", err)
	}
	err := incomplete
	if f.replaces() {
		if err == nil {
			err = os.Rename(f.to.Name(), f.final)
		}
		if err != nil {
			return fmt.Errorf("--undone-out: the list stays in %s: %w", f.to.Name(), err)
		}
	}
	if err != nil {
		return fmt.Errorf("--undone-out: %w", err)
	}
	return nil
}

// discard takes away what was begun.
func (f *undoneFile) discard() {
	f.lines.Close()
	f.long.Close()
	f.to.Close()
	f.remove()
}

// remove takes away the file that was to become the list.
func (f *undoneFile) remove() {
	if f.replaces() {
		_ = os.Remove(f.to.Name())
	}
}
