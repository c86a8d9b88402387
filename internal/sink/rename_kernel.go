//go:build linux || darwin

package sink

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// renameExclusively renames old, below from, to name, below to, unless a file has that name. The kernel
// does it in one step; if the file system cannot, the error is errors.ErrUnsupported.
func renameExclusively(from *os.Root, old string, to *os.Root, name string) error {
	target, err := to.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer target.Close()
	source := target
	if from != to || filepath.Dir(old) != filepath.Dir(name) {
		if source, err = from.Open(filepath.Dir(old)); err != nil {
			return err
		}
		defer source.Close()
	}
	err = renameIfFree(int(source.Fd()), filepath.Base(old), int(target.Fd()), filepath.Base(name))
	for _, unable := range []error{unix.ENOSYS, unix.EINVAL, unix.ENOTSUP, unix.EOPNOTSUPP} {
		if errors.Is(err, unable) {
			return errors.ErrUnsupported
		}
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: old, New: name, Err: err}
	}
	return nil
}
