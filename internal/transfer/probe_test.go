package transfer

import (
	"bytes"
	"slices"
	"testing"
)

func TestProbe(t *testing.T) {
	f, next := randomFile(100_000, 1), randomFile(100_000, 2)
	for _, tt := range []struct {
		name   string
		file   *file
		script []step
		asked  []string // until storage has told the object
		whole  []string // and for its bytes
		starts bool     // over, because it is another file by then
	}{
		{"the first byte", f, nil, []string{"GET 0-0"}, []string{"GET"}, false},
		{"ranges are ignored", f, []step{whole(-1)}, []string{"GET 0-0"}, nil, false},
		{"an empty file", randomFile(0, 1), []step{status(416, "")}, []string{"GET 0-0", "GET"}, nil, false},
		{"another part", f, []step{fragment("bytes 5-5/100000", 5, 6)}, []string{"GET 0-0", "GET"}, nil, false},
		{"no length", f, []step{fragment("bytes 0-0/*", 0, 1)}, []string{"GET 0-0", "GET"}, nil, false},
		{"a failure before", f, []step{status(503, "")}, []string{"GET 0-0", "GET 0-0"}, []string{"GET"}, false},
		{"another file then", f, []step{well, becomes(next, well)}, []string{"GET 0-0"}, []string{"GET"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStorage(t, tt.file, tt.script...)
			stream, err := New(Options{Client: s.client, AllowHTTP: true, Retries: 3}).Probe(t.Context(), s.source(new(int)), nil)
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

// A connection is kept when a file turns out to be in place, if it was probed or is small.
func TestConnectionsOfFilesInPlace(t *testing.T) {
	for name, probe := range map[string]bool{"small": false, "probed": true} {
		t.Run(name, func(t *testing.T) {
			size := 10_000
			if probe {
				size = 10_000_000
			}
			s := newStorage(t, randomFile(size, 1))
			opener := New(Options{Client: s.client, AllowHTTP: true})
			for range 20 {
				open := opener.Open
				if probe {
					open = opener.Probe
				}
				stream, err := open(t.Context(), s.source(new(int)), nil)
				if err != nil {
					t.Fatal(err)
				}
				stream.Close()
			}
			if n := s.listener.dialed.Load(); n > 2 {
				t.Errorf("%d connections for 20 files", n)
			}
		})
	}
}
