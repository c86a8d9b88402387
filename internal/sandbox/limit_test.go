package sandbox

import (
	"testing"
	"time"
)

func TestCallLimit(t *testing.T) {
	now := newClock()
	l := newCallLimit(5 * time.Minute)
	for range callsAllowed {
		if !l.admit(now.t, true) {
			t.Fatal("refused within the limit")
		}
	}
	check(t, "one more", l.admit(now.t, true), false)
	now.t = now.t.Add(5*time.Minute - time.Second)
	check(t, "before the penalty is over", l.admit(now.t, true), false)
	now.t = now.t.Add(5*time.Minute - time.Second)
	check(t, "that call began it anew", l.admit(now.t, true), false)
	now.t = now.t.Add(5 * time.Minute)
	check(t, "after five quiet minutes", l.admit(now.t, true), true)
	check(t, "busiest", l.busiestWindow(), callsAllowed+2)
}

func TestCallLimitOff(t *testing.T) {
	now := newClock()
	l := newCallLimit(time.Minute)
	for range callsAllowed + 100 {
		if !l.admit(now.t, false) {
			t.Fatal("refused")
		}
	}
	l.block(now.t)
	check(t, "a block holds all the same", l.admit(now.t, false), false)
	check(t, "busiest", l.busiestWindow(), callsAllowed+101)
}

func TestCallWindow(t *testing.T) {
	start := newClock().t
	for _, test := range []struct {
		name  string
		after time.Duration
		want  int
	}{
		{"at once", 0, 2},
		{"just within", limitWindow - windowStep, 2},
		{"just outside", limitWindow, 1},
		{"long after", time.Hour, 1},
		{"clock set back", -time.Hour, 2},
	} {
		var w callWindow
		w.add(start)
		check(t, test.name, w.add(start.Add(test.after)), test.want)
	}
	var w callWindow // a steady rate fills the window and no more
	got := 0
	for i := range 20 * 600 {
		got = w.add(start.Add(time.Duration(i) * 50 * time.Millisecond))
	}
	check(t, "20 a second", got, 20*300)
}

func TestRateLimitedPortal(t *testing.T) {
	now := newClock()
	c := start(t, Options{Clock: now.now, Penalty: 30 * time.Second})
	for range callsAllowed {
		c.limit.admit(now.t, true)
	}
	check(t, "over the limit", c.api("/api/v4/currentUser/").StatusCode, 429)
	now.t = now.t.Add(29 * time.Second)
	check(t, "in the penalty", c.api("/api/v4/currentUser/").StatusCode, 429)
	now.t = now.t.Add(30 * time.Second)
	check(t, "after it", c.api("/api/v4/currentUser/").StatusCode, 200)
	check(t, "counted", c.Stats().RateLimited, 2)
}
