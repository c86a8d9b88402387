package mirror

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
	"github.com/bynder-cli/bynder/internal/fsync"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/sink"
)

// trash is a folder in which deleted and replaced files keep their paths. A file there is never replaced: a number is added.
type trash struct{ root *os.Root }

// openTrash opens the trash of a run, and makes it if it is missing.
func openTrash(r *Run) (*trash, error) {
	var root *os.Root
	err := os.MkdirAll(r.Trash, 0o777)
	if err == nil {
		root, err = os.OpenRoot(r.Trash)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the folder that files are moved to: %w", err)
	}
	one, err := root.Stat(".")
	other, failed := r.Root.Stat(".")
	if err = errors.Join(err, failed); err == nil && os.SameFile(one, other) {
		err = &download.Error{Code: download.CodeUsage, Err: fmt.Errorf("files cannot be moved to %s: it is the folder that they are in", r.Trash)}
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &trash{root}, nil
}

func (t *trash) close() { _ = t.root.Close() }

// taken is a file that was put into the trash.
type taken struct{ path, name string } // below the destination, and in the trash

// take moves a file, and the one with its metadata if beside is not nil, out of a folder. beside returns the path of the
// second one of the first. It returns those that are in the trash then, also after an error.
func (t *trash) take(ctx context.Context, from *os.Root, path string, beside func(string) string) (done []taken, err error) {
	for n := 1; ; n++ {
		name := path
		if n > 1 {
			name = filepath.FromSlash(naming.Renamed(filepath.ToSlash(path), strconv.Itoa(n)))
		}
		files := []taken{{path, name}}
		if beside != nil {
			files = []taken{{beside(path), beside(name)}, files[0]} // a file without metadata gets them again
		}
		err := t.free(files)
		if errors.Is(err, errTaken) {
			continue
		}
		if err == nil {
			err = t.root.MkdirAll(filepath.Dir(name), 0o777)
		}
		for _, f := range files {
			if err == nil {
				err = moveFile(ctx, from, f.path, t.root, f.name)
			}
			if err == nil {
				done = append(done, f)
			}
		}
		return done, err
	}
}

var errTaken = errors.New("another file has the name")

// free returns errTaken if something has the name of a file in the trash.
func (t *trash) free(files []taken) error {
	for _, f := range files {
		switch _, err := t.root.Lstat(f.name); {
		case err == nil:
			return errTaken
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return nil
}

// moveFile moves a file and replaces nothing. It is copied if it cannot be moved otherwise; its time stays.
func moveFile(ctx context.Context, from *os.Root, old string, to *os.Root, name string) error {
	err := sink.Move(from, old, to, name)
	if !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, syscall.EXDEV) {
		return err
	}
	part := copyPrefix(name) + rand.Text() + copySuffix
	sweepCopies(to, name)
	if err := copyFile(ctx, from, old, to, part); err != nil {
		_ = to.Remove(part)
		return err
	}
	if err := sink.Move(to, part, to, name); err != nil {
		_ = to.Remove(part)
		return err
	}
	return from.Remove(old)
}

// copySuffix is the end of the name of a copy that is not complete.
const copySuffix = ".part"

// copyPrefix returns how the paths of copies begin that are to get a name: beside it, so that they can be found again.
func copyPrefix(name string) string {
	sum := sha256.Sum256([]byte(filepath.Base(name)))
	return filepath.Join(filepath.Dir(name), fmt.Sprintf(".bynder-%x-", sum[:8]))
}

// sweepCopies removes the copies that killed processes have left of the file which is to get a name: no process has their
// locks. Where there are no locks, they stay.
func sweepCopies(root *os.Root, name string) {
	folder, err := root.Open(filepath.Dir(name))
	if err != nil {
		return
	}
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	if err != nil {
		return
	}
	prefix := copyPrefix(name)
	for _, each := range names {
		path := filepath.Join(filepath.Dir(name), each)
		if !strings.HasPrefix(path, prefix) || !strings.HasSuffix(path, copySuffix) {
			continue
		}
		f, err := root.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
		if err != nil {
			continue
		}
		if err := filelock.Try(f); err == nil {
			_ = root.Remove(path)
		}
		_ = f.Close()
	}
}

// copyFile copies a file's bytes and time to a new file, and stores them.
func copyFile(ctx context.Context, from *os.Root, old string, to *os.Root, name string) error {
	source, err := from.Open(old)
	if err != nil {
		return err
	}
	defer source.Close()
	info, err := source.Stat()
	if err != nil {
		return err
	}
	target, err := to.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		return err
	}
	_ = filelock.Try(target) // where there are no locks, a copy that is left is not removed
	for ctx.Err() == nil && err == nil {
		_, err = io.CopyN(target, source, chunk) // which the system may do by itself
	}
	if errors.Is(err, io.EOF) {
		err = nil
	} else if err == nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = fsync.File(target)
	}
	if err = errors.Join(err, target.Close()); err == nil {
		err = to.Chtimes(name, info.ModTime(), info.ModTime())
	}
	return err
}
