package transfer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
)

func TestAllotment(t *testing.T) {
	type file struct {
		size        int64
		wants, gets int
	}
	tests := []struct {
		name  string
		total int
		more  int // files that want no more than one
		files []file
	}{
		{"one file", 32, 0, []file{{100, 8, 8}}},
		{"one file, few connections", 4, 0, []file{{100, 8, 4}}},
		{"one connection", 1, 0, []file{{100, 8, 1}}},
		{"more files than connections", 4, 9, []file{{100, 8, 1}}},
		{"what is left over goes to the largest", 10, 5, []file{{100, 8, 1}, {200, 8, 4}}},
		{"and then to the next", 16, 2, []file{{100, 8, 2}, {300, 8, 8}, {200, 4, 4}}},
		{"those of one size do not take them from each other", 10, 0, []file{{100, 8, 8}, {100, 8, 2}}},
		{"a file that wants no more leaves them", 10, 0, []file{{200, 1, 1}, {100, 8, 8}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := &allotment{total: tt.total}
			for range tt.more + len(tt.files) {
				a.count(1)
			}
			for round := range 3 {
				for i, f := range tt.files {
					if got := a.grant(i, f.wants, f.size); round > 0 && got != f.gets {
						t.Errorf("file %d gets %d connections, want %d", i, got, f.gets)
					}
				}
			}
			for i := range tt.files {
				a.withdraw(i)
			}
			if got := a.grant("another", 100, 1); got != max(tt.total-tt.more-len(tt.files), 0)+1 {
				t.Errorf("after all have withdrawn, another gets %d", got)
			}
		})
	}
}

// room is memory that knows how much of it is taken.
type room struct {
	most int64

	mu    sync.Mutex
	taken int64
}

func (r *room) TryAcquire(n int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taken+n > r.most {
		return false
	}
	r.taken += n
	return true
}

func (r *room) Release(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken -= n
}

// taken returns how much of o's memory is taken, in bytes; of o's own, 1 where it is not all free.
func taken(o *Opener) int64 {
	if r, ok := o.opts.Memory.(*room); ok {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.taken
	}
	if !o.opts.Memory.TryAcquire(memoryBytes) {
		return 1
	}
	o.opts.Memory.Release(memoryBytes)
	return 0
}

// However little room there is, and however slow the readers: each file has one connection.
func TestManyFilesAndLittleRoom(t *testing.T) {
	for _, most := range []int64{0, testPart - 1, testPart, 5 * testPart / 2} {
		t.Run(fmt.Sprintf("%d bytes", most), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := randomFile(10*testPart, 1)
				s := newStorage(t, f)
				o := dividing(s, 4, Options{Jobs: 100, Retries: 3})
				o.opts.Memory = &room{most: most}
				var files sync.WaitGroup
				for i := range 12 {
					stream, err := o.Open(t.Context(), s.source(new(int)), nil)
					if err != nil {
						t.Fatal(err)
					}
					files.Go(func() {
						defer stream.Close()
						written := swiftly
						if i%2 == 0 {
							written = slowly
						}
						var got []byte
						err := Copy(t.Context(), writerFunc(func(p []byte) (int, error) {
							got = append(got, p...)
							if n := taken(o); n > most {
								t.Errorf("%d bytes are taken, want at most %d", n, most)
							}
							written(stream, len(p))
							return len(p), nil
						}), stream, nil, nil, nil)
						if err != nil {
							t.Error(err)
							return
						}
						if !bytes.Equal(got, f.bytes) {
							t.Errorf("file %d: %d bytes, or others than the file's", i, len(got))
						}
					})
				}
				files.Wait()
				if n := taken(o); n != 0 {
					t.Errorf("%d bytes are taken when all files are here", n)
				}
			})
		})
	}
}

// many returns an Opener that divides files as usual, by so many connections from the beginning.
func many(connections int, client *http.Client) *Opener {
	o := New(Options{Client: client, AllowHTTP: true, Connections: connections, Retries: 3})
	o.layout.eager = true
	return o
}

func TestCopyFromSeveralConnections(t *testing.T) {
	const size = 20*mib + 1
	f := randomFile(size, 1).with(func(f *file) { f.etag = md5ETag(f.bytes) })
	for _, held := range []int{0, 1, 3 * mib, size - 17*mib} {
		for _, verify := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				s := newStorage(t, f, well, cut(3*mib), cut(mib/2))
				stream, err := many(4, s.client).Open(t.Context(), s.source(new(int)), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer stream.Close()
				dst := newPartial(t, f.bytes[:held])
				stream.Continue(int64(held))
				d := NewDigest(stream.Object(), DigestOptions{Verify: verify})
				advanced := 0
				if err := Copy(t.Context(), dst, stream, d, io.NopCloser(dst.prefix()), func(n int) { advanced += n }); err != nil {
					t.Fatalf("%d held: %v", held, err)
				}
				if !bytes.Equal(dst.content(t), f.bytes) || advanced != size-held {
					t.Errorf("%d held: the file is not what storage has, or it advanced by %d", held, advanced)
				}
				want := map[bool]Verified{true: ByMD5, false: BySize}[verify]
				if verified, err := d.Check(); verified != want || err != nil {
					t.Errorf("%d held: verified %q, %v; want %q", held, verified, err, want)
				}
			})
		}
	}
}

func BenchmarkQueue(b *testing.B) {
	f := randomFile(256*mib, 1)
	for _, connections := range []int{1, 2, 4, 8} {
		b.Run(fmt.Sprintf("%d", connections), func(b *testing.B) {
			address := serveTCP(b, f)
			client := &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16}}
			defer client.CloseIdleConnections()
			dst, err := os.Create(filepath.Join(b.TempDir(), "out"))
			if err != nil {
				b.Fatal(err)
			}
			defer dst.Close()
			b.SetBytes(int64(len(f.bytes)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := dst.Seek(0, io.SeekStart); err != nil {
					b.Fatal(err)
				}
				fetchOnce(b, many(connections, client), address, dst)
			}
		})
	}
}

func fetchOnce(b *testing.B, o *Opener, address Source, dst io.Writer) {
	stream, err := o.Open(b.Context(), address, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer stream.Close()
	if err := Copy(context.Background(), dst, stream, nil, nil, nil); err != nil {
		b.Fatal(err)
	}
}
