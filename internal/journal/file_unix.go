//go:build unix

package journal

import (
	"io/fs"
	"os"
	"syscall"
)

// appendOnly has each write go to the end of the file, even if other programs ignore the lock and write to it.
const appendOnly = os.O_APPEND

// keepMode gives f the mode of an older file and, as far as this user may, its owner.
func keepMode(f *os.File, old fs.FileInfo) error {
	if st, ok := old.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(st.Uid), int(st.Gid))
	}
	return f.Chmod(old.Mode().Perm())
}
