package sink

import (
	"time"

	"golang.org/x/sys/unix"
)

// bootTime returns when the system was started, by the current clock.
func bootTime() (time.Time, bool) {
	var up unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &up); err != nil {
		return time.Time{}, false
	}
	return time.Now().Add(-time.Duration(up.Nano())), true
}
