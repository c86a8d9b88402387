package mirror

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/metadata"
	"github.com/bynder-cli/bynder/internal/sink"
)

// Destination is the folder of a sync as it is. It looks at each file once, reads those alone whose time differs from
// the recorded one, and follows no link out of the folder. It is for one goroutine.
type Destination struct {
	ctx     context.Context // what a plan asks has none
	root    *os.Root
	compare comparer
	known   map[*download.Result]Standing // of files that were read
	touched []*download.Result
	err     error
}

var _ Folder = (*Destination)(nil)

// Look returns the Destination below root. When ctx ends, no file is read any more, and Err returns its cause.
func Look(ctx context.Context, root *os.Root) *Destination {
	return &Destination{ctx: ctx, root: root, compare: comparer{folder: root}, known: map[*download.Result]Standing{}}
}

// Stands implements Folder. A file of the recorded size and time is as it was written; one of another time is if it has
// the recorded MD5.
func (d *Destination) Stands(r *download.Result) Standing {
	name := filepath.FromSlash(r.Path)
	info, err := d.root.Lstat(name)
	switch {
	case isMissing(err):
		return NotThere
	case err != nil:
		d.fail(err)
		return Edited
	case !info.Mode().IsRegular(), r.Bytes == nil, info.Size() != *r.Bytes:
		return Edited
	case r.Listed != nil && !r.Listed.ModTime.IsZero() && info.ModTime().Equal(r.Listed.ModTime):
		return AsWritten
	}
	if s, read := d.known[r]; read {
		return s
	}
	s := Edited
	if same, err := matches(d.ctx, &d.compare, r); same && err == nil { // of one that cannot be read no more is known
		s = AsWritten
		d.touched = append(d.touched, dated(r, info))
	}
	if d.ctx.Err() != nil {
		d.err = cmp.Or(d.err, context.Cause(d.ctx))
	}
	d.known[r] = s
	return s
}

// Proven implements Folder. A file that cannot be read is not said to be another.
func (d *Destination) Proven(r *download.Result) Standing {
	s := d.Stands(r)
	if _, read := d.known[r]; s != AsWritten || read {
		return s
	}
	if _, by := digestOf(*r); by != InMD5 {
		return s
	}
	if same, err := matches(d.ctx, &d.compare, r); !same && err == nil {
		s = Edited
	}
	if d.ctx.Err() != nil {
		d.err = cmp.Or(d.err, context.Cause(d.ctx))
	}
	return s
}

// Sidecar implements Folder. It is compared by its MD5, as its size and time are not recorded.
func (d *Destination) Sidecar(r *download.Result, adopt bool) Standing {
	s := sidecarStands(d.ctx, &d.compare, r)
	if s == Edited && adopt && listedOf(r).Metadata == "" && metadata.IsOf(d.root, filepath.FromSlash(r.Path), r.MediaID) {
		s = AsWritten
	}
	if d.ctx.Err() != nil {
		d.err = cmp.Or(d.err, context.Cause(d.ctx))
	}
	return s
}

// matches reports whether the file of a record has its size and MD5. A record without an MD5 has no such file. The error
// is why it cannot be read.
func matches(ctx context.Context, c *comparer, r *download.Result) (bool, error) {
	if _, by := digestOf(*r); by != InMD5 {
		return false, nil
	}
	at := *r
	at.Path = filepath.FromSlash(r.Path)
	found := c.compare(ctx, at)
	return found.Status == OK, found.Err
}

// dated returns a record with the time of its file.
func dated(r *download.Result, info fs.FileInfo) *download.Result {
	again, listed := *r, download.Listed{}
	if r.Listed != nil {
		listed = *r.Listed
	}
	listed.ModTime = info.ModTime()
	again.Listed = &listed
	return &again
}

// Taken implements Folder.
func (d *Destination) Taken(path string) bool {
	name := filepath.FromSlash(path)
	if _, err := d.root.Lstat(name); !isMissing(err) {
		if err != nil {
			d.fail(err)
		}
		return true
	}
	for folder := filepath.Dir(name); folder != "."; folder = filepath.Dir(folder) {
		info, err := d.root.Lstat(folder)
		if isMissing(err) {
			continue
		}
		if err == nil && info.Mode()&fs.ModeSymlink != 0 {
			info, err = d.root.Stat(folder)
		}
		return err != nil || !info.IsDir()
	}
	return false
}

// HasOnly implements Folder. A folder that cannot be read has other files.
func (d *Destination) HasOnly(folder string, accepted func(path string) bool) bool {
	info, err := d.root.Lstat(filepath.FromSlash(folder))
	if err != nil || !info.IsDir() {
		return false
	}
	entries, err := fs.ReadDir(d.root.FS(), folder)
	for _, e := range entries {
		path := folder + "/" + e.Name()
		if e.IsDir() && !d.HasOnly(path, accepted) || !e.IsDir() && !accepted(path) && !d.isLeft(path) {
			return false
		}
	}
	return err == nil && len(entries) > 0
}

// isLeft reports whether a file was left by a run that was killed, so that the next one removes it.
func (d *Destination) isLeft(path string) bool {
	for _, b := range readBegun(d.root) {
		temporary := metadata.TemporaryPaths(filepath.FromSlash(b.Path))
		if sink.IsPartial(path, b.Path, b.FileID) || slices.Contains(temporary, filepath.FromSlash(path)) {
			return true
		}
	}
	return false
}

// Adoptable implements Folder.
func (d *Destination) Adoptable(path string) bool {
	f, err := d.compare.open(filepath.FromSlash(path))
	if err == nil {
		_ = f.Close()
	}
	return err == nil
}

// fail keeps the first error that says nothing of what has a path. That a link leads out of the folder, or to itself, says
// that something else has it; so does a path that no file can have.
func (d *Destination) fail(err error) {
	errno, ofSystem := errors.AsType[syscall.Errno](err)
	if ofSystem && errno != syscall.ELOOP && errno != syscall.EINVAL || errors.Is(err, fs.ErrClosed) {
		d.err = cmp.Or(d.err, err)
	}
}

// Touched returns records of files that are as they were written but for their time, with that time.
func (d *Destination) Touched() []*download.Result { return d.touched }

// Err returns why the folder could not be looked at, nil if it could. What Stands and Taken have returned then is not to
// be relied on.
func (d *Destination) Err() error { return d.err }
