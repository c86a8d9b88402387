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

// Options are the settings of a run.
type Options struct {
	// Portal is the portal's name in results: host, and port if it has one.
	Portal string
	// Name returns the path of a job's file below the sink's root, from the job and
	// what storage says about the file.
	Name func(Job, transfer.Object) string
	// Workers limits the files in flight at a time; nil = 1.
	Workers *Workers
	// Waiting is how many transferred files, beyond Workers, may wait for the paths of earlier ones.
	Waiting int
	// MaxFailures ends the run after N failures; 0 = never.
	MaxFailures int
	// Digest selects the digests that are computed of the bytes.
	Digest transfer.DigestOptions
	// Strict makes every suspect file (Result.Suspect) a failure.
	Strict bool
	// Direct fetches an original from the URL that its asset's metadata has of it, if they have one. If it does not come
	// from there, it is fetched from the location that the portal returns.
	Direct bool
	// DryRun locates and compares files, and writes nothing: see Result.Plan.
	DryRun bool
	// Existing, if set, reports whether a file has a path below the sink's root, and whether its size and time are those of an
	// object. It only decides what storage is asked first.
	Existing func(path string, o transfer.Object) (exists, alike bool)
	// Beside, if set, returns the path at which Engine.Metadata writes the metadata of the file at a path. No other
	// file of the run gets that path.
	Beside func(path string) string
}

// Engine downloads files. Its fields are set once, before Run.
type Engine struct {
	API      Portal
	Opener   *transfer.Opener
	Sink     Sink
	Progress ProgressObserver
	// Results are called one after another.
	Results []ResultObserver
	// Recorder, if set, receives each file before it is published.
	Recorder Recorder
	Options  Options

	// Metadata, if set, writes the metadata of a file's asset after the file is in place, downloaded or unchanged or
	// done before the run: Steps.Complete adds the metadata to done files, too. The file stays in place after an error
	// (Result.MetadataError). A dry run does not call it.
	Metadata func(Job, Result) error

	// Steps prepare the jobs of a run.
	Steps Steps
	// Done, if set, returns the results of jobs whose files are in place already: they
	// are reported as they are, without any request.
	Done func(Job) (Result, bool)
	// Confirm, if set, reports whether the portal still accepts the credentials. It is
	// called before a 401 that follows successes ends the run, because the 401 may concern
	// one asset.
	Confirm func(ctx context.Context) error
}

// Step converts a stream of jobs with the help of the portal. WithMetadata is one.
type Step func(ctx context.Context, p Portal, jobs iter.Seq[Job]) iter.Seq[Job]

// Steps are applied to jobs before a worker gets them, in this order. Each may be nil.
type Steps struct {
	// Expand replaces each job by the jobs for the files that it stands for.
	Expand Step
	// Complete adds what jobs that are not done yet need, such as metadata.
	Complete Step
}

// apply returns the jobs after a step.
func (s Step) apply(ctx context.Context, p Portal, jobs iter.Seq[Job]) iter.Seq[Job] {
	if s == nil {
		return jobs
	}
	return s(ctx, p, jobs)
}

// Source yields the jobs of a run, as a stream, until ctx ends.
type Source func(ctx context.Context) iter.Seq[Job]

// Tally is the outcome of a run.
type Tally struct {
	Wanted int // requested files, each counted once
	Failed int // requested files that are not in place, or whose metadata are not written
	// Stop is why the run ended before all jobs were done; nil if all were.
	Stop error
}

// The reasons to end a run because of its results.
var (
	ErrUnauthorized = errors.New("the portal does not accept the credentials")
	ErrDiskFull     = errors.New("no space is left")
	ErrMaxFailures  = errors.New("too many files failed")
)

// Run does every job, as many at a time as Workers allow, and reports each exactly once. A job's failure
// does not stop other jobs, unless all would fail: if the portal does not accept the
// credentials, or the disk is full. If ctx ends, the jobs in flight end as interrupted,
// and those that no worker has started get no result. Run returns when no job is in flight.
func (e *Engine) Run(ctx context.Context, jobs Source) Tally {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	workers := cmp.Or(e.Options.Workers, FixedWorkers(1))
	r := run{
		engine: e, stop: stop, paths: NewPaths(e.Sink, e.Options.Beside), workers: workers, jobs: make(chan Job),
		waiting: make(chan struct{}, max(e.Options.Waiting, 0)), publishing: make(chan struct{}, workers.Most()),
	}
	r.feed(ctx, jobs)
	close(r.jobs)
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
	files  sync.WaitGroup // goroutines that work on files
	jobs   chan Job       // of goroutines that have ended their last one
	// finds is set if the last file, whose name was not known before, was in place: the next ones are probed
	// (transfer.Location.InPlace).
	finds atomic.Bool

	workers *Workers // files that are transferred
	// Semaphores, with a slot for each file that waits for earlier ones; gets its final name.
	waiting, publishing chan struct{}

	mu      sync.Mutex
	tally   Tally
	inPlace int // number of files in place
}

