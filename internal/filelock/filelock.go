// Package filelock locks files against the other processes of this machine, in the way
// of each system: flock where there is one, LockFileEx on Windows.
package filelock

import (
	"context"
	"errors"
	"os"
	"time"
)

var (
	// ErrHeld tells that somebody else has the lock.
	ErrHeld = errors.New("locked by another process")
	// ErrUnsupported tells that the file system, or this system, has no locks.
	ErrUnsupported = errors.New("the file system has no locks")
)

// The first and the longest pause between two attempts to lock a file. In between a pause
// is an eighth of the time that was waited already, so that a lock held for microseconds
// is had soon, and one held for hours costs next to nothing.
const (
	firstPause   = 50 * time.Microsecond
	longestPause = 250 * time.Millisecond
)

// Lock locks f as Try does. While another open of it has the lock, Lock waits until ctx
// ends; the error is then ctx's cause. A file can be renamed or removed meanwhile: compare
// f with what is at its path.
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
