// Package retry is the one policy for how long to wait: for an answer, for another try, and
// which failures are worth one. Calls to the portal and transfers from storage both follow it.
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
// never negative and at most ten minutes. ok reports whether the header was there
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

// Answer reports whether an answer with this status and these headers may turn out
// differently when the same request is made again: one that is not ready yet (202), a
// time-out, too early, too many requests, any trouble of the server's own or of a gateway or
// CDN before it (every 5xx), and any other answer but success that names a time to come back
// (Retry-After). It is false for 401, which other credentials change, and no wait.
//
// Where a status has a meaning of its own to the caller, such as 403 of a temporary URL that
// has expired, that comes first.
func Answer(status int, h http.Header) bool {
	switch {
	case status == http.StatusOK, status == http.StatusPartialContent, status == http.StatusUnauthorized:
		return false
	case status/100 == 3 && h.Get("Location") != "":
		return false // Retry-After is about the request that follows
	case status/100 == 5:
		return true
	}
	switch status {
	case http.StatusAccepted, http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	_, told := After(h, time.Time{})
	return told
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
