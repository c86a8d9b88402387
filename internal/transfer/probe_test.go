package transfer

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestFileInPlaceIsProbed(t *testing.T) {
	f, next := randomFile(100_000, 1), randomFile(100_000, 2)
	tagged := Object{ETag: f.etag, Size: 100_000}
	unless := "GET unless " + f.etag
	other := func(tag string) step {
		if tag == "" {
			return status(http.StatusNotModified, "")
		}
		return status(http.StatusNotModified, "", "ETag", tag)
	}
	for _, tt := range []struct {
		name   string
		file   *file
		known  Object
		script []step
		asked  []string // until storage has told the object
		whole  []string // and for its bytes
		starts bool     // over, because it is another file by then
	}{
		{"the first byte", f, Object{}, nil, []string{"GET 0-0"}, []string{"GET"}, false},
		{"ranges are ignored", f, Object{}, []step{whole(-1)}, []string{"GET 0-0"}, nil, false},
		{"an empty file", randomFile(0, 1), Object{}, []step{status(416, "")}, []string{"GET 0-0", "GET"}, nil, false},
		{"another part", f, Object{}, []step{fragment("bytes 5-5/100000", 5, 6)}, []string{"GET 0-0", "GET"}, nil, false},
		{"no length", f, Object{}, []step{fragment("bytes 0-0/*", 0, 1)}, []string{"GET 0-0", "GET"}, nil, false},
		{"a failure before", f, Object{}, []step{status(503, "")}, []string{"GET 0-0", "GET 0-0"}, []string{"GET"}, false},
		{"another file later", f, Object{}, []step{well, becomes(next, well)}, []string{"GET 0-0"}, []string{"GET"}, true},
		{"a weak ETag is no condition", f, Object{ETag: "W/" + f.etag, Size: 100_000}, nil, []string{"GET 0-0"}, []string{"GET"}, false},
		{"the file that is known", f, tagged, nil, []string{unless}, []string{"GET"}, false},
		{"another file than is known", next, tagged, nil, []string{unless}, nil, false},
		{"the condition is ignored", f, tagged, []step{whole(-1)}, []string{unless}, nil, false},
		{"304 with another ETag", f, tagged, []step{other(`"v2"`)}, []string{unless, "GET"}, nil, false},
		{"304 with the ETag, weak", f, tagged, []step{other("W/" + f.etag)}, []string{unless, "GET"}, nil, false},
		{"304 without an ETag", f, tagged, []step{other("")}, []string{unless, "GET"}, nil, false},
		{"412 to the condition", f, tagged, []step{status(412, "")}, []string{unless, "GET"}, nil, false},
		{"304 to a range", f, Object{}, []step{other(f.etag)}, []string{"GET 0-0", "GET"}, nil, false},
		{"a part in place of the whole", f, tagged, []step{fragment("bytes 5-5/100000", 5, 6)}, []string{unless, "GET"}, nil, false},
		{"a failure before the 304", f, tagged, []step{status(503, "")}, []string{unless, unless}, []string{"GET"}, false},
		{"an expired location before the 304", f, tagged, []step{status(403, "")}, []string{unless, unless}, []string{"GET"}, false},
		{"another file after the 304", f, tagged, []step{well, becomes(next, well)}, []string{unless}, []string{"GET"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStorage(t, tt.file, tt.script...)
			source := inPlace(s.source(new(int)), tt.known)
			stream, err := New(Options{Client: s.client, AllowHTTP: true, Retries: 3}).Open(t.Context(), source, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer stream.Close()
			if o := stream.Object(); o.Size != int64(len(tt.file.bytes)) || o.ETag != tt.file.etag {
				t.Errorf("the object is %+v", o)
			}
			if got := s.requests(); !slices.Equal(got, tt.asked) || stream.Probed() != (tt.whole != nil) {
				t.Errorf("storage was asked %q, want %q; probed: %t", got, tt.asked, stream.Probed())
			}
			if err := stream.Whole(); tt.starts != StartsOver(err) || !tt.starts && err != nil {
				t.Fatalf("Whole: %v", err)
			}
			if got := s.requests()[len(tt.asked):]; !slices.Equal(got, tt.whole) {
				t.Errorf("storage was then asked %q, want %q", got, tt.whole)
			}
			if tt.starts {
				return
			}
			var got bytes.Buffer
			if err := Copy(t.Context(), &got, stream, NewDigest(stream.Object(), DigestOptions{}), nil, func(int) {}); err != nil || !bytes.Equal(got.Bytes(), tt.file.bytes) {
				t.Errorf("%d bytes were read, %v", got.Len(), err)
			}
		})
	}
}

// 304 to a request without a condition is a failure.
func TestNotModifiedWithoutCondition(t *testing.T) {
	s := newStorage(t, randomFile(1000, 1), status(http.StatusNotModified, ""))
	_, err := New(Options{Client: s.client, AllowHTTP: true}).Open(t.Context(), s.source(new(int)), nil)
	if e, ok := errors.AsType[*Error](err); !ok || e.Kind != Storage || e.Status != http.StatusNotModified {
		t.Errorf("error %v", err)
	}
}

// A connection is kept when a file turns out to be in place, if it was probed or if little is left of its answer.
func TestConnectionsOfFilesInPlace(t *testing.T) {
	for _, tt := range []struct {
		name   string
		size   int
		known  *Object
		rate   int64
		answer step
		kept   bool
	}{
		{"small", 10_000, nil, 0, well, true},
		{"as large as is read to its end", 256 << 10, nil, 0, well, true},
		{"larger", 256<<10 + 1, nil, 0, well, false},
		{"the first byte", 10_000_000, &Object{}, 0, well, true},
		{"a condition that holds", 10_000_000, &Object{ETag: `"v1"`}, 0, well, true},
		{"a condition that is ignored, small", 10_000, &Object{ETag: `"v1"`}, 0, whole(-1), true},
		{"larger than the rate allows at once", 10_000, nil, 100_000, well, false},
		{"too slow", 10_000, nil, 0, stall(1000), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const files = 5
				f := randomFile(tt.size, 1)
				f.etag = `"v1"`
				s := newStorage(t, f, slices.Repeat([]step{tt.answer}, files)...)
				opener := New(Options{Client: s.client, AllowHTTP: true, Rate: tt.rate})
				start := time.Now()
				for range files {
					source := s.source(new(int))
					if tt.known != nil {
						source = inPlace(source, *tt.known)
					}
					stream, err := opener.Open(t.Context(), source, nil)
					if err != nil {
						t.Fatal(err)
					}
					stream.Close()
				}
				if n := s.listener.dialed.Load(); tt.kept && n != 1 || !tt.kept && n != files {
					t.Errorf("%d connections for %d files", n, files)
				}
				if took := time.Since(start); took > files*maxDraining {
					t.Errorf("closing %d files took %s", files, took)
				}
			})
		})
	}
}

