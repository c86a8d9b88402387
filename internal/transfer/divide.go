package transfer

import (
	"context"
	"time"
)

const (
	// maxStrikes is how many queues may end because of odd failures until the file comes by one connection.
	maxStrikes = 2
	// divideAgain is how long a stream goes on alone if other files have the connections, or the memory.
	divideAgain = time.Second
)

// divide opens a queue for the rest of the file if several connections may be of use: enough is to come, and a strong
// ETag shows that each part is of this object. The answer at hand becomes the queue's first answer.
func (s *Stream) divide() {
	a, o := s.answer, s.opener
	if a == nil || o.opts.Connections < 2 || o.opts.Rate > 0 || s.strikes >= maxStrikes || s.badRanges >= maxBadRanges ||
		s.object.Size-s.next < o.layout.smallest || s.object.StrongETag() == "" || a.from != s.next || a.until != s.object.Size {
		return
	}
	now := time.Now()
	if now.Before(s.divideAt) {
		return
	}
	q := &queue{
		Opener: o, object: s.object, at: s.at, delay: s.delay, part: o.layout.partSize, fetched: &s.fetched,
		next: s.next, claimed: s.next, end: s.object.Size, busy: 1, first: a,
		pace: pace{most: o.opts.Connections, level: 1, at: now, before: s.fetched.Load()},
	}
	if q.object.Size >= o.layout.large {
		q.part = o.layout.largePartSize
	}
	if s.conditional {
		q.ifMatch = s.object.condition()
	}
	if o.layout.eager {
		q.pace.level = q.pace.most
	}
	q.changed.L = &q.mu
	q.ctx, q.cancel = context.WithCancel(s.ctx)
	spare := o.shares.grant(q, q.pace.most, q.object.Size) > 1
	q.granted = o.shares.grant(q, q.pace.level, q.object.Size)
	p := q.claim()
	if !spare || p == nil {
		q.close()
		s.divideAt = now.Add(divideAgain)
		return
	}
	s.answer, s.queue, q.kept = nil, q, p.end()
	q.crew.Go(q.watch)
	q.crew.Go(func() { q.fetch(p, a) })
	for range q.pace.most - 1 {
		q.crew.Go(func() { q.fetch(q.take(nil), nil) })
	}
}

// fromQueue reads the next bytes from the queue, at most that many. If that has ended, it returns none and the stream
// goes on alone.
func (s *Stream) fromQueue(most int) ([]byte, error) {
	q := s.queue
	ready, retried, ended := q.read(most)
	for _, r := range retried {
		s.notify(r, r.after)
	}
	s.advance(len(ready))
	if !ended {
		return ready, s.ctx.Err()
	}
	s.queue, s.answer = nil, q.close()
	if s.answer != nil && s.answer.from != s.next {
		s.hangUp()
	}
	if q.cause == nil || s.answer != nil { // the first answer works, and others may later
		s.divideAt = time.Now().Add(divideAgain)
	}
	switch {
	case q.cause == nil:
	case q.cause.remedy == dropCondition && s.conditional:
		s.conditional = false // each part is compared
		s.notify(q.cause, 0)
	case q.cause.remedy != wait:
		s.strikes++ // unless a new location, or one without If-Match, explains it
	case s.answer == nil:
		s.broken = q.cause
	}
	return nil, s.ctx.Err()
}
