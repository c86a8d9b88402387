//go:build darwin || dragonfly || freebsd

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
	blocks := int64(stat.Bavail) //nolint:unconvert // its type differs between systems; it is negative if only root may write
	if os.Geteuid() == 0 {
		blocks = int64(stat.Bfree)
	}
	return uint64(max(blocks, 0)) * uint64(stat.Bsize), nil //nolint:unconvert // the same
}
