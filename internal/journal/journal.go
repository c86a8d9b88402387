package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
	"github.com/bynder-cli/bynder/internal/fsync"
)

const (
	// half is how many results are stored together at most, while as many more may
	// wait: never are more than 100 files done of which the journal does not know.
	half = 50
	// patience is how long a result waits for others.
	patience = time.Second
	// grace is how long storing may go on after the run was stopped.
	grace = time.Second
)

// Options say which run asks and tells the journal.
type Options struct {
	// Portal is named in the run's results.
	Portal string
	// Dir and Output are where the run's files go, as --dir and --output have it. The
	// folder must be there, but for a dry run.
	Dir, Output string
	// Skip says that the run leaves other files of the same names alone. Only then one
	// that an earlier run skipped is done, too.
	Skip bool
	// Synced tells that files are synced already when their results come.
	Synced bool
	// DryRun makes the journal answer and write nothing, not even itself.
	DryRun bool
	// State says that the journal is the state of a sync, of the files in Dir: it has a head, and what is neither a
	// head nor a record is an error. Failures are not recorded there: the file in place stays on record.
	State bool
	// KnowsHead, if set, reports whether a state with such a head can be read.
	KnowsHead func(head json.RawMessage) bool
	// HadHead says that the state had a head before: one that has none is damaged, such as an empty file. With Adopt it
	// is begun anew.
	HadHead bool
	// Adopt has a state that cannot be read put aside, as <file>.old-<n>, and begun anew.
	Adopt bool
	// LockWait is how long to wait for another process that has the journal; negative is
	// without limit.
	LockWait time.Duration
	// Waiting, if set, is called when that wait begins, and every minute of it.
	Waiting func()
	// Encode writes a result as a line of JSON, as --json shows it.
	Encode func(download.Result) ([]byte, error)
	// Failed, if set, is called once, when results are first lost to the journal. Close
	// returns the same error.
	Failed func(error)
}

// Journal knows which files are done, and records more. Its methods can be called from
// several goroutines.
type Journal struct {
	opts     Options
	location location
	place    *place
	ctx      context.Context //nolint:containedctx // Finished gets none, and no wait may outlive the run

	mu     sync.Mutex // guards view, and the end of its file
	view   *view
	broken error // why nothing can be added any more

	queue   chan entry
	closing chan struct{} // closed by Close
	stored  chan struct{} // closed when nothing more is written
	release context.CancelFunc

	failing sync.Mutex
	failure error // the first

	ending sync.Once
	ended  error // Close's
}

var (
	_ download.ResultObserver = (*Journal)(nil)
	_ download.Recorder       = (*Journal)(nil)
)

// entry is a result on its way into the journal, with the name of its file in the place
// where the run's files are; "" of one that failed. A file that was moved had the name from before.
type entry struct {
	result     download.Result
	name, from string
}

// gone reports whether the file was deleted.
func (e *entry) gone() bool { return e.result.Status == download.Deleted }

// Open opens the journal in a file, created if it is missing with 0666 less the umask, and
// locks it until Close. It takes about a second for a million lines. When ctx ends, so does
// every wait of the journal's, one second later. If another process has the journal for all
// of Options.LockWait, the error has the code local.
//
// A file that has lines, but no result among them, is refused: it is something else.
func Open(ctx context.Context, file string, opts Options) (*Journal, error) {
	return open(ctx, file, opts, filelock.Try)
}

func open(ctx context.Context, file string, opts Options, try func(*os.File) error) (_ *Journal, err error) {
	l, err := locate(file, opts.State)
	if err != nil {
		return nil, err
	}
	j := &Journal{
		opts: opts, location: l, view: newView(nil),
		queue: make(chan entry, half), closing: make(chan struct{}), stored: make(chan struct{}),
	}
	j.ctx, j.release = outlive(ctx, grace)
	defer func() {
		if err != nil {
			_ = j.free()
		}
	}()
	j.place, err = newPlace(opts.Dir, opts.Output)
	if err != nil && (!opts.DryRun || !errors.Is(err, fs.ErrNotExist)) {
		return nil, err
	}
	err = j.begin(ctx, try)
	if errors.Is(err, errUnreadable) && opts.Adopt {
		if err = j.putAside(); err == nil && !opts.DryRun {
			err = j.begin(ctx, try)
		}
	}
	if err != nil {
		return nil, err
	}
	if opts.DryRun {
		close(j.stored)
	} else {
		go j.store()
	}
	return j, nil
}

// begin opens the journal's file, locks it and prepares it.
func (j *Journal) begin(ctx context.Context, try func(*os.File) error) (err error) {
	var locked bool
	if j.opts.DryRun {
		j.view.file, err = j.location.read()
	} else {
		j.view.file, locked, err = j.location.lock(ctx, &j.opts, try)
	}
	if err != nil {
		return err
	}
	return j.prepare(ctx, locked)
}

// prepare reads the journal and settles what earlier runs have left.
func (j *Journal) prepare(ctx context.Context, locked bool) error {
	if err := j.view.load(ctx); err != nil {
		return err
	}
	check := j.view.checkJournal
	if j.opts.State {
		check = j.checkState
	}
	if err := check(j.location.path); err != nil {
		return err
	}
	if j.opts.DryRun {
		return j.settleIntents(ctx)
	}
	if err := j.mend(ctx); err != nil {
		return err
	}
	if j.view.end == 0 { // it may be new
		if err := fsync.Folder(j.location.folder, "."); err != nil {
			return fmt.Errorf("syncing the journal's folder: %w", err)
		}
	}
	if err := j.settleIntents(ctx); err != nil || !locked {
		return err
	}
	if j.opts.State {
		j.location.removeUnfinished()
	}
	return j.location.compact(ctx, j.view)
}

