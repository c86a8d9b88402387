package budget

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const testPortal = "https://brand.example"

func open(t testing.TB, rate float64, options Options) *Budget {
	t.Helper()
	b, err := Open(testPortal, rate, options)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Unshared(); err != nil {
		t.Fatal(err)
	}
	return b
}

// useUp makes n calls.
func useUp(t *testing.T, b *Budget, n int) {
	t.Helper()
	for range n {
		if err := b.Wait(t.Context()); err != nil {
			t.Error(err)
			return
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, rate := range []float64{-1, 0.09, 14.01, 100, math.NaN(), math.Inf(1), math.Inf(-1)} {
		if _, err := Open(testPortal, rate, Options{Dir: t.TempDir()}); err == nil {
			t.Errorf("a rate of %v", rate)
		}
	}
	for _, portal := range []string{"", "https://", "https://%zz", "/path"} {
		if _, err := Open(portal, 10, Options{Dir: t.TempDir()}); err == nil {
			t.Errorf("the portal %q", portal)
		}
	}
}

func TestOpenTakesAHostForAnHTTPSPortal(t *testing.T) {
	dir := t.TempDir()
	for _, portal := range []string{"brand.example", "https://brand.example/"} {
		if _, err := Open(portal, 10, Options{Dir: dir}); err != nil {
			t.Fatal(err)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%d allowances for one portal, %v", len(files), err)
	}
}

func TestOpenWithoutHomeIsUnshared(t *testing.T) {
	for _, name := range []string{"XDG_STATE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, "")
	}
	b, err := Open(testPortal, 10, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if b.Unshared() == nil {
		t.Error("no state folder, and nothing to say of it")
	}
	if err := b.Wait(t.Context()); err != nil || b.Calls() != 1 {
		t.Errorf("%d calls, %v", b.Calls(), err)
	}
}

func TestWaitSpreadsCallsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var holds []Wait
		b := open(t, 10, Options{Dir: t.TempDir(), Notify: func(h Wait) { holds = append(holds, h) }})
		start := time.Now()
		useUp(t, b, 500)
		if took := time.Since(start); took != 0 || len(holds) != 0 {
			t.Errorf("the burst took %v and held %d calls up", took, len(holds))
		}
		useUp(t, b, 100)
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("100 calls at 10/s took %v", took)
		}
		if len(holds) != 100 || holds[0] != (Wait{Reason: Allowance, Until: start.Add(100 * time.Millisecond).Local(), Rate: 10}) {
			t.Errorf("%d calls held up, the first by %+v", len(holds), holds[0])
		}
		if b.Calls() != 600 {
			t.Errorf("%d calls counted", b.Calls())
		}
	})
}

func TestWaitTellsOfACallOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []time.Duration
		start := time.Now()
		b := open(t, 0.1, Options{Dir: t.TempDir(), Notify: func(h Wait) { told = append(told, h.Until.Sub(start)) }})
		useUp(t, b, 7) // five of which are free
		if want := []time.Duration{10 * time.Second, 20 * time.Second}; !slices.Equal(told, want) {
			t.Errorf("told of ends after %v, want %v", told, want)
		}
	})
}

// Several Budgets, each with a file handle of its own, are to each other what processes
// are.
func TestBudgetsShareOneAllowance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, start := t.TempDir(), time.Now()
		var (
			mu    sync.Mutex
			calls []instant
			all   sync.WaitGroup
		)
		for i, rate := range []float64{14, 13, 12.5, 14} {
			b := open(t, rate, Options{Dir: dir})
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(900-200*i)*time.Second)
			defer cancel()
			for range 3 {
				all.Go(func() {
					for b.Wait(ctx) == nil {
						mu.Lock()
						calls = append(calls, instantOf(time.Now()))
						mu.Unlock()
					}
				})
			}
		}
		all.Wait()
		if n := busiest(calls); n > ceiling || n < 3900 {
			t.Errorf("%d calls in a window", n)
		}
		took := time.Since(start).Seconds()
		if n := float64(len(calls)); n < 12.5*took || n > burst(12.5)+14*took {
			t.Errorf("%v calls in %v s", n, took)
		}
	})
}

func TestWaitEndsWithTheContextAndGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		b, other := open(t, 0.1, Options{Dir: dir}), open(t, 0.1, Options{Dir: dir})
		useUp(t, b, 5)
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 9500*time.Millisecond)
		defer cancel()
		var all sync.WaitGroup
		for range 8 { // one waits with a reservation, seven wait to send one
			all.Go(func() {
				if err := b.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Wait ended with %v", err)
				}
			})
		}
		all.Wait()
		if took := time.Since(start); took != 9500*time.Millisecond {
			t.Errorf("Wait ended after %v", took)
		}
		useUp(t, other, 1)
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("the next call was free after %v, want the slot given back", took)
		}
		if b.Calls() != 5 {
			t.Errorf("%d calls counted", b.Calls())
		}
		if err := b.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("with a context that has ended: %v", err)
		}
	})
}

func TestSucceededTouchesNothingWhenAllIsWell(t *testing.T) {
	dir := t.TempDir()
	b := open(t, 10, Options{Dir: dir})
	useUp(t, b, 1)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	b.Succeeded()
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the state was looked at: %v", err)
	}
}

func TestClockTurnedBackDuringARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := open(t, 10, Options{Dir: t.TempDir()})
		useUp(t, b, 500)
		start := time.Now()
		b.now = func() time.Time { return time.Now().Add(-48 * time.Hour) }
		useUp(t, b, 100)
		if took := time.Since(start); took < 9900*time.Millisecond || took > 11*time.Second {
			t.Errorf("100 calls at 10/s took %v", took)
		}
		b.Blocked(0)
		b.now = func() time.Time { return time.Now().Add(-96 * time.Hour) }
		start = time.Now()
		useUp(t, b, 1)
		if took := time.Since(start); took > maxBlock {
			t.Errorf("a block lasted %v", took)
		}
	})
}

func TestTornFileDuringARun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		b := open(t, 10, Options{Dir: dir})
		useUp(t, b, 1)
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		if err := os.Truncate(files[0], recordSize/2); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		useUp(t, b, 50)
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("50 calls on a torn file took %v, want the rate without a burst", took)
		}
	})
}

func BenchmarkWait(b *testing.B) {
	budget := open(b, 0, Options{Dir: b.TempDir()})
	ctx := b.Context()
	for b.Loop() {
		if err := budget.Wait(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReserve(b *testing.B) {
	s, now := state{}, epoch
	for b.Loop() {
		s, _ = s.reserve(now, 10)
		now = now.add(100 * time.Millisecond)
	}
}
