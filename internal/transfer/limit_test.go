package transfer

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestRateLimiterIsSmoothAndShared(t *testing.T) {
	const rate, each, streams = 64 << 10, 320 << 10, 2
	synctest.Test(t, func(t *testing.T) {
		limiter := NewRateLimiter(rate)
		var (
			mu        sync.Mutex
			perSecond = map[int]int{}
			wg        sync.WaitGroup
			start     = time.Now()
		)
		s := newStorage(t, randomFile(each, 1))
		opener := New(Options{Client: s.client, AllowHTTP: true, Limiter: limiter})
		for range streams {
			stream, err := opener.Open(t.Context(), s.source(new(int)), nil)
			if err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				defer stream.Close()
				err := Copy(t.Context(), io.Discard, stream, nil, nil, func(n int) {
					mu.Lock()
					defer mu.Unlock()
					perSecond[int(time.Since(start)/time.Second)] += n
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		took, want := time.Since(start), time.Duration(each*streams/rate)*time.Second
		if took < want-200*time.Millisecond || took > want+100*time.Millisecond {
			t.Errorf("%d streams took %v together, want %v", streams, took, want)
		}
		for second := range int(want / time.Second) {
			if n := perSecond[second]; n < rate*9/10 || n > rate*11/10 {
				t.Errorf("%d bytes in second %d, want about %d", n, second, rate)
			}
		}
	})
}

func TestRateLimiterDoesNotMakeUpForPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewRateLimiter(1000)
		time.Sleep(time.Hour) //nolint:forbidigo // the clock is the bubble's
		start := time.Now()
		if err := l.Wait(t.Context(), 1000); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 950*time.Millisecond {
			t.Errorf("1000 bytes after a pause took %v, want 950ms", took)
		}
	})
}

func TestRateLimiterWaitEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := NewRateLimiter(1).Wait(ctx, 100); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait = %v", err)
		}
	})
}

func TestNoRateLimiter(t *testing.T) {
	for _, rate := range []int64{0, -1} {
		l := NewRateLimiter(rate)
		p := make([]byte, 1<<20)
		if err := l.Wait(t.Context(), 1<<30); err != nil || len(l.slice(p)) != len(p) {
			t.Errorf("a rate of %d limits", rate)
		}
	}
}

func TestRateLimiterSlices(t *testing.T) {
	p := make([]byte, 1<<20)
	for rate, want := range map[int64]int{1: 1, 64 << 10: 3276, 10 << 20: 524288, 1 << 40: 1 << 20} {
		if got := len(NewRateLimiter(rate).slice(p)); got != want {
			t.Errorf("at %d bytes a second, slices of %d, want %d", rate, got, want)
		}
	}
}
