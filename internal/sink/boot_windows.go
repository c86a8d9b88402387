package sink

import (
	"time"

	"golang.org/x/sys/windows"
)

// bootTime returns when the system was started, by the current clock.
func bootTime() (time.Time, bool) {
	return time.Now().Add(-windows.DurationSinceBoot()), true
}
