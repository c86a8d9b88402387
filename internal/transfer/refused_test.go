package transfer

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// refusing returns a step that answers 403 to what is requested within d of the first request that meets it.
func refusing(d time.Duration) step {
	var mu sync.Mutex
	var since time.Time
	return func(f *file, w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if since.IsZero() {
			since = time.Now()
		}
		refused := time.Since(since) < d
		mu.Unlock()
		if refused {
			status(403, s3("AccessDenied", "Access Denied"))(f, w, r)
			return
		}
		well(f, w, r)
	}
}

// A refusal that passes is waited for, and costs few calls of the portal: one at once, for the location may have
// expired, and two more after pauses.
func TestARefusalThatPassesIsWaitedFor(t *testing.T) {
	f := randomFile(100_000, 1)
	const always = time.Hour
	for _, tt := range []struct {
		name      string
		refused   time.Duration
		begin     []step // before it
		locations int
		took      time.Duration // at most, from the first request on; with at most 2 s for a connection that breaks
	}{
		{"not at all", 0, nil, 1, 0},
		{"for 100 ms", 100 * time.Millisecond, nil, 3, time.Second},
		{"for a second", time.Second, nil, 3, time.Second},
		{"for four seconds", 4 * time.Second, nil, 4, 4 * time.Second},
		{"always", always, nil, 4, 4 * time.Second},
		{"for a second, in the middle", time.Second, []step{cut(50_000)}, 3, 3 * time.Second},
		{"for four seconds, in the middle", 4 * time.Second, []step{cut(50_000)}, 4, 6 * time.Second},
		{"always, from the middle on", always, []step{cut(50_000)}, 4, 6 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStorage(t, f, slices.Concat(tt.begin, slices.Repeat([]step{refusing(tt.refused)}, 9))...)
				asked, start := 0, time.Now()
				got, err := get(t, s, s.source(&asked))
				if took := time.Since(start); took > tt.took {
					t.Errorf("took %v, want at most %v", took, tt.took)
				}
				if asked != tt.locations {
					t.Errorf("asked for %d locations, want %d", asked, tt.locations)
				}
				if e, _ := errors.AsType[*Error](err); tt.refused == always && (e == nil || e.Status != 403 || !e.Retryable) {
					t.Errorf("error %v, want one of 403 that may pass", err)
				} else if tt.refused < always && (err != nil || !bytes.Equal(got, f.bytes)) {
					t.Errorf("%d bytes, %v", len(got), err)
				}
			})
		})
	}
}

// Pauses and locations are counted since the last progress.
func TestProgressStartsTheCountOfLocationsAfresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := randomFile(100_000, 1)
		refused := slices.Repeat([]step{status(403, "")}, 3)
		s := newStorage(t, f, slices.Concat(refused, []step{cut(50_000)}, refused, []step{cut(40_000)}, refused)...)
		asked := 0
		got, err := get(t, s, s.source(&asked))
		if err != nil || !bytes.Equal(got, f.bytes) || asked != 4+3+3 {
			t.Errorf("%d bytes, %v, from %d locations, want 10", len(got), err, asked)
		}
	})
}

// Storage that refuses new requests for a while fails no file that one connection could bring, and afterwards several
// connections bring the rest.
func TestNewRangesAreRefusedForAWhile(t *testing.T) {
	f := randomFile(240*testPart, 1) // in 24 s by one connection
	for _, tt := range []struct {
		name      string
		after     int // requests for ranges that are answered before
		refused   time.Duration
		locations int // at most
		limit     time.Duration
	}{
		{"while the first answer is kept", 0, time.Second, 1, 9 * time.Second},
		{"while the first answer is kept, and for longer", 0, 5 * time.Second, 1, 24*time.Second + 2*time.Second},
		{"a tenth of a second", 40, 100 * time.Millisecond, 3, 8 * time.Second},
		{"a second", 40, time.Second, 3, 8 * time.Second},
		{"four seconds", 40, 4 * time.Second, 4, 12 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStorage(t, f, drip(1000, 10*time.Millisecond))
				var mu sync.Mutex
				asked, since := 0, time.Time{}
				s.ranged = func(f *file, w http.ResponseWriter, r *http.Request) {
					mu.Lock()
					if asked++; asked > tt.after && since.IsZero() {
						since = time.Now()
					}
					refused := !since.IsZero() && time.Since(since) < tt.refused
					mu.Unlock()
					if refused {
						status(403, s3("AccessDenied", "Access Denied"))(f, w, r)
						return
					}
					drip(1000, 10*time.Millisecond)(f, w, r)
				}
				a := arrive(t, s, dividing(s, 8, Options{Retries: 5}), 0, swiftly)
				if a.err != nil || !bytes.Equal(a.bytes, f.bytes) {
					t.Fatalf("%d bytes, %v", len(a.bytes), a.err)
				}
				if a.locations > tt.locations || a.took > tt.limit {
					t.Errorf("%d locations in %v, want at most %d in %v", a.locations, a.took, tt.locations, tt.limit)
				}
			})
		})
	}
}
