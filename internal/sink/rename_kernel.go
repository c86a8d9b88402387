//go:build linux || darwin

package sink

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// renameExclusively renames old to name unless a file has that name. The kernel
// does so in one step; on a file system that cannot, the error is errors.ErrUnsupported.
func renameExclusively(root *os.Root, old, name string) error {
	to, err := root.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer to.Close()
	from := to
	if filepath.Dir(old) != filepath.Dir(name) {
		if from, err = root.Open(filepath.Dir(old)); err != nil {
			return err
		}
		defer from.Close()
	}
	err = renameIfFree(int(from.Fd()), filepath.Base(old), int(to.Fd()), filepath.Base(name))
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
