//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd && !windows

package sink

import "time"

// bootTime is not known here.
func bootTime() (time.Time, bool) { return time.Time{}, false }
