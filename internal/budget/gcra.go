package budget

import (
	"math"
	"time"
)

const (
	// window is the span over which the portal counts calls.
	window = 300 * time.Second

	// ceiling is the most calls within a window: the portal's 4,500, less a margin for calls
	// that are sent later than their slot.
	ceiling = 4400

	// maxAhead is how long before its slot a call may be reserved. More would be lost with
	// an interrupted process, and would be indistinguishable from a clock that was set back.
	maxAhead = time.Second

	// maxBlock is the longest block, whatever the portal asks for or a clock that was changed
	// makes of it.
	maxBlock = 10 * time.Minute

	// burstSeconds is the number of seconds whose calls an idle allowance accumulates.
	burstSeconds = 50

	// peakRate is the rate with the largest burst: above it, the ceiling leaves room for
	// a smaller one only.
	peakRate = ceiling / (burstSeconds + float64(window/time.Second))
)

// burst returns how many calls may be made at once after a long pause when rate is in force,
// such that a window has at most the ceiling: burst + rate × 300 s ≤ 4,400 for rates up to
// 14.
func burst(rate float64) float64 {
	return max(1, min(burstSeconds*rate, ceiling-rate*window.Seconds()))
}

// MaxShares returns the largest number of shares that an allowance of rate calls per second
// can be divided among. Each share may make at least one call at once, so that together they
// make at most shares + rate × 300 s calls in a window.
func MaxShares(rate float64) int {
	return int(ceiling - rate*window.Seconds() + 1e-9)
}

// instant is a time of the wall clock, in nanoseconds since 1970: the only clock that
// processes share.
type instant int64

func instantOf(t time.Time) instant { return instant(t.UnixNano()) }

func (i instant) add(d time.Duration) instant   { return i + instant(d) }
func (i instant) until(j instant) time.Duration { return time.Duration(j - i) }
func (i instant) time() time.Time               { return time.Unix(0, int64(i)) }

// spanOf returns how long calls take at a rate, rounded up, so that rounding never adds a call.
func spanOf(calls, rate float64) time.Duration {
	return time.Duration(math.Ceil(calls * float64(time.Second) / rate))
}

// state is the allowance that all processes share: a GCRA (a leaky bucket as a meter, stored
// as one point in time) and the portal's block. The zero state is an allowance that is
// unused.
//
// The debt of the bucket at an instant t is (tat − t) × rate calls. It shrinks at the
// rate, grows by one with each call, and a call may start when the debt including it
// does not exceed the burst.
//
// Why no window has more calls than the ceiling, also when the rate changes: call the rates
// in force during a window r₁ … rₙ and the highest R. A change adds what the burst gains to
// the debt (changeRate), so the room of a larger burst becomes available at the rate only.
// Therefore the calls of a window are at most the smallest of the bursts plus what drained:
// burst(R) + R × 300 s ≤ 4,400. When the debt is cut at maxDebt(rate) no call may start, so
// from then on only what drains is added; and it is cut only after a fall of the rate, which
// cannot rise again within the window (the lowest rate applies for one, see asks).
//
// A share of the allowance has a state of its own, which the processes of other shares do not
// see. Rates and debt in it are those of all shares together, and each call of the share counts
// as one call of every share: so the rate is divided by their number, and so is the burst, but
// a share may always make one call at once. The calls of all shares in a window are then at
// most max(burst(R), shares) + R × 300 s, whenever each share makes its own: at most 4,400 for
// up to MaxShares(R) shares.
type state struct {
	tat  instant // theoretical arrival time: when the debt is paid off
	last instant // the latest reserved slot, at most maxAhead after now
	rate float64 // the rate in force, which tat is counted in; 0 before the first call

	asks [4]ask // rates asked for within a window, in rising order of both rates and times

	until  instant // no call before this
	blocks uint32  // number of blocks so far
	streak uint32  // number of blocks since the latest success

	shares int // the number of shares, 0 or 1 for an undivided allowance; not in the record
}

// cost returns the calls that one call of this share counts as.
func (s *state) cost() float64 { return max(1, float64(s.shares)) }

// burst returns the calls of all shares that may be made at once after a long pause.
func (s *state) burst(rate float64) float64 { return max(s.cost(), burst(rate)) }

// maxDebt returns the largest debt of the bucket at rate: the largest burst of that rate and
// of all lower ones, one of which may have been in force a moment ago.
func (s *state) maxDebt(rate float64) float64 { return s.burst(min(rate, peakRate)) }

// tolerance returns how far after a slot its tat may be: the burst as a span, rounded down.
func (s *state) tolerance(rate float64) time.Duration {
	return time.Duration(s.burst(rate) * float64(time.Second) / rate)
}

// ask is a rate and the time at which it was last asked for.
type ask struct {
	rate float64
	at   instant
}

