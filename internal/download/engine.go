package download

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// Options are what a run does with every file.
type Options struct {
	// Portal is named in results: host, and port where it has one.
	Portal string
	// Name turns a job and what storage says of its file into the path below the
	// sink's root.
	Name func(Job, transfer.Object) string
	// Workers is how many files are in flight at a time, from 1 up.
	Workers int
	// Waiting is how many finished files, beyond Workers, may wait for the paths of earlier ones.
	Waiting int
	// MaxFailures ends the run after so many; 0 is never.
	MaxFailures int
	// Digest says what is computed of the bytes beside their length.
	Digest transfer.DigestOptions
	// Strict makes a failure of every suspect file (Result.Suspect).
	Strict bool
	// DryRun has files located and compared, and writes nothing: see Result.Plan.
	DryRun bool
	// Beside, where set, returns the path of what Engine.Metadata writes of the file at a path. It is kept free of
	// other files of the run.
	Beside func(path string) string
}

// Engine gets files. Its fields are set once, before Run.
type Engine struct {
	API      Portal
	Opener   *transfer.Opener
	Sink     Sink
	Progress ProgressObserver
	// Results are told one after the other.
	Results []ResultObserver
	// Recorder, if set, is told of each file before it is published.
	Recorder Recorder
	Options  Options

	// Metadata, where set, writes what the portal tells of a file's asset after the file is in place, downloaded or
	// unchanged, whether before the run or not: Steps.Complete gives files that Done knows their metadata, too. The file
	// stays in place whatever the error (Result.MetadataError). A dry run does not call it.
	Metadata func(Job, Result) error

	// Steps turn the jobs of a run into those that can be done.
	Steps Steps
	// Done, where set, knows jobs whose files are there already: their results are
	// reported as they are, and nothing is asked about them.
	Done func(Job) (Result, bool)
	// Confirm, where set, tells whether the portal still accepts the credentials. It is
	// asked before a 401 that follows successes ends the run: that may be one asset's.
	Confirm func(ctx context.Context) error
}

// Step turns jobs into others as they come, asking the portal. WithMetadata is one.
type Step func(ctx context.Context, p Portal, jobs iter.Seq[Job]) iter.Seq[Job]

// Steps are what happens to jobs before a worker gets them, in this order. Each may be nil.
type Steps struct {
	// Expand makes of each job the jobs for the files that it means.
	Expand Step
	// Complete adds what those that are not done yet need, such as metadata.
	Complete Step
}

// of returns the jobs after a step.
func (s Step) of(ctx context.Context, p Portal, jobs iter.Seq[Job]) iter.Seq[Job] {
	if s == nil {
		return jobs
	}
	return s(ctx, p, jobs)
}

// Source yields the jobs of a run, as a stream, until ctx ends.
type Source func(ctx context.Context) iter.Seq[Job]

// Tally says how a run ended.
type Tally struct {
	Wanted int // files that were asked for, each counted once
	Failed int // of those, the ones that are not there, or whose metadata are not written
	// Stop is why the run ended before its jobs did, nil when it did not.
	Stop error
}

// The reasons to end a run that its own results give.
var (
	ErrUnauthorised = errors.New("the portal does not accept the credentials")
	ErrDiskFull     = errors.New("no space is left")
	ErrMaxFailures  = errors.New("too many files failed")
)

// Run gets every job, Workers at a time, and reports each exactly once. One job's
// failure does not stop the others, except for what would fail them all: credentials
// that the portal does not accept, and a full disk. When ctx ends, the jobs in flight end as interrupted, and those that no
// worker has taken get no result. Run returns when nothing is in flight any more.
func (e *Engine) Run(ctx context.Context, jobs Source) Tally {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	workers := max(e.Options.Workers, 1)
	r := run{
		engine: e, stop: stop, paths: NewPaths(e.Sink, e.Options.Beside), workers: make(chan struct{}, workers),
		waiting: make(chan struct{}, max(e.Options.Waiting, 0)), publishing: make(chan struct{}, workers),
	}
	r.feed(ctx, jobs)
	r.files.Wait()
	if ctx.Err() != nil {
		r.tally.Stop = context.Cause(ctx)
	}
	return r.tally
}

