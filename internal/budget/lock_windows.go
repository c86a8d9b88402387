package budget

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// tryLock locks the file against every other open of it, in this process or another, and
// says whether it could. The lock ends when the file is closed, or its process does. It
// lies on a byte beyond the end, for Windows keeps others from reading what is locked.
func tryLock(f *os.File) (bool, error) {
	beyond := &windows.Overlapped{Offset: 1 << 20}
	err := windows.LockFileEx(windows.Handle(f.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, beyond)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, windows.ERROR_LOCK_VIOLATION), errors.Is(err, windows.ERROR_IO_PENDING):
		return false, nil
	}
	return false, &os.PathError{Op: "lock", Path: f.Name(), Err: err}
}
