package filelock

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// Try locks f against every other open of it, in this process or another, without
// waiting. Its errors include ErrHeld and ErrUnsupported. The lock ends when f is closed, or
// with the process. It is on a byte beyond the end of any file, because Windows does not
// let other processes read or write what is locked.
func Try(f *os.File) error {
	beyond := windows.Overlapped{Offset: ^uint32(1), OffsetHigh: ^uint32(0) >> 1}
	err := windows.LockFileEx(windows.Handle(f.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &beyond)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return ErrHeld
	case errors.Is(err, windows.ERROR_NOT_SUPPORTED), errors.Is(err, windows.ERROR_INVALID_FUNCTION),
		errors.Is(err, windows.ERROR_CALL_NOT_IMPLEMENTED):
		return ErrUnsupported
	default:
		return &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
	}
}
