//go:build unix

package sink

import (
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// flush makes a network file system say what became of the bytes. NFS says it to
// whoever closes a descriptor; one that is a copy leaves the lock alone.
func flush(f *os.File) error {
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// setModTime dates the file at path, which is f.
func setModTime(root *os.Root, _ *os.File, path string, t time.Time) error {
	return root.Chtimes(path, time.Time{}, t)
}

// hasOtherNames tells whether a file has more than one name.
func hasOtherNames(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && st.Nlink > 1
}