// outlive is a context that ends a while after ctx does.
func outlive(ctx context.Context, while time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(while)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel(context.Cause(ctx))
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel(nil) }
}

// free releases what the journal holds, and with its file the lock.
func (j *Journal) free() error {
	j.release()
	j.mu.Lock() // for Done, if the run cannot be waited for
	defer j.mu.Unlock()
	err := errors.Join(j.place.close(), j.location.folder.Close())
	if j.view.file != nil {
		err = errors.Join(err, j.view.file.Close())
	}
	return err
}

// Done reports whether the journal knows that a job is done and the file is still in place:
// a regular file of the same size, in the run's folder. The result is unchanged (or skipped,
// see Options.Skip).
func (j *Journal) Done(job download.Job) (download.Result, bool) {
	if job.Err != nil {
		return download.Result{}, false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	r, ok := j.view.latest(download.FileID{Portal: j.opts.Portal, MediaID: job.MediaID, Selector: job.Selector.String()})
	if !ok || len(r.suspect) > 0 { // the next run looks at a suspect file again
		return download.Result{}, false
	}
	name, ok := j.place.find(&r, j.opts.Skip)
	if !ok || job.Path != "" && job.Path != filepath.ToSlash(name) {
		return download.Result{}, false
	}
	status := download.Unchanged
	if r.is(download.Skipped) {
		status = download.Skipped
	}
	result := r.result(status, name)
	result.FinishedAt = time.Now().UTC()
	return result, true
}

// Finished implements download.ResultObserver: it has the result added, unless it says nothing
// that the journal does not know. It waits while 100 files have not been stored yet.
func (j *Journal) Finished(job download.Job, r download.Result) {
	if j.opts.DryRun || job.Done {
		return
	}
	e, ok := j.entry(r)
	if !ok {
		return
	}
	select {
	case j.queue <- e:
	case <-j.ctx.Done():
	}
}

// entry is what a result adds; false for nothing.
func (j *Journal) entry(r download.Result) (entry, bool) {
	for _, s := range []string{r.MediaID, r.Selector, r.Path} {
		if !utf8.ValidString(s) { // JSON cannot hold it, and it would be read as another
			return entry{}, false
		}
	}
	// A step of sync is nothing that a state holds.
	from := filepath.FromSlash(r.From)
	if !j.place.has(from) {
		from = ""
	}
	r.Action, r.From, r.Why, r.Plan = "", "", "", ""
	switch {
	case r.MediaID == "", r.Status == download.Kept, j.opts.State && (r.Status == download.Failed || r.Status == download.Skipped):
		return entry{}, false
	case r.Status == download.Deleted:
		name := filepath.FromSlash(r.Path)
		if r.Path, r.Listed = j.recorded(name), nil; r.Path == "" {
			name = ""
		}
		return entry{result: r, name: name}, true
	case r.Status == download.Moved:
		r.Status = download.Downloaded
	case r.Status == download.Failed:
		r.Path = j.recorded(r.Path)
		// A mistake of usage says something of a line of input, and nothing of a file.
		return entry{result: r}, r.Error != nil && r.Error.Code != download.CodeUsage
	}
	name := filepath.FromSlash(r.Path)
	if !j.place.has(name) || r.Status != download.Downloaded && j.knows(r, name) {
		return entry{}, false
	}
	r.Path = j.place.path(name)
	return entry{r, name, from}, true
}

// recorded returns the path of a result as the journal has it; "" for one that is not of a file in the place.
func (j *Journal) recorded(path string) string {
	if !j.place.has(path) {
		return ""
	}
	return j.place.path(path)
}

// knows tells whether the latest record of the result's file says what the result says.
func (j *Journal) knows(r download.Result, name string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	known, ok := j.view.latest(r.File())
	if !ok {
		return false
	}
	where, ok := j.place.find(&known, r.Status == download.Skipped)
	return ok && where == name && string(known.chosen) == r.Chosen && known.is(download.Skipped) == (r.Status == download.Skipped) &&
		(r.Listed == nil || known.listsSame(r))
}

// Close stores the results that wait, and ends the journal's work; nothing may be told to
// it any more. After the run was stopped it takes a second at most, and what could not be
// stored in that time is lost to the journal. The error is the first that kept results out
// of the journal. It may be called twice, also while it works.
func (j *Journal) Close() error {
	j.ending.Do(func() { j.ended = j.end() })
	return j.ended
}

func (j *Journal) end() error {
	close(j.closing)
	select {
	case <-j.stored:
	case <-j.ctx.Done():
		select {
		case <-j.stored:
		default: // it is in a call of the system that nothing can end
			return errors.Join(j.err(), fmt.Errorf("the last results were not written to the journal: %w", context.Cause(j.ctx)))
		}
	}
	if err := j.free(); err != nil {
		j.fail(fmt.Errorf("closing the journal: %w", err))
	}
	return j.err()
}

// fail keeps the first error, and reports it. nil is none.
func (j *Journal) fail(err error) {
	if err == nil {
		return
	}
	j.failing.Lock()
	first := j.failure == nil
	if first {
		j.failure = err
	}
	j.failing.Unlock()
	if first && j.opts.Failed != nil {
		j.opts.Failed(err)
	}
}

func (j *Journal) err() error {
	j.failing.Lock()
	defer j.failing.Unlock()
	return j.failure
}
