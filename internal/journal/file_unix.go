//go:build unix

package journal

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// forSync is how a file is opened to be synced. Should a FIFO have taken its place, then
// nothing waits for a writer.
const forSync = os.O_RDONLY | unix.O_NONBLOCK

// atItsEnd has each write add to a file, whatever others that know no lock do with it.
const atItsEnd = os.O_APPEND

// keepMode gives f the mode of an older file and, as far as this user may, its owner.
func keepMode(f *os.File, old fs.FileInfo) error {
	if st, ok := old.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(st.Uid), int(st.Gid))
	}
	return f.Chmod(old.Mode().Perm())
}
