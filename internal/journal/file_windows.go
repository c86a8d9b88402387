package journal

import (
	"io/fs"
	"os"
)

// appendOnly is 0: Windows does not truncate a file that is open with os.O_APPEND, and a torn last line must be
// cut off.
const appendOnly = 0

// keepMode gives f the mode of an older file.
func keepMode(f *os.File, old fs.FileInfo) error { return f.Chmod(old.Mode().Perm()) }
