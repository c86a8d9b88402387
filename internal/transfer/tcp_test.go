package transfer

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/transport"
)

// onLoopback serves s by TCP, with TLS or without, and returns what opens streams of it with the
// client that the program uses, whose connections report what has arrived.
func onLoopback(t *testing.T, s *storage, encrypted bool) func(Options) *Stream {
	t.Helper()
	srv := httptest.NewUnstartedServer(s)
	o := transport.Options{PlainHTTP: true}
	if encrypted {
		srv.StartTLS()
		o.Roots = srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	} else {
		srv.Start()
	}
	client := transport.Storage(o)
	t.Cleanup(func() {
		client.CloseIdleConnections()
		srv.Close()
	})
	source := func(context.Context) (Location, error) {
		u, err := url.Parse(srv.URL + "/photo.jpg")
		return Location{URL: u, Asked: time.Now()}, err
	}
	return func(opts Options) *Stream {
		opts.Client, opts.AllowHTTP, opts.Retries = client, true, 3
		stream, err := New(opts).Open(t.Context(), source, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stream.Close)
		return stream
	}
}

// inChunks tells no length, in chunks of n bytes.
func inChunks(n int) step {
	return func(f *file, w http.ResponseWriter, _ *http.Request) {
		f.headers(w.Header())
		for rest := f.bytes; len(rest) > 0; rest = rest[min(n, len(rest)):] {
			if _, err := w.Write(rest[:min(n, len(rest))]); err != nil {
				return
			}
			w.(http.Flusher).Flush()
		}
	}
}

// Over real connections, a file arrives whole, whatever happens and whether it is hashed or not.
func TestCopyOverTCP(t *testing.T) {
	const size = 9*mib + 1
	f := randomFile(size, 1).with(func(f *file) { f.etag = md5ETag(f.bytes) })
	tests := []struct {
		name   string
		script []step
		held   int
		opts   Options
	}{
		{name: "nothing happens"},
		{name: "some of it is here", held: 3*mib + 17},
		{name: "the connection closes, twice", script: []step{cut(2 * mib), cut(3 * mib)}},
		{name: "the server falls silent", script: []step{stall(2*mib + 5)}, opts: Options{Idle: time.Second}},
		{name: "ranges are ignored", script: []step{cut(2 * mib), whole(-1)}},
		{name: "small chunks", script: []step{inChunks(700)}},
		{name: "large chunks", script: []step{inChunks(100_000)}},
		{name: "a rate", opts: Options{Rate: 1 << 30}},
		{name: "several connections", opts: Options{Connections: 4, Jobs: 4}},
	}
	for _, tt := range tests {
		for _, encrypted := range []bool{false, true} {
			for _, verify := range []bool{false, true} {
				name := tt.name
				if encrypted {
					name += ", TLS"
				}
				if verify {
					name += ", verified"
				}
				t.Run(name, func(t *testing.T) {
					stream := onLoopback(t, newStorage(t, f, tt.script...), encrypted)(tt.opts)
					dst := newPartial(t, f.bytes[:tt.held])
					d := NewDigest(stream.Object(), DigestOptions{Verify: verify})
					stream.Continue(int64(tt.held))
					advanced := 0
					prefix := &closing{Reader: dst.prefix()}
					if err := Copy(t.Context(), dst, stream, d, prefix, func(n int) { advanced += n }); err != nil {
						t.Fatal(err)
					}
					if _, err := d.Check(); err != nil {
						t.Error(err)
					}
					if !bytes.Equal(dst.content(t), f.bytes) {
						t.Error("the file is not what storage has")
					}
					if advanced != size-tt.held {
						t.Errorf("advanced by %d, want %d", advanced, size-tt.held)
					}
				})
			}
		}
	}
}

func TestCopyOverTCPEndsWithItsContext(t *testing.T) {
	f := randomFile(9*mib, 1)
	stream := onLoopback(t, newStorage(t, f, stall(5*mib)), false)(Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dst, advanced := newPartial(t, nil), 0
	err := Copy(ctx, dst, stream, nil, nil, func(n int) {
		if advanced += n; advanced == 5*mib {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Copy = %v, want the context's error", err)
	}
	if got := dst.content(t); !bytes.Equal(got, f.bytes[:5*mib]) {
		t.Errorf("%d bytes on disk, want those that came", len(got))
	}
}
