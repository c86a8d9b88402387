//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package filelock

import "os"

// Try returns ErrUnsupported: this system has no locks that end with the process.
func Try(*os.File) error { return ErrUnsupported }
