//go:build !(darwin || dragonfly || freebsd || linux || windows)

package sink

import (
	"errors"
	"os"
)

// freeSpace returns errors.ErrUnsupported.
func freeSpace(*os.File) (uint64, error) { return 0, errors.ErrUnsupported }
