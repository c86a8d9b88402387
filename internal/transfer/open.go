package transfer

import (
	"context"
	"errors"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// Open asks src for a location and storage for the file there, from its first byte on, and returns when storage has
// answered. It asks with GET and no Range: a temporary URL is signed for GET alone, and the headers of this answer
// are what all later ones are compared with. A file that is probably in place is probed first (Location.InPlace).
//
// The stream is good until ctx ends or Close is called. notify, which may be nil, receives each failure that another try follows
// after wait, from the goroutine that opens or reads. Errors are *Error values, src's own, or ctx's.
func (o *Opener) Open(ctx context.Context, src Source, notify func(err error, wait time.Duration)) (*Stream, error) {
	if notify == nil {
		notify = func(error, time.Duration) {}
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &Stream{
		opener: o, ctx: ctx, cancel: cancel, notify: notify, at: address{source: src, allowHTTP: o.opts.AllowHTTP},
		backoff: retry.New(o.opts.Retries), restarts: retry.New(o.opts.Retries),
	}
	s.begin()
	if err := s.connect(); err != nil {
		s.leave()
		cancel()
		return nil, err
	}
	return s, nil
}

// Probed reports whether storage has said what the file is, and the bytes are still to be asked for (Whole).
func (s *Stream) Probed() bool { return s.probed }

// Whole asks for the bytes of a file that was probed. If storage has another one meanwhile, StartsOver is true of the error.
func (s *Stream) Whole() error {
	if !s.probed {
		return nil
	}
	s.probed = false
	if err := s.connect(); err != nil {
		return err
	}
	if s.answer != nil {
		s.object.Checksums = s.answer.object.Checksums
	}
	return nil
}

// StartsOver reports whether err, of Copy or of Digest.Check, says that the bytes delivered so far are of no use: the file as it
// is now does not begin with them, or that cannot be known. They are not to be kept, and Restart may help.
func StartsOver(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && (e.remedy == startOver || e.remedy == startOverOnChange)
}

// Lost returns the error of a destination that has lost the bytes it received, for the reason err, and can receive them
// again: StartsOver is true of it.
func Lost(err error) error {
	return &Error{Kind: Storage, Retryable: true, Err: err, remedy: startOver}
}

// Tries returns a count of as many retries as a transfer has.
func (o *Opener) Tries() *retry.Backoff { return retry.New(o.opts.Retries) }

// Restart begins again after a cause that StartsOver: once where the file changed, as many times as there are retries
// where an answer that cannot be continued broke or the digest of the whole is wrong. On success Object is what
// storage has now, and Continue and Read start over. Otherwise it returns the error with which the transfer fails:
// cause itself where beginning again would not help.
func (s *Stream) Restart(cause error) error {
	if !StartsOver(cause) || s.ctx.Err() != nil {
		return cause
	}
	e, _ := errors.AsType[*Error](cause)
	s.damaged = s.damaged || e.Kind == Integrity
	pause, ok := time.Duration(0), !s.changed
	if e.remedy == startOver {
		pause, ok = s.restarts.Next(e.after)
	} else {
		s.changed = true
	}
	if !ok {
		return cause
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
