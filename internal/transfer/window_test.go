package transfer

import (
	"bytes"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// What is fetched and not delivered yet, and lost when the program is killed, is bounded.
func TestTheWindowIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := randomFile(40*testPart, 1)
		s := newStorage(t, f, headOnly)
		const connections = 3
		total := 0
		a := arrive(t, s, dividing(s, connections, Options{Retries: 3}), 0, func(stream *Stream, n int) {
			total += n
			time.Sleep(time.Second) //nolint:forbidigo // the clock is the bubble's
			if ahead := stream.fetched.Load() - int64(total); ahead > (2*connections+1)*testPart {
				t.Errorf("%d bytes fetched, of which %d are not delivered", stream.fetched.Load(), ahead)
			}
		})
		if a.err != nil || !bytes.Equal(a.bytes, f.bytes) {
			t.Errorf("%d bytes, %v", len(a.bytes), a.err)
		}
	})
}

func TestStorageThatIsBusyIsAskedForLess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := randomFile(40*testPart, 1)
		s := newStorage(t, f, headOnly)
		s.parts = map[string][]step{"30000-39999": {status(503, "")}}
		level := 0
		a := arrive(t, s, dividing(s, 8, Options{Retries: 3}), 0, func(stream *Stream, n int) {
			if level == 0 {
				time.Sleep(time.Second) //nolint:forbidigo // the clock is the bubble's
				stream.window.mu.Lock()
				level = stream.window.granted
				stream.window.mu.Unlock()
			}
		})
		if a.err != nil || !bytes.Equal(a.bytes, f.bytes) {
			t.Errorf("%d bytes, %v", len(a.bytes), a.err)
		}
		if level != 4 {
			t.Errorf("%d connections after it said that it is busy, want 4", level)
		}
	})
}

// A part that breaks is tried again after a pause, though the reader is far from it.
func TestAPartIsTriedAgainBeforeTheReaderComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := randomFile(10*testPart, 1)
		s := newStorage(t, f, headOnly)
		s.parts = map[string][]step{"30000-39999": {cut(4000)}}
		first := true
		a := arrive(t, s, dividing(s, 3, Options{Retries: 3}), 0, func(stream *Stream, n int) {
			if first {
				first = false
				time.Sleep(3 * time.Second) //nolint:forbidigo // the clock is the bubble's
				if !slices.Contains(s.requests(), `GET 34000-39999 if "v1"`) {
					t.Errorf("after three seconds, storage was asked %q", s.requests())
				}
			}
		})
		if a.err != nil || !bytes.Equal(a.bytes, f.bytes) || len(a.retried) != 1 {
			t.Errorf("%d bytes, %v, told of %v", len(a.bytes), a.err, a.retried)
		}
	})
}

// Where parts fail and the reader cannot say why, one connection is enough.
func TestPartsAreGivenUp(t *testing.T) {
	f := randomFile(30*testPart, 1)
	t.Run("after two that the head brought", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newStorage(t, f, drip(2000, 10*time.Millisecond))
			s.ranged = whole(-1)
			a := arrive(t, s, dividing(s, 2, Options{Retries: 3}), 0, swiftly)
			if a.err != nil || !bytes.Equal(a.bytes, f.bytes) || len(a.requests) != 3 || a.fetched != int64(len(f.bytes)) {
				t.Errorf("%d bytes, %d fetched, %v, after %q; want two requests of ranges", len(a.bytes), a.fetched, a.err, a.requests)
			}
		})
	})
	t.Run("and nothing is lost over two that the reader asked for itself", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newStorage(t, f, headOnly)
			s.parts = map[string][]step{"30000-39999": {status(404, "")}, "60000-69999": {status(404, "")}}
			a := arrive(t, s, dividing(s, 3, Options{Retries: 3}), 0, swiftly)
			if a.err != nil || !bytes.Equal(a.bytes, f.bytes) {
				t.Errorf("%d bytes, %v", len(a.bytes), a.err)
			}
		})
	})
}
