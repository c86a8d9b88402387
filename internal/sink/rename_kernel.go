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
	return renameBelow(from, old, to, name, onlyIfFree)
}

// exchange gives two files below root the name of each other. The kernel does it in one step; if the file system cannot, the
// error is errors.ErrUnsupported.
func exchange(root *os.Root, one, other string) error {
	return renameBelow(root, one, root, other, swapNames)
}

// renameBelow calls renameAt with the folders of old, below from, and name, below to.
func renameBelow(from *os.Root, old string, to *os.Root, name string, flags uint32) error {
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
	err = renameAt(int(source.Fd()), filepath.Base(old), int(target.Fd()), filepath.Base(name), flags)
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
