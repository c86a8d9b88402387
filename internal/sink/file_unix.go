//go:build unix

package sink

import (
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// flush makes a network file system report whether it has stored the bytes. NFS reports
// it when a descriptor is closed; closing a duplicate does not release the lock.
func flush(f *os.File) error {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// setModTime sets the time of the file at path, which is f.
func setModTime(root *os.Root, _ *os.File, path string, t time.Time) error {
	return root.Chtimes(path, time.Time{}, t)
}

// hasOtherNames reports whether a file has more than one name.
func hasOtherNames(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink > 1
}
