package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const testPart = 10_000

// dividing returns an Opener that uses level connections for one file from the
// beginning, for parts of 10,000 bytes.
func dividing(s *storage, level int, opts Options) *Opener {
	opts.Client, opts.AllowHTTP = s.client, true
	opts.Connections = level
	o := New(opts)
	o.layout = layout{smallest: 1, large: 1 << 40, partSize: testPart, shortest: testPart, eager: true}
	o.opts.Memory = &room{most: 41 * testPart}
	return o
}

// arrival is what came of a file by several connections.
type arrival struct {
	outcome
	fetched int64
}

// arrive copies a file to its end, or until it fails, by Restart where that helps. written is called
// for each n bytes in place of a destination that takes its time.
func arrive(t *testing.T, s *storage, o *Opener, held int, written func(stream *Stream, n int)) (a arrival) {
	t.Helper()
	start := time.Now()
	stream, err := o.Open(t.Context(), s.source(&a.locations), func(err error, _ time.Duration) { a.retried = append(a.retried, err) })
	if err != nil {
		a.err = err
		return a
	}
	stream.Continue(int64(held))
	a.bytes = slices.Clone(s.file.bytes[:held])
	for {
		err := Copy(t.Context(), writerFunc(func(p []byte) (int, error) {
			a.bytes = append(a.bytes, p...)
			written(stream, len(p))
			return len(p), nil
		}), stream, nil, nil, nil)
		if err == nil {
			break
		}
		if err = stream.Restart(err); err != nil {
			a.err = err
			break
		}
		a.bytes = nil
	}
	a.took, a.fetched = time.Since(start), stream.fetched.Load()
	stream.Close()
	a.requests = s.requests()
	if taken(o) != 0 || o.shares.files != 0 || len(o.shares.wants) != 0 {
		t.Errorf("after Close %d bytes are taken and %d files in flight, %d of which want more", taken(o), o.shares.files, len(o.shares.wants))
	}
	return a
}

func swiftly(*Stream, int) {}

// slowly lets the parts be far ahead, and try again what fails, before they are read.
func slowly(*Stream, int) {
	time.Sleep(3 * time.Second) //nolint:forbidigo // the clock is the bubble's
}

// firstOnly answers the first request with the bytes of the first part, and then nothing.
var firstOnly = stall(testPart)

func ranges(n int, except ...int) []string {
	var want []string
	for i := 1; i < n; i++ {
		if !slices.Contains(except, i) {
			want = append(want, fmt.Sprintf(`GET %d-%d if "v1"`, i*testPart, (i+1)*testPart-1))
		}
	}
	return want
}

