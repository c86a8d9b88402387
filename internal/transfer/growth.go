package transfer

import "time"

const (
	// firstLook is how long the first connection of a file is watched alone. Before that,
	// for startTime, what buffers on the way let through at once says nothing.
	startTime = 20 * time.Millisecond
	firstLook = 20 * time.Millisecond
	// worthwhile is how long a file has to take yet, for more connections to be of use.
	worthwhile = time.Second
	// settleTime is how long new connections get to bring their first bytes.
	settleTime = time.Second
	// sampleTime is how long a level is watched before it is judged, and clearTime how long it is
	// watched at least, for a gain that leaves no doubt.
	sampleTime = 250 * time.Millisecond
	clearTime  = 60 * time.Millisecond
	// probeTime is how long a level is kept before another one is tried: a higher one, and at each
	// downProbes-th time a lower one.
	probeTime  = 5 * time.Second
	downProbes = 4
	// firstProbe is when a file that went back to one connection tries again. That the second was
	// no gain may have been bad luck, with a slow connection or a failure. The pause
	// doubles each time, up to probeTime. A path that is fast, or storage that asked for fewer
	// requests, is left alone for all of that.
	firstProbe = 500 * time.Millisecond

	// fast is from how many bytes a second on there is no hurry: the machine itself may be what
	// limits, and says different things at each moment.
	fast = 128 << 20

	// fairGain is what twice as many connections must bring to be kept, and clearGain what
	// is beyond doubt.
	fairGain  = 1.1
	clearGain = 1.5
	// flatSamples in a row without a gain say that there is none; one is enough with a loss.
	flatSamples = 2
	loss        = 0.9
)

// growth decides how many connections one file has a use for: twice as many as long as
// that makes it faster. A single fast path gains nothing from a second connection but
// work for the processor; where storage, or the distance to it, limits each connection,
// every one counts. It knows no clock and no connection, only what it is shown.
type growth struct {
	most  int // the highest level
	level int // how many connections there should be

	phase  phase
	before int     // the level at which base was measured
	base   float64 // bytes a second
	flat   int     // samples of this level that showed no gain
	doubt  bool    // the level was reached by a gain that left some
	probes int
	pause  time.Duration // until the next one, where there is one connection
	began  sample        // when the current phase or sample did
}

type phase int

const (
	starting phase = iota // the first bytes come
	alone                 // nothing has been tried yet
	settling              // new connections have not brought their first byte
	sampling              // they have, and it is measured
	steady                // until it is time to try again
)

// sample is what a transfer has come to at a moment.
type sample struct {
	at      time.Time
	fetched int64 // bytes that have come
	rest    int64 // bytes to come
	begun   int   // answers whose first byte has come
	busy    int   // connections that there are
	granted int   // connections that there may be
}

func newGrowth(most, level int, start sample) growth {
	return growth{most: most, level: level, pause: firstProbe, began: start}
}

// observe takes the next sample, and sets level.
func (g *growth) observe(now sample) {
	elapsed := now.at.Sub(g.began.at)
	if elapsed <= 0 {
		return
	}
	rate := float64(now.fetched-g.began.fetched) / elapsed.Seconds()
	switch g.phase {
	case starting:
		if elapsed >= startTime {
			g.enter(alone, now)
		}
	case alone:
		if elapsed >= sampleTime || elapsed >= firstLook && rate < fast {
			g.try(g.higher(), now, rate)
		}
	case steady:
		if elapsed >= probeTime || g.level == 1 && elapsed >= g.pause {
			g.probe(now, rate)
		}
	case settling:
		settled := now.begun-g.began.begun >= g.level-g.before && now.busy <= g.level || elapsed >= settleTime
		if now.granted < g.level {
			g.began = now
		} else if settled {
			g.enter(sampling, now)
		}
	case sampling:
		switch {
		case now.granted < g.level:
			g.enter(settling, now)
		case g.level < g.before:
			g.judgeLower(now, elapsed, rate)
		default:
			g.judgeHigher(now, elapsed, rate)
		}
	}
}

func (g *growth) higher() int { return min(2*g.level, g.most) }

// probe tries another level than the one that has been good for a while.
func (g *growth) probe(now sample, rate float64) {
	level := g.higher()
	g.pause = min(2*g.pause, probeTime)
	if g.probes++; g.level > 1 && (g.doubt || g.probes%downProbes == 0) {
		level = g.level / 2
	}
	g.try(level, now, rate)
}

// try goes to another level, unless the file will be here soon anyway.
func (g *growth) try(level int, now sample, rate float64) {
	if level == g.level || float64(now.rest) < rate*worthwhile.Seconds() {
		g.began = now
		return
	}
	g.before, g.base, g.flat = g.level, rate, 0
	g.level = level
	g.enter(settling, now)
}

// judgeHigher goes on to the next level where this one is faster than the one before.
func (g *growth) judgeHigher(now sample, elapsed time.Duration, rate float64) {
	fair, sure := rate > 0 && rate >= fairGain*g.base, rate > 0 && rate >= clearGain*g.base
	switch {
	case elapsed >= sampleTime && fair, elapsed >= clearTime && sure && g.base < fast:
		g.doubt = !sure
		if g.level == g.most {
			g.enter(steady, now)
			return
		}
		g.try(g.higher(), now, rate)
	case elapsed >= sampleTime:
		g.began = now
		if g.flat++; g.flat == flatSamples || rate < loss*g.base {
			g.level = g.before
			if g.base >= fast {
				g.pause = probeTime
			}
			g.enter(steady, now)
		}
	}
}

// judgeLower stays at the lower level where it is as fast as the one before.
func (g *growth) judgeLower(now sample, elapsed time.Duration, rate float64) {
	switch {
	case elapsed >= sampleTime && fairGain*rate >= g.base:
		g.doubt = true // and even fewer may be enough
		g.enter(steady, now)
	case elapsed >= sampleTime, elapsed >= clearTime && clearGain*rate < g.base:
		g.doubt, g.level = false, g.before
		g.enter(steady, now)
	}
}

// shrink halves the level, because storage asked for fewer requests.
func (g *growth) shrink(now sample) {
	g.level, g.pause = max(g.level/2, 1), probeTime
	g.enter(steady, now)
}

func (g *growth) enter(p phase, now sample) { g.phase, g.began = p, now }
