//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package filelock

import "os"

// Try fails with ErrUnsupported: this system has no locks that end with a process.
func Try(*os.File) error { return ErrUnsupported }
