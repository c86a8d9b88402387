// Package fsync writes files, and the names in folders, to disk, so that they survive a power loss.
package fsync

import "os"

// OpenFlags are the flags with which a file is opened to be synced: Windows syncs only files that are open for writing.
const OpenFlags = os.O_RDWR

// File writes the bytes of a file, which must be open for writing, to disk.
func File(f *os.File) error { return f.Sync() }

// Folder does nothing: Windows cannot sync folders.
func Folder(*os.Root, string) error { return nil }
