package budget

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// busiest counts the calls of the busiest window, both its ends included.
func busiest(slots []instant) int {
	slots = slices.Sorted(slices.Values(slots))
	most, first := 0, 0
	for i, at := range slots {
		for slots[first].until(at) > window {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// fleet is a number of processes in virtual time that share a state, and what they did.
type fleet struct {
	rng   *rand.Rand
	s     state
	back  time.Duration // how far the wall clock was set back so far
	procs []*process
	calls []instant // in true time
}

// process makes one call at a time, as the queue of a Budget does.
type process struct {
	rate        float64
	start, stop instant
	think       time.Duration // the mean pause between calls, 0 for none
	quits       float64       // how likely it gives up on a wait
	next        instant       // when it acts next
	holds       reservation   // a reserved slot that it waits for
	quit        bool          // at next it gives up on that
}

// wall is what the clock shows at a true time.
func (f *fleet) wall(true instant) instant { return true.add(-f.back) }

// act lets one process do what it does at its time.
func (f *fleet) act(p *process) {
	now := p.next
	if p.holds.reserved {
		if p.quit {
			f.s = f.s.giveBack(p.holds)
		} else {
			f.calls = append(f.calls, now)
		}
		p.holds = reservation{}
		p.next = now.add(time.Duration(f.rng.ExpFloat64() * float64(p.think)))
		if p.next > now {
			return
		}
	}
	var g reservation
	f.s, g = f.s.reserve(f.wall(now), p.rate)
	p.next = now.add(max(g.wait, 0))
	if !g.reserved {
		return
	}
	p.holds, p.quit = g, g.wait > 0 && f.rng.Float64() < p.quits
	if p.quit {
		p.next = now.add(time.Duration(f.rng.Int64N(int64(g.wait))))
	}
}

// newFleet makes up processes. Few rates, so that they meet, and those at which the
// arithmetic turns are among them.
func newFleet(seed uint64, span time.Duration) *fleet {
	f := &fleet{rng: rand.New(rand.NewPCG(seed, 300))}
	rates := []float64{0.1, 1, 10, 12, peakRate, 12.9, 13.5, 14}
	for range 2 {
		rates = append(rates, MinRate+f.rng.Float64()*(MaxRate-MinRate))
	}
	if seed%2 == 0 { // high rates are where a window is nearly full all the time
		rates = rates[3:8]
	}
	for range 3 + f.rng.IntN(8) {
		p := &process{rate: rates[f.rng.IntN(len(rates))]}
		p.start = epoch.add(time.Duration(f.rng.Int64N(int64(span * 3 / 4))))
		if f.rng.IntN(3) == 0 {
			p.start = epoch
		}
		p.stop = p.start.add(time.Duration(f.rng.Int64N(int64(span))))
		if f.rng.IntN(2) == 0 {
			p.think = time.Duration(f.rng.Int64N(int64(2 * time.Second)))
		}
		if f.rng.IntN(3) == 0 {
			p.quits = f.rng.Float64()
		}
		p.next = p.start
		f.procs = append(f.procs, p)
	}
	return f
}

// run plays all processes to their ends. mishap may spoil the state or the clock before
// each act.
func (f *fleet) run(mishap func(*fleet)) {
	for len(f.procs) > 0 {
		p := slices.MinFunc(f.procs, func(a, b *process) int { return cmp.Compare(a.next, b.next) })
		if p.next > p.stop {
			f.procs = slices.DeleteFunc(f.procs, func(q *process) bool { return q == p })
			continue
		}
		mishap(f)
		f.act(p)
	}
}

// The promise that all else is for: whatever rates processes ask for, and whenever they
// come and go, no 300 seconds hold more than 4,400 calls.
func TestNoWindowHoldsMoreThanTheCeiling(t *testing.T) {
	for name, mishap := range map[string]func(*fleet){
		"all well": func(*fleet) {},
		"torn files": func(f *fleet) {
			if f.rng.IntN(2000) == 0 {
				f.s = state{}.drained()
			}
		},
		"clock set back": func(f *fleet) {
			if f.rng.IntN(2000) == 0 {
				f.back += time.Duration(f.rng.ExpFloat64() * float64(10*time.Second))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			fullest := 0
			for seed := range uint64(100) {
				f := newFleet(seed, 1200*time.Second)
				f.run(mishap)
				n := busiest(f.calls)
				if n > ceiling {
					t.Fatalf("seed %d: %d calls in a window", seed, n)
				}
				fullest = max(fullest, n)
			}
			if fullest < ceiling*95/100 {
				t.Errorf("the fullest window held %d calls: this test never came near the ceiling", fullest)
			}
			t.Logf("the fullest window held %d calls", fullest)
		})
	}
}

// A state that only ever says no would keep every promise. One busy process gets what its
// rate allows, alone or beside others.
func TestAllowanceIsUsedUp(t *testing.T) {
	for n := 1; n <= 8; n *= 2 {
		f := &fleet{rng: rand.New(rand.NewPCG(1, 1))}
		for range n {
			f.procs = append(f.procs, &process{rate: 10, next: epoch, stop: epoch.add(window)})
		}
		f.run(func(*fleet) {})
		if got := len(f.calls); got < 3495 || got > 3500 {
			t.Errorf("%d processes made %d calls in a window, want burst + rate × 300 s = 3500", n, got)
		}
	}
}
