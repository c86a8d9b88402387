package sink

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
)

// freeSpace returns the number of bytes that this user may still write to the volume of f (GetDiskFreeSpaceEx), 0 if it is
// not known.
func freeSpace(f *os.File) (free uint64, err error) {
	folder, err := windows.UTF16PtrFromString(filepath.Dir(f.Name()))
	if err == nil {
		err = windows.GetDiskFreeSpaceEx(folder, &free, nil, nil)
	}
	return free, err
}
