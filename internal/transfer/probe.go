package transfer

import (
	"context"
	"io"
	"net/http"
	"time"
)

// maxDrained is how many bytes are read of an answer that is not wanted, to keep its connection.
const maxDrained = 16 << 10

// Probe is Open for a file that is probably in place already: it asks for the first byte alone, so that no body,
// and with it the connection, has to be thrown away. Object then lacks what storage says beside whole
// answers only (Checksums). If the bytes are wanted after all, Whole asks for them. Storage that ignores
// ranges answers as to Open.
func (o *Opener) Probe(ctx context.Context, src Source, notify func(err error, wait time.Duration)) (*Stream, error) {
	return o.open(ctx, src, notify, true)
}

// Probed reports whether only the first byte was asked for.
func (s *Stream) Probed() bool { return s.probed }

// Whole asks for the bytes of a file that was probed. If storage has another one meanwhile, StartsOver is true of
// the error.
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

// probe asks for the first byte of the file.
func (s *Stream) probe() error {
	a, err := ask(s.ctx, s.opts, s.location.URL, span{0, 1}, "")
	if e, ok := err.(*Error); ok && e.Status == http.StatusRequestedRangeNotSatisfiable { //nolint:errorlint // ask wraps none
		s.probing = false // an empty file has no first byte
		return s.ask()
	}
	if err != nil {
		return err
	}
	s.probing = false
	if a.partial && (a.from != 0 || a.object.Size < 1) {
		a.close()
		return s.ask()
	}
	if !a.partial {
		s.answer, s.served = a, true
		return s.judge(a, false)
	}
	a.drain()
	a.close()
	s.object, s.known, s.probed, s.served = a.object, true, true, true
	return nil
}

// drain reads what is left of an answer, if that is little, so that its connection is kept.
func (a *answer) drain() {
	if a.until-a.from <= maxDrained {
		_, _ = io.CopyN(io.Discard, a.body, maxDrained)
	}
}
