package budget

import (
	"math"
	"time"
)

const (
	// window is the span over which the portal counts calls.
	window = 300 * time.Second

	// ceiling is how many calls may fall into a window: the portal's 4,500, less a margin
	// for calls that leave later than their slot.
	ceiling = 4400

	// ahead is how far before its slot a call may be reserved. More than that would be
	// lost with an interrupted process, and would have to be trusted after the clock was
	// set back.
	ahead = time.Second

	// maxBlock is the longest that a block holds, whatever the portal or a wandering clock
	// says.
	maxBlock = 10 * time.Minute

	// burstSeconds is how many seconds' worth of calls an idle allowance saves up.
	burstSeconds = 50

	// peakRate is the rate that has the largest burst: above it, the ceiling leaves less
	// room for one.
	peakRate = ceiling / (burstSeconds + float64(window/time.Second))
)

// burst is how many calls may follow at once on a long silence when rate is in force, such
// that a whole window holds at most the ceiling: burst + rate × 300 s ≤ 4,400 for rates up
// to 14.
func burst(rate float64) float64 {
	return max(1, min(burstSeconds*rate, ceiling-rate*window.Seconds()))
}

// deepest is the largest debt a bucket can owe at rate: the largest burst of that rate and
// of all lower ones, one of which may have been in force a moment ago.
func deepest(rate float64) float64 {
	return burst(min(rate, peakRate))
}

// instant is a moment of the wall clock in nanoseconds since 1970: the only clock that
// processes share.
type instant int64

func instantOf(t time.Time) instant { return instant(t.UnixNano()) }

func (i instant) add(d time.Duration) instant   { return i + instant(d) }
func (i instant) until(j instant) time.Duration { return time.Duration(j - i) }
func (i instant) time() time.Time               { return time.Unix(0, int64(i)) }

// spanOf is how long calls take at a rate, rounded up: rounding never gives a call away.
func spanOf(calls, rate float64) time.Duration {
	return time.Duration(math.Ceil(calls * float64(time.Second) / rate))
}

// tolerance is how far ahead of a slot its tat may lie: the burst as a span, rounded down.
func tolerance(rate float64) time.Duration {
	return time.Duration(burst(rate) * float64(time.Second) / rate)
}

// state is the allowance as all processes share it: a GCRA (a leaky bucket as a meter,
// kept as one point in time) and what is known of the portal's block. The zero state is an
// allowance nobody has used.
//
// The debt of the bucket at an instant t is (tat − t) × rate calls. It shrinks at the
// rate, grows by one with each call, and a call may start when the debt that includes it
// is no more than the burst.
//
// Why no window holds more than the ceiling, also when the rate changes: call the rates in
// force during a window r₁ … rₙ and the highest R. A change adds what the burst gains to
// the debt (turn), so the room of a larger burst has to be earned. Therefore the calls of
// a window are at most the smallest of the bursts plus what drained: burst(R) + R × 300 s
// ≤ 4,400. Where the debt is cut at deepest(rate) nothing is left to spend, so from there
// on only what drains is added; and it is cut only after a fall of the rate, which cannot
// rise again within the window (a lowest rate holds for one, see asks).
type state struct {
	tat  instant // theoretical arrival time: when the debt is paid off
	last instant // the latest slot given out, at most ahead of now by that constant
	rate float64 // the rate in force, which tat is counted in; 0 when none has been yet

	asks [4]ask // rates asked for within a window: rates rise, so do the times

	until  instant // no call before this
	blocks uint32  // how many blocks there have been
	streak uint32  // how many of them since the latest success
}

// ask remembers a rate and when it was last asked for.
type ask struct {
	rate float64
	at   instant
}

// grant is the answer to a process that wants to make a call.
type grant struct {
	rate     float64       // the rate in force, calls a second
	blocked  instant       // set while the portal blocks: the end of the block
	reserved bool          // the slot belongs to the caller
	wait     time.Duration // until the slot; where it is not reserved yet, until it is worth asking again
	slot     instant
	tat      instant // the state's tat with this reservation
}

