package budget

import (
	"fmt"
	"testing"
	"time"
)

// epoch is where virtual time starts: any moment will do.
const epoch = instant(1_700_000_000_000_000_000)

func TestBurst(t *testing.T) {
	for _, tt := range []struct{ rate, want float64 }{
		{0.01, 1}, {0.1, 5}, {1, 50}, {10, 500}, {12, 600}, {13, 500}, {14, 200},
	} {
		if got := burst(tt.rate); got != tt.want {
			t.Errorf("burst(%v) = %v, want %v", tt.rate, got, tt.want)
		}
	}
	for rate := MinRate; rate <= MaxRate; rate += 0.001 {
		if all := burst(rate) + rate*window.Seconds(); all > ceiling+1e-9 {
			t.Fatalf("at %v calls a second a window may hold %v", rate, all)
		}
	}
}

// admissions reserves at one rate until the slot is later than span, and returns the slots.
func admissions(s *state, from instant, rate float64, span time.Duration) []instant {
	var slots []instant
	for now := from; ; {
		var g reservation
		next, g := s.reserve(now, rate)
		if at := now.add(g.wait); at > from.add(span) {
			return slots
		}
		*s = next
		now = now.add(g.wait)
		if g.reserved {
			slots = append(slots, g.slot)
		}
	}
}

func TestReserveGrantsTheBurstAndThenTheRate(t *testing.T) {
	for _, rate := range []float64{0.1, 1, 2.5, 10, peakRate, 13.3, 14} {
		for _, span := range []time.Duration{0, 10 * time.Second, window} {
			got := float64(len(admissions(new(state), epoch, rate, span)))
			want := burst(rate) + rate*span.Seconds()
			if got > want || got < want-1.01 {
				t.Errorf("rate %v: %v calls in %v, want %v", rate, got, span, want)
			}
		}
	}
}

func TestReserveIsExact(t *testing.T) {
	s := state{}
	admissions(&s, epoch, 10, 0)
	_, g := s.reserve(epoch, 10)
	if !g.reserved || g.wait < 99*time.Millisecond || g.wait > 101*time.Millisecond {
		t.Errorf("after the burst: %+v, want a reservation in 100 ms", g)
	}
}

func TestReserveReservesLittleAhead(t *testing.T) {
	s := state{}
	admissions(&s, epoch, 10, 0)
	reserved := 0
	for range 100 {
		var g reservation
		if s, g = s.reserve(epoch, 10); !g.reserved {
			if g.wait <= 0 || g.wait > 200*time.Millisecond {
				t.Errorf("come again in %v, want when the next slot is near", g.wait)
			}
			break
		}
		reserved++
		if g.wait > maxAhead {
			t.Fatalf("reserved %v ahead", g.wait)
		}
	}
	if reserved < 9 || reserved > 10 {
		t.Errorf("%d slots reserved ahead, want a second's worth", reserved)
	}
}

func TestGiveBack(t *testing.T) {
	full := state{}
	admissions(&full, epoch, 10, 0)

	first, a := full.reserve(epoch, 10)
	if back := first.giveBack(a); back.tat != full.tat {
		t.Errorf("giving back the latest: tat %d, want %d", back.tat, full.tat)
	}
	second, b := first.reserve(epoch, 10)
	if back := second.giveBack(a); back != second {
		t.Error("a reservation that another one followed was given back")
	}
	if back := second.giveBack(b).giveBack(a); back.tat != full.tat {
		t.Error("giving back both, the latest first, left a debt")
	}
	if _, g := first.giveBack(a).reserve(epoch, 10); g.slot != a.slot {
		t.Errorf("the slot that was given back is lost: next at %v, want %v", g.slot, a.slot)
	}
	used, g := new(state).reserve(epoch, 10)
	if back := used.giveBack(g); back != used {
		t.Error("a call that did not wait was given back")
	}
}

func TestLowestRateHoldsForAWindow(t *testing.T) {
	type step struct {
		after time.Duration // since the step before
		ask   float64
		want  float64
	}
	for name, steps := range map[string][]step{
		"lower at once":       {{0, 10, 10}, {0, 5, 5}, {0, 10, 5}},
		"until it is past":    {{0, 5, 5}, {window, 10, 5}, {time.Millisecond, 10, 10}},
		"asked for again":     {{0, 5, 5}, {200 * time.Second, 5, 5}, {200 * time.Second, 10, 5}},
		"then the next lower": {{0, 5, 5}, {100 * time.Second, 7, 5}, {201 * time.Second, 10, 7}, {100 * time.Second, 10, 10}},
		"zero asks for none":  {{0, 0, DefaultRate}, {0, 12, 12}, {0, 0, 12}},
		"more than fit": {{0, 1, 1}, {1, 2, 1}, {1, 3, 1}, {1, 4, 1}, {time.Second, 5, 1}, // 5 makes 4 hold longer
			{window, 14, 4}, {time.Second, 14, 14}},
	} {
		t.Run(name, func(t *testing.T) {
			s, now := state{}, epoch
			for i, step := range steps {
				var g reservation
				now = now.add(step.after)
				if s, g = s.reserve(now, step.ask); g.rate != step.want {
					t.Fatalf("step %d: rate %v in force, want %v", i, g.rate, step.want)
				}
			}
		})
	}
}

