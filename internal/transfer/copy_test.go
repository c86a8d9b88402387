package transfer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// partial is a file on disk that is written to and read again.
type partial struct{ *os.File }

func newPartial(t *testing.T, held []byte) partial {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "partial"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.Write(held); err != nil {
		t.Fatal(err)
	}
	return partial{f}
}

func (p partial) prefix() io.Reader { return io.NewSectionReader(p.File, 0, 1<<62) }

func (p partial) content(t *testing.T) []byte {
	t.Helper()
	content, err := os.ReadFile(p.Name())
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// closing counts how often a prefix is closed.
type closing struct {
	io.Reader
	closed int
}

func (c *closing) Close() error { c.closed++; return nil }

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func open(t *testing.T, s *storage) *Stream {
	t.Helper()
	stream, err := New(Options{Client: s.client, AllowHTTP: true, Retries: 3}).Open(t.Context(), s.source(new(int)), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stream.Close)
	return stream
}

func TestCopy(t *testing.T) {
	for _, size := range []int{0, 1, smallBuffer, largeFile - 1, largeFile, 9*mib + 1} {
		for _, held := range []int{0, 1, size / 2, size} {
			for _, verify := range []bool{false, true} {
				if held > size {
					continue
				}
				synctest.Test(t, func(t *testing.T) {
					f := randomFile(size, 1).with(func(f *file) { f.etag = md5ETag(f.bytes) })
					s := newStorage(t, f, well, cut(size/3))
					stream := open(t, s)
					dst := newPartial(t, f.bytes[:held])
					stream.Continue(int64(held))
					d := NewDigest(stream.Object(), DigestOptions{Verify: verify})
					prefix := &closing{Reader: dst.prefix()}
					advanced := 0
					if err := Copy(t.Context(), dst, stream, d, prefix, func(n int) { advanced += n }); err != nil {
						t.Fatalf("%d of %d held: %v", held, size, err)
					}
					if !bytes.Equal(dst.content(t), f.bytes) {
						t.Errorf("%d of %d held: the file is not what storage has", held, size)
					}
					if advanced != size-held || prefix.closed != 1 {
						t.Errorf("%d of %d held: advanced by %d, closed %d times", held, size, advanced, prefix.closed)
					}
					want := map[bool]Verified{true: ByMD5, false: BySize}[verify]
					if verified, err := d.Check(); verified != want || err != nil {
						t.Errorf("%d of %d held: verified %q, %v; want %q", held, size, verified, err, want)
					}
				})
			}
		}
	}
}

// However long what is held takes to be hashed, the transfer goes on beside it.
func TestCopyDoesNotWaitForThePrefix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size, held = 9 * mib, mib
		f := randomFile(size, 1).with(func(f *file) { f.etag = md5ETag(f.bytes) })
		s := newStorage(t, f)
		stream := open(t, s)
		dst := newPartial(t, f.bytes[:held])
		stream.Continue(held)
		d := NewDigest(stream.Object(), DigestOptions{Verify: true})

		whole := make(chan struct{})
		onDisk := dst.prefix()
		prefix := io.NopCloser(readerFunc(func(p []byte) (int, error) {
			<-whole
			return onDisk.Read(p)
		}))
		written := held
		err := Copy(t.Context(), dst, stream, d, prefix, func(n int) {
			if written += n; written == size {
				close(whole)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if verified, err := d.Check(); verified != ByMD5 || err != nil {
			t.Errorf("verified %q, %v", verified, err)
		}
	})
}

// The hash takes buffers over from the copy once it has caught up: then nothing is
// read from disk any more.
func TestCopyHandsOverWhenTheHashHasCaughtUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size, held = 9 * mib, mib
		f := randomFile(size, 1).with(func(f *file) { f.etag = md5ETag(f.bytes) })
		// The rest comes only when the prefix has been hashed.
		s := newStorage(t, f, well, func(f *file, w http.ResponseWriter, r *http.Request) {
			synctest.Wait()
			f.serve(w, r)
		})
		stream := open(t, s)
		dst := newPartial(t, f.bytes[:held])
		stream.Continue(held)
		d := NewDigest(stream.Object(), DigestOptions{Verify: true})
		again := 0
		onDisk := dst.prefix()
		prefix := io.NopCloser(readerFunc(func(p []byte) (int, error) {
			n, err := onDisk.Read(p)
			again += n
			return n, err
		}))
		if err := Copy(t.Context(), dst, stream, d, prefix, nil); err != nil {
			t.Fatal(err)
		}
		if verified, err := d.Check(); verified != ByMD5 || err != nil || again != held {
			t.Errorf("verified %q, %v, with %d bytes read again; want %d", verified, err, again, held)
		}
	})
}

