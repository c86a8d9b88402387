package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/bynder-cli/bynder/internal/location"
	"github.com/bynder-cli/bynder/internal/retry"
)

// maxBarren is how many locations in a row may bring no progress before storage is
// held to be at fault. Each costs a call to the portal.
const maxBarren = 3

// maxOdd is how many answers to Range requests that hold something else than was
// asked for are taken before ranges are off for the file.
const maxOdd = 2

// Stream is one file on its way: its bytes in order, whatever happens to connections and
// locations behind. Copy reads them. It is for one goroutine.
type Stream struct {
	opener *Opener
	opts   *Options
	ctx    context.Context // of Open, which ends the stream
	cancel context.CancelFunc
	source Source
	notify func(err error, wait time.Duration)

	object Object
	known  bool // object is what storage said
	joined bool // counted as a file in flight
	begun  bool // something has been read
	next   int64
	until  int64   // where another connection takes over; 0 for nowhere
	window *window // nil where there is one connection only
	ended  bool    // an object of unknown length came to its end
	answer *answer
	broken error // why answer was lost; to be remedied before the next is asked for
	failed error // what all further reads return

	location Location
	located  time.Time     // when location was fresh
	fresh    bool          // and that was just now
	served   bool          // storage has answered there with bytes of the file
	delay    time.Duration // of the last answer
	barren   int           // locations since the last progress
	gained   int64         // new bytes since then

	probing bool // the first byte is to be asked for alone
	probed  bool // that was done, and the bytes are still to be asked for

	conditional bool // If-Match is worth sending
	odd         int  // answers to Range that held something else
	changed     bool // the file was started over for a change already
	// longest is the file as a whole answer told it before another one of the same strong
	// ETag told a smaller length, which is not believed.
	longest Object

	backoff  *retry.Backoff // tries in a row without progress
	restarts *retry.Backoff // never starts afresh, for each restart brings bytes
	fetched  atomic.Int64   // bytes of content that were read from connections
}

// Object is what storage says of the file.
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
		s.broken = &Error{
			Kind:   Integrity,
			Err:    fmt.Errorf("the %d bytes that are here cannot be the beginning of this file", n),
			remedy: startOver,
		}
	}
}

// fill reads the next bytes into *buf, or exchanges *buf for another buffer of its length that
// holds them. It returns io.EOF only after the last byte of the whole file. Other errors are
// final, but see Restart.
func (s *Stream) fill(buf *[]byte) (int, error) {
	if s.failed != nil {
		return 0, s.failed
	}
	if !s.begun {
		s.begun = true
		s.widen()
	}
	n, err := s.read(buf)
	if err != nil {
		s.leave()
		s.failed = err
	}
	return n, err
}

func (s *Stream) read(buf *[]byte) (int, error) {
	for {
		if s.whole() {
			return 0, io.EOF
		}
		if s.window != nil {
			if n, err := s.fromWindow(buf, true); n > 0 || err != nil {
				return n, err
			}
		}
		if s.answer == nil {
			if err := s.connect(); err != nil {
				return 0, err
			}
			if s.answer == nil {
				continue // the bytes came by another connection
			}
		}
		n, err := s.receive(*buf)
		if err != nil {
			return 0, err
		}
		if n > 0 {
			return n, nil
		}
	}
}

func (s *Stream) whole() bool { return s.ended || s.next == s.object.Size }

// receive reads once from the answer at hand and returns how many bytes of p are
// new ones: none where the answer ended or where bytes that were delivered already come
// again. An error is final; what breaks is noted for connect.
func (s *Stream) receive(p []byte) (int, error) {
	a := s.answer
	repeated := s.next - a.from
	if repeated > 0 {
		p = p[:min(int64(len(p)), repeated)]
	} else {
		p = p[:min(int64(len(p)), a.until-a.from)]
		if s.until > 0 {
			p = p[:min(int64(len(p)), s.until-s.next)]
		}
	}
	s.window.reads(true)
	n, err := a.read(s.opts.Limiter.slice(p))
	s.window.reads(false)
	a.from += int64(n)
	s.fetched.Add(int64(n))
	if err != nil || a.from >= a.until {
		s.finish(a, err)
	}
	if err := s.opts.Limiter.Wait(s.ctx, n); err != nil {
		return 0, err
	}
	if repeated > 0 || n == 0 {
		return 0, nil
	}
	s.advance(n)
	return n, nil
}

// advance notes that n new bytes are delivered.
func (s *Stream) advance(n int) {
	s.next += int64(n)
	if s.gained += int64(n); s.gained >= least(s.object.Size) {
		s.backoff.Reset()
		s.barren, s.gained = 0, 0
	}
}

// finish lets go of an answer that ended with err, nil where all that it promised has
// come, and notes what went wrong, if anything did.
func (s *Stream) finish(a *answer, err error) {
	s.hangUp()
	atEnd := err == io.EOF //nolint:errorlint // one that is wrapped is no proper end
	switch {
	case a.from >= a.until:
		// It may hold less than was asked for (RFC 9110, section 15.3.7): the rest is asked for next.
		if short := a.tooShort(s.location.URL); short != nil && s.object.Size > a.until {
			s.broken = short
		}
		return
	case atEnd && s.object.Size < 0:
		s.ended = true
		return
	case s.ctx.Err() != nil:
		s.broken = s.ctx.Err()
		return
	case overtaken(a.ctx):
		return
	case atEnd:
		err = io.ErrUnexpectedEOF
	}
	broken := interrupted(s.location.URL, err)
	if a.from > 0 && !s.object.Resumable() {
		broken.remedy = startOver
	}
	s.broken = broken
}

