//go:build unix

// Package fsync writes files, and the names in folders, to disk, so that they survive a power loss.
package fsync

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// OpenFlags are the flags with which a file is opened to be synced. A FIFO in its place is not waited for.
const OpenFlags = os.O_RDONLY | unix.O_NONBLOCK

// File writes a file's bytes, or a folder's names, to disk. A file system without support for it is not an
// error.
func File(f *os.File) error {
	if err := f.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	return nil
}

// Folder writes the names in a folder below root to disk.
func Folder(root *os.Root, folder string) error {
	f, err := root.Open(folder)
	if err != nil {
		return err
	}
	defer f.Close()
	return File(f)
}
