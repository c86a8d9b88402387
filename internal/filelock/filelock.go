// Package filelock locks files against other processes of this machine, with flock or, on
// Windows, LockFileEx.
package filelock

import (
	"context"
	"errors"
	"os"
	"time"
)

var (
	// ErrHeld means that another open of the file has the lock.
	ErrHeld = errors.New("locked by another process")
	// ErrUnsupported means that the file system, or this system, has no locks.
	ErrUnsupported = errors.New("the file system has no locks")
)

// The first and the longest pause between two attempts to lock a file. In between, a pause
// is an eighth of the time waited so far, so that waiting for a lock that is held for
// microseconds is short, and for one that is held for hours costs almost no CPU time.
const (
	firstPause   = 50 * time.Microsecond
	longestPause = 250 * time.Millisecond
)

// Lock locks f as Try does, but waits while another open of it has the lock. If ctx ends
// meanwhile, the error is ctx's cause. The file may have been renamed or removed while Lock
// waited: compare f with the file at its path.
func Lock(ctx context.Context, f *os.File) error {
	start := time.Now()
	for {
		if err := Try(f); !errors.Is(err, ErrHeld) {
			return err
		}
		pause := time.NewTimer(min(max(time.Since(start)/8, firstPause), longestPause))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return context.Cause(ctx)
		}
	}
}