func TestCopyFails(t *testing.T) {
	errDisk, errPrefix := errors.New("disk"), errors.New("prefix")
	const size, held = 9 * mib, mib
	tests := []struct {
		name   string
		dst    func(p partial) io.Writer
		prefix func(p partial) io.Reader
		want   error
	}{
		{
			name: "the destination",
			dst: func(partial) io.Writer {
				return writerFunc(func(p []byte) (int, error) { return len(p) / 2, errDisk })
			},
			want: errDisk,
		},
		{
			name: "the destination, by writing less than it was given",
			dst:  func(partial) io.Writer { return writerFunc(func(p []byte) (int, error) { return len(p) - 1, nil }) },
			want: io.ErrShortWrite,
		},
		{
			name: "reading again",
			prefix: func(partial) io.Reader {
				return readerFunc(func([]byte) (int, error) { return 0, errPrefix })
			},
			want: errPrefix,
		},
		{
			name:   "reading again what is not there any more",
			prefix: func(p partial) io.Reader { return io.NewSectionReader(p, 0, held/2) },
			want:   io.ErrUnexpectedEOF,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := randomFile(size, 1).with(func(f *file) { f.etag = md5ETag(f.bytes) })
				stream := open(t, newStorage(t, f))
				p := newPartial(t, f.bytes[:held])
				stream.Continue(held)
				dst, prefix := io.Writer(p), p.prefix()
				if tt.dst != nil {
					dst = tt.dst(p)
				}
				if tt.prefix != nil {
					prefix = tt.prefix(p)
				}
				d := NewDigest(stream.Object(), DigestOptions{Verify: true})
				err := Copy(t.Context(), dst, stream, d, io.NopCloser(prefix), nil)
				if !errors.Is(err, tt.want) {
					t.Errorf("Copy = %v, want %v", err, tt.want)
				}
				if _, ok := errors.AsType[*Error](err); ok {
					t.Errorf("%v passes for an error of storage", err)
				}
				if got := p.content(t); !bytes.HasPrefix(f.bytes, got) {
					t.Errorf("%d bytes on disk are no prefix of the file", len(got))
				}
			})
		})
	}
}

func TestCopyNeedsWhatItIsToVerify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := randomFile(100, 1).with(func(f *file) { f.etag = md5ETag(f.bytes) })
		stream := open(t, newStorage(t, f))
		stream.Continue(10)
		if err := Copy(t.Context(), io.Discard, stream, NewDigest(stream.Object(), DigestOptions{Verify: true}), nil, nil); err == nil {
			t.Error("a file was verified without its beginning")
		}
	})
}

func TestCopyEndsWithItsContext(t *testing.T) {
	f := randomFile(9*mib, 1).with(func(f *file) { f.etag = md5ETag(f.bytes) })
	for _, verify := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			stream := open(t, newStorage(t, f, stall(5*mib)))
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			start := time.Now()
			dst := newPartial(t, nil)
			d := NewDigest(stream.Object(), DigestOptions{Verify: verify})
			err := Copy(ctx, dst, stream, d, nil, nil)
			if took := time.Since(start); took != 3*time.Second || !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Copy = %v after %v, want the context's error after 3s", err, took)
			}
			if got := dst.content(t); len(got) != 5*mib || !bytes.HasPrefix(f.bytes, got) {
				t.Errorf("%d bytes on disk, want those that came", len(got))
			}
		})
	}
}

