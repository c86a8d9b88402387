package transfer

import (
	"context"
	"time"
)

// turn says how the reader comes by its next bytes.
type turn struct {
	act   act
	n     int           // handOver: how many
	won   bool          // handOver: a part has been faster than the reader's own connection
	until int64         // lead, race: where the next part begins; 0 for none
	cause *Error        // lead: why the part failed, where that is a reason to wait
	pause time.Duration // idle: when to look again, at the latest
	// retried are failures that the reader has not been told of.
	retried []retriedPart
}

type act int

const (
	handOver act = iota // here they are
	lead                // by its own connection, which it is to open if there is none
	race                // the same, beside the connection that fetches them already
	shut                // by the window, for which it is to close its own connection
	idle                // by the window, in a while
)

// look moves the window on to the offset next, and says how the bytes there come to the
// reader. answered tells whether the reader has a connection of its own, broken whether it has lost
// one. What the window has goes into *buf; or, where exchange allows it, *buf is exchanged for a
// buffer that is full. hasty takes less than a full one.
func (w *window) look(next int64, answered, broken, hasty, exchange bool, buf *[]byte) (t turn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	p := w.advance(next)
	w.wanted = false
	w.head.active = answered || broken && p == nil
	w.claim(now)
	if p == nil && len(w.parts) > 0 && w.parts[0].covers(next) {
		p = w.parts[0]
	}
	defer func() { t.retried, w.retried = w.retried, nil }()
	if p == nil {
		return w.lead(answered, nil, now)
	}
	if answered && !p.raced {
		return w.meet(p, now)
	}
	if n := w.hand(p, hasty || answered, exchange, buf); n > 0 {
		return turn{act: handOver, n: n, won: answered && next+int64(n) == p.end()}
	}
	switch {
	case p.err != nil:
		return w.takeOver(p, answered, now)
	case answered:
		return turn{act: lead, until: p.end()}
	}
	start, again := w.racePart(p, now)
	if !start {
		return turn{act: idle, pause: again}
	}
	w.head = head{active: true, raced: true}
	return turn{act: race, until: p.end()}
}

// meet decides what becomes of the head, which has got to where p begins. A connection that brings
// bytes is not given up for one that has brought none.
func (w *window) meet(p *part, now time.Time) turn {
	switch {
	case p.err != nil:
		return w.takeOver(p, true, now)
	case p.filled == 0:
		return turn{act: lead, until: p.end()}
	}
	return turn{act: shut}
}

// lead lets the reader's own connection bring the next bytes.
func (w *window) lead(answered bool, cause *Error, now time.Time) turn {
	if !answered {
		w.head = head{active: true}
		w.head.measure(w.next, now)
	}
	t := turn{act: lead, cause: cause}
	if len(w.parts) > 0 {
		t.until = w.parts[0].from
	}
	return t
}

// takeOver leaves what a part that failed lacks to the reader: to its connection, if it has one, else to
// its next request, which, with all its rules about failures, is the one that counts.
func (w *window) takeOver(p *part, answered bool, now time.Time) turn {
	w.drop()
	if answered || p.err.remedy != wait {
		return w.lead(answered, nil, now)
	}
	return w.lead(answered, p.err, now)
}

// hand gives the reader bytes of p, if there are any.
func (w *window) hand(p *part, hasty, exchange bool, buf *[]byte) int {
	size := int64(w.pool.size)
	i, offset := (w.next-p.from)/size, (w.next-p.from)%size
	have := min(p.filled-i*size, size)
	full := have == min(size, p.size-i*size)
	if have <= offset || !full && p.running && !hasty {
		return 0
	}
	from := p.buffers[i]
	if exchange && full && offset == 0 && int64(len(*buf)) == size {
		*buf, *from = *from, *buf
		return int(have)
	}
	return copy(*buf, (*from)[offset:have])
}

// leading takes note of a request of the reader's, and returns the context for it. The window
// ends it when the bytes have come by another one.
func (w *window) leading(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, stop := context.WithCancelCause(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.head.stop = stop
	return ctx, stop
}

// stopHead ends the request of the reader's, if there is one.
func (w *window) stopHead() {
	if w.head.active && w.head.stop != nil {
		w.head.stop(errOvertaken)
	}
}

// answered notes that a request of the reader's was answered as it should be, where, and after what
// delay.
func (w *window) answered(at site, delay time.Duration, divisible bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case !w.site.same(at):
		w.strikes = 0
	case w.halted:
		w.strikes++ // nothing explains why the parts failed
	}
	if !divisible {
		w.strikes = maxStrikes
	}
	w.halted, w.site, w.delay = false, at, delay
}

// await waits until the window has something to say, or for d.
func (w *window) await(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-w.ready:
		return nil
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
