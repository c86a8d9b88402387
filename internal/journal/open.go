package journal

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
	"github.com/bynder-cli/bynder/internal/sink"
)

// waitingEvery is how often Options.Waiting is called while another process uses the journal.
const waitingEvery = time.Minute

// errLockWait is the cause of a context that Options.LockWait has ended.
var errLockWait = errors.New("it is in use by another bynder")

// location is where a journal is.
type location struct {
	folder *os.Root
	name   string // in its folder
	path   string // as messages show it
	state  bool   // of a sync
	// segments is set for a journal that is not a file. It has no folder.
	segments Segments
}

// close closes the journal's file, which may be nil, and its folder.
func (l location) close(f *os.File) (err error) {
	switch {
	case f == nil:
	case l.segments != nil:
		err = closeUnnamed(f)
	default:
		err = f.Close()
	}
	if l.folder != nil {
		err = errors.Join(err, l.folder.Close())
	}
	return err
}

// noun returns what messages call the file.
func (l location) noun() string {
	if l.state {
		return "state of sync"
	}
	return "journal"
}

// locate finds the journal, or the state of a sync, which need not exist; its folder must. It follows symbolic
// links, so that compaction replaces the file and not a link to it.
func locate(file string, state bool) (location, error) {
	l := location{path: file, state: state}
	at := file
	if _, name := filepath.Split(file); name != "" {
		at = sink.Destination(file)
	}
	folder, name := filepath.Split(at)
	if folder == "" {
		folder = "."
	}
	if info, err := os.Stat(at); name == "" || err == nil && !info.Mode().IsRegular() {
		err := fmt.Errorf("the %s %q is not a regular file", l.noun(), file)
		if state {
			return location{}, &download.Error{Code: download.CodeLocal, Err: err, Advice: "move it away, then run sync with --adopt"}
		}
		return location{}, refused(err, newFileHint)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		if path, ok := errors.AsType[*fs.PathError](err); ok {
			err = path.Err // the user knows another path
		}
		return location{}, refused(fmt.Errorf("opening the %s %s: %w", l.noun(), file, err), "specify a file in a folder that exists")
	}
	l.folder, l.name = root, name
	return l, nil
}

const newFileHint = "choose another file; a new one is created if it does not exist"

// refused returns a usage error.
func refused(err error, advice string) error {
	return &download.Error{Code: download.CodeUsage, Err: err, Advice: advice}
}

// read opens the journal without its lock, for reading; nil if it does not exist.
func (l location) read() (*os.File, error) {
	f, err := l.folder.Open(l.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, l.unopened(err)
	}
	return f, nil
}

// unopened returns the error of a journal that cannot be opened.
func (l location) unopened(err error) error {
	if path, ok := errors.AsType[*fs.PathError](err); ok {
		err = path.Err // the user knows another path
	}
	advice := "make sure that you may read and write it, or choose another file"
	if l.state {
		advice = "make sure that you may read and write it"
	}
	return &download.Error{Code: download.CodeLocal, Err: fmt.Errorf("opening the %s %s: %w", l.noun(), l.path, err), Advice: advice}
}

// lock opens the journal, created if it is missing, and locks it for this process until
// the file is closed. It waits for another process for Options.LockWait. locked is
// false if the file system has no locks.
func (l location) lock(ctx context.Context, opts *Options, try func(*os.File) error) (f *os.File, locked bool, err error) {
	if opts.LockWait >= 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, opts.LockWait, errLockWait)
		defer cancel()
	}
	for {
		f, err := l.folder.OpenFile(l.name, os.O_RDWR|os.O_CREATE|appendOnly, 0o666)
		if err != nil {
			return nil, false, l.unopened(err)
		}
		err = try(f)
		if errors.Is(err, filelock.ErrHeld) {
			err = waitFor(ctx, f, opts)
		}
		switch {
		case errors.Is(err, filelock.ErrUnsupported):
			return f, false, nil
		case err == nil && l.has(f):
			return f, true, nil
		}
		f.Close()
		if errors.Is(err, errLockWait) {
			return nil, false, &download.Error{
				Code:   download.CodeLocal,
				Err:    fmt.Errorf("cannot use the %s %s: %w", l.noun(), l.path, err),
				Advice: "wait until the other one has ended, or give --lock-wait more time",
			}
		}
		if err != nil {
			return nil, false, fmt.Errorf("locking the %s: %w", l.noun(), err)
		}
		// The process that had the lock has replaced the file.
	}
}

// waitFor waits for the lock of f. It calls opts.Waiting at once and then every minute.
func waitFor(ctx context.Context, f *os.File, opts *Options) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	locked := make(chan struct{})
	var telling sync.WaitGroup
	if opts.Waiting != nil {
		telling.Go(func() {
			minutes := time.NewTicker(waitingEvery)
			defer minutes.Stop()
			for {
				opts.Waiting()
				select {
				case <-minutes.C:
				case <-locked:
					return
				}
			}
		})
	}
	err := filelock.Lock(ctx, f)
	close(locked)
	telling.Wait()
	return err
}

// has reports whether f is the file at the journal's path: between its opening and its
// locking another process may have replaced it.
func (l location) has(f *os.File) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	now, err := l.folder.Stat(l.name)
	return err == nil && os.SameFile(ours, now)
}

// outlive returns a context that ends a while after ctx.
func outlive(ctx context.Context, while time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(while)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel(context.Cause(ctx))
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel(nil) }
}
