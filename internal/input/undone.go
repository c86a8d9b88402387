package input

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/sink"
)

// undone knows which lines of a List are not done: a line is done when the results of all of its files
// say that they are there. Its memory is what is in flight, and a 64-bit fingerprint for each line, by
// which doubles are known.
type undone struct {
	mu    sync.Mutex
	seen  *Distinct
	open  map[string]*line
	order int
	out   *bufio.Writer // nil when nobody wants the list
	file  *os.File
	final string // where file belongs when it is whole
	err   error
}

// line is one line of input that is under way.
type line struct {
	order   int // of reading
	files   int // results to wait for
	written bool
}

// newUndone writes the lines that are not done to file, "" for nowhere. A regular file is
// replaced when the run is over: it may be the very list that the run reads.
func newUndone(file string) (*undone, error) {
	u := &undone{seen: NewDistinct(), open: map[string]*line{}}
	if file == "" {
		return u, nil
	}
	to, final, err := openOutput(file)
	if err != nil {
		return nil, err
	}
	u.out, u.file, u.final = bufio.NewWriter(to), to, final
	return u, nil
}

// openOutput opens what the lines go to: the device or FIFO that is there, or a new file in the folder
// of final, which it is to become. A symlink stays one, and a file that is replaced keeps
// its permissions.
func openOutput(file string) (to *os.File, final string, err error) {
	if to, _, ok, err := sink.OpenDescriptor(file); ok {
		return to, file, err
	}
	info, err := os.Stat(file)
	there := err == nil
	if there && !info.Mode().IsRegular() {
		to, err = os.OpenFile(file, os.O_WRONLY, 0)
		return to, file, err
	}
	final = file
	if target, err := filepath.EvalSymlinks(file); err == nil {
		final = target
	} else if target, err := os.Readlink(file); err == nil { // of what is not there yet
		final = target
		if !filepath.IsAbs(target) {
			final = filepath.Join(filepath.Dir(file), target)
		}
	}
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

// read notes a line and reports whether it is new.
func (u *undone) read(text string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if !u.seen.First(text) {
		return false
	}
	u.order++
	u.open[text] = &line{order: u.order, files: 1}
	return true
}

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
		u.write(job.Origin)
	}
	if l.files == 0 {
		delete(u.open, job.Origin)
	}
}

// write adds a line to the list; the first error is kept.
func (u *undone) write(text string) {
	if u.out == nil || u.err != nil {
		return
	}
	if _, err := fmt.Fprintln(u.out, text); err != nil {
		u.err = err
	}
}

// conclude writes what was read and has no result, in the order of reading, then those of
// rest that were never read, and returns how many all of these are. It calls release before the list takes
// its place: Windows replaces no file that is open, and the list may replace what was read.
func (u *undone) conclude(rest iter.Seq[string], release func()) (notStarted int, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	left := make([]string, 0, len(u.open))
	for text, l := range u.open {
		if !l.written {
			left = append(left, text)
		}
	}
	slices.SortFunc(left, func(a, b string) int { return u.open[a].order - u.open[b].order })
	for _, text := range left {
		u.write(text)
	}
	notStarted = len(left)
	for text := range rest {
		if u.seen.First(text) {
			u.write(text)
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
