package input

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/retry"
	"github.com/bynder-cli/bynder/internal/sink"
)

// undone knows which lines of a List are not done: a line is done when the results of all of its files
// say that they are there. Its memory is what is in flight, and a 64-bit fingerprint for each line, by
// which doubles are known; of lists that give paths 21 bytes more.
type undone struct {
	mu     sync.Mutex
	seen   *Distinct
	paths  paths
	open   map[string]*line
	order  int
	forms  []form        // of what is read, each once
	out    *bufio.Writer // nil when nobody wants the list
	headed bool          // the header is written
	file   *os.File
	final  string // where file belongs when it is whole
	err    error
}

// line is one line of input that is under way.
type line struct {
	key     string // what it asks for: Job.Origin
	entry   Entry
	order   int // of reading
	files   int // results to wait for
	written bool
}

// form is how the lines of a list are written: below a header, or without one, "".
type form struct{ header string }

// newUndone writes the lines that are not done to file, "" for nowhere. A regular file is
// replaced when the run is over: it may be the very list that the run reads.
func newUndone(ctx context.Context, file string) (*undone, error) {
	u := &undone{seen: NewDistinct(), paths: newPaths(), open: map[string]*line{}}
	if file == "" {
		return u, nil
	}
	to, final, err := openOutput(ctx, file)
	if err != nil {
		return nil, err
	}
	u.out, u.file, u.final = bufio.NewWriter(to), to, final
	return u, nil
}

// openOutput opens what the lines go to: the device or FIFO that is there, or a new file in the folder
// of final, which it is to become. A symlink stays one, and a file that is replaced keeps
// its permissions.
func openOutput(ctx context.Context, file string) (to *os.File, final string, err error) {
	if to, _, ok, err := sink.OpenDescriptor(file); ok {
		return to, file, err
	}
	info, err := os.Stat(file)
	there := err == nil
	if there && !info.Mode().IsRegular() {
		to, err = retry.Await(ctx, func() (*os.File, error) { return os.OpenFile(file, os.O_WRONLY, 0) })
		return to, file, err
	}
	final = sink.Destination(file)
	for { // os.CreateTemp would make it the owner's alone
		beside := filepath.Join(filepath.Dir(final), ".undone-"+rand.Text())
		to, err = os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	if err == nil && there {
		_ = to.Chmod(info.Mode().Perm()) // not every file system has them
	}
	return to, final, err
}

// declare notes how lines are written that are read, before the first of them is; nil is not known.
func (u *undone) declare(f *form) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if f != nil && !slices.Contains(u.forms, *f) {
		u.forms = append(u.forms, *f)
	}
}

// read notes a line and reports whether it is new. The error is that of one that asks for a file with
// another path than a line before it; its key is then that of a mistake.
func (u *undone) read(l *line) (isNew bool, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if isNew, err = u.first(l); isNew {
		u.order++
		l.order = u.order
		u.open[l.key] = l
	}
	return isNew, err
}

// first does what read does, but does not note that the line is under way.
func (u *undone) first(l *line) (isNew bool, err error) {
	isNew = u.seen.First(l.key)
	if l.mistake() {
		return isNew, nil
	}
	if err = u.paths.check(l, isNew); err != nil {
		l.key = l.entry.mistake(l.key)
		isNew = u.seen.First(l.key)
	}
	return isNew, err
}

// mistake reports whether the line asks for no file.
func (l *line) mistake() bool { return strings.HasPrefix(l.key, "#") }

// expanded tells that a line has become n files.
func (u *undone) expanded(text string, n int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if l := u.open[text]; l != nil {
		l.files = n
	}
}

// finished notes the result of a file.
func (u *undone) finished(job download.Job, r download.Result) {
	u.mu.Lock()
	defer u.mu.Unlock()
	l := u.open[job.Origin]
	if l == nil {
		return
	}
	l.files--
	if r.Status == download.Failed && !l.written {
		l.written = true
		u.write(l)
	}
	if l.files == 0 {
		delete(u.open, job.Origin)
	}
}

// write adds a line to the list; the first error is kept. If all that is read has one header, the lines stand
// below it as they were. Else rows are written as objects.
func (u *undone) write(l *line) {
	if u.out == nil || u.err != nil {
		return
	}
	text := l.key
	switch e := l.entry; {
	case len(u.forms) == 1 && u.forms[0].header != "":
		if text = e.Text; text == "" {
			return // a line that was too long: below a header there are no comments
		}
		if !u.headed {
			u.headed = true
			text = u.forms[0].header + "\n" + text
		}
	case e.table != nil && (e.MediaID != "" || e.ItemID != ""):
		text = e.object()
	case e.table == nil && e.Text != "":
		text = e.Text
	}
	if _, err := fmt.Fprintln(u.out, text); err != nil {
		u.err = err
	}
}

// conclude writes what was read and has no result, in the order of reading, then those of
// rest that were never read, and returns how many all of these are. It calls release before the list takes
// its place: Windows replaces no file that is open, and the list may replace what was read.
func (u *undone) conclude(rest iter.Seq[*line], release func()) (notStarted int, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	left := slices.SortedFunc(maps.Values(u.open), func(a, b *line) int { return a.order - b.order })
	for _, l := range left {
		if !l.written {
			u.write(l)
			notStarted++
		}
	}
	for l := range rest {
		if isNew, _ := u.first(l); isNew {
			u.write(l)
			notStarted++
		}
	}
	if u.out == nil {
		return notStarted, nil
	}
	release()
	err = errors.Join(u.err, u.out.Flush(), u.file.Close())
	u.out = nil
	if err != nil {
		u.remove()
		return notStarted, fmt.Errorf("writing --undone-out: %w", err)
	}
	if u.replaces() {
		if err := os.Rename(u.file.Name(), u.final); err != nil {
			return notStarted, fmt.Errorf("--undone-out: the list stays in %s: %w", u.file.Name(), err)
		}
	}
	return notStarted, nil
}

// replaces reports whether the list is written to a file of its own first.
func (u *undone) replaces() bool { return u.file != nil && u.file.Name() != u.final }

// abandon takes away what was begun.
func (u *undone) abandon() {
	if u.out != nil {
		u.file.Close()
		u.remove()
	}
}

// remove takes away the file that was to become the list.
func (u *undone) remove() {
	if u.replaces() {
		_ = os.Remove(u.file.Name())
	}
}
