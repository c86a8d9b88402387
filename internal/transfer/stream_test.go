package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
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

func TestStream(t *testing.T) {
	const size = 100_000
	first, second := randomFile(size, 1), randomFile(size+5, 2)
	sameSize := randomFile(size, 3)
	untagged := first.with(func(f *file) { f.etag = "" })
	weak := first.with(func(f *file) { f.etag = `W/"v1"` })
	anonymous := first.with(func(f *file) { f.etag, f.modified = "", time.Time{} })
	empty := randomFile(0, 4)
	dropETag := func(h http.Header) { h.Del("ETag") }
	repeat := func(n int, s step) []step { return slices.Repeat([]step{s}, n) }
	expired := status(403, s3("AccessDenied", "Request has expired"))

	tests := []struct {
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
	}{
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
			requests:  []string{"GET", `GET 1- if "v1"`, `GET 1- if "v1"`, `GET 2- if "v1"`, `GET 2- if "v1"`},
			locations: 3,
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
			text:     "no byte came in 30s",
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

		// Errors of storage.
		{
			name:     "an overloaded server",
			file:     first,
			script:   []step{status(503, s3("SlowDown", "Please reduce your request rate.")), status(500, ""), cut(2000), status(429, "")},
			requests: []string{"GET", "GET", "GET", `GET 2000- if "v1"`, `GET 2000- if "v1"`},
		},
		{
			name:     "a server that stays overloaded",
			file:     first,
			script:   repeat(9, status(503, s3("SlowDown", "Please reduce\n your \x1b[31mrate.\u202e"))),
			requests: times("GET", 4),
			kind:     Storage,
			status:   503,
			text:     "storage answered 503 Service Unavailable",
		},
		{
			name:     "what storage says is quoted",
			file:     first,
			script:   []step{status(404, s3("NoSuchKey", "The specified key\n\t does not exist.\u202e https://a/b?X-Amz-Signature="+secret))},
			requests: []string{"GET"},
			kind:     Storage,
			status:   404,
			text:     "storage answered 404 Not Found: NoSuchKey: The specified key does not exist. https://a/b",
		},
		{
			name:     "an answer that is no file",
			file:     first,
			script:   []step{status(204, "")},
			requests: []string{"GET"},
			kind:     Storage,
			status:   204,
		},
		{
			name:     "a part where the whole was asked for",
			file:     first,
			script:   []step{fragment("bytes 0-9/100000", 0, 10)},
			requests: []string{"GET"},
			kind:     Protocol,
		},
		{
			name: "a redirect is followed",
			file: first,
			script: []step{func(_ *file, w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/elsewhere?X-Amz-Signature="+secret, http.StatusFound)
			}},
			requests: []string{"GET", "GET"},
		},
		{
			name: "redirects in a circle",
			file: first,
			script: repeat(20, func(_ *file, w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "/elsewhere?X-Amz-Signature="+secret, http.StatusFound)
			}),
			requests: times("GET", 10),
			kind:     Storage,
			status:   302,
		},
		{
			name:     "a redirect that is no URL",
			file:     first,
			script:   []step{status(302, "", "Location", "http://[?X-Amz-Signature="+secret)},
			requests: []string{"GET"},
			kind:     Storage,
			text:     "failed to parse Location header",
		},

		// Locations that expire.
		{
			name:      "expired before the first byte",
			file:      first,
			script:    []step{expired},
			requests:  []string{"GET", "GET"},
			locations: 2,
		},
		{
			name:      "expired in the middle",
			file:      first,
			script:    []step{cut(50_000), expired, cut(10), status(401, "")},
			requests:  []string{"GET", `GET 50000- if "v1"`, `GET 50000- if "v1"`, `GET 50010- if "v1"`, `GET 50010- if "v1"`},
			locations: 3,
		},
		{
			name:      "S3 says with 400 that its own credentials expired",
			file:      first,
			script:    []step{status(400, s3("ExpiredToken", "The provided token has expired."))},
			requests:  []string{"GET", "GET"},
			locations: 2,
		},
		{
			name:     "another 400 is final",
			file:     first,
			script:   []step{status(400, s3("InvalidArgument", "Only one auth mechanism allowed"))},
			requests: []string{"GET"},
			kind:     Storage,
			status:   400,
			text:     "InvalidArgument: Only one auth mechanism allowed",
		},
		{
			name:      "three locations in a row without a byte",
			file:      first,
			script:    repeat(9, expired),
			requests:  times("GET", 3),
			locations: 3,
			kind:      Storage,
			status:    403,
			text:      "AccessDenied: Request has expired, at 3 locations in a row",
		},
		{
			name:      "three new locations in a row without progress, in the middle",
			file:      first,
			script:    slices.Concat([]step{cut(2000)}, repeat(9, expired)),
			requests:  slices.Concat([]string{"GET"}, times(`GET 2000- if "v1"`, 4)),
			locations: 4,
			kind:      Storage,
			status:    403,
		},
		{
			name:      "a location is not used again after the expiry that it tells",
			file:      first,
			script:    []step{stall(10)},
			location:  "&X-Amz-Date=20000101T000000Z&X-Amz-Expires=30",
			requests:  []string{"GET", `GET 10- if "v1"`},
			locations: 2,
		},
		{
			name:     "a location that seems to have expired when it is fresh is tried, and again",
			file:     first,
			script:   []step{stall(10), cut(10)},
			location: "&Expires=1",
			requests: []string{"GET", `GET 10- if "v1"`, `GET 20- if "v1"`},
		},

		// Files that change, and servers that do not care.
		{
			name:     "a changed file is started over",
			file:     first,
			script:   []step{cut(50_000), becomes(second, well)},
			want:     second,
			requests: []string{"GET", `GET 50000- if "v1"`, "GET 50000-", "GET"},
			wasted:   50_000,
		},
		{
			name:     "a changed file is started over once",
			file:     first,
			script:   []step{cut(50_000), becomes(second, unconditional), cut(10), becomes(first, unconditional)},
			requests: []string{"GET", `GET 50000- if "v1"`, "GET", `GET 10- if "v2"`},
			kind:     Storage,
			text:     "the file changed while it was transferred: from 100005 to 100000 bytes",
		},
		{
			name:     "a changed file cannot be started over on standard output",
			file:     first,
			script:   []step{cut(50_000), becomes(sameSize, unconditional)},
			stdout:   true,
			requests: []string{"GET", `GET 50000- if "v1"`},
			kind:     Storage,
			text:     "the file changed while it was transferred",
		},
		{
			name:     "a file that changed before its first byte came is started over",
			file:     first,
			script:   []step{cut(0), becomes(second, well)},
			want:     second,
			requests: []string{"GET", "GET", "GET"},
		},
		{
			name:     "a condition that is ignored",
			file:     first,
			script:   []step{cut(50_000), becomes(sameSize, unconditional)},
			want:     sameSize,
			requests: []string{"GET", `GET 50000- if "v1"`, "GET"},
			wasted:   50_000,
		},
		{
			name:     "a change that only its time tells",
			file:     untagged,
			script:   []step{cut(50_000), becomes(sameSize.with(func(f *file) { f.etag, f.modified = "", lastYear.Add(time.Hour) }), well)},
			want:     sameSize,
			requests: []string{"GET", "GET 50000-", "GET"},
			wasted:   50_000,
		},
		{
			name: "frontends that do not agree on the time, but on the ETag",
			file: first,
			script: []step{cut(50_000), becomes(first.with(func(f *file) { f.modified = lastYear.Add(time.Hour) }),
				well)},
			requests: []string{"GET", `GET 50000- if "v1"`},
		},
		{
			name:     "412 although nothing changed",
			file:     first,
			script:   []step{cut(50_000), unmatched, unmatched},
			requests: []string{"GET", `GET 50000- if "v1"`, "GET 50000-"},
		},
		{
			name:     "412 without a condition",
			file:     first,
			script:   []step{status(412, "")},
			requests: []string{"GET", "GET"},
		},
		{
			name:     "412 whatever is asked",
			file:     first,
			script:   repeat(9, status(412, "")),
			requests: []string{"GET", "GET"},
			kind:     Storage,
			status:   412,
		},
		{
			name:     "416: the partial is dropped",
			file:     first,
			held:     500,
			script:   []step{well, status(416, "")},
			requests: []string{"GET", `GET 500- if "v1"`, "GET"},
			wasted:   500,
		},
		{
			name:     "416 again and again turns ranges off",
			file:     first,
			script:   []step{cut(10), status(416, ""), cut(10), status(416, ""), cut(10)},
			requests: []string{"GET", `GET 10- if "v1"`, "GET", `GET 10- if "v1"`, "GET", "GET"},
			wasted:   30, // two starts, and ten bytes read past
		},
		{
			name:     "416 on standard output",
			file:     first,
			script:   []step{cut(10), status(416, "")},
			stdout:   true,
			requests: []string{"GET", `GET 10- if "v1"`},
			kind:     Storage,
			status:   416,
		},
		{
			name:     "the whole of the same file instead of a range is read past what is there",
			file:     first,
			script:   []step{cut(50_000), whole(-1)},
			stdout:   true,
			requests: []string{"GET", `GET 50000- if "v1"`},
			wasted:   50_000,
		},
		{
			name:     "the second time that a range brings the whole turns ranges off",
			file:     first,
			script:   []step{cut(50_000), whole(60_000), whole(70_000), whole(80_000), whole(-1)},
			requests: []string{"GET", `GET 50000- if "v1"`, `GET 60000- if "v1"`, "GET", "GET"},
			wasted:   50_000 + 60_000 + 70_000 + 80_000,
		},
		{
			name:     "bytes that are read past are no progress",
			file:     first,
			script:   slices.Concat([]step{cut(50_000)}, repeat(9, whole(50_000))),
			requests: []string{"GET", `GET 50000- if "v1"`, `GET 50000- if "v1"`, "GET"},
			kind:     Network,
		},
		{
			name:     "the whole of another file instead of a range",
			file:     first,
			script:   []step{cut(50_000), becomes(sameSize, whole(-1))},
			want:     sameSize,
			requests: []string{"GET", `GET 50000- if "v1"`, "GET"},
			wasted:   50_000,
		},
		{
			name:     "another part than the one asked for, then the right one",
			file:     first,
			script:   []step{cut(100), fragment("bytes 50-99999/100000", 50, size)},
			requests: []string{"GET", `GET 100- if "v1"`, `GET 100- if "v1"`},
		},
		{
			name:     "always another part turns ranges off",
			file:     first,
			script:   []step{cut(100), fragment("bytes 50-99999/100000", 50, size), fragment("pages 1-2/3", 50, size)},
			requests: []string{"GET", `GET 100- if "v1"`, `GET 100- if "v1"`, "GET"},
			wasted:   100,
		},
		{
			name:     "a part that tells another length than the whole did",
			file:     first,
			script:   []step{cut(100), fragment("bytes 100-99999/100001", 100, size), well},
			requests: []string{"GET", `GET 100- if "v1"`, "GET"},
			wasted:   100,
		},
		{
			name:     "parts that always tell another length than the whole did",
			file:     first,
			script:   slices.Repeat([]step{cut(2000), fragment("bytes 2000-99999/100001", 2000, size)}, 4),
			requests: slices.Repeat([]string{"GET", `GET 2000- if "v1"`}, 4),
			kind:     Integrity,
			text:     "storage told a length of 100000 and then of 100001 bytes",
		},
		{
			name:     "parts that tell no ETag prove nothing",
			file:     first,
			script:   []step{cut(100), fragment("bytes 100-99999/100000", 100, size, dropETag), fragment("bytes 100-99999/100000", 100, size, dropETag)},
			requests: []string{"GET", `GET 100- if "v1"`, `GET 100- if "v1"`, "GET"},
			wasted:   100,
		},

		// Files of which little is known.
		{
			name:     "no length",
			file:     first,
			script:   []step{chunked(-1)},
			requests: []string{"GET"},
		},
		{
			name:     "no length, and it breaks: there is no telling what is missing",
			file:     first,
			script:   []step{chunked(50_000), chunked(-1)},
			requests: []string{"GET", "GET"},
			wasted:   50_000,
		},
		{
			name:     "no length, and it keeps breaking",
			file:     first,
			script:   repeat(9, chunked(50_000)),
			requests: times("GET", 4),
			kind:     Network,
		},
		{
			name:     "no length, broken, on standard output",
			file:     first,
			script:   []step{chunked(50_000)},
			stdout:   true,
			requests: []string{"GET"},
			kind:     Network,
		},
		{
			name:     "no length, broken before the first byte",
			file:     first,
			script:   []step{chunked(0), chunked(-1)},
			stdout:   true,
			requests: []string{"GET", "GET"},
		},
		{
			name:     "nothing to know the file by: what breaks is started over",
			file:     anonymous,
			script:   []step{cut(50_000)},
			requests: []string{"GET", "GET"},
			wasted:   50_000,
		},
		{
			name:     "nothing to know the file by, but nothing delivered either",
			file:     anonymous,
			script:   []step{cut(0)},
			stdout:   true,
			requests: []string{"GET", "GET"},
		},
		{
			name:     "a partial of a file that nothing is known of",
			file:     anonymous,
			held:     100,
			requests: []string{"GET", "GET"},
			wasted:   100,
		},
	}
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
