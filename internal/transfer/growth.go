package transfer

import "time"

const (
	// startTime is how long the first connection of a file is not measured: what buffers on
	// the way let through at once says nothing. Then it is measured for firstLook.
	startTime = 20 * time.Millisecond
	firstLook = 20 * time.Millisecond
	// lookAgain is the time between two later measurements.
	lookAgain = 5 * time.Second
	// worthwhile is how long the rest of a file must take for more connections to be of use.
	worthwhile = time.Second
	// fast is the rate, in bytes a second, from which on one connection is left alone: the machine
	// itself may be the limit then.
	fast = 128 << 20
)

// growth decides how many connections one file uses: one where that is fast or the file
// will be here in a moment, else as many as it may. Storage that asks for fewer requests gets half
// as many, and then twice as many each time it has been measured again. It knows no clock and no
// connection, only what it is shown.
type growth struct {
	most  int // the highest level
	level int // how many connections there should be

	rate    float64 // bytes a second, as measured last
	started bool    // startTime is over
	asked   bool    // storage has asked for fewer requests
	began   sample  // when the current measurement did
	lasts   time.Duration
}

// sample is what a transfer has come to at a moment.
type sample struct {
	at      time.Time
	fetched int64 // bytes that have come
	rest    int64 // bytes to come
}

func newGrowth(most, level int, start sample) growth {
	return growth{most: most, level: level, began: start, lasts: startTime}
}

// observe takes the next sample, and sets level.
func (g *growth) observe(now sample) {
	elapsed := now.at.Sub(g.began.at)
	if elapsed < g.lasts {
		return
	}
	if !g.started {
		g.started = true
		g.measure(now, firstLook)
		return
	}
	g.rate = float64(now.fetched-g.began.fetched) / elapsed.Seconds()
	if g.rate < fast && float64(now.rest) > g.rate*worthwhile.Seconds() {
		if g.asked {
			g.level = min(2*g.level, g.most)
		} else {
			g.level = g.most
		}
	}
	g.measure(now, lookAgain)
}

// shrink halves the level, because storage asked for fewer requests.
func (g *growth) shrink(now sample) {
	g.level, g.asked, g.started = max(g.level/2, 1), true, true
	g.measure(now, lookAgain)
}

func (g *growth) measure(from sample, lasts time.Duration) { g.began, g.lasts = from, lasts }
