package sink

import (
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// flush does nothing: Windows reports errors of a write at the write, or when the
// last handle is closed, which would release the lock.
func flush(*os.File) error { return nil }

// setModTime sets the time of f through its own handle: a time that was set through
// another is lost when a handle that has written is closed.
func setModTime(_ *os.Root, f *os.File, _ string, t time.Time) error {
	ft := windows.NsecToFiletime(t.UnixNano())
	return windows.SetFileTime(windows.Handle(f.Fd()), nil, nil, &ft)
}

// hasOtherNames returns false: Stat does not return the number of names of a file.
func hasOtherNames(fs.FileInfo) bool { return false }
