package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// outcome is what became of a transfer.
type outcome struct {
	bytes     []byte
	err       error
	requests  []string
	locations int
	retried   []error
	took      time.Duration
	stream    *Stream // nil where it could not be opened
}

// receive does with a stream what the engine does: it continues what is held, and
// starts over where the stream says so and the destination can.
func receive(ctx context.Context, s *storage, opts Options, held int, restartable bool, more ...string) (o outcome) {
	start := time.Now()
	opts.Client, opts.AllowHTTP = s.client, true
	var stream *Stream
	defer func() {
		if stream != nil {
			stream.Close()
		}
		o.took, o.requests = time.Since(start), s.requests()
	}()
	stream, o.err = New(opts).Open(ctx, s.source(&o.locations, more...), func(err error, _ time.Duration) { o.retried = append(o.retried, err) })
	if o.err != nil {
		return o
	}
	o.stream = stream
	stream.Continue(int64(held))
	o.bytes = slices.Clone(s.file.bytes[:held])
	for {
		o.err = Copy(ctx, writerFunc(func(p []byte) (int, error) {
			o.bytes = append(o.bytes, p...)
			return len(p), nil
		}), stream, nil, nil, nil)
		if o.err == nil || !restartable {
			return o
		}
		if o.err = stream.Restart(o.err); o.err != nil {
			return o
		}
		o.bytes = nil
	}
}

// streamTest is a file that is received from storage that follows a script.
type streamTest struct {
	name     string
	file     *file
	script   []step
	held     int
	stdout   bool   // the destination cannot start over
	retries  int    // 3 for zero
	location string // more of the query

	want      *file    // what is received; file for nil
	requests  []string // what storage is asked
	locations int      // 1 for zero
	wasted    int      // bytes fetched beside those needed

	kind   Kind // the failure
	status int
	text   string // in the error's
}

// testStreams receives files.
func testStreams(t *testing.T, tests []streamTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStorage(t, tt.file, tt.script...)
				retries := tt.retries
				if retries == 0 {
					retries = 3
				}
				o := receive(t.Context(), s, Options{Retries: retries}, tt.held, !tt.stdout, tt.location)

				if !slices.Equal(o.requests, tt.requests) {
					t.Errorf("requests:\n got %q\nwant %q", o.requests, tt.requests)
				}
				if want := max(tt.locations, 1); o.locations != want {
					t.Errorf("asked for %d locations, want %d", o.locations, want)
				}
				for _, err := range append(o.retried, o.err) {
					if err != nil && (strings.Contains(err.Error(), secret) || strings.ContainsAny(err.Error(), "\x1b\n\u202e")) {
						t.Errorf("an error shows what it must not: %q", err)
					}
				}
				if tt.kind != "" {
					e, ok := errors.AsType[*Error](o.err)
					if !ok || e.Kind != tt.kind || e.Status != tt.status || !strings.Contains(e.Error(), tt.text) {
						t.Fatalf("error %#v (%v), want %s, status %d, with %q", e, o.err, tt.kind, tt.status, tt.text)
					}
					if errors.Is(o.err, io.EOF) {
						t.Errorf("a reader would take %v for the end", o.err)
					}
					if prefix := tt.file.bytes[:min(len(o.bytes), len(tt.file.bytes))]; o.stream != nil && !o.stream.changed && !bytes.Equal(o.bytes, prefix) {
						t.Errorf("what was delivered before the failure is no prefix of the file")
					}
					return
				}
				if o.err != nil {
					t.Fatal(o.err)
				}
				want := tt.want
				if want == nil {
					want = tt.file
				}
				if !bytes.Equal(o.bytes, want.bytes) {
					t.Errorf("got %d bytes that are not the file's %d", len(o.bytes), len(want.bytes))
				}
				if fetched := o.stream.fetched.Load(); fetched != int64(len(want.bytes)-tt.held+tt.wasted) {
					t.Errorf("fetched %d bytes for a file of %d, want %d more", fetched, len(want.bytes), tt.wasted)
				}
			})
		})
	}
}

func times(s string, n int) []string { return slices.Repeat([]string{s}, n) }

