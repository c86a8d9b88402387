package transfer

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// What is fetched and not delivered yet, and lost when the program is killed, is bounded.
func TestTheQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := randomFile(40*testPart, 1)
		s := newStorage(t, f, firstOnly)
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
		s := newStorage(t, f, firstOnly)
		s.parts = map[string][]step{"30000-39999": {status(503, "")}}
		level := 0
		a := arrive(t, s, dividing(s, 8, Options{Retries: 3}), 0, func(stream *Stream, n int) {
			if level == 0 {
				time.Sleep(time.Second) //nolint:forbidigo // the clock is the bubble's
				stream.queue.mu.Lock()
				level = stream.queue.granted
				stream.queue.mu.Unlock()
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
		s := newStorage(t, f, firstOnly)
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
	t.Run("after two that the first answer brought", func(t *testing.T) {
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
			s := newStorage(t, f, firstOnly)
			s.parts = map[string][]step{"30000-39999": {status(404, "")}, "60000-69999": {status(404, "")}}
			a := arrive(t, s, dividing(s, 3, Options{Retries: 3}), 0, swiftly)
			if a.err != nil || !bytes.Equal(a.bytes, f.bytes) {
				t.Errorf("%d bytes, %v", len(a.bytes), a.err)
			}
		})
	})
}

// The first answer is kept until another connection has brought a byte: whatever storage says to others, the file comes
// by that answer, no byte of it twice, and in little more time.
func TestTheFirstAnswerIsKept(t *testing.T) {
	f := randomFile(30*testPart, 1)
	for name, ranged := range map[string]step{
		"503":         status(503, ""),
		"429, a wait": status(429, "", "Retry-After", "100"),
		"500":         status(500, ""),
		"403":         status(403, ""),
		"404":         status(404, ""),
		"the whole":   whole(-1),
		"another one": fragment("bytes 0-0/1", 0, 1),
		"no answer":   hangUp,
		"silence":     silent,
		"no byte":     stall(0),
	} {
		for _, retries := range []int{0, 3} {
			t.Run(fmt.Sprintf("%s, %d retries", name, retries), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newStorage(t, f, drip(1000, 100*time.Millisecond)) // in 30 s
					s.ranged = ranged
					a := arrive(t, s, dividing(s, 4, Options{Retries: retries}), 0, swiftly)
					if a.err != nil || !bytes.Equal(a.bytes, f.bytes) || a.locations != 1 {
						t.Fatalf("%d bytes from %d locations, %v, after %q", len(a.bytes), a.locations, a.err, a.requests)
					}
					if a.fetched != int64(len(f.bytes)) {
						t.Errorf("%d bytes fetched, after %q", a.fetched, a.requests)
					}
					if limit := 30*time.Second + maxStrikes*(proofTime+tickTime); a.took > limit {
						t.Errorf("took %v, want at most %v", a.took, limit)
					}
				})
			})
		}
	}
}

// Storage that sends few answers at a time is used as far as it goes.
func TestStorageThatSendsFewAnswersAtATime(t *testing.T) {
	f := randomFile(240*testPart, 1) // in 24 s by one connection
	for most, limit := range map[int]time.Duration{1: 27 * time.Second, 2: 20 * time.Second, 4: 12 * time.Second, 8: 8 * time.Second} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStorage(t, f)
				var active atomic.Int64
				few := func(f *file, w http.ResponseWriter, r *http.Request) {
					defer active.Add(-1)
					if active.Add(1) > int64(most) {
						status(503, "")(f, w, r)
						return
					}
					drip(1000, 10*time.Millisecond)(f, w, r)
				}
				s.ranged, s.script = few, []step{few}
				a := arrive(t, s, dividing(s, 8, Options{Retries: 5}), 0, swiftly)
				if a.err != nil || !bytes.Equal(a.bytes, f.bytes) {
					t.Fatalf("%d bytes, %v", len(a.bytes), a.err)
				}
				if a.took > limit {
					t.Errorf("took %v, want at most %v, after %d requests", a.took, limit, len(a.requests))
				}
			})
		})
	}
}

// nginx with "etag off" answers 412 to every If-Match. That costs neither the first answer nor the other connections.
func TestARefusedConditionIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := randomFile(60*testPart, 1)
		s := newStorage(t, f, drip(1000, 100*time.Millisecond)) // in 60 s
		s.ranged = func(f *file, w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("If-Match") != "" {
				w.WriteHeader(http.StatusPreconditionFailed)
				return
			}
			drip(1000, 100*time.Millisecond)(f, w, r)
		}
		a := arrive(t, s, dividing(s, 4, Options{Retries: 3}), 0, swiftly)
		if a.err != nil || !bytes.Equal(a.bytes, f.bytes) || a.fetched != int64(len(f.bytes)) || len(a.retried) != 1 {
			t.Errorf("%d bytes, %d fetched, %v, told of %v", len(a.bytes), a.fetched, a.err, a.retried)
		}
		if a.took > 20*time.Second {
			t.Errorf("took %v, want a quarter of 60s", a.took)
		}
	})
}