// connect asks until there is an answer with the next byte, or that byte has come by
// another connection.
func (s *Stream) connect() error {
	err := s.broken
	s.broken = nil
	for {
		if err != nil {
			if err := s.remedy(err); err != nil {
				return err
			}
		}
		if err = s.ask(); err == nil || err == errOvertaken { //nolint:errorlint // ask wraps none
			return nil
		}
	}
}

// remedy does what may help against err before the next try, or returns the error
// with which the transfer fails.
func (s *Stream) remedy(err error) error {
	if s.ctx.Err() != nil {
		return s.ctx.Err()
	}
	e, ok := err.(*Error) //nolint:errorlint // what a Source wraps is its own
	if !ok {
		return err
	}
	help, pause := e.remedy, e.after
	if help == dropCondition && !s.conditional {
		help = nothing // it has been dropped
		if e.again {
			help = wait
		}
	}
	if help == wait {
		if pause, ok = s.backoff.Next(e.after); !ok {
			help = nothing // any more
		}
	}
	switch help {
	case wait:
	case dropCondition:
		// nginx with "etag off" answers 412 to every If-Match. The next 206 tells
		// whether it is still the same object.
		s.conditional = false
	case relocate:
		if s.barren >= maxBarren {
			e.Err = fmt.Errorf("%w, at %d locations in a row", e.Err, s.barren)
			return e
		}
		s.location = Location{}
	case nothing:
		if !s.renewable(e) {
			return e
		}
		s.location = Location{}
	default:
		return e
	}
	s.notify(e, pause)
	return retry.Sleep(s.ctx, pause)
}

// ask makes one request for the next byte and judges its answer.
func (s *Stream) ask() error {
	if err := s.locate(); err != nil {
		return err
	}
	s.join()
	if s.probing {
		return s.probe()
	}
	wanted, ifMatch := span{s.next, s.until}, ""
	if s.odd >= maxOdd || s.next == 0 {
		wanted = span{}
	}
	if s.conditional {
		ifMatch = s.object.condition()
	}
	ctx, stop := s.ctx, context.CancelCauseFunc(nil)
	if s.window != nil {
		ctx, stop = s.window.leading(s.ctx)
	}
	start := time.Now()
	a, err := ask(ctx, s.opts, s.location.URL, wanted, ifMatch)
	if err != nil {
		if overtaken(ctx) {
			return errOvertaken
		}
		if stop != nil {
			stop(nil)
		}
		if e, ok := err.(*Error); ok && e.Status == http.StatusRequestedRangeNotSatisfiable { //nolint:errorlint // ask wraps none
			s.odd++
		}
		return err
	}
	if stop != nil {
		a.cancel = stop
	}
	if err := s.judge(a, wanted.from > 0); err != nil {
		a.close()
		return err
	}
	s.answer, s.delay, s.served = a, time.Since(start), true
	if s.window != nil {
		s.window.answered(s.site(), s.delay, s.odd < maxOdd)
	}
	return nil
}

// judge decides whether the bytes of a may be delivered from s.next on. Servers, and
// caches before them, ignore ranges and conditions: only what an answer says of
// itself counts. A whole answer is as good as a part: what was delivered
// already is read past.
func (s *Stream) judge(a *answer, ranged bool) error {
	if a.partial && !ranged {
		return s.senseless(nothing, "storage answered a part where the whole was asked for")
	}
	if !s.known {
		if tag := s.longest.StrongETag(); tag != "" && tag == a.object.StrongETag() && a.object.Size < s.longest.Size {
			return corrupt("storage told a length of %d and then of %d bytes for the same file", s.longest.Size, a.object.Size)
		}
		s.object, s.known = a.object, true
		return nil
	}
	if ranged && !a.partial {
		s.odd++
	}
	switch like := compare(s.object, a.object); {
	case like == unlike && s.object.StrongETag() != "" && s.object.ETag == a.object.ETag:
		if s.object.Size > a.object.Size {
			s.longest = s.object
		}
		return corrupt("storage told a length of %d and then of %d bytes for the same file", s.object.Size, a.object.Size)
	case like == unlike:
		return &Error{
			Kind:      Storage,
			Retryable: true,
			Err:       &Changed{Was: s.object, Now: a.object},
			remedy:    startOverOnChange,
		}
	case a.partial && (a.from != s.next || like != proven):
		s.odd++
		return s.senseless(wait, "storage answered another part than the one asked for")
	case s.next > 0 && like != proven:
		return s.senseless(startOver, "storage does not tell whether the file is still the same")
	}
	return nil
}

func (s *Stream) senseless(r remedy, text string) *Error {
	return &Error{
		Kind:      Protocol,
		Retryable: r != nothing,
		Err:       fmt.Errorf("get %s: %s", location.Redacted(s.location.URL), text),
		remedy:    r,
	}
}

// hangUp lets go of the answer at hand.
func (s *Stream) hangUp() {
	if s.answer != nil {
		s.answer.close()
		s.answer = nil
	}
}

// Close ends the stream and its connections.
func (s *Stream) Close() {
	if s.answer != nil && !s.begun {
		s.answer.drain()
	}
	s.leave()
	s.cancel()
	if s.failed == nil {
		s.failed = errors.New("read from a closed stream")
	}
}
