package sink

import (
	"errors"
	"io/fs"
	"os"
)

// lookAndRename renames old to name unless a file has that name. Between the
// look and the rename is an instant in which another program's file would be
// replaced. To make the name first would close it, but a kill in that instant
// would leave an empty file under the final name, for good.
func lookAndRename(root *os.Root, old, name string) error {
	switch _, err := root.Lstat(name); {
	case err == nil:
		return &os.LinkError{Op: "rename", Old: old, New: name, Err: fs.ErrExist}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return root.Rename(old, name)
}
