package transfer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// maxBadRanges is how many answers to Range requests that hold something else than was
// asked for are taken before ranges are off for the file.
const maxBadRanges = 2

// unprobed are the statuses that say nothing of a file in place: an empty file has no first byte, and servers answer conditions
// against RFC 9110.
var unprobed = []int{http.StatusRequestedRangeNotSatisfiable, http.StatusPreconditionFailed, http.StatusNotModified}

// Stream is one file on its way: its bytes in order, whatever happens to connections and
// locations behind. Copy reads them. It is for one goroutine.
type Stream struct {
	opener *Opener
	ctx    context.Context // of Open, which ends the stream
	cancel context.CancelFunc
	notify func(err error, wait time.Duration)

	object Object
	known  bool // object is what storage said
	joined bool // counted as a file in flight
	next   int64
	ended  bool    // an object of unknown length came to its end
	answer *answer // nil if there is a queue, and between two requests
	queue  *queue  // nil if the stream goes on alone
	broken error   // why answer was lost; to be remedied before the next is asked for
	failed error   // what all further reads return

	at     address
	delay  time.Duration // of the last answer
	gained int64         // new bytes since the last progress

	strikes  int       // queues that ended because storage gives no parts, or others than asked for
	divideAt time.Time // no queue is opened before

	probing bool // the next request is that for a file in place (Location.InPlace)
	probed  bool // storage has answered it, and the bytes are still to be asked for

	conditional bool // If-Match is worth sending
	badRanges   int  // answers to Range that held something else
	changed     bool // the file was started over for a change already
	damaged     bool // and for a wrong digest: if it is coded, that may be of the decoded bytes
	// longest is the file as a whole answer told it before another one of the same strong
	// ETag told a smaller length, which is not believed.
	longest Object

	backoff  *retry.Backoff // tries in a row without progress
	restarts *retry.Backoff // never starts afresh, for each restart brings bytes
	fetched  atomic.Int64   // bytes of content that were read from connections
}

// connect asks until there is an answer with the next byte.
func (s *Stream) connect() error {
	err := s.broken
	early, _ := errors.AsType[*Error](err)
	s.broken = nil
	for {
		if err != nil {
			if err := s.remedy(err); err != nil {
				return err
			}
		}
		if err = s.ask(); err == nil {
			return nil
		}
		if e, ok := errors.AsType[*Error](err); ok && early != nil && e.whole == fmt.Sprintf("bytes */%d", s.next) {
			// Storage has no more bytes than came: the announced length is what was wrong.
			err = &Error{Kind: early.Kind, Retryable: true, Err: early.Err, remedy: startOver}
		}
	}
}

// remedy does what may help against err before the next try, or returns the error with which the transfer fails.
func (s *Stream) remedy(err error) error {
	if s.ctx.Err() != nil {
		return s.ctx.Err()
	}
	e, ok := err.(*Error) //nolint:errorlint // what a Source wraps is its own
	if !ok || s.at.location.Tentative && !s.at.served {
		return err
	}
	help, pause := e.remedy, e.after
	if help == dropCondition && !s.conditional {
		help = nothing // it has been dropped
		if e.again {
			help = wait
		}
	}
	if s.at.location.Tentative && e.Status > 0 && (help == wait || help == relocate) {
		help = nothing // here: the next location is asked for at once
	} else if help == wait {
		if pause, ok = s.backoff.Next(e.after); !ok {
			help = nothing // any more
		}
	}
	switch help {
	case wait:
	case dropCondition:
		// nginx with "etag off" answers 412 to every If-Match. The next 206 shows if it is still the same object.
		s.conditional, s.strikes = false, 0
	case relocate:
		if s.at.unproductive >= maxUnproductive {
			e.Err = fmt.Errorf("%w, after %d download URLs", e.Err, s.at.unproductive)
			return e
		}
		pause = max(pause, refusalPauses[s.at.unproductive-1])
		s.at.location = Location{}
	case nothing:
		if !s.at.renewable(e) {
			return e
		}
		s.at.location, pause = Location{}, 0
	default:
		return e
	}
	s.notify(e, pause)
	return retry.Sleep(s.ctx, pause)
}

