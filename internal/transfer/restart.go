package transfer

import (
	"errors"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// StartsOver tells whether err, of Read or of Digest.Check, says that the bytes
// delivered so far are of no use: they are no beginning of the file as it is now, or
// it cannot be known whether they are. They are not to be kept, and Restart may help.
func StartsOver(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.remedy == startOver || e.remedy == startOverOnChange)
}

// Restart begins again after a cause that StartsOver: once where the file changed, as
// many times as there are retries where an answer that cannot be continued broke or
// the digest of the whole is wrong. On success Object is what storage has now, and Continue and Read
// start over. Otherwise it returns the error with which the transfer fails: cause
// itself where beginning again would not help.
func (s *Stream) Restart(cause error) error {
	if !StartsOver(cause) || s.ctx.Err() != nil {
		return cause
	}
	e, _ := errors.AsType[*Error](cause)
	var pause time.Duration
	if e.remedy == startOver {
		var ok bool
		if pause, ok = s.restarts.Next(e.after); !ok {
			return cause
		}
	} else {
		if s.changed {
			return cause
		}
		s.changed = true
	}
	s.notify(e, pause)
	if err := retry.Sleep(s.ctx, pause); err != nil {
		return err
	}
	s.begin()
	if err := s.connect(); err != nil {
		return s.Restart(err) // err itself where that would not help
	}
	return nil
}

// begin makes s a stream of which nothing is known or delivered yet.
func (s *Stream) begin() {
	s.leave()
	s.object, s.known = Object{Size: -1}, false
	s.next, s.until, s.ended, s.begun = 0, 0, false, false
	s.broken, s.failed = nil, nil
	s.conditional = true
}
