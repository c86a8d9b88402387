// Package filelock locks files against the other processes of this machine, in the way
// of each system: flock where there is one, LockFileEx on Windows.
package filelock

import "errors"

var (
	// ErrHeld tells that somebody else has the lock.
	ErrHeld = errors.New("locked by another process")
	// ErrUnsupported tells that the file system, or this system, has no locks.
	ErrUnsupported = errors.New("the file system has no locks")
)