// feed starts the jobs, in their order, as workers become free, until all are started or ctx ends.
func (r *run) feed(ctx context.Context, jobs Source) {
	portal, steps := r.engine.API, r.engine.Steps
	left := r.skipDone(ctx, steps.Expand.apply(ctx, portal, jobs(ctx)))
	for job := range steps.Complete.apply(ctx, portal, left) {
		if ctx.Err() != nil {
			return
		}
		if job.holds() {
			r.countWanted()
			r.done(ctx, job, *job.recorded)
			continue
		}
		select {
		case r.workers.slots <- struct{}{}:
			r.countWanted()
			r.start(ctx, job)
		case <-ctx.Done():
			return
		}
	}
}

// start passes a job, which has a slot of workers, to a goroutine that has ended its last one, or else to a new one. The
// stack of a new one has to grow, which took a twentieth of the processor time of small files.
func (r *run) start(ctx context.Context, job Job) {
	select {
	case r.jobs <- job:
	default:
		r.files.Go(func() {
			r.work(ctx, job)
			for next := range r.jobs {
				r.work(ctx, next)
			}
		})
	}
}

// work does a job, and frees its slot.
func (r *run) work(ctx context.Context, job Job) {
	free := sync.OnceFunc(r.workers.free)
	defer free()
	result := r.get(ctx, job, free)
	r.describe(ctx, job, &result)
	r.finish(ctx, job, result)
}

// countWanted counts a requested file.
func (r *run) countWanted() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tally.Wanted++
}

// skipDone numbers the jobs and yields those that are not done already, or whose metadata must be written. It reports
// the done ones. A file that was not the first choice is done only if the asset still has no preferred one, which its
// metadata show.
func (r *run) skipDone(ctx context.Context, jobs iter.Seq[Job]) iter.Seq[Job] {
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
					r.countWanted()
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

// describe writes the metadata of a file in place.
func (r *run) describe(ctx context.Context, job Job, result *Result) {
	write := r.engine.Metadata
	if write == nil || r.engine.Options.DryRun || result.Status != Downloaded && result.Status != Unchanged {
		return
	}
	err := cmp.Or(job.Err, job.MetadataErr) // Err is set for a file that was in place before
	if err == nil {
		err = write(job, *result)
	}
	if err != nil {
		result.MetadataError = failure(ctx, job, fmt.Errorf("the file is in place, but not its metadata: %w", err))
	}
}

// finish counts and reports a result, and ends the run if the result requires it.
func (r *run) finish(ctx context.Context, job Job, result Result) {
	problem := result.Problem()
	r.mu.Lock()
	if problem != nil {
		r.tally.Failed++
	}
	if result.Status != Failed {
		r.inPlace++
	}
	failed, there := r.tally.Failed, r.inPlace
	r.mu.Unlock()
	if problem != nil {
		if cause := r.endsRun(ctx, problem, failed, there); cause != nil {
			r.stop(cause)
		}
	}
	r.engine.finished(job, result)
}

// finished passes a result to all observers.
func (e *Engine) finished(job Job, result Result) {
	for _, each := range e.Results {
		each.Finished(job, result)
	}
}

// endsRun returns why a failure ends the run: every other file would fail too, or too many have failed. It returns nil
// if the run goes on.
func (r *run) endsRun(ctx context.Context, problem *Failure, failed, there int) error {
	limit := r.engine.Options.MaxFailures
	switch {
	case problem.Code == CodeAuth && r.isUnauthorized(ctx, there):
		return ErrUnauthorized
	case problem.Code == CodeDiskFull:
		return ErrDiskFull
	case limit > 0 && failed >= limit:
		return fmt.Errorf("%w: %d", ErrMaxFailures, failed)
	default:
		return nil
	}
}

// isUnauthorized reports whether a 401 is about the credentials, and not about one asset.
func (r *run) isUnauthorized(ctx context.Context, there int) bool {
	if there == 0 || r.engine.Confirm == nil {
		return true
	}
	api, ok := errors.AsType[*bynder.APIError](r.engine.Confirm(ctx))
	return ok && api.Unauthorized()
}
