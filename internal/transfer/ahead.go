package transfer

import (
	"context"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// widen opens a window where more than one connection may be of use: there is enough to
// come, and a strong ETag by which each part can be known for one of this object.
func (s *Stream) widen() {
	o := s.opener
	rest := s.object.Size - s.next
	if s.opts.Connections < 2 || s.opts.Limiter != nil || rest < o.layout.least ||
		s.object.StrongETag() == "" || s.odd >= maxOdd || s.broken != nil {
		return
	}
	ctx, cancel := context.WithCancel(s.ctx)
	w := &window{
		opts:     s.opts,
		pool:     o.pool,
		shares:   o.shares,
		object:   s.object,
		part:     o.layout.partOf(s.object.Size),
		shortest: o.layout.shortest,
		fetched:  &s.fetched,
		ctx:      ctx,
		cancel:   cancel,
		ready:    make(chan struct{}, 1),
		next:     s.next,
		site:     s.site(),
		delay:    s.delay,
	}
	w.growth = newGrowth(s.opts.Connections, max(o.layout.level, 1), w.sample(time.Now()))
	w.granted = w.shares.grant(w, w.growth.level, s.object.Size)
	if s.answer != nil {
		w.head.stop = s.answer.cancel
	}
	s.window = w
	w.crew.Go(w.run)
}

// site is where other connections may ask for parts.
func (s *Stream) site() site {
	at := site{location: s.location, located: s.located}
	if s.conditional {
		at.ifMatch = s.object.condition()
	}
	return at
}

// fromWindow brings the next bytes from the window. It brings none where the reader's own
// connection has to bring them.
func (s *Stream) fromWindow(buf *[]byte, exchange bool) (int, error) {
	w := s.window
	var since time.Time // when the wait began
	for {
		hasty := !since.IsZero() && time.Since(since) >= patience
		t := w.look(s.next, s.answer != nil, s.broken != nil, hasty, exchange, buf)
		for _, r := range t.retried {
			s.notify(r.err, r.wait)
		}
		switch s.until = t.until; t.act {
		case handOver:
			s.broken = nil // whatever it was, it is past
			s.advance(t.n)
			if t.won {
				s.hangUp()
			}
			return t.n, nil
		case lead:
			if t.cause != nil {
				s.broken = t.cause
			}
			return 0, nil
		case race:
			s.race()
		case shut:
			s.hangUp()
		case idle:
			if since.IsZero() {
				since = time.Now()
			}
			if err := w.await(s.ctx, t.pause); err != nil {
				return 0, err
			}
		}
		if err := s.ctx.Err(); err != nil {
			return 0, err
		}
	}
}

// race asks once for bytes that another connection fetches as well. If that fails, it
// has not been.
func (s *Stream) race() {
	if s.ask() == nil && !s.answer.partial {
		s.hangUp() // to read past all that was delivered wins no race
	}
}

// overtaken tells whether a request was ended because its bytes came by another one.
func overtaken(ctx context.Context) bool {
	return context.Cause(ctx) == errOvertaken //nolint:errorlint // it is never wrapped
}

// join counts the stream as a file in flight, which has one connection, and leave ends
// all that it has.
func (s *Stream) join() {
	if !s.joined {
		s.joined = true
		s.opener.shares.join()
	}
}

func (s *Stream) leave() {
	s.hangUp()
	if s.window != nil {
		s.window.close()
		s.window = nil
	}
	if s.joined {
		s.joined = false
		s.opener.shares.leave()
	}
}

// newBackoff counts the tries of a part that bring nothing.
func (w *window) newBackoff() *retry.Backoff { return retry.New(w.opts.Retries) }