// run is the state of one Run.
type run struct {
	engine *Engine
	stop   context.CancelCauseFunc
	paths  *Paths
	files  sync.WaitGroup // that have no result yet
	// finds says that the file looked at last was in place: the next ones are probed (transfer.Opener.Probe).
	finds atomic.Bool

	// Each has a place for each file that: is being transferred; waits for earlier ones; gets its final name.
	workers, waiting, publishing chan struct{}

	mu    sync.Mutex
	tally Tally
	there int // files that are
}

// feed starts the jobs, in their order, as workers are free, until there are none or ctx ends.
func (r *run) feed(ctx context.Context, jobs Source) {
	portal, steps := r.engine.API, r.engine.Steps
	left := r.left(ctx, steps.Expand.of(ctx, portal, jobs(ctx)))
	for job := range steps.Complete.of(ctx, portal, left) {
		if ctx.Err() != nil {
			return
		}
		if job.holds() {
			r.want()
			r.done(ctx, job, *job.recorded)
			continue
		}
		select {
		case r.workers <- struct{}{}:
			r.want()
			free := sync.OnceFunc(func() { <-r.workers })
			r.files.Go(func() {
				defer free()
				result := r.get(ctx, job, free)
				r.describe(ctx, job, &result)
				r.finish(ctx, job, result)
			})
		case <-ctx.Done():
			return
		}
	}
}

// want counts a file that was asked for.
func (r *run) want() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tally.Wanted++
}

// left numbers the jobs and yields those that are not done already, or need their metadata to be written. It reports
// those that are done. A file that was not the first choice is done only if the asset still has no better one: that is
// known when its metadata are.
func (r *run) left(ctx context.Context, jobs iter.Seq[Job]) iter.Seq[Job] {
	return func(yield func(Job) bool) {
		number := int64(0)
		for job := range jobs {
			number++
			job.Number = number
			if r.engine.Done != nil {
				result, done := r.engine.Done(job)
				if done && (r.engine.Metadata != nil || !job.isFirstChoice(result)) {
					job.recorded = &result
				} else if done {
					r.want()
					r.done(ctx, job, result)
					continue
				}
			}
			if !yield(job) {
				return
			}
		}
	}
}

// describe has the metadata of a file written that is in place.
func (r *run) describe(ctx context.Context, job Job, result *Result) {
	write := r.engine.Metadata
	if write == nil || r.engine.Options.DryRun || result.Status != Downloaded && result.Status != Unchanged {
		return
	}
	err := cmp.Or(job.Err, job.MetadataErr) // Err is that of a file that was in place before
	if err == nil {
		err = write(job, *result)
	}
	if err != nil {
		result.MetadataError = failure(ctx, job, fmt.Errorf("the file is in place, but not its metadata: %w", err))
	}
}

// finish counts a result, ends the run where the result asks for it, and tells.
func (r *run) finish(ctx context.Context, job Job, result Result) {
	problem := result.Problem()
	r.mu.Lock()
	if problem != nil {
		r.tally.Failed++
	}
	if result.Status != Failed {
		r.there++
	}
	failed, there := r.tally.Failed, r.there
	r.mu.Unlock()
	if problem != nil {
		if cause := r.endsRun(ctx, problem, failed, there); cause != nil {
			r.stop(cause)
		}
	}
	r.engine.finished(job, result)
}

// finished tells everybody who wants to know of a result.
func (e *Engine) finished(job Job, result Result) {
	for _, each := range e.Results {
		each.Finished(job, result)
	}
}

// endsRun tells whether a failure would be every other file's too, or one too many.
func (r *run) endsRun(ctx context.Context, problem *Failure, failed, there int) error {
	limit := r.engine.Options.MaxFailures
	switch {
	case problem.Code == CodeAuth && r.unauthorised(ctx, there):
		return ErrUnauthorised
	case problem.Code == CodeDiskFull:
		return ErrDiskFull
	case limit > 0 && failed >= limit:
		return fmt.Errorf("%w: %d", ErrMaxFailures, failed)
	default:
		return nil
	}
}

// unauthorised tells whether a 401 is about the credentials, and not about one asset.
func (r *run) unauthorised(ctx context.Context, there int) bool {
	if there == 0 || r.engine.Confirm == nil {
		return true
	}
	api, ok := errors.AsType[*bynder.APIError](r.engine.Confirm(ctx))
	return ok && api.Unauthorized()
}
