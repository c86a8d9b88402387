package mirror

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/metadata"
	"github.com/bynder-cli/bynder/internal/naming"
)

// park chooses the paths in ownFolder for moves of which others wait to get the path. Objects whose names differ in case alone
// are two.
func (x *inBucket) park(steps []Step) {
	for i := range steps {
		if s := &steps[i]; s.Via && naming.Folded(s.From) != naming.Folded(s.Path) {
			x.parks[s] = ownFolder + "/" + movingPrefix + rand.Text()
		}
	}
}

// moves implements executor. An object is moved by a copy within the bucket, after which it is removed. After a kill, the list of
// what was begun has where it is; see BucketDestination.Recover. Several are moved at a time, but none before the object or the
// metadata that have its new path have left it.
func (x *inBucket) moves(ctx context.Context, steps []*Step) {
	var waiting []*moving
	var work errgroup.Group
	work.SetLimit(objectWorkers)
	leaving := map[string]bool{} // folded paths that moves at work leave
	for _, s := range steps {
		m := newMoving(s)
		to, from := naming.Folded(s.Path), naming.Folded(s.From)
		if leaving[to] || leaving[to+foldedSuffix] {
			_ = work.Wait() // it has no error
			clear(leaving)
		}
		leaving[from], leaving[from+foldedSuffix] = true, true
		park, parks := x.parks[s]
		if parks {
			waiting = append(waiting, m)
		}
		work.Go(func() error {
			if !parks {
				x.move(ctx, m)
			} else if err := x.hop(ctx, m, park); err != nil {
				x.cannotMove(ctx, m, err)
			} else {
				m.parked = true
			}
			return nil
		})
	}
	_ = work.Wait()
	for _, m := range waiting {
		if m.parked {
			x.move(ctx, m)
		}
	}
}

// move gives a file its new path.
func (x *inBucket) move(ctx context.Context, m *moving) {
	if err := x.hop(ctx, m, m.Path); err != nil {
		x.cannotMove(ctx, m, err)
		return
	}
	done := m.result(x.Portal)
	done.Status = download.Moved
	x.report(done)
	x.displaced(m.Step)
}

// cannotMove reports why a file was not moved. One that waits in ownFolder goes back, if it can; else the next run moves it on.
func (x *inBucket) cannotMove(ctx context.Context, m *moving, err error) {
	x.mu.Lock()
	x.stuck[m.Record] = true
	x.mu.Unlock()
	if m.parked && ctx.Err() == nil {
		_ = x.hop(ctx, m, m.From)
	}
	x.failsToMove(ctx, m, err)
}

// hop moves an object to a path, which must be free, and its metadata before it.
func (x *inBucket) hop(ctx context.Context, m *moving, to string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	was := m.now.Path
	o, _ := x.there.find(was)
	switch x.there.Stands(&m.now) {
	case Edited:
		return errEdited(was)
	case NotThere:
		return errTakenAway(was)
	case AsWritten:
	}
	if to == m.Path {
		if err := x.displace(ctx, m.Step); err != nil {
			return err
		}
	}
	key, err := x.free(ctx, to)
	if err != nil {
		return err
	}
	if err := x.moveSidecar(ctx, m, to); err != nil {
		return fmt.Errorf("moving its metadata: %w", err)
	}
	if err = x.carry(ctx, m, o, key, to); err != nil {
		m.now.Path = filepath.FromSlash(to)
		_ = x.moveSidecar(ctx, m, filepath.ToSlash(was)) // metadata that do not come back are found when the file is moved again
		m.now.Path = was
		return err
	}
	m.now = x.bare(m.now)
	x.finished(m.now)
	return nil
}

// undoTimeout is how long removing a copy may take after the run was stopped.
const undoTimeout = 500 * time.Millisecond

// carry copies an object to a key and removes it. If it cannot be removed, the copy is.
func (x *inBucket) carry(ctx context.Context, m *moving, o bucket.Object, key, to string) error {
	was := m.now.Path
	etag, err := x.there.client.Copy(ctx, o, key)
	switch {
	case errors.Is(err, bucket.ErrCondition):
		return errEdited(was)
	case errors.Is(err, bucket.ErrNotFound):
		return errTakenAway(was)
	case err != nil:
		return err
	}
	if _, err := x.there.client.DeleteSame(ctx, o.Key, o.ETag); err != nil { // one that was edited since it was copied stays
		undo, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
		defer cancel()
		_, failed := x.there.client.DeleteSame(undo, key, etag)
		return errors.Join(err, failed)
	}
	x.there.forget(was)
	x.there.put(to, bucket.Object{Size: o.Size, ETag: etag})
	m.now.Path, m.now.ObjectETag = filepath.FromSlash(to), etag
	return nil
}

// moveSidecar moves the metadata of a file along to where it goes. If they were edited, they stay; if another object has their
// path, they are removed. The record has none then. An error is why they are still where they were.
func (x *inBucket) moveSidecar(ctx context.Context, m *moving, to string) error {
	at, there := m.now, m.now
	there.Path = filepath.FromSlash(to)
	o, standing, err := x.there.sidecar(ctx, &at, false)
	if err != nil || standing == NotThere || listedOf(&at).Metadata == "" {
		return err
	}
	about, kept := at.Path, errEditedSidecar(sidecarOf(filepath.ToSlash(at.Path)))
	if standing == AsWritten {
		about, kept = there.Path, nil
		err = x.copySidecar(ctx, &there, o)
		if errors.Is(err, fs.ErrExist) {
			kept, err = errForeignSidecar(sidecarOf(to), false), nil
		}
		if err == nil {
			err = x.remove(ctx, metadata.Path(at.Path), o)
		}
		if err != nil && !isKept(err) {
			return err
		}
	}
	if kept != nil {
		m.now = bare(m.now)
		x.failsBeside(ctx, &at, about, kept)
	}
	return nil
}

// copySidecar copies metadata beside the new path of a file. The error is fs.ErrExist if another object has their key.
func (x *inBucket) copySidecar(ctx context.Context, r *download.Result, o bucket.Object) error {
	path := metadata.Path(r.Path)
	key, err := x.key(path)
	if err != nil {
		return err
	}
	etag, err := x.there.client.Copy(ctx, o, key)
	if errors.Is(err, fs.ErrExist) {
		now, failed := x.there.client.Head(ctx, key)
		if failed == nil && now.Beside(r.File()) != "" { // a run that was killed copied them
			x.there.put(path, now)
			err = nil
		}
		return err
	}
	if err == nil {
		x.there.put(path, bucket.Object{Size: o.Size, ETag: etag})
	}
	return err
}
