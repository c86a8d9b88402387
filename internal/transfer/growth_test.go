package transfer

import (
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// path is how many bytes a second come by so many connections.
type path func(connections int, after time.Duration) float64

// each gives ten megabytes a second to each connection, and together gives rate to all.
func each(n int, _ time.Duration) float64 { return float64(n) * 10e6 }

func together(rate float64) path { return func(int, time.Duration) float64 { return rate } }

func upTo(n int, p path) path {
	return func(m int, after time.Duration) float64 { return p(min(m, n), after) }
}

// levels runs a growth on p for size bytes, and returns the level at each tick. New connections need
// delay for their first byte.
func levels(p path, most int, size float64, delay time.Duration) []int {
	var (
		at      = time.Unix(0, 0)
		g       = newGrowth(most, 1, sample{at: at})
		fetched float64
		begun   int
		behind  []int // connections that wait for their first byte, by tick
		got     []int
	)
	for now := time.Duration(0); fetched < size; now += tickTime {
		behind = append(behind, g.level)
		active := behind[max(0, len(behind)-1-int(delay/tickTime))]
		active = min(active, g.level)
		fetched += p(active, now) * tickTime.Seconds()
		begun += active
		at = at.Add(tickTime)
		g.observe(sample{at: at, fetched: int64(fetched), rest: int64(size - fetched), begun: begun, busy: g.level, granted: g.level})
		got = append(got, g.level)
	}
	return got
}

func TestGrowth(t *testing.T) {
	const mb = 1e6
	second := int(time.Second / tickTime)
	at := func(levels []int, s int) int { return levels[min(s*second, len(levels)-1)] }
	peak := func(levels []int) int {
		most := 0
		for _, l := range levels {
			most = max(most, l)
		}
		return most
	}
	t.Run("each connection is limited", func(t *testing.T) {
		if got := levels(each, 16, 1000*mb, 0); at(got, 1) != 16 || at(got, 3) != 16 {
			t.Errorf("levels %v, want 16 within a second, and to stay", got)
		}
	})
	t.Run("each connection is limited, far away", func(t *testing.T) {
		if got := levels(each, 8, 1000*mb, 200*time.Millisecond); at(got, 2) != 8 {
			t.Errorf("levels %v, want 8 within two seconds", got)
		}
	})
	t.Run("the most is no power of two", func(t *testing.T) {
		if got := levels(each, 5, 1000*mb, 0); peak(got) != 5 || at(got, 2) != 5 {
			t.Errorf("levels %v, want 5", got)
		}
	})
	t.Run("one connection is as fast as many", func(t *testing.T) {
		got := levels(together(100*mb), 8, 2000*mb, 0)
		if peak(got) != 2 || at(got, 2) != 1 {
			t.Errorf("levels %v, want two tried, and one", got)
		}
		if tries := rises(got); tries < 5 || tries > 8 {
			t.Errorf("tried %d times in 20 s, want soon again, and then every few seconds", tries)
		}
	})
	t.Run("the second connection is slow", func(t *testing.T) {
		straggler := func(n int, after time.Duration) float64 {
			if n == 2 && after < time.Second {
				return 10.9 * mb
			}
			return float64(n) * 10 * mb
		}
		if got := levels(straggler, 8, 500*mb, 0); at(got, 3) != 8 {
			t.Errorf("levels %v, want 8 within three seconds", got)
		}
	})
	t.Run("two connections are in each other's way", func(t *testing.T) {
		worse := func(n int, _ time.Duration) float64 { return 100 * mb / float64(n) }
		if got := levels(worse, 8, 1000*mb, 0); got[second/2] != 1 || peak(got) != 2 {
			t.Errorf("levels %v, want one again after half a second", got)
		}
	})
	t.Run("four connections are as fast as more", func(t *testing.T) {
		if got := levels(upTo(4, each), 32, 300*mb, 0); at(got, 3) != 4 {
			t.Errorf("levels %v, want 4 after three seconds", got)
		}
	})
	t.Run("a file that is here in a moment is left alone", func(t *testing.T) {
		if got := levels(together(1000*mb), 8, 900*mb, 0); peak(got) != 1 {
			t.Errorf("levels %v, want 1", got)
		}
	})
	t.Run("a path that gets worse is tried again", func(t *testing.T) {
		worse := func(n int, after time.Duration) float64 {
			if after < 3*time.Second {
				return 100 * mb
			}
			return float64(n) * 5 * mb
		}
		if got := levels(worse, 8, 1000*mb, 0); at(got, 14) != 8 {
			t.Errorf("levels %v, want 8 in the end", got)
		}
	})
	t.Run("connections that are of no use any more are given up", func(t *testing.T) {
		better := func(n int, after time.Duration) float64 {
			if after < 3*time.Second {
				return float64(n) * 10 * mb
			}
			return 80 * mb
		}
		got := levels(better, 8, 8000*mb, 0)
		if at(got, 2) != 8 || at(got, 60) > 2 {
			t.Errorf("levels %v, want 8 at first, and one or two in the end", got)
		}
	})
	t.Run("connections that are of use are kept", func(t *testing.T) {
		got := levels(each, 8, 8000*mb, 0)
		fewer := 0
		for _, l := range got[2*second:] {
			if l < 8 {
				fewer++
			}
		}
		if fewer == 0 || fewer > len(got)/50 {
			t.Errorf("fewer than 8 in %d of %d moments, want a few tries", fewer, len(got))
		}
	})
	t.Run("a fast path is judged without hurry", func(t *testing.T) {
		slowStart := func(_ int, after time.Duration) float64 {
			if after < 50*time.Millisecond {
				return 200 * mb
			}
			return 500 * mb
		}
		hiccup := func(_ int, after time.Duration) float64 {
			switch {
			case after < 300*time.Millisecond:
				return 500 * mb
			case after < 375*time.Millisecond: // when two have been tried for a moment
				return 800 * mb
			}
			return 440 * mb
		}
		for name, p := range map[string]path{"slow start": slowStart, "hiccup": hiccup} {
			if got := levels(p, 8, 3000*mb, 0); peak(got) != 2 || at(got, 2) != 1 {
				t.Errorf("%s: levels %v, want two tried, and one", name, got)
			}
		}
	})
	t.Run("a fast path is left alone for seconds", func(t *testing.T) {
		got := levels(together(500*mb), 8, 3000*mb, 0)
		if len(got) < 5*second || rises(got[:5*second]) != 1 {
			t.Errorf("levels %v, want one try in five seconds", got)
		}
	})
	t.Run("nothing comes", func(t *testing.T) {
		g := newGrowth(8, 1, sample{at: time.Unix(0, 0)})
		for i := range 100 {
			g.observe(sample{at: time.Unix(0, 0).Add(time.Duration(i) * tickTime), rest: 1e9, granted: 8})
			if g.level > 2 {
				t.Fatalf("level %d after %d ticks without a byte", g.level, i)
			}
		}
	})
	t.Run("other files have the connections", func(t *testing.T) {
		g := newGrowth(8, 1, sample{at: time.Unix(0, 0)})
		for i := range 1000 {
			g.observe(sample{at: time.Unix(0, 0).Add(time.Duration(i) * tickTime), fetched: int64(i) * 1e5, rest: 1e9, granted: 1})
			if g.level > 2 {
				t.Fatalf("level %d after %d ticks with one connection", g.level, i)
			}
		}
	})
	t.Run("storage asks for fewer requests", func(t *testing.T) {
		g := newGrowth(8, 8, sample{at: time.Unix(0, 0)})
		for _, want := range []int{4, 2, 1, 1} {
			if g.shrink(sample{at: time.Unix(1, 0)}); g.level != want {
				t.Errorf("level %d, want %d", g.level, want)
			}
		}
		for after := time.Duration(0); after < probeTime; after += tickTime {
			g.observe(sample{at: time.Unix(1, 0).Add(after), fetched: int64(after.Seconds() * 10 * mb), rest: 1e9, granted: 8})
			if g.level > 1 {
				t.Fatalf("level %d again after %v", g.level, after)
			}
		}
	})
}

func rises(levels []int) int {
	n := 0
	for i := 1; i < len(levels); i++ {
		if levels[i] > levels[i-1] {
			n++
		}
	}
	return n
}

// outstanding counts the answers that are being waited for or read.
type outstanding struct {
	next http.RoundTripper

	mu        sync.Mutex
	now, peak int
}

func (o *outstanding) add(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.now += n
	o.peak = max(o.peak, o.now)
}

func (o *outstanding) RoundTrip(r *http.Request) (*http.Response, error) {
	o.add(1)
	resp, err := o.next.RoundTrip(r)
	if err != nil {
		o.add(-1)
		return nil, err
	}
	resp.Body = &counted{ReadCloser: resp.Body, closed: sync.OnceFunc(func() { o.add(-1) })}
	return resp, nil
}

type counted struct {
	io.ReadCloser
	closed func()
}

func (c *counted) Close() error { c.closed(); return c.ReadCloser.Close() }

// Each connection to the storage of these gives a megabyte a second.
func TestHowManyConnectionsAFileGets(t *testing.T) {
	const size = 12_000_000
	strong := randomFile(size, 1)
	untagged := strong.with(func(f *file) { f.etag = "" })
	weak := strong.with(func(f *file) { f.etag = `W/"v1"` })
	tests := []struct {
		name string
		file *file
		opts Options
		held int
		head step
		want int
	}{
		{name: "as many as it may", file: strong, opts: Options{Connections: 8, Jobs: 32}, want: 8},
		{name: "as many as it may, however few those are", file: strong, opts: Options{Connections: 2, Jobs: 32}, want: 2},
		{name: "as many as there are", file: strong, opts: Options{Connections: 8, Jobs: 3}, want: 3},
		{name: "as many as it may, where nobody says how many there are", file: strong, opts: Options{Connections: 5}, want: 5},
		{name: "one, where there is one", file: strong, opts: Options{Connections: 8, Jobs: 1}, want: 1},
		{name: "one, where more are off", file: strong, opts: Options{Connections: 1, Jobs: 32}, want: 1},
		{name: "one, where nothing is said", file: strong, want: 1},
		{name: "one, where the rate is limited", file: strong, opts: Options{Connections: 8, Jobs: 32, Limiter: NewRateLimiter(10_000_000)}, want: 1},
		{name: "one, where its time alone is known", file: untagged, opts: Options{Connections: 8, Jobs: 32}, want: 1},
		{name: "one, where its ETag is weak", file: weak, opts: Options{Connections: 8, Jobs: 32}, want: 1},
		{name: "one, where there is no length", file: strong, opts: Options{Connections: 8, Jobs: 32}, head: chunked(-1), want: 1},
		{name: "one, where little is to come", file: strong, opts: Options{Connections: 8, Jobs: 32}, held: size - 3_000_000, want: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limited := drip(20_000, 20*time.Millisecond)
				s := newStorage(t, tt.file)
				s.ranged = limited
				s.script = []step{limited}
				if tt.head != nil {
					s.script = []step{tt.head}
				}
				count := &outstanding{next: s.client.Transport}
				tt.opts.Client, tt.opts.AllowHTTP = &http.Client{Transport: count}, true
				o := New(tt.opts)
				o.layout = layout{least: 4_000_000, large: 1 << 40, part: 256 << 10, shortest: 64 << 10}
				o.pool = &buffers{size: 64 << 10, most: 1 << 10}
				a := arrive(t, s, o, tt.held, func(s *Stream, p []byte) (int, error) { return s.Read(p) })
				if a.err != nil || len(a.bytes) != size {
					t.Fatalf("%d bytes, %v", len(a.bytes), a.err)
				}
				if count.peak != tt.want {
					t.Errorf("%d connections at most, want %d", count.peak, tt.want)
				}
				if tt.want > 2 && len(a.requests) < 20 {
					t.Errorf("%d requests for parts of a file of 12 MB", len(a.requests))
				}
			})
		})
	}
}

