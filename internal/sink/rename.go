package sink

import (
	"errors"
	"io/fs"
	"os"
)

// lookAndRename renames old to name unless a file has that name. A file that another
// program creates between the two steps would be replaced. Creating the name first
// would prevent that, but a kill would then leave an empty file under the final name.
func lookAndRename(root *os.Root, old, name string) error {
	switch _, err := root.Lstat(name); {
	case err == nil:
		return &os.LinkError{Op: "rename", Old: old, New: name, Err: fs.ErrExist}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return root.Rename(old, name)
}
