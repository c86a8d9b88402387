//go:build linux || darwin

package sink

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// renameNoReplace renames old to name, both in one folder, unless a file has that
// name. The kernel does so in one step on most file systems.
func renameNoReplace(root *os.Root, old, name string) error {
	folder, err := root.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer folder.Close()
	err = renameExclusively(int(folder.Fd()), filepath.Base(old), filepath.Base(name))
	for _, unable := range []error{unix.ENOSYS, unix.EINVAL, unix.ENOTSUP, unix.EOPNOTSUPP} {
		if errors.Is(err, unable) {
			return lookAndRename(root, old, name)
		}
	}
	if err != nil {
		return &os.LinkError{Op: "rename", Old: old, New: name, Err: err}
	}
	return nil
}
