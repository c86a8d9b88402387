package input

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/bynder-cli/bynder/internal/download"
)

// undone knows which lines of a List are not done: a line is done when the results of all of its files
// say that they are there. Its memory is what is in flight, some 20 bytes for each line, by
// which doubles are known, and for each line that failed its place in a temporary file.
type undone struct {
	mu    sync.Mutex
	asked requests
	open  map[string]*line
	order int
	file  *undoneFile // nil if the list is not wanted
	rest  int         // lines that were not read before the run was stopped
}

// line is one line of input that is under way.
type line struct {
	key     string // what it asks for: Job.Origin
	entry   Entry
	order   int // of reading
	files   int // results to wait for
	written bool
	raw     bool // it is not known what it asks for, because a quote before it is not closed
}

// newUndone writes the lines that are not done to file, "" for nowhere.
func newUndone(ctx context.Context, file string) (*undone, error) {
	u := &undone{asked: newRequests(), open: map[string]*line{}}
	if file == "" {
		return u, nil
	}
	var err error
	u.file, err = openUndoneFile(ctx, file)
	return u, err
}

// declare notes how lines are written that are read, before the first of them is; nil is not known.
func (u *undone) declare(f *form) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if f != nil && u.file != nil && !slices.Contains(u.file.forms, *f) {
		u.file.forms = append(u.file.forms, *f)
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
		if u.file != nil {
			u.file.addLong(l.order)
		}
	}
	return isNew, err
}

// first does what read does, but does not note that the line is under way.
func (u *undone) first(l *line) (isNew bool, err error) {
	if isNew, err = u.asked.add(l); err != nil {
		l.key = l.entry.mistake(l.key)
		isNew, _ = u.asked.add(l)
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
	if (r.Status == download.Failed || r.MetadataError != nil) && !l.written {
		l.written = true
		u.add(l)
	}
	if l.files == 0 {
		delete(u.open, job.Origin)
	}
}

// add adds a line to the list.
func (u *undone) add(l *line) {
	if u.file != nil {
		u.file.add(l)
	}
}

// conclude writes what is not done: what was read, in that order, then those lines of rest that were never read. It
// returns how many have no result. rest returns an error if it could not read all of them: then the list
// does not take its place. More is true of a rest that may have lines. release is called before the list takes
// its place, which may be that of what was read.
func (u *undone) conclude(rest func(yield func(*line)) error, release func()) (notStarted int, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, l := range u.open {
		if !l.written {
			u.add(l)
			notStarted++
		}
	}
	f := u.file
	if f != nil {
		f.writeAdded(rest != nil)
	}
	if rest != nil {
		err = rest(func(l *line) {
			if !l.raw {
				if isNew, _ := u.first(l); !isNew {
					return
				}
			}
			if !l.raw || l.entry.Text != "" {
				u.rest++
			}
			if f != nil {
				f.addRest(l)
			}
		})
	}
	notStarted += u.rest
	if f == nil {
		return notStarted, nil
	}
	u.file = nil
	return notStarted, f.close(err, release)
}

// abandon takes away what was begun.
func (u *undone) abandon() {
	if u.file != nil {
		u.file.discard()
	}
}
