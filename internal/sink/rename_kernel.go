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
func renameExclusively(from tree, old string, to tree, name string) error {
	return renameBelow(from, old, to, name, onlyIfFree)
}

// exchange gives two files below root the name of each other. The kernel does it in one step; if the file system cannot, the
// error is errors.ErrUnsupported.
func exchange(root *os.Root, one, other string) error {
	below := tree{Root: root}
	return renameBelow(below, one, below, other, swapNames)
}

// renameBelow calls renameAt with the folders of old, below from, and name, below to.
func renameBelow(from tree, old string, to tree, name string, flags uint32) error {
	target, err := to.folderOf(name)
	if err != nil {
		return err
	}
	defer to.release(target)
	source := target
	if from != to || filepath.Dir(old) != filepath.Dir(name) {
		if source, err = from.folderOf(old); err != nil {
			return err
		}
		defer from.release(source)
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

// folderOf returns the folder that the file called name is in, to be given back with release.
func (t tree) folderOf(name string) (*os.File, error) {
	folder := filepath.Dir(name)
	if folder == "." && t.top != nil {
		return t.top, nil
	}
	return t.Open(folder)
}

func (t tree) release(folder *os.File) {
	if folder != t.top {
		folder.Close()
	}
}
