package sink

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"

	"github.com/bynder-cli/bynder/internal/filelock"
)

// busyPartials prevents that two goroutines of this process use one partial, which the
// locks of a file system do not always prevent.
type busyPartials struct {
	mu    sync.Mutex
	taken map[string]chan struct{} // by path; closed when the use ends
}

// try reserves the partial at path and returns a function that releases it. If another
// goroutine has it, busy is closed when that one releases it.
func (c *busyPartials) try(path string) (release func(), busy <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if done, ok := c.taken[path]; ok {
		return nil, done
	}
	if c.taken == nil {
		c.taken = make(map[string]chan struct{})
	}
	done := make(chan struct{})
	c.taken[path] = done
	return sync.OnceFunc(func() {
		c.mu.Lock()
		delete(c.taken, path)
		c.mu.Unlock()
		close(done)
	}), nil
}

// lockPartial opens the partial at path, creates it if missing, locks it, and returns its
// description under the lock. After a wait for another process the error is errLookAgain,
// because that process may have published the file.
func (d *Dir) lockPartial(ctx context.Context, path string) (*os.File, fs.FileInfo, error) {
	if d.lockless.Load() {
		return nil, nil, filelock.ErrUnsupported
	}
	for {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		f, made, err := d.openPartial(path)
		if err != nil {
			return nil, nil, err
		}
		if err = d.tryLock(f); errors.Is(err, filelock.ErrHeld) {
			if err = filelock.Lock(ctx, f); err == nil {
				err = errLookAgain
			}
		}
		if err != nil {
			if made && errors.Is(err, filelock.ErrUnsupported) {
				_ = d.root.Remove(path)
			}
			f.Close()
			return nil, nil, err
		}
		if info, ok := d.owns(f, path); ok {
			return f, info, nil
		}
		f.Close()
	}
}

// openPartial opens the partial at path for reading and writing, and reports
// whether it was created. A file that cannot be one of our partials, because it is a
// link or has another name too, loses this name.
func (d *Dir) openPartial(path string) (f *os.File, made bool, err error) {
	for {
		f, err = d.createPartial(path)
		if !errors.Is(err, fs.ErrExist) {
			return f, err == nil, err
		}
		info, err := d.root.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		if info.IsDir() {
			return nil, false, &fs.PathError{Op: "open", Path: path, Err: errIsDir}
		}
		if info.Mode().IsRegular() && !hasOtherNames(info) {
			f, err = d.root.OpenFile(path, os.O_RDWR, 0)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			return f, false, err
		}
		if err := d.root.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, false, err
		}
	}
}

// createPartial creates an empty file at path.
func (d *Dir) createPartial(path string) (*os.File, error) {
	return d.root.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
}

// owns returns the description of f, and reports whether f is still the file at path: it can
// be removed or replaced between opening and locking, and while it is written.
func (d *Dir) owns(f *os.File, path string) (fs.FileInfo, bool) {
	current, err := d.root.Lstat(path)
	if err != nil {
		return nil, false
	}
	ours, err := f.Stat()
	return ours, err == nil && os.SameFile(ours, current)
}
