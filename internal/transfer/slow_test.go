package transfer

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// paced writes n bytes at a time, with a pause before each.
type paced struct {
	http.ResponseWriter
	ctx   context.Context // of the request
	n     int
	pause func() time.Duration
}

func (p *paced) Write(b []byte) (written int, err error) {
	for len(b) > 0 && err == nil {
		if err := retry.Sleep(p.ctx, p.pause()); err != nil {
			return written, err
		}
		var n int
		n, err = p.ResponseWriter.Write(b[:min(p.n, len(b))])
		p.ResponseWriter.(http.Flusher).Flush()
		written, b = written+n, b[n:]
	}
	return written, err
}

// drip answers well, but with n bytes at a time, and a pause before each.
func drip(n int, pause time.Duration) step {
	return func(f *file, w http.ResponseWriter, r *http.Request) {
		f.serve(&paced{w, r.Context(), n, func() time.Duration { return pause }}, r)
	}
}

func TestWhatIsSlowIsAskedForAgain(t *testing.T) {
	f := randomFile(10*testPart, 1)
	slow := drip(100, time.Second) // a part in 100 s
	late := func(f *file, w http.ResponseWriter, r *http.Request) {
		if retry.Sleep(r.Context(), time.Second) == nil {
			f.serve(w, r)
		}
	}
	tests := []struct {
		name   string
		first  step
		parts  map[string][]step
		ranged step   // for what has no entry in parts
		end    string // of the ranges that are slow
		asked  int    // how often
		within time.Duration
	}{
		{
			name:   "a part that trickles",
			first:  firstOnly,
			parts:  map[string][]step{"30000-39999": {slow}},
			end:    "-39999",
			asked:  2,
			within: 3 * time.Second,
		},
		{
			name:   "a part that is silent",
			first:  firstOnly,
			parts:  map[string][]step{"30000-39999": {silent}},
			end:    "-39999",
			asked:  2,
			within: time.Second,
		},
		{
			name:   "a part, twice: each request has more time",
			first:  firstOnly,
			parts:  map[string][]step{"30000-39999": {late, silent}},
			end:    "-39999",
			asked:  3,
			within: time.Second,
		},
		{
			name:   "the first answer, which falls silent",
			first:  stall(5000),
			end:    "-9999",
			asked:  1,
			within: time.Second,
		},
		{
			name:   "the first answer, which trickles",
			first:  drip(100, 50*time.Millisecond), // in 5 s
			end:    "-9999",
			asked:  1,
			within: time.Second,
		},
		{
			name:   "not what is as slow as all",
			first:  drip(100, 10*time.Millisecond),
			ranged: drip(100, 10*time.Millisecond), // a part in 1 s
			end:    "-39999",
			asked:  1,
			within: 5 * time.Second,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStorage(t, f, tt.first)
				s.parts, s.ranged = tt.parts, tt.ranged
				a := arrive(t, s, dividing(s, 3, Options{Retries: 3}), 0, swiftly)
				if a.err != nil || !bytes.Equal(a.bytes, f.bytes) {
					t.Fatalf("%d bytes, %v, after %q", len(a.bytes), a.err, a.requests)
				}
				asked := 0
				for _, r := range a.requests {
					if strings.Contains(r, tt.end+" if ") {
						asked++
					}
				}
				if asked != tt.asked {
					t.Errorf("asked %d times for what ends with %s, want %d: %q", asked, tt.end, tt.asked, a.requests)
				}
				if a.took > tt.within {
					t.Errorf("took %v, want at most %v", a.took, tt.within)
				}
				if a.fetched < int64(len(f.bytes)) {
					t.Errorf("fetched %d bytes for %d", a.fetched, len(f.bytes))
				}
				if len(a.retried) != 0 {
					t.Errorf("told of %v: what is slow has not failed", a.retried)
				}
			})
		})
	}
}
