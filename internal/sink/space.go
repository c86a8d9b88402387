package sink

import (
	"fmt"
	"os"
)

// smallFile is the size, in bytes, below which the free space is not compared: if there is none, little is lost.
const smallFile = 16 << 20

// checkSpace returns an error if the file system of f says that it has less free space than the n bytes that are to be
// written to f. It is not relied on: other files are written at the same time, quotas may be lower, and some file systems
// do not know. Those report 0, so that only a write can tell.
func (d *Dir) checkSpace(f *os.File, n int64) error {
	if n < smallFile {
		return nil
	}
	if free, err := d.freeSpace(f); err == nil && 0 < free && free < uint64(n) {
		return fmt.Errorf("%w: %d bytes are needed, and %d are free", diskFull[0], n, free)
	}
	return nil
}
