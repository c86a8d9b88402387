//go:build unix

// Package fsync stores files and the names in folders, so that they survive a power loss.
package fsync

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// File stores a file's bytes, or a folder's names. A file system that cannot, or need not, is no
// error.
func File(f *os.File) error {
	if err := f.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	return nil
}

// Folder stores the names that a folder below root has.
func Folder(root *os.Root, folder string) error {
	f, err := root.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return File(f)
}
