package transfer

import "time"

const (
	// tickTime is how often a queue looks after its connections.
	tickTime = 25 * time.Millisecond
	// startTime is how long a first answer is not measured: what buffers on the way let through at once says nothing.
	// Then it is measured for as long, and later for lookAgain at a time.
	startTime = 20 * time.Millisecond
	lookAgain = 5 * time.Second
	// worthwhile is how long the rest of a file must take for more connections to be of use.
	worthwhile = time.Second
	// fast is the rate, in bytes a second, from which on one connection is left alone: the machine itself may be the limit then.
	fast = 128 << 20
	// shrinkTime lets all connections of a file meet the same trouble at once.
	shrinkTime = time.Second
	// proofTime is how long other connections have, beside two delays of storage, to bring a byte.
	proofTime = time.Second
	// leastSlow is how long a request takes at least before it counts as slow.
	leastSlow = 100 * time.Millisecond
	// fewest is how many parts say how long another one takes; mostTimed is how many of the last ones do.
	fewest, mostTimed = 3, 8
)

// pace is how many connections a file should use: one if that is fast or the file will be here in a moment, else as
// many as it may. Storage that asks for fewer requests gets half as many, and then twice as many each time the file
// has been measured again. It knows no clock and no connection, only what it is shown.
type pace struct {
	most  int // the highest level
	level int // how many connections there should be

	looks  int       // measurements that are over
	shrunk time.Time // when storage asked for fewer requests; zero if it never did
	at     time.Time // when the measurement in progress began
	before int64     // how many bytes had come by then
}

// look takes what has come by now and what is to come, and sets level.
func (p *pace) look(now time.Time, fetched, rest int64) {
	elapsed := now.Sub(p.at)
	if elapsed < startTime || p.looks > 1 && elapsed < lookAgain {
		return
	}
	rate := float64(fetched-p.before) / elapsed.Seconds()
	switch {
	case p.looks == 0, rate >= fast, float64(rest) <= rate*worthwhile.Seconds():
	case p.shrunk.IsZero():
		p.level = p.most
	default:
		p.level = min(2*p.level, p.most)
	}
	p.looks, p.at, p.before = p.looks+1, now, fetched
}

// shrink halves the level, because storage asked for fewer requests.
func (p *pace) shrink(now time.Time, fetched int64) {
	if now.Sub(p.shrunk) >= shrinkTime {
		p.level, p.shrunk = max(p.level/2, 1), now
		p.looks, p.at, p.before = 2, now, fetched
	}
}
