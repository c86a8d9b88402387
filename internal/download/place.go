package download

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/bynder-cli/bynder/internal/transfer"
)

// place gives a file that was transferred with err its final path, once it is decided which that is, and
// returns how all of it ended.
func (r *run) place(ctx context.Context, f *file, partial Partial, err error, free func()) error {
	inPlace := false
	defer func() {
		f.expected = f.claim.Expected()
		f.claim.End(inPlace)
	}()
	present, _ := errors.AsType[*Present](err)
	switch {
	case err == nil, present != nil:
	case present == nil && f.claim.Refused() != nil:
		return f.claim.Refused() // so the transfer was given up
	default:
		return err
	}
	if refused := r.turn(ctx, f.claim, free); refused != nil {
		f.forget()
		if partial != nil {
			refused = errors.Join(refused, f.giveUp(partial, refused))
		}
		return refused
	}
	if at, decided, _ := f.claim.Got(); present != nil && decided && at.Path != present.Path {
		free()
		if partial, err = r.again(ctx, f); err != nil && !errors.As(err, &present) {
			return err
		}
	}
	if partial != nil {
		if err = r.publish(ctx, f, partial); err != nil {
			f.forget()
			return err
		}
	}
	inPlace = true
	return err
}

// turn waits until it is decided which path a file gets. Meanwhile the file needs no worker: others
// are transferred. Options.Waiting files may wait so; further ones keep their workers, so that in the end
// no new file begins. That does not last: the first file that is not decided was given a worker before
// all that wait for it, so it goes on, and tells its places or fails.
func (r *run) turn(ctx context.Context, claim *Claim, free func()) error {
	select {
	case <-claim.Decided():
	default:
		select {
		case r.waiting <- struct{}{}:
			defer func() { <-r.waiting }()
			free()
		default:
		}
	}
	return claim.Wait(ctx)
}

// again transfers a file that was found in place, at a path that an earlier file turned out to have: it goes to another
// one, which is decided now. It waits for a worker.
func (r *run) again(ctx context.Context, f *file) (Partial, error) {
	select {
	case r.workers <- struct{}{}:
		defer func() { <-r.workers }()
		return f.transfer(ctx)
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for a free connection: %w", context.Cause(ctx))
	}
}

// publish gives a file its final name. As many files are published at a time as there are workers, because many
// may be decided at once.
func (r *run) publish(ctx context.Context, f *file, partial Partial) (err error) {
	r.publishing <- struct{}{}
	defer func() { <-r.publishing }()
	f.result.Path, err = partial.Publish(ctx)
	return err
}

// giveUp ends a partial in the way that the error asks for: bytes that are right as far as they go are kept
// for the next run, unless the file is not to get a place.
func (f *file) giveUp(partial Partial, err error) error {
	if transfer.StartsOver(err) || f.claim.Refused() != nil {
		return partial.Discard()
	}
	return partial.Keep()
}

// done reports a job whose file was in place before the run, unless an earlier file of the run gets its path:
// that one replaces it.
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
		r.engine.finished(job, result)
	}
	if !r.engine.Options.ClaimDone {
		r.paths.Pass(job.Number)
		report()
		return
	}
	claim := r.paths.Claim(job, func() {})
	_, _ = claim.Tell([]Place{{Path: result.Path, Same: true}})
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

// NameApart returns the flag that keeps files of one name apart: those of several assets or, with items, of several
// items of one.
func NameApart(items bool) string {
	if items {
		return "--name '{id}/{itemId}-{filename}'"
	}
	return "--name '{id}/{filename}'"
}
