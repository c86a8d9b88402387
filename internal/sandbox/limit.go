package sandbox

import (
	"sync"
	"time"
)

// The limit as the portal documents it, for each source address. Here all calls
// come from one.
const (
	callsAllowed = 4500
	limitWindow  = 300 * time.Second
)

// callLimit refuses calls beyond the limit and then blocks: every call while
// blocked starts the quiet time anew.
type callLimit struct {
	mu      sync.Mutex
	penalty time.Duration
	recent  callWindow // since the last block
	all     callWindow // every call, for the busiest window
	busiest int
	blocked bool
	last    time.Time // the latest call while blocked
}

func newCallLimit(penalty time.Duration) *callLimit { return &callLimit{penalty: penalty} }

// admit counts a call made now and reports whether it may be answered. With
// enforce off it only counts and obeys blocks.
func (l *callLimit) admit(now time.Time, enforce bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busiest = max(l.busiest, l.all.add(now))
	if l.blocked && now.Sub(l.last) < l.penalty {
		l.last = now
		return false
	}
	if l.blocked {
		l.blocked = false
		l.recent = callWindow{}
	}
	if l.recent.add(now) > callsAllowed && enforce {
		l.blocked, l.last = true, now
		return false
	}
	return true
}

// block starts a block as if the limit had been passed.
func (l *callLimit) block(now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.blocked, l.last = true, now
}

func (l *callLimit) busiestWindow() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.busiest
}

// callWindow counts the calls of the last 300 s in steps of 10 ms. The step under
// way is part of it, so that it never counts more than 300 s hold.
type callWindow struct {
	steps [limitWindow / windowStep]int32
	head  int64 // number of the step that is under way, since 1970
	sum   int
}

const windowStep = 10 * time.Millisecond

// add counts one call and returns how many the window now holds. A clock that
// went backwards counts in the latest step.
func (w *callWindow) add(now time.Time) int {
	size := int64(len(w.steps))
	step := now.UnixNano() / int64(windowStep)
	if step-w.head >= size {
		w.steps, w.sum, w.head = [limitWindow / windowStep]int32{}, 0, step
	}
	for w.head < step {
		w.head++
		w.sum -= int(w.steps[w.head%size])
		w.steps[w.head%size] = 0
	}
	w.steps[w.head%size]++
	w.sum++
	return w.sum
}
