package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bynder-cli/bynder/internal/transport"
)

// piped is a partial that bytes can be moved to out of a pipe.
type piped struct {
	partial
	moved int
}

func (p *piped) WriteFrom(pipe *Pipe) (int, error) {
	n, err := pipe.MoveTo(p.File)
	p.moved += n
	return n, err
}

// onLoopback serves s by TCP, and returns what opens streams of it with the client that the
// program uses.
func onLoopback(t *testing.T, s *storage) func(Options) *Stream {
	t.Helper()
	srv := httptest.NewServer(s)
	client := transport.Storage(transport.Options{PlainHTTP: true})
	t.Cleanup(func() {
		client.CloseIdleConnections()
		srv.Close()
	})
	source := func(context.Context) (Location, error) {
		u, err := url.Parse(srv.URL + "/photo.jpg")
		return Location{URL: u}, err
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

// Bytes that need not be looked at arrive whole, whatever happens, and most of them by the
// short way.
func TestCopyPastMemory(t *testing.T) {
	const size = 9*mib + 1
	f := randomFile(size, 1)
	tests := []struct {
		name   string
		script []step
		held   int
		opts   Options
		dst    func(t *testing.T, p *piped)
		pipe   func(t *testing.T) *Pipe // in place of the Stream's own
		// least and most are how many bytes come by the pipe.
		least, most int
	}{
		{name: "nothing happens", least: size - mib, most: size},
		{name: "some of it is here", held: 3*mib + 17, least: 5 * mib, most: size},
		{name: "the connection closes, twice", script: []step{cut(2 * mib), cut(3 * mib)}, least: 7 * mib, most: size},
		{name: "the server falls silent", script: []step{stall(2*mib + 5)}, opts: Options{Idle: time.Second}, least: 7 * mib, most: size},
		{name: "ranges are ignored", script: []step{cut(2 * mib), whole(-1)}, least: 5 * mib, most: size},
		{name: "small chunks", script: []step{inChunks(700)}},
		{name: "large chunks", script: []step{inChunks(100_000)}},
		{name: "a rate", opts: Options{Limiter: NewRateLimiter(1 << 30)}, least: size - mib, most: size},
		{name: "several connections", opts: Options{Connections: 4, Jobs: 4}, most: size},
		{
			// Where neither end is a pipe, the kernel says what it says of connections that it cannot splice from.
			name: "a connection that cannot be spliced from",
			pipe: func(t *testing.T) *Pipe {
				other := newPartial(t, nil)
				ends := [2]int{}
				for i := range ends {
					fd, err := unix.Dup(int(other.Fd()))
					if err != nil {
						t.Fatal(err)
					}
					ends[i] = fd
				}
				return &Pipe{r: ends[0], w: ends[1]} // Copy closes it
			},
		},
		{
			// The kernel does not splice to a file that is appended to, as it does not to some file systems.
			name: "a file that cannot be spliced to", least: 1, most: pipeBytes,
			dst: func(t *testing.T, p *piped) {
				appended, err := os.OpenFile(p.Name(), os.O_WRONLY|os.O_APPEND, 0)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { appended.Close() })
				p.File = appended
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stream := onLoopback(t, newStorage(t, f, tt.script...))(tt.opts)
			dst := &piped{partial: newPartial(t, f.bytes[:tt.held])}
			if tt.dst != nil {
				tt.dst(t, dst)
			}
			stream.Continue(int64(tt.held))
			if tt.pipe != nil {
				stream.pipe = tt.pipe(t)
			}
			advanced := 0
			if err := Copy(t.Context(), dst, stream, nil, nil, func(n int) { advanced += n }); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(dst.content(t), f.bytes) {
				t.Error("the file is not what storage has")
			}
			if advanced != size-tt.held {
				t.Errorf("advanced by %d, want %d", advanced, size-tt.held)
			}
			if dst.moved < tt.least || dst.moved > tt.most {
				t.Errorf("%d bytes came by the pipe, want %d to %d", dst.moved, tt.least, tt.most)
			}
		})
	}
}

// What is to be hashed is read, and so is what is small.
func TestCopyReadsWhatItHasToSee(t *testing.T) {
	for name, f := range map[string]*file{
		"to be verified": randomFile(9*mib, 1).with(func(f *file) { f.etag = md5ETag(f.bytes) }),
		"small":          randomFile(mib, 1),
	} {
		t.Run(name, func(t *testing.T) {
			stream := onLoopback(t, newStorage(t, f))(Options{})
			dst := &piped{partial: newPartial(t, nil)}
			d := NewDigest(stream.Object(), DigestOptions{Verify: true})
			if err := Copy(t.Context(), dst, stream, d, nil, nil); err != nil {
				t.Fatal(err)
			}
			if _, err := d.Check(); err != nil || !bytes.Equal(dst.content(t), f.bytes) {
				t.Errorf("the file is not what storage has: %v", err)
			}
			if dst.moved > 0 {
				t.Errorf("%d bytes came by a pipe", dst.moved)
			}
		})
	}
}

// fullPipe is a file that has room for what is written, and none for what comes by a pipe.
type fullPipe struct {
	partial
	full *os.File
}

func (p fullPipe) WriteFrom(pipe *Pipe) (int, error) { return pipe.MoveTo(p.full) }

// A connection that brought bytes by a pipe brings others to memory afterwards, in the same buffer.
func TestAConnectionIsReadAgainAfterAPipe(t *testing.T) {
	f := randomFile(9*mib, 1)
	open := onLoopback(t, newStorage(t, f))
	for range 3 {
		for _, dst := range []interface {
			io.Writer
			content(t *testing.T) []byte
		}{&piped{partial: newPartial(t, nil)}, newPartial(t, nil)} {
			stream := open(Options{})
			if err := Copy(t.Context(), dst, stream, nil, nil, nil); err != nil {
				t.Error(err)
			}
			stream.Close()
			if !bytes.Equal(dst.content(t), f.bytes) {
				t.Error("the file is not what storage has")
			}
		}
	}
}

// A destination that fails is no failure of storage, and what is there is a prefix.
func TestCopyPastMemoryFails(t *testing.T) {
	f := randomFile(9*mib, 1)
	stream := onLoopback(t, newStorage(t, f))(Options{})
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	err = Copy(t.Context(), fullPipe{newPartial(t, nil), full}, stream, nil, nil, nil)
	if _, ok := errors.AsType[*Error](err); ok || !errors.Is(err, unix.ENOSPC) {
		t.Errorf("Copy = %v, want the disk's own error", err)
	}
}

func TestCopyPastMemoryToAFullDisk(t *testing.T) {
	folder := t.TempDir()
	if err := unix.Mount("none", folder, "tmpfs", 0, "size=5m"); err != nil {
		t.Skipf("no file system can be mounted: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(folder, unix.MNT_DETACH) })
	f := randomFile(9*mib, 1)
	stream := onLoopback(t, newStorage(t, f))(Options{})
	file, err := os.Create(filepath.Join(folder, "partial"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	dst, advanced := &piped{partial: partial{file}}, 0
	err = Copy(t.Context(), dst, stream, nil, nil, func(n int) { advanced += n })
	if _, ok := errors.AsType[*Error](err); ok || !errors.Is(err, unix.ENOSPC) {
		t.Errorf("Copy = %v, want the disk's own error", err)
	}
	if got := dst.content(t); len(got) != advanced || advanced < 4*mib || !bytes.HasPrefix(f.bytes, got) {
		t.Errorf("%d bytes on disk, no prefix of the file or not the %d that were told", len(got), advanced)
	}
}

func TestCopyPastMemoryEndsWithItsContext(t *testing.T) {
	f := randomFile(9*mib, 1)
	stream := onLoopback(t, newStorage(t, f, stall(5*mib)))(Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	dst := &piped{partial: newPartial(t, nil)}
	advanced := 0
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

// A pipe is empty again after each MoveTo, also where the bytes have to be copied.
func TestPipeMovesAll(t *testing.T) {
	for _, flags := range []int{os.O_WRONLY, os.O_WRONLY | os.O_APPEND} {
		p := newPipe()
		if p == nil {
			t.Skip("there is no pipe to be had")
		}
		defer p.close()
		content := bytes.Repeat([]byte("0123456789abcdef"), 256) // a page: any pipe holds one
		n, err := unix.Write(p.w, content)
		if err != nil || n != len(content) {
			t.Fatal(n, err)
		}
		p.held = n
		dst := newPartial(t, nil)
		f, err := os.OpenFile(dst.Name(), flags, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if n, err := p.MoveTo(f); n != len(content) || err != nil {
			t.Errorf("MoveTo = %d, %v; want %d", n, err, len(content))
		}
		if !bytes.Equal(dst.content(t), content) {
			t.Error("the file holds something else")
		}
		if p.holds() != 0 {
			t.Errorf("%d bytes are left", p.holds())
		}
		if _, err := unix.Read(p.r, make([]byte, 1)); !errors.Is(err, unix.EAGAIN) {
			t.Errorf("a read of the empty pipe returned %v", err)
		}
	}
}
