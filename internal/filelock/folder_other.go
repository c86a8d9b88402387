//go:build !windows

package filelock

import "os"

// OpenFolder opens a file whose lock is that of a folder: the folder itself, so that no file is left in it.
func OpenFolder(path string) (*os.File, error) { return os.Open(path) }
