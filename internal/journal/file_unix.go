//go:build unix

package journal

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// forSync has the flags with which a file is opened to be synced. A FIFO in its place is not
// waited for.
const forSync = os.O_RDONLY | unix.O_NONBLOCK

// appendOnly has each write go to the end of the file, even if other programs ignore the lock and write to it.
const appendOnly = os.O_APPEND

// keepMode gives f the mode of an older file and, as far as this user may, its owner.
func keepMode(f *os.File, old fs.FileInfo) error {
	if st, ok := old.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(st.Uid), int(st.Gid))
	}
	return f.Chmod(old.Mode().Perm())
}
