package journal

import (
	"io/fs"
	"os"
)

// forSync is how a file is opened to be synced: Windows flushes only what can be written.
const forSync = os.O_RDWR

// atItsEnd is nothing: Windows would let nobody cut off what is torn of a file that is open with
// os.O_APPEND.
const atItsEnd = 0

// keepMode gives f the mode of an older file.
func keepMode(f *os.File, old fs.FileInfo) error { return f.Chmod(old.Mode().Perm()) }