// reserve takes the next slot at the rate that a process asks for, which holds if it is
// the lowest of a window. Nothing is reserved while the portal blocks, or further ahead
// than a moment. Rate 0 never waits, and counts.
func (s state) reserve(now instant, rate float64) (state, grant) {
	s = s.settle(now)
	start := max(now, s.last)
	if rate > 0 {
		s.remember(rate, start)
		s = s.turn(start, s.asks[0].rate)
	} else if s.rate == 0 {
		s = s.turn(start, DefaultRate)
	}
	if s.until > now {
		return s, grant{rate: s.rate, blocked: s.until, wait: now.until(s.until)}
	}
	tat := max(s.tat, start).add(spanOf(1, s.rate))
	if rate == 0 {
		s.tat = min(tat, start.add(spanOf(deepest(s.rate), s.rate)))
		return s, grant{rate: s.rate, reserved: true, slot: now, tat: s.tat}
	}
	slot := max(start, tat.add(-tolerance(s.rate)))
	if early := slot.add(-ahead); early > now {
		return s, grant{rate: s.rate, wait: now.until(early), slot: slot}
	}
	s.tat, s.last = tat, slot
	return s, grant{rate: s.rate, reserved: true, wait: now.until(slot), slot: slot, tat: tat}
}

// giveBack returns a reservation that was waited for and not used, unless another one has
// followed it.
func (s state) giveBack(g grant) state {
	if g.reserved && g.wait > 0 && s.tat == g.tat && s.rate == g.rate {
		s.tat = s.tat.add(-spanOf(1, s.rate))
	}
	return s
}

// block records a 429 that arrived now and asks for a pause of span. Those of calls that
// were under way together are one block, which lasts from the latest.
func (s state) block(now instant, span time.Duration) state {
	s = s.settle(now)
	if s.until <= now {
		s.blocks++
		s.streak++
	}
	s.until = max(s.until, now.add(min(span, maxBlock)))
	return s
}

// succeed records that the portal answered a call. During a block that says nothing: the
// call was sent before it.
func (s state) succeed(now instant) state {
	s = s.settle(now)
	if s.until <= now {
		s.streak = 0
	}
	return s
}

// drained is what to go on with when the shared state was lost: no burst is left, for any
// rate that may have been in force.
func (s state) drained() state {
	s.tat, s.last, s.rate = 1<<62, 0, 0
	return s
}

// settle brings the state to now: it forgets what is past and believes nothing that only a
// clock set back can explain.
func (s state) settle(now instant) state {
	s.last = min(s.last, now.add(ahead))
	s.until = min(s.until, now.add(maxBlock))
	if s.rate > 0 {
		s.tat = min(s.tat, max(now, s.last).add(spanOf(deepest(s.rate), s.rate)))
	}
	for s.asks[0].rate > 0 && s.asks[0].at.until(now) > window {
		copy(s.asks[:], s.asks[1:])
		s.asks[len(s.asks)-1] = ask{}
	}
	for i := range s.asks {
		s.asks[i].at = min(s.asks[i].at, now.add(ahead))
	}
	return s
}

// remember notes a rate that was asked for. Rates that were asked for earlier and are not
// lower no longer matter. Where there is no room for one more, the next lower one holds
// longer than it was asked for.
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

// turn puts another rate in force from start on. The debt stays, in calls; a larger burst
// is not given but earned, from the moment at which the old one was full.
func (s state) turn(start instant, rate float64) state {
	if s.rate > 0 && s.rate != rate {
		debt := start.until(s.tat).Seconds()*s.rate + max(0, burst(rate)-burst(s.rate))
		s.tat = start.add(spanOf(max(0, debt), rate))
	}
	s.rate = rate
	s.tat = min(s.tat, start.add(spanOf(deepest(rate), rate)))
	return s
}
