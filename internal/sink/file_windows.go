package sink

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/windows"
)

// tryLock locks f, or says errLocked, or errNoLocks. The lock goes with f. Locks
// keep others from reading and writing what they cover, so it covers one byte that
// no file has.
func tryLock(f *os.File) error {
	beyond := windows.Overlapped{Offset: ^uint32(1), OffsetHigh: ^uint32(0) >> 1}
	err := windows.LockFileEx(windows.Handle(f.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &beyond)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return errLocked
	case errors.Is(err, windows.ERROR_NOT_SUPPORTED), errors.Is(err, windows.ERROR_INVALID_FUNCTION),
		errors.Is(err, windows.ERROR_CALL_NOT_IMPLEMENTED):
		return errNoLocks
	default:
		return &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
	}
}

// flush has nothing to do: what Windows has to say of a write it says at the
// write, or when the last handle is closed, and that would give up the lock.
func flush(*os.File) error { return nil }

// setModTime dates f through its own handle: a time that was set through another
// one is lost when a handle that has written is closed.
func setModTime(_ *os.Root, f *os.File, _ string, t time.Time) error {
	ft := windows.NsecToFiletime(t.UnixNano())
	return windows.SetFileTime(windows.Handle(f.Fd()), nil, nil, &ft)
}

// syncFolder has nothing to do: Windows syncs no folders.
func syncFolder(*os.Root, string) error { return nil }

// hasOtherNames is not known: how many names a file has is not in what Stat
// returns.
func hasOtherNames(fs.FileInfo) bool { return false }

// fileNumber tells files apart, by their names without case.
func fileNumber(_ fs.FileInfo, name string) uint64 {
	return hash64(strings.ToLower(name))
}
