package transfer

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// Object returns what storage says of the file.
func (s *Stream) Object() Object { return s.object }

// Continue says, before Copy, that the first n bytes of exactly this
// Object are here already, so that the stream yields the bytes from n on.
func (s *Stream) Continue(n int64) {
	if n <= 0 {
		return
	}
	s.hangUp()
	s.next = n
	if n > s.object.Size || !s.object.Resumable() {
		err := fmt.Errorf("the %d bytes that are here cannot be the beginning of this file", n)
		s.broken = &Error{Kind: Integrity, Err: err, remedy: startOver}
	}
}

// fill returns the next bytes, at most as many as buf has: in buf, or in memory of the queue, where they stay until
// the next call. It returns io.EOF only after the last byte of the whole file. Other errors are final, but see Restart.
func (s *Stream) fill(buf []byte) ([]byte, error) {
	if s.failed != nil {
		return nil, s.failed
	}
	p, err := s.read(buf)
	if err != nil {
		s.leave()
		s.failed = err
	}
	return p, err
}

func (s *Stream) read(buf []byte) (p []byte, err error) {
	for len(p) == 0 && err == nil {
		s.divide()
		switch {
		case s.ended, s.next == s.object.Size:
			return nil, io.EOF
		case s.queue != nil:
			p, err = s.fromQueue(len(buf))
		case s.answer != nil:
			p, err = s.receive(buf)
		default:
			err = s.connect()
		}
	}
	return p, err
}

// receive reads once from the answer at hand and returns how many bytes of p are new ones: none where the answer
// ended or where bytes that were delivered already come again. An error is final; what breaks is noted for connect.
func (s *Stream) receive(p []byte) ([]byte, error) {
	a := s.answer
	repeated := s.next - a.from
	if repeated > 0 {
		p = p[:min(int64(len(p)), repeated)]
	} else {
		p = p[:min(int64(len(p)), a.until-a.from)]
	}
	limit := s.opener.rate
	n, err := a.read(p[:min(len(p), limit.Burst())])
	a.from += int64(n)
	s.fetched.Add(int64(n))
	if err != nil || a.from >= a.until {
		s.finish(a, err)
	}
	if err := retry.Sleep(s.ctx, limit.ReserveN(time.Now(), n).Delay()); err != nil {
		return nil, err
	}
	if repeated > 0 || n == 0 {
		return nil, nil
	}
	s.advance(n)
	return p[:n], nil
}

// finish lets go of an answer that ended with err, nil where all that it promised has
// come, and notes what went wrong, if anything did.
func (s *Stream) finish(a *answer, err error) {
	s.hangUp()
	atEnd := err == io.EOF //nolint:errorlint // one that is wrapped is not a proper end
	switch {
	case a.from >= a.until:
		// It may hold less than was asked for (RFC 9110, section 15.3.7): the rest is asked for next.
		if short := a.tooShort(s.at.location.URL); short != nil && s.object.Size > a.until {
			s.broken = short
		}
		s.ended = s.object.Size < 0 // the first answer had no length, and broke off before the first byte
		return
	case atEnd && s.object.Size < 0:
		s.ended = true
		return
	case s.ctx.Err() != nil:
		s.broken = s.ctx.Err()
		return
	}
	broken := interrupted(s.at.location.URL, err)
	if broken.remedy == wait && (a.from > 0 || a.decoded != nil) && !s.object.Resumable() {
		broken.remedy = startOver
	}
	s.broken = broken
}

// leave ends all connections that the stream has.
func (s *Stream) leave() {
	if s.queue != nil {
		s.answer, s.queue = s.queue.close(), nil
	}
	s.hangUp()
	if s.joined {
		s.joined = false
		s.opener.shares.count(-1)
	}
}

// begin makes s a stream of which nothing is known or delivered yet.
func (s *Stream) begin() {
	s.leave()
	s.object, s.known = Object{Size: -1}, false
	s.next, s.ended = 0, false
	s.broken, s.failed = nil, nil
	s.conditional, s.strikes = true, 0
}

// Close ends the stream and its connections.
func (s *Stream) Close() {
	if s.answer != nil && s.answer.from == s.answer.first && s.ctx.Err() == nil {
		s.answer.drain(s.opener.rate)
	}
	s.leave()
	s.cancel()
	if s.failed == nil {
		s.failed = errors.New("read from a closed stream")
	}
}
