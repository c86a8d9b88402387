package transfer

import (
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestARateIsSmoothAndShared(t *testing.T) {
	const rate, each, streams = 64 << 10, 320 << 10, 2
	synctest.Test(t, func(t *testing.T) {
		var (
			mu        sync.Mutex
			perSecond = map[int]int{}
			wg        sync.WaitGroup
			start     = time.Now()
		)
		s := newStorage(t, randomFile(each, 1))
		opener := New(Options{Client: s.client, AllowHTTP: true, Rate: rate})
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

// Time in which nothing was read is not made up for, and no rate is too low or too high.
func TestRates(t *testing.T) {
	for _, tt := range []struct {
		rate, size int64
		pause      time.Duration
		took       time.Duration
	}{
		{0, 1 << 20, 0, 0},
		{-1, 1 << 20, 0, 0},
		{1000, 1000, 0, 950 * time.Millisecond},
		{1000, 1000, time.Hour, 950 * time.Millisecond},
		{1, 10, 0, 9 * time.Second},
		{1 << 40, 1 << 20, 0, 0},
	} {
		t.Run(fmt.Sprint(tt), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStorage(t, randomFile(int(tt.size), 1))
				stream, err := New(Options{Client: s.client, AllowHTTP: true, Rate: tt.rate}).Open(t.Context(), s.source(new(int)), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer stream.Close()
				time.Sleep(tt.pause) //nolint:forbidigo // the clock is the bubble's
				start, got := time.Now(), 0
				if err := Copy(t.Context(), io.Discard, stream, nil, nil, func(n int) { got += n }); err != nil || got != int(tt.size) {
					t.Errorf("%d bytes, %v", got, err)
				}
				if took := time.Since(start).Round(time.Millisecond); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
			})
		})
	}
}
