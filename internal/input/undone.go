package input

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
)

// undone records which lines of a List are not done: a line is done when all of its files have a result
// other than failed. It stores the lines in flight, about 20 bytes per line to find duplicates, and
// for each line that failed its position in a temporary file.
type undone struct {
	mu    sync.Mutex
	asked requests
	open  map[string]*line
	order int
	file  *undoneFile // nil without UndoneOut
	rest  int         // number of lines that were not read before the run was stopped

	shard   Shard
	others  int  // distinct ids of other shares, in any case
	skipped bool // a line, valid or not, belongs to another share
}

// line is a line of input that is in flight.
type line struct {
	key     string // the requested file: Job.Origin
	entry   Entry
	order   int // position in the input
	files   int // number of results to wait for
	written bool
	raw     bool // a line after an unclosed quote, which cannot be parsed
}

// newUndone returns an undone that writes the lines that are not done to file, "" for none.
func newUndone(ctx context.Context, file string) (*undone, error) {
	u := &undone{asked: newRequests(), open: map[string]*line{}}
	if file == "" {
		return u, nil
	}
	var err error
	u.file, err = openUndoneFile(ctx, file)
	return u, err
}

// declare records the form of a list's lines before they are read; nil if it is unknown.
func (u *undone) declare(f *form) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if f != nil && u.file != nil && !slices.Contains(u.file.forms, *f) {
		u.file.forms = append(u.file.forms, *f)
	}
}

// read adds a line and reports whether it is new and of this share. The error is that of a line that requests a file with
// another path than an earlier line; its key is then that of an invalid line.
func (u *undone) read(l *line) (isNew bool, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.skip(l) {
		return false, nil
	}
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

// skip reports whether a line belongs to another share, and counts it then.
func (u *undone) skip(l *line) bool {
	if u.shard.holds(l) {
		return false
	}
	u.skipped = true
	if id := l.entry.MediaID; bynder.CheckID(id) == nil && u.asked.addID(strings.ToUpper(id)) {
		u.others++
	}
	if u.file != nil {
		u.file.last = nil // it was this line
	}
	return true
}

// otherShares returns the number of distinct ids of other shares, and reports whether any line belongs to another share.
func (u *undone) otherShares() (ids int, skipped bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.others, u.skipped
}

// first adds a line as read does, but does not record that it is in flight.
func (u *undone) first(l *line) (isNew bool, err error) {
	if isNew, err = u.asked.add(l); err != nil {
		l.key = l.entry.mistake(l.key)
		isNew, _ = u.asked.add(l)
	}
	return isNew, err
}

// mistake reports whether the line is invalid.
func (l *line) mistake() bool { return strings.HasPrefix(l.key, "#") }

// expanded records that a line is n files.
func (u *undone) expanded(text string, n int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if l := u.open[text]; l != nil {
		l.files = n
	}
}

// finished records the result of a file.
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

// add adds a line to the file.
func (u *undone) add(l *line) {
	if u.file != nil {
		u.file.add(l)
	}
}

// conclude writes the lines that are not done: those that were read, in order, then the lines of rest that were not
// read. It returns the number of lines without a result. If rest returns an error because it could not read all lines,
// the file is not renamed to its final name. release is called before that, because the file may replace a list
// that is open.
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
				if u.skip(l) {
					return
				}
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

// discard removes the incomplete file.
func (u *undone) discard() {
	if u.file != nil {
		u.file.discard()
	}
}
