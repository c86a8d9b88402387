package mirror

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/metadata"
)

// betweenLooks is how many objects are deleted between two looks at the lock.
const betweenLooks = 4 * objectWorkers

// deletions implements executor. Nothing is deleted unless this process still excludes others.
func (x *inBucket) deletions(ctx context.Context, steps []*Step) {
	left := len(steps)
	for some := range slices.Chunk(steps, betweenLooks) {
		if ctx.Err() != nil {
			x.outcome.NotDeleted += left
			return
		}
		held := x.held(ctx)
		x.each(func(ctx context.Context, s *Step) {
			switch code := x.endangered(); {
			case code != "" && !s.First:
				x.report(s.keptBecause(code).result(x.Portal))
			case held != nil:
				x.fails(ctx, s, held)
			default:
				x.delete(ctx, s)
			}
		})(ctx, some)
		left -= len(some)
	}
}

// delete removes the object of a file whose asset is gone, and its metadata. One that was edited after the plan was made is given
// up; metadata that were edited stay.
func (x *inBucket) delete(ctx context.Context, s *Step) {
	r := s.record()
	err := x.takeAway(ctx, r)
	switch {
	case isKept(err):
		x.giveUp(ctx, s)
	case err != nil && ctx.Err() != nil:
		x.mu.Lock()
		x.outcome.NotDeleted++
		x.mu.Unlock()
	case err != nil:
		x.fails(ctx, s, err)
	default:
		done := s.result(x.Portal)
		r.Status, done.Status = download.Deleted, download.Deleted
		x.finished(*r)
		x.report(done)
	}
}

// takeAway removes the object of a record, and the metadata beside it before: an object without metadata gets them again. The
// error is errEdited if the object was edited; metadata that were edited are reported.
func (x *inBucket) takeAway(ctx context.Context, r *download.Result) error {
	o, ok := x.there.find(r.Path)
	if ok && x.there.Stands(r) != AsWritten {
		return errEdited(r.Path)
	}
	if listedOf(r).Metadata != "" {
		beside, standing, err := x.there.sidecar(ctx, r, false)
		if err == nil && standing == AsWritten {
			if err = x.remove(ctx, metadata.Path(r.Path), beside); isKept(err) {
				standing, err = Edited, nil
			}
		}
		if err != nil {
			return err
		}
		if standing == Edited && !beside.IsFile() { // a run that was killed has removed them, and a file has their path now
			x.fails(ctx, &Step{Action: download.ActionMetadata, Record: r, Path: filepath.ToSlash(r.Path)}, errEditedSidecar(sidecarOf(filepath.ToSlash(r.Path))))
		}
	}
	if !ok {
		return nil
	}
	return x.remove(ctx, r.Path, o)
}

// displace takes away the object that a step displaces, if there is one.
func (x *inBucket) displace(ctx context.Context, s *Step) error {
	if s.displacing() == nil {
		return nil
	}
	if err := x.held(ctx); err != nil {
		return err
	}
	return x.takeAway(ctx, s.Displaces)
}