// A failure at a tentative location is final, at once and whatever it asks for, unless it has brought bytes. It says nothing of
// storage elsewhere.
func TestTentativeLocation(t *testing.T) {
	f := randomFile(100_000, 1)
	for _, tt := range []struct {
		name     string
		script   []step
		fails    bool
		answered []int
	}{
		{"is good", nil, false, []int{200}},
		{"503", []step{status(503, "", "Retry-After", "300")}, true, nil},
		{"429", []step{status(429, "", "Retry-After", "300")}, true, nil},
		{"404", []step{status(404, "")}, true, nil},
		{"403", []step{status(403, "")}, true, nil},
		{"breaks in the middle", []step{cut(50_000)}, false, []int{200, 206}},
		{"breaks in the middle, and is busy", []step{cut(50_000), status(503, "", "Retry-After", "300")}, false, []int{200, 206}},
		{"breaks in the middle, and refuses", []step{cut(50_000), status(403, "", "Retry-After", "300")}, false, []int{200, 206}},
		{"breaks in the middle, and has no file", []step{cut(50_000), status(404, "", "Retry-After", "300")}, false, []int{200, 206}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, asked := newStorage(t, f, tt.script...), 0
				portal := s.source(&asked)
				source := func(ctx context.Context) (Location, error) {
					at, err := portal(ctx)
					at.Asked, at.Tentative = time.Time{}, true
					return at, err
				}
				var answered []int
				o := Options{Client: s.client, AllowHTTP: true, Retries: 3, Answered: func(status int, _ time.Duration) { answered = append(answered, status) }}
				start := time.Now()
				stream, err := New(o).Open(t.Context(), source, func(error, time.Duration) {})
				if tt.fails {
					if _, ok := errors.AsType[*Error](err); !ok || asked != 1 || answered != nil || time.Since(start) > time.Second {
						t.Errorf("%v, after %s, %d locations, answers %d", err, time.Since(start), asked, answered)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer stream.Close()
				var got bytes.Buffer
				if err := Copy(t.Context(), &got, stream, nil, nil, nil); err != nil || !bytes.Equal(got.Bytes(), f.bytes) {
					t.Errorf("%d bytes, %v", got.Len(), err)
				}
				if refused := len(tt.script) == 2; (asked > 1) != refused || time.Since(start) > 2*time.Second || !slices.Equal(answered, tt.answered) {
					t.Errorf("%d locations, answers %d, want %d", asked, answered, tt.answered)
				}
			})
		})
	}
}
