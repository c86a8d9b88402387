// Package retry decides which failures are worth another try, how long to wait before it, and
// how long to wait for an answer. Calls to the portal and transfers from storage both use it.
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
	// firstWait and longestWait are the limits of the exponential wait before jitter, which
	// adds or subtracts up to half.
	firstWait   = 500 * time.Millisecond
	longestWait = 30 * time.Second

	// longestAfter is the maximum wait of a Retry-After.
	longestAfter = 10 * time.Minute
)

// Backoff counts consecutive tries without progress, and returns the wait before each. The
// waits double from half a second to half a minute, with jitter, so that transfers that broke
// at the same time are not retried at the same time. It is for one goroutine.
type Backoff struct {
	waits *backoff.ExponentialBackOff
	limit int
	tries int
}

// New returns a Backoff that allows at most limit consecutive tries after the first one
// failed; 0 or less allows none.
func New(limit int) *Backoff {
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval = firstWait
	waits.MaxInterval = longestWait
	waits.Multiplier = 2
	waits.RandomizationFactor = 0.5
	waits.Reset()
	return &Backoff{waits: waits, limit: limit}
}

// Next returns how long to wait before another try; ok is false if none is left. An after
// greater than zero is what the server asked for (see After) and replaces the exponential
// wait.
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

// Reset resets the count and the waits. Call it whenever there is progress, because only
// consecutive tries without progress are counted.
func (b *Backoff) Reset() {
	b.tries = 0
	b.waits.Reset()
}

// After parses Retry-After (RFC 9110, section 10.2.3), which is a number of seconds or an
// HTTP date. A date is relative to the answer's own Date if it has one, because the clocks of
// two machines seldom agree, else to now. The wait is from zero to ten minutes. ok reports
// whether the header exists and is valid.
func After(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	value := strings.TrimSpace(h.Get("Retry-After"))
	if value == "" {
		return 0, false
	}
	if digitsOnly(value) {
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds > int64(longestAfter/time.Second) {
			return longestAfter, true // also for a number above int64
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

// digitsOnly reports whether s has no characters but digits.
func digitsOnly(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// Answer reports whether repeating the request may change an answer with this status and these
// headers: not ready yet (202), timeout (408), too early (425), too many requests (429), any
// error of the server or of a gateway or CDN (every 5xx), and any other unsuccessful answer
// with a Retry-After. It is false for 401, which only other credentials change.
//
// A status with a special meaning for the caller, such as 403 for a temporary URL that has
// expired, must be handled before.
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
	_, ok := After(h, time.Time{})
	return ok
}

// Sleep waits for d. If ctx ends first, it returns ctx's error.
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