// ask makes one request for the next byte and judges its answer.
func (s *Stream) ask() error {
	renewed, err := s.at.locate(s.ctx)
	if err != nil {
		return err
	}
	if renewed {
		s.strikes, s.probing = 0, !s.known && s.at.location.InPlace != nil
	}
	if !s.joined {
		s.joined = true
		s.opener.shares.count(1)
	}
	wanted, ifMatch := span{from: s.next, tentative: s.at.location.Tentative}, ""
	switch {
	case s.probing && s.at.location.InPlace.condition() != "":
		wanted.unless = s.at.location.InPlace.ETag
	case s.probing:
		wanted.until = 1
	case s.badRanges >= maxBadRanges:
		wanted = span{}
	}
	if wanted.keep = s.opener.opts.KeepCoded && !s.damaged; s.conditional {
		ifMatch = s.object.condition()
	}
	start := time.Now()
	a, err := ask(s.ctx, &s.opener.opts, s.at.location.URL, wanted, ifMatch)
	if e, ok := err.(*Error); ok { //nolint:errorlint // ask wraps none
		if s.probing && slices.Contains(unprobed, e.Status) {
			s.probing = false
			return s.ask()
		}
		if e.Status == http.StatusRequestedRangeNotSatisfiable {
			s.badRanges++
		}
	}
	if err != nil {
		return err
	}
	if s.probing && (a.partial || a.unmodified) {
		return s.probe(a)
	}
	s.probing = false
	if err := s.judge(a, wanted.from > 0); err != nil {
		a.close()
		return err
	}
	s.answer, s.delay, s.at.served = a, time.Since(start), true
	return nil
}

// probe takes from a, an answer without the bytes, what it says of the file.
func (s *Stream) probe(a *answer) error {
	s.probing = false
	a.drain(s.opener.rate)
	a.close()
	o := a.object
	switch {
	case a.unmodified: // which need not say more than that (RFC 9110, section 15.4.5)
		o = Object{Name: o.Name, Size: s.at.location.InPlace.Size, ETag: o.ETag, LastModified: o.LastModified}
	case a.from != 0 || o.Size < 1:
		return s.ask()
	case o.Coding != "":
		o.setCoding(s.opener.opts.KeepCoded)
	}
	s.object, s.known, s.probed, s.at.served = o, true, true, true
	return nil
}

// judge decides whether the bytes of a may be delivered from s.next on. Servers, and caches before them, ignore
// ranges and conditions: only what an answer says of itself counts. A whole answer is as good as a part: what was
// delivered already is read past.
func (s *Stream) judge(a *answer, ranged bool) error {
	if a.partial && !ranged {
		return s.senseless(nothing, "storage answered a part where the whole was asked for")
	}
	if !s.known {
		if tag := s.longest.StrongETag(); tag != "" && tag == a.object.StrongETag() && 0 <= a.object.Size && a.object.Size < s.longest.Size {
			return corrupt("storage told a length of %d and then of %d bytes for the same file", s.longest.Size, a.object.Size)
		}
		s.object, s.known = a.object, true
		return nil
	}
	if ranged && !a.partial {
		s.badRanges++
	}
	switch like := compare(s.object, a.object); {
	case s.object.label != a.object.label, !a.partial && s.object.Coding != a.object.Coding:
		return s.senseless(startOver, "storage sent the file with another Content-Encoding than before")
	case like == unlike && s.object.StrongETag() != "" && s.object.ETag == a.object.ETag:
		if s.object.Size > a.object.Size {
			s.longest = s.object
		}
		return corrupt("storage told a length of %d and then of %d bytes for the same file", s.object.Size, a.object.Size)
	case like == unlike:
		return &Error{Kind: Storage, Retryable: true, Err: &Changed{Was: s.object, Now: a.object}, remedy: startOverOnChange}
	case a.partial && (a.from != s.next || like != proven):
		s.badRanges++
		return s.senseless(wait, "storage answered another part than the one asked for")
	case s.next > 0 && like != proven:
		return s.senseless(startOver, "storage does not say if the file is still the same")
	}
	return nil
}

func (s *Stream) senseless(r remedy, text string) *Error {
	return failure(s.at.location.URL, Protocol, r, "%s", text)
}

// advance notes that n new bytes are delivered.
func (s *Stream) advance(n int) {
	s.next += int64(n)
	if s.gained += int64(n); s.gained >= least(s.object.Size) {
		s.backoff.Reset()
		s.at.unproductive, s.gained = 1, 0
	}
}

// hangUp lets go of the answer at hand.
func (s *Stream) hangUp() {
	if s.answer != nil {
		s.answer.close()
		s.answer = nil
	}
}
