package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// A location that was not asked for just now is asked for again once, whatever storage says of
// it; one that was is not.
func TestRefusalsAtLocations(t *testing.T) {
	const size = 100_000
	f := randomFile(size, 1)
	tests := []struct {
		name      string
		script    []step
		fresh     int // locations asked for just now: all but the first; 1: the first one, too
		locations int
		requests  int
		status    int // of the failure; 0 for none
	}{
		{"404 at a saved one", []step{status(404, "")}, 0, 2, 2, 0},
		{"410 at a saved one", []step{status(410, "")}, 0, 2, 2, 0},
		{"400 at a saved one", []step{status(400, "")}, 0, 2, 2, 0},
		{"451 at a saved one", []step{status(451, "")}, 0, 2, 2, 0},
		{"416 at a saved one", []step{status(416, "")}, 0, 2, 2, 0},
		{"a redirect to nowhere at a saved one", []step{status(302, "", "Location", "http://[")}, 0, 2, 2, 0},
		{"404 at a saved one, and at the next", []step{status(404, ""), status(404, "")}, 0, 2, 2, 404},
		{"410 at one asked for just now", []step{status(410, "")}, 1, 1, 1, 410},
		{"500 at a saved one until there is no try left, and then at the next", slices.Repeat([]step{status(500, "")}, 9), 0, 2, 5, 500},
		{"500 at a saved one until there is no try left", slices.Repeat([]step{status(500, "")}, 4), 0, 2, 5, 0},
		{"500 at one asked for just now", slices.Repeat([]step{status(500, "")}, 9), 1, 1, 4, 500},
		{"404 at one that was good before", []step{cut(50_000), status(404, "")}, 1, 2, 3, 0},
		{"404 at one that was good before, and at the next", []step{cut(50_000), status(404, ""), status(404, "")}, 1, 2, 3, 404},
		{"404, to come back", []step{status(404, "", "Retry-After", "7")}, 1, 1, 2, 0},
		{"404, to come back, always", slices.Repeat([]step{status(404, "", "Retry-After", "7")}, 9), 1, 1, 4, 404},
		{"412, to come back", slices.Repeat([]step{status(412, "", "Retry-After", "7")}, 3), 1, 1, 4, 0},
		{"403, to come back", []step{status(403, "", "Retry-After", "7")}, 1, 2, 2, 0},
		{"204, to come back", []step{status(204, "", "Retry-After", "7")}, 1, 1, 2, 0},
		{"not ready", []step{status(202, ""), status(202, "", "Retry-After", "7")}, 1, 1, 3, 0},
		{"a CDN in trouble", []step{status(520, ""), status(525, ""), status(530, "")}, 1, 1, 4, 0},
		{"other statuses of servers", []step{status(501, ""), status(507, ""), status(599, "")}, 1, 1, 4, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStorage(t, f, tt.script...)
				asked := 0
				given := s.source(&asked)
				source := func(ctx context.Context) (Location, error) {
					l, err := given(ctx)
					if asked == 1 && tt.fresh == 0 {
						l.Asked = time.Time{}
					}
					return l, err
				}
				got, err := get(t, s, source)
				if tt.status != 0 {
					if e, ok := errors.AsType[*Error](err); !ok || e.Status != tt.status {
						t.Errorf("error %v, want status %d", err, tt.status)
					}
				} else if err != nil || !bytes.Equal(got, f.bytes) {
					t.Errorf("%d bytes, %v", len(got), err)
				}
				if asked != tt.locations || len(s.requests()) != tt.requests {
					t.Errorf("%d locations and %q, want %d and %d requests", asked, s.requests(), tt.locations, tt.requests)
				}
			})
		})
	}
}

// get opens the file at source and reads all of it.
func get(t *testing.T, s *storage, source Source) ([]byte, error) {
	t.Helper()
	stream, err := New(Options{Client: s.client, AllowHTTP: true, Retries: 3}).Open(t.Context(), source, nil)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	var got bytes.Buffer
	err = Copy(t.Context(), &got, stream, nil, nil, nil)
	return got.Bytes(), err
}

// A saved location whose host is gone, or that must not be asked, is asked for again, too.
func TestSavedLocationsThatCannotBeAsked(t *testing.T) {
	for _, saved := range []string{
		"https://gone.example/photo.jpg", "ftp://storage.example/photo.jpg", "https://user:secret@storage.example/photo.jpg", "/photo.jpg",
	} {
		t.Run(saved, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := randomFile(1000, 1)
				s := newStorage(t, f)
				inner := s.client.Transport
				s.client = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					if r.URL.Host != "storage.example" {
						return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", IsNotFound: true}}
					}
					return inner.RoundTrip(r)
				})}
				asked := 0
				given := s.source(&asked)
				source := func(ctx context.Context) (Location, error) {
					l, err := given(ctx)
					if asked == 1 {
						l = Location{}
						l.URL, err = url.Parse(saved)
					}
					return l, err
				}
				got, err := get(t, s, source)
				if err != nil || !bytes.Equal(got, f.bytes) || asked != 2 {
					t.Errorf("%d bytes, %v, of %d locations", len(got), err, asked)
				}
			})
		})
	}
}

// A location that the portal gave a while ago is no longer one that was asked for just now.
func TestHowLongALocationIsFresh(t *testing.T) {
	for age, want := range map[time.Duration]int{justNow - time.Second: 1, justNow: 2} {
		t.Run(fmt.Sprint(age), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStorage(t, randomFile(1000, 1), status(404, ""), status(404, ""))
				asked := 0
				given := s.source(&asked)
				source := func(ctx context.Context) (Location, error) {
					l, err := given(ctx)
					if asked == 1 {
						l.Asked = l.Asked.Add(-age)
					}
					return l, err
				}
				if _, err := get(t, s, source); err == nil || asked != want {
					t.Errorf("%v after %d locations, want %d", err, asked, want)
				}
			})
		})
	}
}
