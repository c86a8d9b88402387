package transfer

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// tickTime is how often a window looks after its connections.
	tickTime = 25 * time.Millisecond
	// patience is how long the reader waits for a full buffer before it takes what is there.
	patience = 100 * time.Millisecond
	// leastRace is how long a part takes at least before it is raced.
	leastRace = 100 * time.Millisecond
	// partsPerConnection lets each connection be one part ahead.
	partsPerConnection = 2
	// maxStrikes is how many failures of parts that the reader cannot confirm show that storage does
	// not give parts beside one another.
	maxStrikes = 2
)

// errOvertaken is the cause with which a request of the reader's is cancelled when its bytes
// have come by another one.
var errOvertaken = errors.New("the bytes have come by another connection")

// window fetches parts of a file ahead of its reader, with connections beside the reader's
// own. It only ever helps: what is in it is right, byte for byte, and where something fails, or is
// missing, or no buffer is free, the reader goes on alone. So no rule about failures lives
// here, and a reader never waits for a buffer.
//
// The reader's own connection is the head. At first it is the only one. When growth asks for
// more, parts are claimed from one part's length ahead of it; when the reader gets there, the
// head is given up, and all connections fetch parts. When only one is left, or no part can
// be claimed, the reader asks again for all that follows, and that is the head.
type window struct {
	opts     *Options
	pool     *buffers
	shares   *allotment
	object   Object
	part     int64 // length of a part
	shortest int64 // of one at the end of the file
	fetched  *atomic.Int64

	ctx    context.Context // of the Stream
	cancel context.CancelFunc
	crew   sync.WaitGroup
	ready  chan struct{} // wakes the reader

	mu      sync.Mutex
	next    int64   // what the reader needs next
	end     int64   // where the last part that was claimed ends
	parts   []*part // those that the reader has not had yet, in order; there may be gaps
	leaving int     // connections of parts that the reader has had otherwise, about to end
	site    site
	delay   time.Duration // from a request to its answer
	took    durations
	granted int // connections, with the head's
	growth  growth
	halted  bool // no new parts, until the reader knows more
	strikes int
	retried []retriedPart
	head    head
	wanted  bool // the reader waits for a connection of its own to race a part
}

// head is the reader's own connection, as far as the window has to know it.
type head struct {
	active  bool // it is there, or asked for
	stop    context.CancelCauseFunc
	raced   bool          // a part has been set on the bytes that it is to bring
	wanted  bool          // and that waits for a connection
	from    int64         // where it began, or was when there were parts after it
	waited  time.Duration // for bytes from there on
	reading time.Time     // since when the reader waits for bytes; zero where it does not
}

// retriedPart is a failure of a part that was tried again.
type retriedPart struct {
	err  *Error
	wait time.Duration
}

// run looks after the connections until the window is closed.
func (w *window) run() {
	ticker := time.NewTicker(tickTime)
	defer ticker.Stop()
	for {
		select {
		case <-w.ctx.Done():
			return
		case <-ticker.C:
			w.tick(time.Now())
		}
	}
}

func (w *window) tick(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	level := w.growth.level
	w.growth.observe(w.sample(now))
	if w.growth.level > level {
		w.took = durations{} // what is shared by more takes longer
	}
	w.granted = w.shares.grant(w, w.growth.level, w.object.Size)
	w.raceHead(now)
	w.claim(now)
}

func (w *window) sample(now time.Time) sample {
	return sample{at: now, fetched: w.fetched.Load(), rest: w.object.Size - w.next}
}

// close ends all connections but the reader's, waits for them, and gives everything back.
func (w *window) close() {
	w.cancel()
	w.crew.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.parts {
		w.release(p)
	}
	w.parts = nil
	w.shares.withdraw(w)
	w.pool.rest()
}

// call wakes the reader.
func (w *window) call() {
	select {
	case w.ready <- struct{}{}:
	default:
	}
}