// A hash that does not keep up holds the copy back before memory grows.
func TestHashingHoldsFewBuffers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHashing(smallBuffers, NewDigest(Object{Size: -1}, DigestOptions{SHA256: true}), nil, 0)
		passed := 0
		done := make(chan error)
		go func() {
			buf := smallBuffers.Get().(*[]byte)
			for range 10 {
				var err error
				if buf, err = h.pass(buf, *buf); err != nil {
					done <- err
					return
				}
				passed++
			}
			close(h.full)
			done <- nil
		}()
		synctest.Wait()
		if passed != buffersPerFile-1 {
			t.Errorf("%d buffers wait for the hash while the copy fills another, want %d", passed, buffersPerFile-1)
		}
		go h.run(t.Context())
		if err := <-done; err != nil || passed != 10 {
			t.Errorf("%d buffers were hashed, %v", passed, err)
		}
		<-h.done
		if h.digest.length != 10*smallBuffer {
			t.Errorf("%d bytes were hashed", h.digest.length)
		}
	})
}

func TestACorruptFileIsFetchedAgain(t *testing.T) {
	f := randomFile(100_000, 1).with(func(f *file) { f.etag = md5ETag(f.bytes) })
	flipped := func(f *file, w http.ResponseWriter, r *http.Request) {
		damaged := f.with(func(d *file) {
			d.bytes = bytes.Clone(d.bytes)
			d.bytes[50_000] ^= 1
		})
		damaged.serve(w, r)
	}
	tests := []struct {
		name     string
		script   []step
		requests int
		kind     Kind
	}{
		{"damaged once", []step{flipped}, 2, ""},
		{"damaged each time", slices.Repeat([]step{flipped}, 9), 4, Integrity},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStorage(t, f, tt.script...)
				stream := open(t, s)
				var (
					got bytes.Buffer
					err error
				)
				for {
					got.Reset()
					d := NewDigest(stream.Object(), DigestOptions{Verify: true})
					if err = Copy(t.Context(), &got, stream, d, nil, nil); err == nil {
						_, err = d.Check()
					}
					if err == nil {
						break
					}
					if err = stream.Restart(err); err != nil {
						break
					}
				}
				if len(s.requests()) != tt.requests {
					t.Errorf("requests %q, want %d", s.requests(), tt.requests)
				}
				if tt.kind == "" {
					if err != nil || !bytes.Equal(got.Bytes(), f.bytes) {
						t.Errorf("%d bytes, %v", got.Len(), err)
					}
					return
				}
				if e, ok := errors.AsType[*Error](err); !ok || e.Kind != tt.kind || !StartsOver(err) {
					t.Errorf("error %v, want kind %s", err, tt.kind)
				}
			})
		})
	}
}

func BenchmarkCopy(b *testing.B) {
	f := randomFile(256*mib, 1).with(func(f *file) { f.etag = md5ETag(f.bytes) })
	for name, verify := range map[string]bool{"plain": false, "md5": true} {
		b.Run(name, func(b *testing.B) {
			address := serveTCP(b, f)
			client := &http.Client{Transport: &http.Transport{DisableCompression: true}}
			defer client.CloseIdleConnections()
			b.SetBytes(int64(len(f.bytes)))
			for b.Loop() {
				stream, err := New(Options{Client: client, AllowHTTP: true}).Open(b.Context(), address, nil)
				if err != nil {
					b.Fatal(err)
				}
				dst, err := os.Create(filepath.Join(b.TempDir(), "out"))
				if err != nil {
					b.Fatal(err)
				}
				d := NewDigest(stream.Object(), DigestOptions{Verify: verify})
				if err := Copy(b.Context(), dst, stream, d, nil, nil); err != nil {
					b.Fatal(err)
				}
				if _, err := d.Check(); err != nil {
					b.Fatal(err)
				}
				stream.Close()
				dst.Close()
				os.Remove(dst.Name())
			}
		})
	}
}
