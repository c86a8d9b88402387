package budget

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

func TestBlockedStopsEverybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		var told []Wait
		a, b := open(t, 10, Options{Dir: dir}), open(t, 0, Options{Dir: dir, Notify: func(h Wait) { told = append(told, h) }})
		useUp(t, a, 1)
		useUp(t, b, 1)
		start := time.Now()
		a.Blocked(0)
		// Not a multiple of maxSleep: two processes at the lock at one moment would make one of them wait.
		const later = 21 * time.Second
		go func() { // the 429 of a call that was under way
			if retry.Sleep(t.Context(), later) == nil {
				a.Blocked(0)
			}
		}()
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { useUp(t, b, 1) })
		}
		all.Wait()
		const want = later + DefaultPenalty + DefaultPenalty/100
		if took := time.Since(start); took != want {
			t.Errorf("the next call was sent after %v, want %v", took, want)
		}
		// Once, and again for the later end.
		if len(told) != 2 || told[0].Reason != Block || told[0].Until.Sub(start) < DefaultPenalty || !told[1].Until.Equal(start.Add(want).Local()) {
			t.Errorf("told %+v, want the block and its later end", told)
		}
	})
}

func TestBlockedTellsOfALaterEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []time.Duration
		start := time.Now()
		b := open(t, 10, Options{Dir: t.TempDir(), Notify: func(h Wait) { told = append(told, h.Until.Sub(start)) }})
		b.Blocked(time.Minute)
		go func() {
			if retry.Sleep(t.Context(), 30*time.Second) == nil {
				b.Blocked(5 * time.Minute)
			}
		}()
		useUp(t, b, 1)
		if len(told) != 2 || told[0] != time.Minute || told[1] != 330*time.Second {
			t.Errorf("told of ends after %v", told)
		}
	})
}

func TestBlockedLasts(t *testing.T) {
	for name, tt := range map[string]struct{ penalty, retryAfter, want time.Duration }{
		"five quiet minutes":     {0, 0, 303 * time.Second},
		"its Retry-After":        {0, 7 * time.Second, 7 * time.Second},
		"ten minutes at most":    {0, time.Hour, 10 * time.Minute},
		"another penalty":        {200 * time.Millisecond, 0, 202 * time.Millisecond},
		"a negative Retry-After": {time.Second, -time.Second, 1010 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := open(t, 10, Options{Dir: t.TempDir(), Penalty: tt.penalty})
				start := time.Now()
				b.Blocked(tt.retryAfter)
				useUp(t, b, 1)
				if took := time.Since(start); took != tt.want {
					t.Errorf("%v, want %v", took, tt.want)
				}
			})
		})
	}
}

// A block that begins while a call waits for its slot stops that call too.
func TestBlockedStopsAReservedCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		a, b := open(t, 1, Options{Dir: dir}), open(t, 1, Options{Dir: dir})
		useUp(t, a, 50)
		start := time.Now()
		go func() {
			if retry.Sleep(t.Context(), 500*time.Millisecond) == nil {
				a.Blocked(time.Minute)
			}
		}()
		useUp(t, b, 1)
		if took := time.Since(start); took != 60500*time.Millisecond {
			t.Errorf("the call was sent after %v", took)
		}
	})
}

func TestWaitEndsWithTheContextInABlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, 10, Options{Dir: t.TempDir()})
		b.Blocked(0)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		if err := b.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
	})
}

func TestThreeBlocksExhaust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		b := open(t, 10, Options{Dir: dir})
		start := time.Now()
		for range maxBlocks - 1 {
			useUp(t, b, 3)
			for range 3 { // under way together: one block
				b.Blocked(0)
			}
		}
		useUp(t, b, 1)
		b.Blocked(0)
		var exhausted *Exhausted
		if err := b.Wait(t.Context()); !errors.As(err, &exhausted) || exhausted.Blocks != 3 {
			t.Fatalf("after three blocks: %v", err)
		}
		if took := time.Since(start); took != 606*time.Second {
			t.Errorf("it failed after %v, want the two blocks before it", took)
		}
		if !strings.Contains(exhausted.Hint(), "--api-rate") || !exhausted.Until.After(time.Now()) {
			t.Errorf("%+v: %s", exhausted, exhausted.Hint())
		}

		next := open(t, 10, Options{Dir: dir})
		useUp(t, next, 1)
		if took := time.Since(start); took != 909*time.Second {
			t.Errorf("the run after it made its first call after %v, want the end of the block", took)
		}
		if err := b.Wait(t.Context()); !errors.As(err, &exhausted) {
			t.Errorf("without a success: %v", err)
		}
		next.Succeeded()
		useUp(t, b, 1)
	})
}

func TestASuccessStartsTheCountAfresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, 10, Options{Dir: t.TempDir()})
		for range 2 * maxBlocks {
			useUp(t, b, 1)
			b.Succeeded()
			b.Blocked(0)
			b.Succeeded() // of a call from before the block: no news
		}
		useUp(t, b, 1)
		b.Blocked(0)
		useUp(t, b, 1)
		b.Blocked(0)
		if err := b.Wait(t.Context()); err == nil {
			t.Error("three blocks, with successes only before them and in the first: no failure")
		}
	})
}
