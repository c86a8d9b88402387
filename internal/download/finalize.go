package download

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// finalize gives a file, whose transfer ended with err, its final path when that is decided. The error is that of the
// file.
func (r *run) finalize(ctx context.Context, f *file, partial Partial, err error, free func()) error {
	inPlace := false
	defer func() {
		f.expected = f.claim.Expected()
		f.claim.End(inPlace)
	}()
	_, foreseen := errors.AsType[*expected](err)
	switch {
	case err == nil, isPresent(err), foreseen:
	case f.claim.Refused() != nil:
		return f.claim.Refused() // which ended the transfer
	default:
		return err
	}
	if refused := r.waitForPath(ctx, f.claim, free); refused != nil {
		f.clearContent()
		if partial != nil {
			refused = errors.Join(refused, f.keepOrDiscard(partial, refused))
		}
		return refused
	}
	if partial == nil {
		if partial, err = r.retryAtOtherPath(ctx, f, err, free); err != nil && !isPresent(err) {
			return err
		}
	}
	if partial != nil {
		if err = r.publishOrStartOver(ctx, f, partial, free); err != nil && !isPresent(err) {
			f.clearContent()
			return err
		}
	}
	inPlace = true
	return err
}

func isPresent(err error) bool {
	_, ok := errors.AsType[*Present](err)
	return ok
}

// shortWait is how long a file that waits for its path keeps its worker. Most wait for less, because earlier files have
// been asked for and storage is about to answer; to begin another file meanwhile takes more processor time than it gains.
const shortWait = 100 * time.Millisecond

// waitForPath waits until it is decided which path a file gets. After shortWait the file gives up its worker, so that
// others are transferred. Options.Waiting files may wait so; further ones keep their workers, so that in the end
// no new file begins. This cannot deadlock: the first undecided file got a worker before all that wait for it, so
// it goes on, and proposes its places or fails.
func (r *run) waitForPath(ctx context.Context, claim *Claim, free func()) error {
	timer := time.NewTimer(shortWait)
	defer timer.Stop()
	select {
	case <-claim.Decided():
	case <-ctx.Done():
	case <-timer.C:
		select {
		case r.waiting <- struct{}{}:
			defer func() { <-r.waiting }()
			free()
		default:
		}
	}
	return claim.Wait(ctx)
}

// retryAtOtherPath begins once more with a file that was not transferred, with the outcome err, because of a file at its expected
// path, and that then got another path. If it is not in place there either, it is transferred: then it waits for a
// worker and for nothing else, because its path is decided.
func (r *run) retryAtOtherPath(ctx context.Context, f *file, err error, free func()) (Partial, error) {
	if at, _, _ := f.claim.Got(); at.Path == f.foundAt {
		return nil, err
	}
	partial, err := f.begin(ctx)
	if f.failsDirectly(err) {
		f.forget(err)
		return r.transferAgain(ctx, f, free)
	}
	if partial == nil {
		return nil, err
	}
	if err := partial.Keep(); err != nil {
		return nil, err
	}
	return r.transferAgain(ctx, f, free)
}

// transferAgain transfers a file whose path is decided, and so waits for a worker and for nothing else.
func (r *run) transferAgain(ctx context.Context, f *file, free func()) (Partial, error) {
	free()
	select {
	case r.workers.slots <- struct{}{}:
		defer r.workers.free()
		return f.transfer(ctx)
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for a free connection: %w", context.Cause(ctx))
	}
}

// publishOrStartOver publishes a file. If the sink has lost its bytes, the file is transferred again, at most as often as a
// transfer that fails.
func (r *run) publishOrStartOver(ctx context.Context, f *file, partial Partial, free func()) error {
	tries := r.engine.Opener.Tries()
	for {
		err := r.publish(ctx, f, partial)
		if !transfer.StartsOver(err) {
			return err
		}
		pause, again := tries.Next(0)
		if !again {
			return err
		}
		f.clearContent()
		free()
		r.engine.Progress.Retried(f.job, f.result.Name, err, pause)
		if err := retry.Sleep(ctx, pause); err != nil {
			return err
		}
		if partial, err = r.transferAgain(ctx, f, free); err != nil {
			return err
		}
	}
}

// publish gives a file its final name. At most as many files as there are workers are published at a time, because many may be decided at
// once.
func (r *run) publish(ctx context.Context, f *file, partial Partial) (err error) {
	r.publishing <- struct{}{}
	defer func() { <-r.publishing }()
	f.result.Path, err = partial.Publish(ctx)
	if object, ok := partial.(Tagged); ok && err == nil {
		f.result.ObjectETag = object.ETag()
	}
	return err
}

// keepOrDiscard ends a partial after an error: it is kept for the next run, unless its bytes may be wrong or the file gets
// no path.
func (f *file) keepOrDiscard(partial Partial, err error) error {
	if transfer.StartsOver(err) || f.claim.Refused() != nil {
		return partial.Discard()
	}
	return partial.Keep()
}

// done reports a job whose file was in place before the run, unless an earlier file of the run gets its path and
// replaces it.
func (r *run) done(ctx context.Context, job Job, result Result) {
	result.Name = cmp.Or(assetName(job), result.Name)
	report := func() {
		job.Done = true
		if r.engine.Options.DryRun {
			result.Plan = PlanUnchanged
			if result.Status == Skipped {
				result.Plan = PlanExists
			}
		}
		if r.describe(ctx, job, &result); result.MetadataError != nil {
			r.finish(ctx, job, result)
			return
		}
		r.engine.finished(job, result)
	}
	claim := r.paths.Claim(job, func() {})
	_, _ = claim.Propose([]Place{{Path: result.Path, Same: true}})
	conclude := func() {
		if err := claim.Wait(ctx); err != nil && ctx.Err() == nil {
			result = Result{
				Portal: result.Portal, MediaID: result.MediaID, Selector: result.Selector, ItemID: result.ItemID, Name: result.Name,
				Status: Failed, Path: result.Path, Error: failure(ctx, job, err), FinishedAt: result.FinishedAt,
			}
			r.finish(ctx, job, result)
			return
		}
		report()
	}
	select {
	case <-claim.Decided():
		conclude()
	case <-ctx.Done():
		conclude()
	case r.waiting <- struct{}{}:
		r.files.Go(func() {
			conclude()
			<-r.waiting
		})
	}
}

// ownPath begins the advice for files that meet at a path.
const ownPath = "give every file a path of its own "

// KeepApart returns the advice that gives files of one path different ones: files of several assets or, with items,
// of several items of one asset. listed says that the line of input has the path.
func KeepApart(listed, items bool) string {
	switch {
	case listed:
		return ownPath + "in the list"
	case items:
		return ownPath + "with --name '{id}/{itemId}-{filename}'"
	default:
		return ownPath + "with --name '{id}/{filename}'"
	}
}