// The calls of a saturated rate, and then the burst of another one at once, would be more
// than a window may hold.
func TestChangeOfRateGivesNothing(t *testing.T) {
	for _, tt := range []struct{ before, after float64 }{
		{14, peakRate}, {peakRate, 14}, {14, 10}, {10, 14}, {10, 1}, {1, 10}, {13, 12}, {0.1, 14},
	} {
		t.Run(fmt.Sprint(tt.before, " then ", tt.after), func(t *testing.T) {
			s := state{}
			slots := admissions(&s, epoch, tt.before, 400*time.Second)
			s.asks = [4]ask{} // as after a long pause
			_, g := s.reserve(epoch.add(400*time.Second), tt.after)
			if g.wait <= 0 {
				t.Error("a call that does not wait, right after the burst was used up")
			}
			if g.wait > 50*time.Second {
				t.Errorf("the change costs %v", g.wait)
			}
			slots = append(slots, admissions(&s, epoch.add(400*time.Second), tt.after, 400*time.Second)...)
			if n := busiest(slots); n > ceiling {
				t.Errorf("%d calls in a window", n)
			}
		})
	}
}

func TestIdleTimeEarnsTheLargerBurst(t *testing.T) {
	s, _ := new(state).reserve(epoch, 1)
	now := epoch.add(24 * time.Hour)
	if got := len(admissions(&s, now, 10, 0)); got < 499 {
		t.Errorf("%d calls at once a day after a low rate, want the burst", got)
	}
}

func TestClockSetBackDoesNotBlock(t *testing.T) {
	for _, rate := range []float64{0.1, 1, 10, 13, 14} {
		s := state{}
		admissions(&s, epoch, rate, 0)
		_, g := s.reserve(epoch.add(-time.Hour), rate)
		next := time.Duration(float64(time.Second)/rate) + maxAhead
		if rate > peakRate { // where less than the largest debt is the burst
			next += spanOf(s.maxDebt(rate)-s.burst(rate), rate)
		}
		if g.wait > next+time.Millisecond {
			t.Errorf("rate %v: an hour back, the wait is %v, want %v at most", rate, g.wait, next)
		}
	}
}

func TestClockSetBackEndsABlockInTime(t *testing.T) {
	s := state{}.block(epoch, 5*time.Minute)
	now := epoch.add(-24 * time.Hour)
	start := now
	for {
		var g reservation
		if s, g = s.reserve(now, 10); g.reserved {
			break
		}
		now = now.add(min(g.wait, maxSleep))
	}
	if waited := start.until(now); waited > maxBlock {
		t.Errorf("a block lasted %v after the clock was set back", waited)
	}
}

func TestBlock(t *testing.T) {
	at := func(s time.Duration) instant { return epoch.add(s * time.Second) }
	blocked := state{}.block(at(0), 300*time.Second).block(at(100), 300*time.Second)
	for _, tt := range []struct {
		name                  string
		s                     state
		until                 instant
		wantBlocks, wantSteak uint32
	}{
		{"counted from the latest 429", blocked, at(400), 1, 1},
		{"a shorter one does not end it", blocked.block(at(100), time.Second), at(400), 1, 1},
		{"ten minutes at most", blocked.block(at(100), time.Hour), at(700), 1, 1},
		{"the next one", blocked.block(at(400), 300*time.Second), at(700), 2, 2},
		{"a success within it is older", blocked.succeed(at(399)), at(400), 1, 1},
		{"a success after it", blocked.succeed(at(400)), at(400), 1, 0},
		{"and another", blocked.succeed(at(400)).block(at(401), 300*time.Second), at(701), 2, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.s.until != tt.until || tt.s.blocks != tt.wantBlocks || tt.s.streak != tt.wantSteak {
				t.Errorf("until %v, %d blocks, streak %d", at(0).until(tt.s.until), tt.s.blocks, tt.s.streak)
			}
			for _, rate := range []float64{0, 0.1, 14} {
				if after, g := tt.s.reserve(tt.until-1, rate); g.reserved || g.blocked != tt.until || after.tat != tt.s.tat {
					t.Errorf("a call within the block: %+v", g)
				}
				if _, g := tt.s.reserve(tt.until, rate); !g.reserved {
					t.Errorf("no call at the end of the block: %+v", g)
				}
			}
		})
	}
}

func TestRateZeroDoesNotWaitButCounts(t *testing.T) {
	s := state{}
	for range 5000 {
		var g reservation
		if s, g = s.reserve(epoch, 0); !g.reserved || g.wait != 0 {
			t.Fatalf("rate 0 waits: %+v", g)
		}
	}
	if _, g := s.reserve(epoch, 10); g.wait <= 0 || g.wait > maxAhead {
		t.Errorf("the next call waits %v, want a slot's time", g.wait)
	}
}
