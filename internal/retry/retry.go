// Package retry is the one policy for what is worth another try and how long to
// wait before it. Calls to the portal and transfers from storage both follow it.
package retry

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// firstWait and longestWait bound the exponential before jitter, which takes
	// away or adds up to half.
	firstWait   = 500 * time.Millisecond
	longestWait = 30 * time.Second

	// longestAfter caps what a server may ask for with Retry-After.
	longestAfter = 10 * time.Minute
)

// Backoff counts the tries in a row that brought nothing, and says how long to
// wait before each. The waits double from half a second to half a minute, with
// jitter, so that many transfers that broke together do not come back together.
// It is for one goroutine.
type Backoff struct {
	waits *backoff.ExponentialBackOff
	limit int
	tries int
}

// New returns a Backoff that allows at most limit tries in a row after the first
// one failed; 0 or less allows none.
func New(limit int) *Backoff {
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval = firstWait
	waits.MaxInterval = longestWait
	waits.Multiplier = 2
	waits.RandomizationFactor = 0.5
	waits.Reset()
	return &Backoff{waits: waits, limit: limit}
}

// Next tells how long to wait before another try, and whether there is one left.
// An after greater than zero is what the server asked for (see After) and takes
// the place of the exponential wait.
func (b *Backoff) Next(after time.Duration) (wait time.Duration, ok bool) {
	if b.tries >= b.limit {
		return 0, false
	}
	b.tries++
	wait = b.waits.NextBackOff()
	if after > 0 {
		wait = min(after, longestAfter)
	}
	return wait, true
}

// Reset starts the count and the waits afresh. Call it whenever there is progress:
// only tries in a row without any are counted.
func (b *Backoff) Reset() {
	b.tries = 0
	b.waits.Reset()
}

// After reads Retry-After (RFC 9110, section 10.2.3), which is a number of seconds
// or an HTTP date. A date is measured against the answer's own Date where it has
// one, for the clocks of two machines seldom agree, else against now. The wait is
// never negative and at most ten minutes. ok tells whether the header was there
// and could be read.
func After(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	if digitsOnly(value) {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(longestAfter/time.Second) {
			return longestAfter, true // beyond int64 it is long, too
		}
		return time.Duration(seconds) * time.Second, true
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	if sent, err := http.ParseTime(h.Get("Date")); err == nil {
		now = sent
	}
	return max(0, min(date.Sub(now), longestAfter)), true
}

func digitsOnly(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// Status tells whether an answer with this status code may turn out differently
// when the same request is made again: a time-out, too early, too many requests,
// or trouble of the server's own or of a gateway's.
func Status(code int) bool {
	switch code {
	case http.StatusRequestTimeout,
		http.StatusTooEarly,
		http.StatusTooManyRequests,
		http.StatusInternalServerError,
		http.StatusBadGateway,
		http.StatusServiceUnavailable,
		http.StatusGatewayTimeout:
		return true
	}
	return false
}

// Sleep waits for d, or until ctx is done, and then returns its error.
func Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
