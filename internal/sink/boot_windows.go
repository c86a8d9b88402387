package sink

import (
	"time"

	"golang.org/x/sys/windows"
)

// bootTime is when the system was started, by today's clock.
func bootTime() (time.Time, bool) {
	return time.Now().Add(-windows.DurationSinceBoot()), true
}
