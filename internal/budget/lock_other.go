//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package budget

import (
	"errors"
	"os"
)

// tryLock says that files cannot be locked here.
func tryLock(f *os.File) (bool, error) {
	return false, &os.PathError{Op: "lock", Path: f.Name(), Err: errors.ErrUnsupported}
}
