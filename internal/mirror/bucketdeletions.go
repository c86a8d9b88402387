package mirror

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/bynder-cli/bynder/internal/bucket"
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
		var begun atomic.Int32
		x.each(func(ctx context.Context, s *Step) {
			switch code := x.endangered(); {
			case held != nil && ctx.Err() != nil:
				return
			case code != "" && !s.First:
				x.report(s.keptBecause(code).result(x.Portal))
			case held != nil:
				x.fails(ctx, s, held)
			default:
				x.delete(ctx, s)
			}
			begun.Add(1)
		})(ctx, some)
		if ctx.Err() != nil {
			x.outcome.NotDeleted += len(some) - int(begun.Load())
		}
		left -= len(some)
	}
}

// delete removes the object of a file whose asset is gone, and its metadata. One that was edited after the plan was made is given
// up; metadata that were edited stay.
func (x *inBucket) delete(ctx context.Context, s *Step) {
	err := x.takeAway(ctx, s.record())
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
		x.deleted(s)
	}
}

// takeAway removes the object of a record, and the metadata beside it before: an object without metadata gets them again. The
// error is errEdited if the object was edited; metadata that were edited are reported.
func (x *inBucket) takeAway(ctx context.Context, r *download.Result) error {
	o, ok := x.there.find(r.Path)
	if ok && x.there.Stands(r) != AsWritten {
		return errEdited(r.Path)
	}
	if err := x.keepInTrash(ctx, r); err != nil {
		return err
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
			x.failsBeside(ctx, r, r.Path, errEditedSidecar(sidecarOf(filepath.ToSlash(r.Path))))
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

// keepInTrash copies the object of a record, and its metadata if they are as they were written, to the trash, if there is one.
// They keep their paths there; if other objects have these, a number is added. A copy that a killed run has left is not made again.
func (x *inBucket) keepInTrash(ctx context.Context, r *download.Result) error {
	if x.there.trash == nil {
		return nil
	}
	var from []bucket.Object
	var paths []string
	if o, standing, err := x.there.sidecar(ctx, r, false); err != nil {
		return err
	} else if standing == AsWritten && listedOf(r).Metadata != "" {
		from, paths = append(from, o), append(paths, metadata.Path(r.Path))
	}
	if o, ok := x.there.find(r.Path); ok && x.there.Stands(r) == AsWritten {
		from, paths = append(from, o), append(paths, r.Path)
	}
	for n := 1; ; n++ {
		var keys []string
		for i, path := range paths {
			name := numbered(r.Path, n)
			if path != r.Path {
				name = metadata.Path(name)
			}
			key, err := x.there.trash.Key(filepath.ToSlash(name))
			if err != nil {
				err = fmt.Errorf("cannot copy it to the trash: %w", err)
				return &download.Error{Code: download.CodeLocal, Path: r.Path, Err: err, Advice: "choose a shorter prefix for --trash"}
			}
			there, err := x.there.client.Head(ctx, key)
			if errors.Is(err, bucket.ErrNotFound) {
				keys = append(keys, key)
				continue
			}
			copied := false
			if err == nil {
				copied, err = x.there.client.IsCopy(ctx, there, from[i])
			}
			if err != nil {
				return err
			}
			if copied {
				keys = append(keys, "")
			}
		}
		if len(keys) == len(paths) {
			return x.copyAll(ctx, from, paths, keys)
		}
	}
}

// copyAll copies objects to keys, those with a key.
func (x *inBucket) copyAll(ctx context.Context, from []bucket.Object, paths, keys []string) error {
	for i, o := range from {
		if keys[i] == "" {
			continue
		}
		_, err := x.there.client.Copy(ctx, o, keys[i])
		if errors.Is(err, bucket.ErrCondition) || errors.Is(err, bucket.ErrNotFound) {
			err = errEdited(paths[i])
		}
		if err != nil {
			return err
		}
	}
	return nil
}
