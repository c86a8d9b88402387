package journal

import (
	"io/fs"
	"os"
)

// forSync has the flags with which a file is opened to be synced: Windows flushes only files that are open for writing.
const forSync = os.O_RDWR

// appendOnly is 0: Windows does not truncate a file that is open with os.O_APPEND, and a torn last line must be
// cut off.
const appendOnly = 0

// keepMode gives f the mode of an older file.
func keepMode(f *os.File, old fs.FileInfo) error { return f.Chmod(old.Mode().Perm()) }
