package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transfer"
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
	// Skip tells that the run leaves other files of the same names alone. Only then one
	// that an earlier run skipped is done, too.
	Skip bool
	// Synced tells that files are synced already when their results come.
	Synced bool
	// DryRun makes the journal answer and write nothing, not even itself.
	DryRun bool
	// Encode writes a result as a line of JSON; nil is encoding/json.
	Encode func(download.Result) ([]byte, error)
	// Failed, where set, is told once, when results are first lost to the journal. The
	// same error is Close's.
	Failed func(error)
}

// Journal knows which files are done, and is told of more. Its methods can be called from
// several goroutines.
type Journal struct {
	opts  Options
	place *place
	turns *turns
	ctx   context.Context //nolint:containedctx // an Observer gets none, and no wait may outlive the run

	mu   sync.Mutex // guards view
	view *view

	queue   chan entry
	closing chan struct{} // closed by Close
	stored  chan struct{} // closed when nothing more is written
	release context.CancelFunc

	failing sync.Mutex
	failure error // the first

	ending sync.Once
	ended  error // Close's
}

var _ download.Observer = (*Journal)(nil)

// entry is a result on its way into the journal, with the name of its file in the place
// where the run's files are; "" of one that failed.
type entry struct {
	result download.Result
	name   string
}

// Open opens the journal in a file, which is made if it is missing, with 0666 less the
// umask. It takes about a second for a million lines. When ctx ends, so does every wait of
// the journal's, one second later.
//
// A file that has lines, but no result among them, is refused: it is something else.
func Open(ctx context.Context, file string, opts Options) (*Journal, error) {
	t, err := newTurns(file)
	if err != nil {
		return nil, err
	}
	return open(ctx, t, opts)
}

func open(ctx context.Context, t *turns, opts Options) (_ *Journal, err error) {
	j := &Journal{
		opts: opts, turns: t, view: newView(t),
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
	if _, err = j.view.follow(ctx); err != nil { // the most of it without a lock
		return nil, err
	}
	if err = j.view.refuseOthers(t.path); err != nil {
		return nil, err
	}
	if opts.DryRun {
		close(j.stored)
		return j, nil
	}
	if err = j.add(ctx, nil); err != nil {
		return nil, err
	}
	go j.store()
	return j, nil
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

// free gives up what the journal holds.
func (j *Journal) free() error {
	j.release()
	j.mu.Lock() // for Done, where the run cannot be waited for
	defer j.mu.Unlock()
	return errors.Join(j.place.close(), j.view.close(), j.turns.end())
}

// Done tells whether the journal knows that a job is done and the file is still there: a
// regular file of the same size, in the run's folder. The result is unchanged (or skipped,
// see Options.Skip) and shows the path as the run does. What other processes have added
// meanwhile counts.
func (j *Journal) Done(job download.Job) (download.Result, bool) {
	if job.Err != nil || j.place == nil {
		return download.Result{}, false
	}
	k := key{j.opts.Portal, job.MediaID, job.Selector.String()}
	j.mu.Lock()
	defer j.mu.Unlock()
	for {
		if r, ok := j.view.latest(k); ok {
			if name, ok := j.place.find(&r, j.opts.Skip); ok && len(r.suspect.raw) == 0 { // the next run looks at a suspect file again
				status := download.Unchanged
				if r.status.is(string(download.Skipped)) {
					status = download.Skipped
				}
				result := r.result(status, j.place.shown+name)
				result.FinishedAt = time.Now().UTC()
				return result, true
			}
		}
		more, err := j.view.follow(j.ctx)
		if err != nil {
			j.fail(err)
		}
		if err != nil || !more {
			return download.Result{}, false
		}
	}
}

// Started implements download.Observer: a file that has begun is not done.
func (j *Journal) Started(download.Job, string, transfer.Object, int64) {}

// Advanced implements download.Observer: neither is one that has got on.
func (j *Journal) Advanced(download.Job, int64) {}

// Retried implements download.Observer: nor one that is tried again.
func (j *Journal) Retried(download.Job, error, time.Duration) {}

// Finished implements download.Observer: it has the result added, unless it says nothing
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
	switch {
	case r.MediaID == "":
		return entry{}, false
	case r.Status == download.Failed:
		// A mistake of usage says something of a line of input, and nothing of a file.
		return entry{result: r}, r.Error != nil && r.Error.Code != download.CodeUsage
	}
	name, ok := j.place.name(r.Path)
	if !ok || r.Status != download.Downloaded && j.knows(r, name) {
		return entry{}, false
	}
	r.Path = j.place.absolute(name)
	return entry{r, name}, true
}

// knows tells whether the latest record of the result's file says what the result says.
func (j *Journal) knows(r download.Result, name string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	known, ok := j.view.latest(key{r.Portal, r.MediaID, r.Selector})
	if !ok {
		return false
	}
	where, ok := j.place.find(&known, r.Status == download.Skipped)
	return ok && where == name && known.status.is(string(download.Skipped)) == (r.Status == download.Skipped)
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

// fail keeps the first error, and tells of it.
func (j *Journal) fail(err error) {
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
