package filelock

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// leftBehind is the age from which a file without a lock counts as left by a killed process if the file system has no
// locks.
const leftBehind = time.Minute

// RemoveUnused removes the regular file at path, below root, which a process that was killed has left: no open of it has
// the lock, and it was last changed at least age ago, or a minute ago if the file system has no locks. It reports whether
// the file was removed. The caller knows from its name that it is a file of this program.
func RemoveUnused(root *os.Root, path string, age time.Duration) bool {
	return RemoveUnusedIf(root, path, age, func() bool { return true })
}

// RemoveUnusedIf does what RemoveUnused does, if ok, which is called under the file's lock, returns true.
func RemoveUnusedIf(root *os.Root, path string, age time.Duration, ok func() bool) bool {
	info, err := root.Lstat(path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := root.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	if err = Try(f); errors.Is(err, ErrUnsupported) {
		age, err = max(age, leftBehind), nil
	}
	if err != nil {
		return false
	}
	locked, err := f.Stat()
	if err != nil || time.Since(locked.ModTime()) < age || !ok() {
		return false
	}
	// It may have been replaced before it was locked.
	if now, err := root.Lstat(path); err != nil || !os.SameFile(locked, now) {
		return false
	}
	if root.Remove(path) == nil {
		return true
	}
	f.Close() // some systems do not remove an open file
	return root.Remove(path) == nil
}

// Sweep removes the files in a folder below root whose names owns accepts, as RemoveUnused does. What cannot be read stays.
func Sweep(root *os.Root, folder string, age time.Duration, owns func(name string) bool) {
	dir, err := root.Open(folder)
	if err != nil {
		return
	}
	defer dir.Close()
	for {
		names, err := dir.Readdirnames(1024)
		for _, name := range names {
			if owns(name) {
				RemoveUnused(root, filepath.Join(folder, name), age)
			}
		}
		if err != nil {
			return
		}
	}
}
