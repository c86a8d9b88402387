package sink

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// DirOptions are the choices a user has about files in a folder.
type DirOptions struct {
	// IfExists is what happens if a different file has the name.
	IfExists IfExists
	// ExistsHint is the hint for a path that another file has, in place of the one about --if-exists and names.
	ExistsHint string
	// Folder is the flag that names the folder, "" if it is an argument. Hints have it.
	Folder string
	// Recorded says that folder and names of the files are those of an earlier run: no hint offers others.
	Recorded bool
	// Fsync makes each file, and then its folders, survive a power loss before
	// Publish returns.
	Fsync bool
	// NoResume starts every file over and removes its partials of earlier runs.
	NoResume bool
	// MD5 and SHA256 select the digests of existing files in the result, as for downloaded ones.
	MD5, SHA256 bool
	// NoVerify is set if no digest of the files is checked, so that a partial
	// that may have wrong bytes must not be continued.
	NoVerify bool
	// InUse are the files that the run itself reads or writes.
	InUse []InUse
}

// Dir writes files below one folder, and no name can lead out of it. It is safe for
// concurrent use.
type Dir struct {
	root *os.Root // nil for a preview of a missing folder
	top  *os.File // root itself; nil if no file is published
	path string   // as the user wrote it
	opts DirOptions

	inUse     []usedFile // opts.InUse
	busy      busyPartials
	leftovers leftovers
	// publishing is held while a name is checked and taken in two steps.
	publishing sync.Mutex
	// lockless is set if a lock failed because the file system has none.
	lockless atomic.Bool
	// The functions of the system that tests replace: when it was started, if that
	// is known, and how to lock a file.
	booted  func() (time.Time, bool)
	tryLock func(*os.File) error
	// freeSpace returns the number of bytes that may still be written to the file system of a file.
	freeSpace func(*os.File) (uint64, error)
}

var _ download.Sink = (*Dir)(nil)

// NewDir opens the folder at path, which may be a symbolic link, and creates it if
// it is missing. An empty path is the working directory.
func NewDir(path string, opts DirOptions) (*Dir, error) {
	if path == "" {
		path = "."
	}
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, opts.folderFailure("create folder", path, err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, opts.folderFailure("open folder", path, err)
	}
	top, err := root.Open(".")
	if err != nil {
		_ = root.Close()
		return nil, opts.folderFailure("open folder", path, err)
	}
	return &Dir{root: root, top: top, path: path, opts: opts, inUse: usedFiles(opts.InUse), booted: bootTime, tryLock: filelock.Try, freeSpace: freeSpace}, nil
}

// NewPreview opens the folder at path for Dir.Preview, which writes nothing. A missing folder is not created.
func NewPreview(path string, opts DirOptions) (*Dir, error) {
	if path == "" {
		path = "."
	}
	root, err := os.OpenRoot(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, opts.folderFailure("open folder", path, err)
	}
	return &Dir{root: root, path: path, opts: opts, inUse: usedFiles(opts.InUse)}, nil
}

// Close releases the folder. Partials that were begun in it must have ended.
func (d *Dir) Close() error {
	if d.root == nil {
		return nil
	}
	if d.top != nil {
		d.top.Close()
	}
	return d.root.Close()
}

// Root returns the folder, nil for a preview of a missing one.
func (d *Dir) Root() *os.Root { return d.root }

// CanRestart returns true: what a Dir has received can be discarded.
func (d *Dir) CanRestart() bool { return true }

// Begin prepares to receive obj at t. If an identical file is in place, or the file
// is skipped, the error is a *download.Present.
func (d *Dir) Begin(ctx context.Context, t download.Target, obj transfer.Object) (download.Partial, error) {
	t, err := local(t)
	if err != nil {
		return nil, err
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, d.failure("wait for", t.Name, err)
		}
		at, err := d.find(ctx, t, obj)
		if err == nil && at.Same {
			err = d.unchanged(ctx, at.Path, obj)
		}
		if err != nil {
			if isPlaced(err) {
				d.sweepAll(t) // partials of earlier runs will not be continued
			}
			return nil, err
		}
		p, err := d.receive(ctx, at, t, obj)
		if errors.Is(err, errLookAgain) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return p, nil
	}
}

// Preview implements download.Sink.
func (d *Dir) Preview(ctx context.Context, t download.Target, obj transfer.Object) (download.Place, error) {
	t, err := local(t)
	if err != nil {
		return download.Place{}, err
	}
	at, err := d.find(ctx, t, obj)
	if err == nil && at.Same {
		err = d.present(at.Path, obj)
	}
	return at.Place, err
}

// local returns t with its name in the system's form, if that is a path below a folder. It need not be UTF-8, as
// fs.ValidPath requires: --output takes any name that the system does.
func local(t download.Target) (download.Target, error) {
	name := filepath.FromSlash(t.Name)
	if path.Clean(t.Name) != t.Name || !filepath.IsLocal(name) || t.Name == "." {
		return t, &download.Error{Code: download.CodeLocal, Err: fmt.Errorf("%q is not a path below a folder", t.Name)}
	}
	t.Name = name
	return t, nil
}

// isPlaced reports whether err means that the file is in place already, or that another file has its path.
func isPlaced(err error) bool {
	if _, ok := errors.AsType[*download.Present](err); ok {
		return true
	}
	e, ok := errors.AsType[*download.Error](err)
	return ok && e.Code == download.CodeExists
}

// errLookAgain means that the folder may have changed since it was read.
var errLookAgain = errors.New("look again")

// Show returns the path of a file as the user sees it: the folder, as the user wrote it, joined with
// the file's name below it.
func (d *Dir) Show(name string) string { return naming.Below(d.path, name) }

// failure returns the error of the file called name.
func (d *Dir) failure(doing, name string, err error) error {
	failed := d.opts.failure(doing, d.Show(name), err)
	failed.Path = name
	return failed
}
