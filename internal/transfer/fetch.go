package transfer

import (
	"context"
	"net/http"
	"time"

	"github.com/bynder-cli/bynder/internal/location"
	"github.com/bynder-cli/bynder/internal/retry"
)

// fetch brings p and then part after part, by one connection, until that is not needed any more. a is the first answer,
// nil for other connections.
func (q *queue) fetch(p *part, a *answer) {
	tries := retry.New(q.opts.Retries) // in a row: storage in trouble is not asked for another part instead
	for ; ; p = q.take(a) {
		switch {
		case p != nil && q.bring(p, a, tries):
			continue
		case p == nil && (a == nil || !q.replaced(a)):
			return
		}
		a = nil // which is closed
	}
}

// replaced waits, when the other connections fetch all that follows on the first answer's last part, until one has
// brought a byte. It reports whether it has given up the first answer; else the Stream goes on with that.
func (q *queue) replaced(a *answer) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.proved && q.end > a.from && q.ctx.Err() == nil {
		q.changed.Wait()
	}
	if !q.proved || q.end <= a.from {
		return false
	}
	q.first = nil
	q.mu.Unlock()
	a.close() // before another connection may begin
	q.mu.Lock()
	q.busy--
	q.changed.Broadcast()
	return true
}

// bring asks for p until all of it has come or it is not needed any more; if a is not nil, it reads that first. It
// reports whether a can bring another part.
func (q *queue) bring(p *part, a *answer, tries *retry.Backoff) bool {
	for first := a; ; first = nil {
		err := q.request(p, first, tries)
		pause, again := q.ended(p, first, err, tries)
		if !again || retry.Sleep(q.ctx, pause) != nil {
			return a == nil || first != nil && err == nil
		}
	}
}

// request reads what p lacks from a or, if that is nil, from an answer of its own, which has to hold nothing but the
// bytes that are asked for, of q.object. A connection that is of no more use is closed before q.busy counts it no more.
func (q *queue) request(p *part, a *answer, tries *retry.Backoff) error {
	if a != nil {
		q.begin(p, a.cancel)
		err := q.drain(p, a, tries)
		if err != nil {
			a.close()
		}
		return err
	}
	ctx, stop := context.WithCancel(q.ctx)
	defer stop()
	q.begin(p, stop)
	if location.Stale(q.at.location.URL, q.at.located, time.Now()) {
		return errOdd
	}
	from := p.from + int64(p.filled)
	a, err := ask(ctx, &q.opts, q.at.location.URL, span{from: from, until: p.end()}, q.ifMatch)
	if err != nil {
		return err
	}
	defer a.close()
	if !a.partial || a.from != from || a.until > p.end() || compare(q.object, a.object) != proven {
		return errOdd
	}
	err = q.drain(p, a, tries)
	if short := a.tooShort(q.at.location.URL); err == nil && !p.done() && short != nil {
		return short
	}
	return err
}

// begin notes that p is asked for and how that request is ended, and ends it if p is not needed any more.
func (q *queue) begin(p *part, stop func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	p.stop, p.asked, p.slow = stop, time.Now(), false
	p.requests++
	if p.from >= q.end || q.ctx.Err() != nil {
		stop()
	}
}

// drain reads from a as much as it has of p.
func (q *queue) drain(p *part, a *answer, tries *retry.Backoff) error {
	gained, until := int64(0), min(a.until, p.end())
	for a.from < until {
		n, err := a.read(p.bytes[p.filled : until-p.from])
		a.from += int64(n)
		q.fetched.Add(int64(n))
		if gained += int64(n); gained >= least(q.object.Size) {
			tries.Reset()
		}
		if n > 0 {
			q.arrived(p, a, n)
		}
		if err != nil && a.from < until {
			return interrupted(q.at.location.URL, err)
		}
	}
	return nil
}

