package mirror

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/metadata"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// inBucket is a plan that is carried out in a bucket, which has neither folders nor links nor partials: an object appears whole.
type inBucket struct {
	progress
	there *BucketDestination
	held  func(context.Context) error
	parks map[*Step]string // paths in ownFolder that moved objects go through
	kept  map[*Step]bool   // files that were not written, because another object has their path
}

var _ executor = (*inBucket)(nil)

// DoInBucket carries out steps as Do does, in a bucket, where Root, Trash and WriteMetadata have no meaning. Metadata are written
// beside files if writes is set. held returns an error if this process does not exclude others any more: then nothing is deleted.
func (r *Run) DoInBucket(ctx context.Context, there *BucketDestination, writes bool, held func(context.Context) error, steps []Step) (Outcome, error) {
	x := &inBucket{there: there, held: held, parks: map[*Step]string{}, kept: map[*Step]bool{}}
	x.progress = newProgress(r, x, writes, objectWorkers)
	x.park(steps)
	if err := x.begin(ctx, steps); err != nil {
		return Outcome{}, fmt.Errorf("noting which objects are written: %w", err)
	}
	x.dropLoneMetadata(ctx)
	x.carryOut(ctx, steps)
	if len(x.kept) > 0 && ctx.Err() == nil {
		if err := x.list(ctx, steps); err != nil {
			return x.outcome, fmt.Errorf("noting which objects were kept: %w", err)
		}
	}
	return x.outcome, nil
}

// dropLoneMetadata removes metadata in ownFolder of an object that is not there: a run was killed after it had copied them and
// before it copied the object.
func (x *inBucket) dropLoneMetadata(ctx context.Context) {
	for _, path := range x.there.parked {
		if o, ok := x.there.find(path); ok && !x.there.Taken(strings.TrimSuffix(path, sidecarEnd)) {
			_ = x.remove(ctx, path, o)
		}
	}
}

// stands implements executor.
func (x *inBucket) stands(r *download.Result) Standing { return x.there.Stands(r) }

// show implements executor.
func (x *inBucket) show(path string) string { return x.there.at.Below(filepath.ToSlash(path)) }

// key returns the key of the object at a path.
func (x *inBucket) key(path string) (string, error) {
	key, err := x.there.at.Key(filepath.ToSlash(path))
	if err != nil {
		return "", &download.Error{Code: download.CodeLocal, Path: path, Err: err, Advice: "choose shorter names with --name, such as '{id}.{ext}'"}
	}
	return key, nil
}

// free returns the key of a path, or the error that an object has it.
func (x *inBucket) free(ctx context.Context, path string) (string, error) {
	key, err := x.key(path)
	if err != nil {
		return "", err
	}
	if _, err = x.there.client.Head(ctx, key); err == nil {
		return "", fs.ErrExist
	}
	if errors.Is(err, bucket.ErrNotFound) {
		err = nil
	}
	return key, err
}

// remove removes the object of a file or of metadata at a path. If it was changed, it stays, and the error is errEdited.
func (x *inBucket) remove(ctx context.Context, path string, o bucket.Object) error {
	gone, err := x.there.client.DeleteSame(ctx, o.Key, o.ETag)
	if err == nil && !gone {
		err = errEdited(path)
	}
	if err == nil {
		x.there.forget(path)
	}
	return err
}

// putting is the transfers to a bucket. Its methods are called by several goroutines.
type putting struct {
	*inBucket
	*transfers
	ctx context.Context //nolint:containedctx // observers get none
}

var (
	_ download.ResultObserver = (*putting)(nil)
	_ download.Recorder       = (*putting)(nil)
)

// fetches implements executor.
func (x *inBucket) fetches(ctx context.Context, steps []*Step) {
	f := &putting{inBucket: x, transfers: x.transfersOf(steps), ctx: ctx}
	x.fetch(ctx, f.transfers, f, f)
	for _, r := range f.left {
		x.dropSidecar(ctx, r)
	}
}

// Intend implements download.Recorder. An object whose path differs in case is removed before another one displaces it: if this
// process were killed between the two, the next one would take both for one file. Other objects are replaced.
func (f *putting) Intend(r download.Result) error {
	switch s := f.displacing[r.File()]; {
	case s == nil:
		return nil
	case filepath.ToSlash(s.Displaces.Path) != s.Path:
		return f.displace(f.ctx, s)
	default:
		return f.keepInTrash(f.ctx, s.Displaces)
	}
}

