package mirror

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/sink"
)

// deletions removes files whose assets are gone. If something failed that may have been the reason, they are kept.
func (x *running) deletions(ctx context.Context, steps []*Step) {
	x.partials = sink.NewPartials(x.Root) // the transfers may have left more
	for i, s := range steps {
		switch {
		case ctx.Err() != nil:
			x.outcome.NotDeleted += len(steps) - i
			return
		case x.endangered() != "" && !s.First:
			x.report(s.keptBecause(x.endangered()).result(x.Portal))
		default:
			x.remove(ctx, s)
		}
	}
}

// remove removes a file whose asset is gone, unless it was edited after the plan was made: then it is given up.
func (x *running) remove(ctx context.Context, s *Step) {
	r := s.record()
	seen, standing, err := x.proven(ctx, r)
	if err == nil && standing != AsWritten {
		x.giveUp(ctx, s)
		return
	}
	if err == nil {
		var gone []taken
		if gone, err = x.takeAway(ctx, r, seen); err != nil {
			x.giveBack(ctx, gone)
		}
	}
	switch {
	case err == nil:
		x.swept(s.Path, s.Record)
		x.deleted(s)
	case ctx.Err() != nil:
		x.outcome.NotDeleted++
	default:
		x.fails(ctx, s, err)
	}
}

// takeAway removes a file, if it is still the one that was looked at, and its metadata or, with a trash, moves them there
// and returns both. Metadata that were edited stay.
func (x *running) takeAway(ctx context.Context, r *download.Result, was fs.FileInfo) (gone []taken, err error) {
	beside := x.sidecarOf(ctx, r)
	if beside.Standing == Edited {
		x.failsBeside(ctx, r, r.Path, errEditedSidecar(filepath.ToSlash(beside.path)))
	}
	if x.trash != nil {
		if beside.Standing != AsWritten {
			beside.was = nil
		}
		gone, err = x.trash.take(ctx, x.Root, r.Path, was, beside.was)
		return gone, local(r.Path, err)
	}
	if err = x.removeSidecar(beside); err == nil {
		err = x.mover.remove(x.Root, r.Path, was)
	}
	return nil, local(r.Path, err)
}

// giveBack moves files out of the trash to where they were. One whose path is taken by now stays there.
func (x *running) giveBack(ctx context.Context, gone []taken) {
	for _, f := range gone {
		_ = x.trash.move(context.WithoutCancel(ctx), x.trash.root, f.name, nil, x.Root, f.path)
	}
}

// displace takes away the file that a step displaces, if there is one.
func (x *running) displace(ctx context.Context, s *Step) ([]taken, error) {
	was := s.displacing()
	if was == nil {
		return nil, nil
	}
	r := was.record()
	seen, standing, err := x.proven(ctx, r)
	switch {
	case err != nil:
		return nil, err
	case standing == Edited:
		return nil, errEdited(s.Path)
	case standing == NotThere:
		return nil, nil
	}
	gone, err := x.takeAway(ctx, r, seen)
	if err != nil {
		x.giveBack(ctx, gone)
	}
	return gone, err
}

// asWritten implements executor.
func (x *running) asWritten(ctx context.Context, r *download.Result) (now *download.Result, ok bool) {
	seen, standing, err := x.lookAt(ctx, r, false)
	if err != nil || standing != AsWritten {
		return nil, false
	}
	return dated(r, seen), true
}

// bare implements executor.
func (x *running) bare(r download.Result) download.Result {
	r, _ = Bare(x.Root, r)
	return r
}

// giveUp implements executor.
func (x *running) giveUp(ctx context.Context, s *Step) {
	r := *s.Record
	if s.Action == "" && s.Why != "" && !x.giveUpSidecar(ctx, s) {
		return
	}
	if x.folder.Stands(&r) == NotThere {
		x.swept(r.Path, &r)
	}
	r.Status = download.Deleted
	x.finished(r)
}

// giveUpSidecar deletes the metadata of a file that is not there, or was edited. It reports whether the record can be closed.
func (x *running) giveUpSidecar(ctx context.Context, s *Step) bool {
	beside := x.sidecarOf(ctx, s.Record)
	if beside.Standing != AsWritten || beside.was == nil {
		return true
	}
	if x.endangered() != "" {
		return false
	}
	var err error
	if x.trash != nil {
		_, err = x.trash.take(ctx, x.Root, beside.path, beside.was, nil)
	} else {
		err = x.removeSidecar(beside)
	}
	if err != nil {
		x.failsBeside(ctx, s.Record, s.Path, err)
	}
	x.removeEmpty(beside.path)
	return err == nil
}

// adopt implements executor.
func (x *running) adopt(ctx context.Context, s *Step) {
	r := s.result(x.Portal)
	seen, _ := x.Root.Lstat(r.Path) // before its bytes are read: of a file that is saved after that, the record has another time
	sum, size, err := x.md5Of(ctx, r.Path)
	if err == nil {
		listed := x.listed(s)
		r.Status, r.MD5, r.Bytes, r.Listed = download.Downloaded, sum, &size, &listed
		if seen != nil {
			r = *dated(&r, seen)
		}
		err = x.State.Intend(r)
	}
	if err != nil {
		x.fails(ctx, s, err)
		return
	}
	x.adopted(ctx, s, r)
}

// md5Of returns the MD5, in hexadecimal digits, and the size of a regular file.
func (x *running) md5Of(ctx context.Context, name string) (sum string, size int64, err error) {
	x.comparing.Lock()
	defer x.comparing.Unlock()
	if sum, size, err = x.compare.md5(ctx, name); errors.Is(err, errNotRegular) {
		err = &download.Error{Code: download.CodeExists, Path: name, Err: err, Advice: "move it away"}
	}
	return sum, size, err
}
