package filelock

import (
	"os"
	"path/filepath"
)

// OpenFolder opens a file whose lock is that of a folder: .bynder-lock in it, which stays there, because LockFileEx
// does not lock folders.
func OpenFolder(path string) (*os.File, error) {
	return os.OpenFile(filepath.Join(path, ".bynder-lock"), os.O_RDWR|os.O_CREATE, 0o600)
}