// reservation is the result of asking for a slot.
type reservation struct {
	rate     float64       // the rate in force, in calls per second of all shares
	blocked  instant       // set while the portal blocks: the end of the block
	reserved bool          // the slot is the caller's
	wait     time.Duration // until the slot; if it is not reserved, until the next attempt
	slot     instant
	tat      instant // the state's tat with this reservation
}

// reserve reserves the next slot at the rate that a process asks for, which applies if it is
// the lowest of a window. Nothing is reserved while the portal blocks, or earlier than
// maxAhead before its slot. Rate 0 never waits, but is counted.
func (s state) reserve(now instant, rate float64) (state, reservation) {
	s = s.at(now)
	start := max(now, s.last)
	if rate > 0 {
		s.remember(rate, start)
		s = s.changeRate(start, s.asks[0].rate)
	} else if s.rate == 0 {
		s = s.changeRate(start, DefaultRate)
	}
	if s.until > now {
		return s, reservation{rate: s.rate, blocked: s.until, wait: now.until(s.until)}
	}
	tat := max(s.tat, start).add(spanOf(s.cost(), s.rate))
	if rate == 0 {
		s.tat = min(tat, start.add(spanOf(s.maxDebt(s.rate), s.rate)))
		return s, reservation{rate: s.rate, reserved: true, slot: now, tat: s.tat}
	}
	slot := max(start, tat.add(-s.tolerance(s.rate)))
	if early := slot.add(-maxAhead); early > now {
		return s, reservation{rate: s.rate, wait: now.until(early), slot: slot}
	}
	s.tat, s.last = tat, slot
	return s, reservation{rate: s.rate, reserved: true, wait: now.until(slot), slot: slot, tat: tat}
}

// giveBack cancels a reservation that was waited for and not used, unless another one
// followed it.
func (s state) giveBack(g reservation) state {
	if g.reserved && g.wait > 0 && s.tat == g.tat && s.rate == g.rate {
		s.tat = s.tat.add(-spanOf(s.cost(), s.rate))
	}
	return s
}

// block records a 429 that arrived now and asks for a pause of span. Those of concurrent
// calls are one block, whose span begins at the latest. Other shares do not see the block: each
// gets a 429 of its own at its next call, so the pause is longer by the time in which every
// share makes one. Otherwise the first share to call again would begin the next block.
func (s state) block(now instant, span time.Duration) state {
	s = s.at(now)
	if s.shares > 1 && s.rate > 0 {
		span += spanOf(s.cost(), s.rate)
	}
	if s.until <= now {
		s.blocks++
		s.streak++
	}
	s.until = max(s.until, now.add(min(span, maxBlock)))
	return s
}

// succeed records that the portal answered a call. During a block it does nothing, because
// the call was sent before the block.
func (s state) succeed(now instant) state {
	s = s.at(now)
	if s.until <= now {
		s.streak = 0
	}
	return s
}

// drained returns the state to continue with when the shared state was lost: one without a
// burst, whatever rate was in force.
func (s state) drained() state {
	s.tat, s.last, s.rate = 1<<62, 0, 0
	return s
}

// at returns the state at now: without rates that have expired, and with times that only a
// clock set back can explain cut to what is possible.
func (s state) at(now instant) state {
	s.last = min(s.last, now.add(maxAhead))
	s.until = min(s.until, now.add(maxBlock))
	if s.rate > 0 {
		s.tat = min(s.tat, max(now, s.last).add(spanOf(s.maxDebt(s.rate), s.rate)))
	}
	for s.asks[0].rate > 0 && s.asks[0].at.until(now) > window {
		copy(s.asks[:], s.asks[1:])
		s.asks[len(s.asks)-1] = ask{}
	}
	for i := range s.asks {
		s.asks[i].at = min(s.asks[i].at, now.add(maxAhead))
	}
	return s
}

// remember records a rate that was asked for. Earlier rates that are not lower no longer
// matter. If asks is full, the next lower rate applies longer than it was asked for.
func (s *state) remember(rate float64, at instant) {
	i := 0
	for i < len(s.asks) && s.asks[i].rate > 0 && s.asks[i].rate < rate {
		i++
	}
	if i == len(s.asks) {
		i--
		rate = s.asks[i].rate
	}
	s.asks[i] = ask{rate: rate, at: at}
	clear(s.asks[i+1:])
}

// changeRate returns the state with another rate in force from start on. The debt stays the
// same number of calls; what a larger burst gains is added to it, so that it becomes
// available at the rate only.
func (s state) changeRate(start instant, rate float64) state {
	if s.rate > 0 && s.rate != rate {
		debt := start.until(s.tat).Seconds()*s.rate + max(0, s.burst(rate)-s.burst(s.rate))
		s.tat = start.add(spanOf(max(0, debt), rate))
	}
	s.rate = rate
	s.tat = min(s.tat, start.add(spanOf(s.maxDebt(rate), rate)))
	return s
}
