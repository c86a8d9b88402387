//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package sink

import (
	"time"

	"golang.org/x/sys/unix"
)

// bootTime returns when the system was started, by the current clock.
func bootTime() (time.Time, bool) {
	tv, err := unix.SysctlTimeval("kern.boottime")
	if err != nil {
		return time.Time{}, false
	}
	return time.Unix(tv.Unix()), true
}