func TestParallelStream(t *testing.T) {
	const size = 10 * testPart
	first := randomFile(size, 1)
	second := randomFile(size+5, 2)
	expiredAt := func(path string) step {
		return func(f *file, w http.ResponseWriter, r *http.Request) {
			if from := r.Header.Get("Range"); strings.HasPrefix(r.URL.Path, path) && from >= "bytes=50000" {
				status(403, s3("AccessDenied", "Request has expired"))(f, w, r)
				return
			}
			f.serve(w, r)
		}
	}
	busy := status(503, s3("SlowDown", "Please reduce your request rate."))
	from30000 := func(then step) step {
		return func(f *file, w http.ResponseWriter, r *http.Request) {
			if from := r.Header.Get("Range"); from >= "bytes=30000" && from < "bytes=4" {
				then(f, w, r)
				return
			}
			f.serve(w, r)
		}
	}
	tests := []struct {
		name     string
		file     *file
		script   []step
		parts    map[string][]step
		ranged   step
		held     int
		level    int // 3 for zero
		slow     bool
		requests []string // in any order; nil where that is left open
		want     *file
		located  int // 1 for zero
		retried  int
		kind     Kind
		text     string
	}{
		{
			name:     "each part is asked for once",
			file:     first,
			script:   []step{firstOnly},
			requests: append(ranges(10), "GET"),
		},
		{
			name:     "what is held is not asked for",
			file:     first,
			held:     35_000,
			script:   []step{well, firstOnly},
			requests: []string{"GET", `GET 35000- if "v1"`, `GET 45000-54999 if "v1"`, `GET 55000-64999 if "v1"`, `GET 65000-74999 if "v1"`, `GET 75000-84999 if "v1"`, `GET 85000-94999 if "v1"`, `GET 95000-99999 if "v1"`},
		},
		{
			name:     "a part that breaks before the reader comes is tried again alone",
			file:     first,
			script:   []step{firstOnly},
			parts:    map[string][]step{"30000-39999": {cut(4000)}},
			slow:     true,
			requests: append(ranges(10), "GET", `GET 34000-39999 if "v1"`),
			retried:  1,
		},
		{
			name:     "a part that breaks when the reader is there is the reader's",
			file:     first,
			script:   []step{firstOnly},
			parts:    map[string][]step{"30000-39999": {cut(4000)}, "34000-39999": {busy}},
			requests: append(ranges(10), "GET", `GET 34000-39999 if "v1"`, `GET 34000-39999 if "v1"`),
			retried:  2,
		},
		{
			name:   "tries are counted only in a row without progress",
			file:   first,
			script: []step{firstOnly},
			parts: map[string][]step{"30000-39999": {cut(1500)}, "31500-39999": {cut(1500)}, "33000-39999": {cut(1500)}, "34500-39999": {cut(1500)},
				"36000-39999": {cut(1500)}, "37500-39999": {cut(1500)}},
			retried: 6,
		},
		{
			name:   "a byte from each connection is no progress of a part",
			file:   first,
			script: []step{firstOnly},
			ranged: from30000(cut(1)),
			kind:   Network,
		},
		{
			name:   "a part that never comes fails the file, after all that comes before it",
			file:   first,
			script: []step{firstOnly},
			ranged: from30000(busy),
			kind:   Storage,
			text:   "storage answered 503 Service Unavailable",
		},
		{
			name:    "an expiry in the middle renews the location once for all parts",
			file:    first,
			script:  []step{firstOnly},
			ranged:  expiredAt("/1/"),
			located: 2,
			retried: 1,
		},
		{
			name:    "an expiry that no new location helps against",
			file:    first,
			script:  []step{firstOnly},
			ranged:  expiredAt("/"),
			located: 4,
			retried: 3,
			kind:    Storage,
			text:    "AccessDenied: Request has expired, after 4 download URLs",
		},
		{
			name:    "412 to every condition",
			file:    first,
			script:  []step{drip(1000, 10*time.Millisecond)},
			ranged:  unmatched,
			retried: 1,
		},
		{
			name:   "a changed file is started over",
			file:   first,
			script: []step{firstOnly},
			parts:  map[string][]step{"30000-39999": {becomes(second, well)}},
			want:   second,
		},
		{
			name:    "the first answer breaks while others fetch what follows",
			file:    first,
			script:  []step{cut(5000)},
			retried: 1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStorage(t, tt.file, tt.script...)
				s.parts, s.ranged = tt.parts, tt.ranged
				read, level := swiftly, max(tt.level, 3)
				if tt.slow {
					read = slowly
				}
				a := arrive(t, s, dividing(s, level, Options{Retries: 3}), tt.held, read)
				if tt.requests != nil && !slices.Equal(slices.Sorted(slices.Values(a.requests)), slices.Sorted(slices.Values(tt.requests))) {
					t.Errorf("requests:\n got %q\nwant %q", a.requests, tt.requests)
				}
				if a.locations != max(tt.located, 1) {
					t.Errorf("asked for %d locations, want %d", a.locations, max(tt.located, 1))
				}
				if tt.retried > 0 && len(a.retried) != tt.retried {
					t.Errorf("told of %d tries, want %d: %v, after %q", len(a.retried), tt.retried, a.retried, a.requests)
				}
				for _, err := range append(a.retried, a.err) {
					if err != nil && strings.Contains(err.Error(), secret) {
						t.Errorf("an error shows what it must not: %q", err)
					}
				}
				if tt.kind != "" {
					e, ok := errors.AsType[*Error](a.err)
					if !ok || e.Kind != tt.kind || !strings.Contains(e.Error(), tt.text) {
						t.Fatalf("error %v, want %s with %q", a.err, tt.kind, tt.text)
					}
					if !bytes.HasPrefix(tt.file.bytes, a.bytes) || len(a.bytes) < 3*testPart {
						t.Errorf("%d bytes came before the failure, or others", len(a.bytes))
					}
					return
				}
				want := tt.want
				if want == nil {
					want = tt.file
				}
				if a.err != nil || !bytes.Equal(a.bytes, want.bytes) {
					t.Errorf("%d bytes, %v, after %q", len(a.bytes), a.err, a.requests)
				}
			})
		})
	}
}

// A file that became a small one, for which one connection is enough, has no part any more at which
// that connection would have to stop.
func TestAFileThatBecomesSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		large, small := randomFile(10*testPart, 1), randomFile(5*testPart, 2)
		s := newStorage(t, large, cut(testPart/2))
		s.ranged = becomes(small, unconditional)
		o := dividing(s, 2, Options{Retries: 3})
		o.layout.smallest = 6 * testPart
		got := arrive(t, s, o, 0, swiftly)
		if got.err != nil || !bytes.Equal(got.bytes, small.bytes) {
			t.Errorf("%d bytes, %v; want the small file", len(got.bytes), got.err)
		}
	})
}

func TestAContextEndsAllConnections(t *testing.T) {
	for name, ranged := range map[string]step{"silent": silent, "stalled": stall(10), "busy": status(503, "", "Retry-After", "500")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStorage(t, randomFile(10*testPart, 1), firstOnly)
				s.ranged = ranged
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				o := dividing(s, 4, Options{Retries: 3})
				stream, err := o.Open(ctx, s.source(new(int)), nil)
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				err = Copy(ctx, io.Discard, stream, nil, nil, nil)
				if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) || took > 5*time.Second+time.Millisecond {
					t.Errorf("%v after %v, want the context's error after 5s", err, took)
				}
				// Without Close: the goroutines have ended with the failure.
				if stream.queue != nil || taken(o) != 0 || o.shares.files != 0 {
					t.Errorf("the queue is open, with %d bytes, %d files", taken(o), o.shares.files)
				}
			})
		})
	}
}