// busy is how many connections are in use. A part that failed keeps its own until it
// is tried again: storage that has trouble is not asked for other parts instead.
func (w *window) busy() int {
	n := w.leaving
	for _, p := range w.parts {
		if p.running || !p.done() {
			n++
		}
	}
	if w.head.active {
		n++
	}
	return n
}

// claim sets connections that are free on parts: first on those that failed and are to be tried
// again, then on the next ones that nobody fetches, as long as there are buffers.
func (w *window) claim(now time.Time) {
	if w.ctx.Err() != nil || w.halted || w.strikes >= maxStrikes || w.granted < 2 {
		return
	}
	for _, p := range w.parts {
		if p.err != nil && !p.again.IsZero() && !now.Before(p.again) {
			if p.err.remedy == wait {
				w.retried = append(w.retried, retriedPart{p.err, p.pause})
			}
			w.start(p, now)
		}
	}
	free := w.granted - w.busy()
	if w.wanted || w.head.wanted {
		free--
	}
	for ; free > 0 && w.ahead() < partsPerConnection*int64(w.granted)*w.part; free-- {
		from := w.unclaimed()
		p := w.newPart(from, from+w.length(w.object.Size-from))
		if p == nil {
			return
		}
		if len(w.parts) == 0 {
			w.head.measure(w.next, now)
		}
		w.end = p.end()
		w.parts = append(w.parts, p)
		w.start(p, now)
	}
}

// ahead is how many bytes are claimed.
func (w *window) ahead() int64 {
	if len(w.parts) == 0 {
		return 0
	}
	return w.end - max(w.parts[0].from, w.next)
}

// unclaimed is where the next part begins: so far ahead of the head, where that is on its way, that
// the part has its first bytes when the head gets there.
func (w *window) unclaimed() int64 {
	switch {
	case len(w.parts) > 0:
		return w.end
	case w.head.active:
		return w.next + max(w.part, int64(2*w.delay.Seconds()*w.growth.rate))
	}
	return w.next
}

// length is that of the next part where rest bytes are to be claimed yet. Towards the end the
// parts get shorter, so that all connections end at about the same time.
func (w *window) length(rest int64) int64 {
	share := rest / int64(partsPerConnection*w.granted) / w.shortest * w.shortest
	return min(max(share, w.shortest), w.part, rest)
}

// newPart is a part with its buffers, or nil where there are none, or no bytes.
func (w *window) newPart(from, until int64) *part {
	if from >= until {
		return nil
	}
	size := int64(w.pool.size)
	bufs := w.pool.take(int((until - from + size - 1) / size))
	if bufs == nil {
		return nil
	}
	return &part{from: from, size: until - from, buffers: bufs, backoff: w.newBackoff()}
}

// advance notes what the reader needs next, lets go of what lies before, and returns the part
// that covers it, or nil.
func (w *window) advance(next int64) *part {
	w.next = next
	for len(w.parts) > 0 && w.parts[0].end() <= next {
		w.drop()
	}
	if w.halted && !slices.ContainsFunc(w.parts, func(p *part) bool { return p.err != nil && p.err.remedy != wait }) {
		// The head has brought what the parts could not.
		w.halted = false
		w.strikes++
	}
	if len(w.parts) == 0 || !w.parts[0].covers(next) {
		return nil
	}
	p, size := w.parts[0], int64(w.pool.size)
	for i := range (next - p.from) / size {
		if p.buffers[i] != nil && p.filled >= (i+1)*size {
			w.pool.give(p.buffers[i])
			p.buffers[i] = nil
		}
	}
	return p
}

// drop forgets the first part.
func (w *window) drop() {
	p := w.parts[0]
	w.parts = slices.Delete(w.parts, 0, 1)
	if p.running {
		p.dropped = true // its goroutine releases it
		w.leaving++
		p.cancel()
		return
	}
	w.release(p)
}
