package sink

import (
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// flush has nothing to do: what Windows has to say of a write it says at the
// write, or when the last handle is closed, and that would give up the lock.
func flush(*os.File) error { return nil }

// setModTime dates f through its own handle: a time that was set through another
// one is lost when a handle that has written is closed.
func setModTime(_ *os.Root, f *os.File, _ string, t time.Time) error {
	ft := windows.NsecToFiletime(t.UnixNano())
	return windows.SetFileTime(windows.Handle(f.Fd()), nil, nil, &ft)
}

// hasOtherNames is not known: how many names a file has is not in what Stat
// returns.
func hasOtherNames(fs.FileInfo) bool { return false }
