package mirror

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/metadata"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// maxSidecar is more than a file with metadata has, in bytes.
const maxSidecar = 64 << 20

// sidecar is the file with the metadata of a record's file.
type sidecar struct {
	path string // "" if the state has none
	Standing
	was fs.FileInfo // as it was looked at before its bytes were compared; nil if there is none
}

// sidecarOf looks at the metadata of a record's file.
func (x *running) sidecarOf(ctx context.Context, r *download.Result) sidecar {
	if listedOf(r).Metadata == "" {
		return sidecar{Standing: NotThere}
	}
	path := metadata.Path(filepath.FromSlash(r.Path))
	was, _ := x.Root.Lstat(path)
	x.comparing.Lock()
	defer x.comparing.Unlock()
	// It is read to its end, whatever happens: half of a step would leave it behind.
	return sidecar{path, sidecarStands(context.WithoutCancel(ctx), &x.compare, r), was}
}

// Bare returns a record as one without metadata, if there are none beside its file any more. It reports whether that is
// another one.
func Bare(root *os.Root, r download.Result) (download.Result, bool) {
	if listedOf(&r).Metadata == "" {
		return r, false
	}
	if _, err := root.Lstat(metadata.Path(filepath.FromSlash(r.Path))); !isMissing(err) {
		return r, false
	}
	return bare(r), true
}

// bare returns a record as one without metadata.
func bare(r download.Result) download.Result {
	listed := *r.Listed
	listed.Metadata = ""
	r.Listed = &listed
	return r
}

// removeSidecar removes metadata that are as they were written, unless they are saved meanwhile.
func (x *running) removeSidecar(beside sidecar) error {
	if beside.Standing != AsWritten || beside.was == nil {
		return nil
	}
	return x.mover.remove(x.Root, beside.path, beside.was)
}

// sidecarStands returns what has become of the file with metadata beside the path of a record.
func sidecarStands(ctx context.Context, c *comparer, r *download.Result) Standing {
	path := metadata.Path(filepath.FromSlash(r.Path))
	info, err := c.folder.Lstat(path)
	if isMissing(err) {
		return NotThere
	}
	if err == nil && info.Size() <= maxSidecar {
		if same, err := matches(ctx, c, &download.Result{Path: path, MD5: listedOf(r).Metadata}); same && err == nil {
			return AsWritten
		}
	}
	return Edited
}

// matches reports whether a file has the MD5 of a record. It may be called by several goroutines.
func (x *running) matches(ctx context.Context, r *download.Result) (bool, error) {
	x.comparing.Lock()
	defer x.comparing.Unlock()
	return matches(ctx, &x.compare, r)
}

// dropSidecar removes the metadata of a file that is not at its path any more. It reports whether the record can forget
// them: they are gone or were edited. A failure is reported.
func (x *running) dropSidecar(ctx context.Context, r *download.Result) bool {
	beside := x.sidecarOf(ctx, r)
	if beside.Standing != AsWritten {
		return true
	}
	err := local(beside.path, x.removeSidecar(beside))
	switch {
	case err == nil:
		x.removeEmpty(beside.path)
	case !isKept(err):
		x.failsBeside(ctx, r, r.Path, err)
		return false
	}
	return true
}

// isKept reports whether an error says that something stays as it is, because sync has not written it.
func isKept(err error) bool {
	failed, ok := errors.AsType[*download.Error](err)
	return ok && failed.Code == download.CodeExists
}

// moveSidecar moves the metadata of a file along to where it goes. If they were edited, they stay; if another file has their
// path, they are removed. The record has none then. An error is why they are still where they were: their file must not leave
// them there.
func (x *running) moveSidecar(ctx context.Context, m *moving, to string) error {
	at, there := m.now, m.now
	about := at.Path
	there.Path = filepath.FromSlash(to)
	beside := x.sidecarOf(ctx, &at)
	if beside.Standing == NotThere {
		return nil
	}
	target := metadata.Path(there.Path)
	var err error = errEditedSidecar(filepath.ToSlash(beside.path))
	if beside.Standing == AsWritten {
		other, failed := x.Root.Lstat(target)
		switch {
		case failed == nil && os.SameFile(beside.was, other): // the paths differ in case
			err = x.Root.Rename(beside.path, target)
		case x.sidecarOf(ctx, &there).Standing == AsWritten: // a run that was killed moved them
			err = x.removeSidecar(beside)
		default:
			err = x.mover.move(context.WithoutCancel(ctx), x.Root, beside.path, beside.was, x.Root, target)
			if errors.Is(err, fs.ErrExist) {
				about, err = there.Path, errForeignSidecar(filepath.ToSlash(target), false)
				if failed := x.removeSidecar(beside); failed != nil { // else the next run writes them again
					about, err = at.Path, failed
				}
			}
		}
	}
	if err = local(beside.path, err); err == nil {
		return nil
	}
	if !isKept(err) {
		return fmt.Errorf("moving its metadata: %w", err)
	}
	listed := *m.now.Listed
	listed.Metadata = ""
	m.now.Listed = &listed
	x.failsBeside(ctx, &at, about, err)
	return nil
}

// replaceSidecar implements executor. Other metadata of the record are removed first, and the new ones are intended: whenever
// this process is killed, those in place are the recorded ones.
func (x *running) replaceSidecar(ctx context.Context, r *download.Result, content []byte) (own string, err error) {
	digest := transfer.NewDigest(transfer.Object{}, transfer.DigestOptions{MD5: true})
	_, _ = digest.Write(content) // it never fails
	own = listedOf(r).Metadata
	beside := x.sidecarOf(ctx, r)
	if own == "" && metadata.IsOf(x.Root, r.Path, r.MediaID) { // the plan keeps them, unless they are to be adopted
		sum, _, err := x.md5Of(ctx, metadata.Path(r.Path))
		return sum, err
	}
	if sum := digest.MD5(); own != sum {
		err = x.removeSidecar(beside)
		if beside.Standing != Edited && err == nil {
			about, listed := *r, listedOf(r)
			listed.Metadata, listed.Modified = sum, ""
			about.Listed = &listed
			own, err = sum, x.State.Intend(about)
		}
		if err != nil {
			return own, local(beside.path, err)
		}
	}
	written, err := x.WriteMetadata(r.Path, content, own)
	if failed, ok := errors.AsType[*download.Error](err); ok && own != "" && beside.Standing == Edited && failed.Code == download.CodeExists {
		return own, errEditedSidecar(filepath.ToSlash(beside.path))
	}
	if err != nil {
		return own, fmt.Errorf("writing metadata: %w", err)
	}
	return written, nil
}