// Where connections share what there is, each new one slows the others down. That is no reason to
// race them.
func TestSharedSlownessIsNotRaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := randomFile(12_000_000, 1)
		s := newStorage(t, f)
		var mu sync.Mutex
		active, asked := 0, 0
		shared := func(f *file, w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			active, asked = active+1, asked+1
			uneven := time.Duration(asked%3) * time.Millisecond
			mu.Unlock()
			defer func() { mu.Lock(); active--; mu.Unlock() }()
			f.serve(&paced{w, r.Context(), 20_000, func() time.Duration {
				mu.Lock()
				defer mu.Unlock()
				return time.Duration(max(active, 2)) * (10*time.Millisecond + uneven)
			}}, r)
		}
		s.ranged, s.script = shared, []step{shared}
		o := New(Options{Client: s.client, AllowHTTP: true, Connections: 8, Jobs: 32})
		o.layout = layout{least: 4_000_000, large: 1 << 40, part: 256 << 10, shortest: 64 << 10}
		o.pool = &buffers{size: 64 << 10, most: 1 << 10}
		a := arrive(t, s, o, 0, swiftly)
		if a.err != nil || len(a.bytes) != len(f.bytes) {
			t.Fatalf("%d bytes, %v", len(a.bytes), a.err)
		}
		if a.fetched != int64(len(f.bytes)) {
			t.Errorf("fetched %d bytes for %d, with %q", a.fetched, len(f.bytes), a.requests)
		}
	})
}

func TestAHigherLevelForgetsHowLongPartsTook(t *testing.T) {
	start := sample{at: time.Unix(0, 0)}
	w := &window{ctx: t.Context(), halted: true, shares: newAllotment(8), fetched: new(atomic.Int64), object: Object{Size: 1 << 40}, growth: newGrowth(8, 1, start)}
	w.took.add(time.Second)
	w.head.active = true
	w.tick(start.at.Add(startTime))
	if w.took.n != 1 {
		t.Error("forgotten without a new level")
	}
	w.tick(start.at.Add(startTime + firstLook))
	if w.growth.level != 2 || w.took.n != 0 {
		t.Errorf("level %d, and %d durations are known; want 2, and none", w.growth.level, w.took.n)
	}
}
