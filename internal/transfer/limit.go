package transfer

import (
	"context"
	"sync"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// RateLimiter holds all transfers together to a number of bytes a second. A nil *RateLimiter has no limit.
type RateLimiter struct {
	rate int64 // bytes a second

	mu   sync.Mutex
	free time.Time // when the bytes admitted so far will have been paid for
}

// slicesPerSecond is how many pieces of a second's worth the bytes come in, so that a low
// rate is a steady flow and no burst followed by silence.
const slicesPerSecond = 20

// NewRateLimiter returns a limiter for rate bytes a second, or nil, which limits nothing, for zero and less.
func NewRateLimiter(rate int64) *RateLimiter {
	if rate <= 0 {
		return nil
	}
	return &RateLimiter{rate: rate}
}

// slice returns p, cut to what may be read at once.
func (l *RateLimiter) slice(p []byte) []byte {
	if l == nil {
		return p
	}
	return p[:min(int64(len(p)), max(l.rate/slicesPerSecond, 1))]
}

// Wait pays for n bytes that were read: it returns when the bytes before them are within the rate, or with ctx's
// error. Those who wait are served in the order in which they came. Time without reads is not made up for,
// except for one slice.
func (l *RateLimiter) Wait(ctx context.Context, n int) error {
	if l == nil || n <= 0 {
		return nil
	}
	return retry.Sleep(ctx, l.reserve(n, time.Now()))
}

func (l *RateLimiter) reserve(n int, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if earliest := now.Add(-time.Second / slicesPerSecond); l.free.Before(earliest) {
		l.free = earliest
	}
	l.free = l.free.Add(time.Duration(float64(n) / float64(l.rate) * float64(time.Second)))
	return l.free.Sub(now)
}