// arrived notes that a brought n more bytes of p. It wakes the reader when that can fill its buffer; watch wakes it for less.
func (q *queue) arrived(p *part, a *answer, n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	step := int(q.layout.partSize)
	before := p.filled / step
	p.filled += n
	if proves := !q.proved && a != q.first; proves || p == q.parts[0] && (p.filled/step > before || p.done()) {
		q.proved = q.proved || proves
		q.changed.Broadcast()
	}
}

// ended notes that the request for p ended, with err, and decides whether and after what pause p is asked for again. If
// the first answer was read, it is a.
func (q *queue) ended(p *part, a *answer, err error, tries *retry.Backoff) (pause time.Duration, again bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	defer q.changed.Broadcast()
	p.stop = nil
	if a != nil && err != nil {
		q.first = nil
	}
	switch {
	case p.done():
		if int64(len(p.bytes)) == q.part && p.requests == 1 { // nothing disturbed it
			q.timed++
			q.usual += (time.Since(p.asked) - q.usual) / time.Duration(min(q.timed, mostTimed))
		}
	case p.from >= q.end || q.ctx.Err() != nil: // a request that was ended has not failed
	case err == nil || p.slow:
		return 0, true
	default:
		if pause, again = q.failed(p, a, err, tries); again {
			return pause, true
		}
	}
	if a == nil || err != nil {
		q.busy--
	}
	return 0, false
}

// failed decides the same for a request that failed.
func (q *queue) failed(p *part, a *answer, err error, tries *retry.Backoff) (pause time.Duration, again bool) {
	failed, ok := err.(*Error) //nolint:errorlint // ask and drain wrap none
	if !ok {
		failed = errOdd
	}
	if failed.Status == http.StatusTooManyRequests || failed.Status == http.StatusServiceUnavailable {
		q.pace.shrink(time.Now(), q.fetched.Load())
	}
	if failed.remedy == wait && (a == nil || !q.others.IsZero()) {
		if pause, again = tries.Next(failed.after); again {
			failed.after = pause
			q.retried = append(q.retried, failed)
			return pause, true
		}
	}
	if failed.remedy == wait && q.keepsFirst() {
		failed = errOdd // the first answer does better
	}
	q.cut(p.from+int64(p.filled), failed)
	return 0, false
}

// watch looks after the connections until the queue ends.
func (q *queue) watch() {
	ticker := time.NewTicker(tickTime)
	defer ticker.Stop()
	for ended := false; !ended; {
		select {
		case <-q.ctx.Done():
			ended = true
		case <-ticker.C:
		}
		q.tick(time.Now()) // after the end, too: it wakes the reader
	}
}

// tick does what is a matter of time. It wakes all goroutines of the queue: the context may have ended, or another file
// may have released memory.
func (q *queue) tick(now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.pace.look(now, q.fetched.Load(), q.object.Size-q.next)
	granted := q.shares.grant(q, q.pace.level, q.object.Size)
	if granted > q.granted {
		q.timed = 0 // what is shared by more takes longer
	}
	q.granted = granted
	switch {
	case q.pace.level > 1 && granted < 2:
		q.cut(q.claimed, nil) // what one connection brings, one request can ask for
	case q.keepsFirst() && !q.others.IsZero() && now.Sub(q.others) > proofTime+2*q.delay:
		q.cut(q.kept, errOdd)
	}
	q.endSlow(now)
	q.changed.Broadcast()
}

// endSlow ends the request for the bytes that the reader waits for if it takes twice as long as others took, so that
// one slow connection does not hold up all others. Each time it does, the next one for that part gets twice as long.
func (q *queue) endSlow(now time.Time) {
	if !q.proved || len(q.parts) == 0 || q.timed < fewest {
		return
	}
	p := q.parts[0]
	limit := max(2*q.usual*time.Duration(len(p.bytes))/time.Duration(q.part), leastSlow) << p.hangUps
	if p.stop != nil && p.from+int64(p.filled) == q.next && now.Sub(p.asked) > limit {
		p.slow = true
		p.hangUps++
		p.stop()
	}
}
