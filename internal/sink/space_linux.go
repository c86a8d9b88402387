package sink

import (
	"os"

	"golang.org/x/sys/unix"
)

// freeSpace returns the number of bytes that this user may still write to the file system of f (statfs(2)), 0 if it is not
// known.
func freeSpace(f *os.File) (uint64, error) {
	var stat unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &stat); err != nil {
		return 0, err
	}
	blocks := stat.Bavail
	if os.Geteuid() == 0 {
		blocks = stat.Bfree // with those that are kept for root
	}
	return blocks * uint64(max(stat.Frsize, stat.Bsize)), nil
}
