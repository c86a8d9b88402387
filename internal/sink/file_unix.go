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

// fileNumber tells files apart, by the number that the file system has for them.
func fileNumber(info fs.FileInfo, name string) uint64 {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return hash64(name)
	}
	// Below one folder there may be several file systems.
	return uint64(st.Ino) ^ uint64(st.Dev)*0x9e3779b97f4a7c15 //nolint:unconvert // their sizes differ between systems
}
