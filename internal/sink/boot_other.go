//go:build !linux && !darwin && !dragonfly && !freebsd && !netbsd && !openbsd && !windows

package sink

import "time"

// bootTime returns false: the time is not known on this system.
func bootTime() (time.Time, bool) { return time.Time{}, false }