// Finished implements download.ResultObserver.
func (f *putting) Finished(job download.Job, r download.Result) {
	s := f.steps[job.Number-1]
	r, ok := f.fetched(s, r)
	if !ok {
		if r.Error != nil && r.Error.Code == download.CodeExists {
			f.mu.Lock()
			f.kept[s] = true
			f.mu.Unlock()
		}
		f.report(r)
		return
	}
	if r.Bytes != nil {
		f.there.put(r.Path, bucket.Object{Size: *r.Bytes, ETag: r.ObjectETag})
	}
	if s.Displaces != nil {
		f.dropSidecar(f.ctx, s.Displaces)
		r.Listed.Metadata = "" // which is that of the displaced file
	}
	if f.describes(s) {
		f.writeSidecar(f.ctx, s, &r)
	}
	if s.Record != nil && filepath.ToSlash(s.Record.Path) != s.Path { // it was not there any more, or was moved
		f.leave(s.Record)
	}
	r = f.bare(r)
	f.State.Finished(job, r)
	f.report(r)
	f.displaced(s)
}

// dropSidecar implements executor.
func (x *inBucket) dropSidecar(ctx context.Context, r *download.Result) bool {
	if listedOf(r).Metadata == "" {
		return true
	}
	o, standing, err := x.there.sidecar(ctx, r, false)
	path := metadata.Path(r.Path)
	if err == nil && standing == AsWritten {
		err = x.remove(ctx, path, o)
	}
	if err != nil && !isKept(err) {
		x.failsBeside(ctx, r, r.Path, err)
		return false
	}
	return true
}

// replaceSidecar implements executor. Objects with metadata say themselves that they are sync's own, so nothing is intended.
func (x *inBucket) replaceSidecar(ctx context.Context, r *download.Result, content []byte) (own string, err error) {
	digest := transfer.NewDigest(transfer.Object{}, transfer.DigestOptions{MD5: true})
	_, _ = digest.Write(content) // it never fails
	own = listedOf(r).Metadata
	path := metadata.Path(r.Path)
	key, err := x.key(path)
	if err != nil {
		return own, err
	}
	o, standing, err := x.there.sidecar(ctx, r, own == "") // the plan keeps those of the asset, unless they are to be adopted
	was := ""
	switch {
	case err != nil:
		return own, err
	case standing == AsWritten:
		was = o.ETag
	case standing == Edited && own == "":
		return own, errForeignSidecar(filepath.ToSlash(path), false)
	case standing == Edited:
		return own, errEditedSidecar(filepath.ToSlash(path))
	}
	sum := digest.MD5()
	etag, err := x.there.client.PutBeside(ctx, key, content, sum, r.File(), was)
	if errors.Is(err, bucket.ErrCondition) {
		err = errEdited(path)
	}
	if err != nil {
		return own, fmt.Errorf("writing metadata: %w", err)
	}
	x.there.put(path, bucket.Object{Size: int64(len(content)), ETag: etag})
	return sum, nil
}

// adopt implements executor.
func (x *inBucket) adopt(ctx context.Context, s *Step) {
	r := s.result(x.Portal)
	key, err := x.key(s.Path)
	var o bucket.Object
	if err == nil {
		o, err = x.there.client.Head(ctx, key)
	}
	if err != nil {
		x.fails(ctx, s, err)
		return
	}
	listed := x.listed(s)
	r.Status, r.MD5, r.Bytes, r.ObjectETag, r.Listed = download.Downloaded, o.MD5(), &o.Size, o.ETag, &listed
	x.there.put(s.Path, o)
	x.adopted(ctx, s, r)
}

// asWritten implements executor.
func (x *inBucket) asWritten(_ context.Context, r *download.Result) (now *download.Result, ok bool) {
	return r, x.there.Stands(r) == AsWritten
}

// bare implements executor.
func (x *inBucket) bare(r download.Result) download.Result {
	r, _ = x.there.Bare(r)
	return r
}

// giveUp implements executor.
func (x *inBucket) giveUp(ctx context.Context, s *Step) {
	if s.Action == closes && s.Why != "" {
		if x.endangered() != "" {
			return
		}
		if err := x.keepInTrash(ctx, s.Record); err != nil {
			x.failsBeside(ctx, s.Record, s.Path, err)
			return
		}
		if !x.dropSidecar(ctx, s.Record) {
			return
		}
	}
	r := *s.Record
	r.Status = download.Deleted
	x.finished(r)
}
