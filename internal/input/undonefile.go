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

// form is the form of a list's lines: rows below a header, or other lines if header is "".
type form struct {
	header string
	broken bool // the header has an unclosed quote
}

// undoneFile is the file of --undone-out. Lines are added in the order of results and written in the order of the
// input, so they are stored in a temporary file until the end.
type undoneFile struct {
	forms []form // the distinct forms of the lists
	lines sink.Spool
	long  sink.Spool // lines that are too long for memory
	added []addedLine
	last  *longLine // the long line that was stored last

	to    *os.File
	final string // the final name of to
	out   *bufio.Writer
	begun bool  // a line was written
	err   error // the first error
}

// addedLine is the position of a line in a spool, including its line end.
type addedLine struct {
	order      int
	in         *sink.Spool
	at, length int64
	first      bool // it can be the first line of the file
}

// openUndoneFile opens the file. A regular file is replaced at the end of the run, because it may be the list that
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

// replaces reports whether the lines are written to a temporary file first.
func (f *undoneFile) replaces() bool { return f.to.Name() != f.final }

// note records the first error.
func (f *undoneFile) note(err error) {
	if f.err == nil {
		f.err = err
	}
}

// header returns the header that all lists have, "" if they have none or different ones.
func (f *undoneFile) header() string {
	if len(f.forms) == 1 {
		return f.forms[0].header
	}
	return ""
}

// text returns the text to write for a line, "" for none: below a header, the unchanged line. Without one, rows are
// written as objects, invalid lines unchanged, and other lines as their ids.
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

// unreadable returns an invalid line of NDJSON with a text that cannot be a line of its own. Without an id, it fails
// when it is read.
func unreadable(text string) string {
	if text == "" {
		return ""
	}
	line, err := json.Marshal(map[string]string{"line": text})
	if err != nil { // cannot happen with a string
		return ""
	}
	return string(line)
}

// add stores a line until the end.
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

// canBegin reports whether a list without a header can begin with a line: it is neither parsed as a header nor
// rejected as a row without one.
func canBegin(text string) bool {
	if line := trimmed([]byte(text)); len(line) > 0 && line[0] == '{' {
		return len(line) > 1 // { and the next line may be an object of several lines
	}
	found, open := readHeader(text, 0)
	if found != nil || open || separatorLine(text) != 0 || checkDocument(text) != nil {
		return false
	}
	return strings.Contains(text, "\t") || checkPlain(text, Format{}) == nil
}

// writeAdded writes the added lines in the order of the input; more reports whether further lines may follow. Lines
// that a list cannot begin with come after the first line that it can.
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

// write writes a line directly. The first line of a list without a header is changed if it would be parsed as a header
// or, if more lines follow, would prevent reading them.
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

// addRest writes a line that the run did not read.
func (f *undoneFile) addRest(l *line) {
	if text := f.text(l); text != "" || l.raw && len(f.forms) == 1 {
		f.write(text, true)
	}
}

// close completes the file and, unless incomplete is an error, renames it to its final name. It calls release before,
// because Windows does not replace a file that is open, and the file may replace a list.
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
			return fmt.Errorf("--undone-out: the list is in %s: %w", f.to.Name(), err)
		}
	}
	if err != nil {
		return fmt.Errorf("--undone-out: %w", err)
	}
	return nil
}

// discard removes the incomplete file.
func (f *undoneFile) discard() {
	f.lines.Close()
	f.long.Close()
	f.to.Close()
	f.remove()
}

// remove removes the temporary file.
func (f *undoneFile) remove() {
	if f.replaces() {
		_ = os.Remove(f.to.Name())
	}
}