func TestStream(t *testing.T) {
	const size = 100_000
	first := randomFile(100_000, 1)
	weak := first.with(func(f *file) { f.etag = `W/"v1"` })
	empty := randomFile(0, 4)
	repeat := func(n int, s step) []step { return slices.Repeat([]step{s}, n) }
	expired := status(403, s3("AccessDenied", "Request has expired"))
	testStreams(t, []streamTest{
		{
			name:     "a healthy server",
			file:     first,
			requests: []string{"GET"},
		},
		{
			name:     "an empty file",
			file:     empty,
			requests: []string{"GET"},
		},
		{
			name:     "a partial is continued",
			file:     first,
			held:     60_000,
			requests: []string{"GET", `GET 60000- if "v1"`},
		},
		{
			name:     "a partial that is whole asks for no more",
			file:     first,
			held:     size,
			requests: []string{"GET"},
		},
		{
			name:     "without a strong ETag the time of the last change identifies the file, and no condition is sent",
			file:     weak,
			held:     60_000,
			requests: []string{"GET", "GET 60000-"},
		},

		// Connections that break.
		{
			name:     "a connection cut in the middle is continued from the last byte",
			file:     first,
			script:   []step{cut(10_000), cut(20_000)},
			requests: []string{"GET", `GET 10000- if "v1"`, `GET 30000- if "v1"`},
		},
		{
			name:     "a connection closed without an answer",
			file:     first,
			script:   []step{hangUp, cut(10), hangUp},
			requests: []string{"GET", "GET", `GET 10- if "v1"`, `GET 10- if "v1"`},
		},
		{
			name:     "tries are counted only in a row without progress",
			file:     first,
			script:   []step{hangUp, hangUp, cut(2000), hangUp, cut(2000), hangUp, cut(2000)},
			retries:  2,
			requests: slices.Concat(times("GET", 3), times(`GET 2000- if "v1"`, 2), times(`GET 4000- if "v1"`, 2), []string{`GET 6000- if "v1"`}),
		},
		{
			name:     "a byte from each connection is no progress",
			file:     first,
			script:   repeat(99, cut(1)),
			requests: []string{"GET", `GET 1- if "v1"`, `GET 2- if "v1"`, `GET 3- if "v1"`},
			kind:     Network,
		},
		{
			name: "nor is a byte in each part",
			file: first,
			script: []step{cut(2000), fragment("bytes 2000-2000/100000", 2000, 2001), fragment("bytes 2001-2001/100000", 2001, 2002),
				fragment("bytes 2002-2002/100000", 2002, 2003), fragment("bytes 2003-2003/100000", 2003, 2004), fragment("bytes 2004-2004/100000", 2004, 2005)},
			requests: []string{"GET", `GET 2000- if "v1"`, `GET 2001- if "v1"`, `GET 2002- if "v1"`},
			kind:     Network,
			text:     "storage answered with 1 bytes of those that were asked for",
		},
		{
			name:      "nor is a byte at each location",
			file:      first,
			script:    slices.Concat(slices.Repeat([]step{cut(1), expired}, 2), repeat(9, expired)),
			requests:  []string{"GET", `GET 1- if "v1"`, `GET 1- if "v1"`, `GET 2- if "v1"`, `GET 2- if "v1"`, `GET 2- if "v1"`},
			locations: 4,
			kind:      Storage,
			status:    403,
		},
		{
			name:     "a connection that drips is given up",
			file:     first,
			script:   repeat(9, drip(1, 29*time.Second)), // two bytes in 30 s
			requests: []string{"GET", `GET 2- if "v1"`, `GET 4- if "v1"`, `GET 6- if "v1"`},
			kind:     Timeout,
		},
		{
			name:     "a slow one is not",
			file:     first,
			script:   []step{drip(50, time.Second)},
			requests: []string{"GET"},
		},
		{
			name:     "a connection that keeps breaking",
			file:     first,
			script:   slices.Concat([]step{cut(10)}, repeat(9, hangUp)),
			requests: slices.Concat([]string{"GET"}, times(`GET 10- if "v1"`, 3)),
			kind:     Network,
			text:     "get http://storage.example/1/photo.jpg: the connection ended early",
		},
		{
			name:     "a server that falls silent",
			file:     first,
			script:   []step{stall(10_000), silent},
			requests: []string{"GET", `GET 10000- if "v1"`, `GET 10000- if "v1"`},
		},
		{
			name:     "a server that stays silent",
			file:     first,
			script:   repeat(9, silent),
			requests: times("GET", 4),
			kind:     Timeout,
			text:     "received nothing in 30s",
		},
		{
			name: "an answer of less than the range is taken and the rest asked for",
			file: first,
			script: []step{cut(100), fragment("bytes 100-999/100000", 100, 1000),
				fragment("bytes 1000-1099/100000", 1000, 1100)},
			requests: []string{"GET", `GET 100- if "v1"`, `GET 1000- if "v1"`, `GET 1100- if "v1"`},
		},
		{
			name:     "a body that is longer than its range is cut",
			file:     first,
			script:   []step{cut(100), fragment("bytes 100-109/100000", 100, 500)},
			requests: []string{"GET", `GET 100- if "v1"`, `GET 110- if "v1"`},
		},
	})
}
