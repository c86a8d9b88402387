//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package budget

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// tryLock locks the file against every other open of it, in this process or another, and
// says whether it could. The lock ends when the file is closed, or its process does.
func tryLock(f *os.File) (bool, error) {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, unix.EWOULDBLOCK):
			return false, nil
		case !errors.Is(err, unix.EINTR):
			return false, &os.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
	}
}
