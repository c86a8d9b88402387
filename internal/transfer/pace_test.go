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

// grown runs a pace at rate, in bytes a second by the time since the beginning, for size bytes,
// and returns the level at each tick.
func grown(rate func(after time.Duration) float64, size float64) []int {
	at := time.Unix(0, 0)
	g := pace{most: 8, level: 1, at: at}
	var fetched float64
	var got []int
	for after := time.Duration(0); fetched < size; after += tickTime {
		fetched += rate(after) * tickTime.Seconds()
		at = at.Add(tickTime)
		g.look(at, int64(fetched), int64(size-fetched))
		got = append(got, g.level)
	}
	return got
}

func TestPace(t *testing.T) {
	const mb = 1e6
	steady := func(rate float64) func(time.Duration) float64 {
		return func(time.Duration) float64 { return rate }
	}
	becomes := func(later float64, from time.Duration, first float64) func(time.Duration) float64 {
		return func(after time.Duration) float64 {
			if after < from {
				return first
			}
			return later
		}
	}
	tests := []struct {
		name string
		rate func(time.Duration) float64
		size float64
		from time.Duration // when there are all connections; 0 for never
	}{
		{"a slow connection", steady(10 * mb), 1000 * mb, 50 * time.Millisecond},
		{"just below what is fast", steady(fast - 1), 1000 * mb, 50 * time.Millisecond},
		{"fast", steady(fast + mb), 3000 * mb, 0},
		{"a file that will be here in a moment", steady(10 * mb), 10 * mb, 0},
		{"a file that will be here a moment later", steady(10 * mb), 11 * mb, 50 * time.Millisecond},
		{"buffers on the way let much through at first", becomes(10*mb, startTime, 1000*mb), 1000 * mb, 50 * time.Millisecond},
		{"fast at first, and slow before it is measured again", becomes(10*mb, time.Second, 1000*mb), 2000 * mb, 50*time.Millisecond + 2*lookAgain},
		{"fast at first, and slow later", becomes(10*mb, time.Second, 500*mb), 1000 * mb, 50*time.Millisecond + lookAgain},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for i, level := range grown(tt.rate, tt.size) {
				want := 1
				if at := time.Duration(i+1) * tickTime; tt.from > 0 && at >= tt.from {
					want = 8
				}
				if level != want {
					t.Fatalf("level %d at tick %d, want %d", level, i, want)
				}
			}
		})
	}
	t.Run("storage asks for fewer requests", func(t *testing.T) {
		at := time.Unix(1, 0)
		g := pace{most: 8, level: 8, at: at}
		for _, want := range []int{4, 4, 2, 2, 1, 1, 1} {
			if g.shrink(at, 0); g.level != want {
				t.Errorf("level %d after %v, want %d", g.level, at, want)
			}
			at = at.Add(shrinkTime / 2)
		}
		start := g.shrunk
		for after := time.Duration(0); after < 16*time.Second; after += tickTime {
			g.look(start.Add(after), int64(after.Seconds()*10*mb), 1e9)
			if want := 1 << (after / lookAgain); g.level != want {
				t.Fatalf("level %d after %v, want %d", g.level, after, want)
			}
		}
	})
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

// Close takes a while, so that a connection shows that another one takes the place of before it is closed.
func (c *counted) Close() error {
	time.Sleep(time.Millisecond) //nolint:forbidigo // the clock is the bubble's
	c.closed()
	return c.ReadCloser.Close()
}

// Each connection to the storage of these gives a megabyte a second.
func TestHowManyConnectionsAFileGets(t *testing.T) {
	const size = 12_000_000
	strong := randomFile(size, 1)
	untagged := strong.with(func(f *file) { f.etag = "" })
	weak := strong.with(func(f *file) { f.etag = `W/"v1"` })
	tests := []struct {
		name  string
		file  *file
		opts  Options
		held  int
		first step
		want  int
	}{
		{name: "as many as it may", file: strong, opts: Options{Connections: 8, Jobs: 32}, want: 8},
		{name: "as many as it may, however few those are", file: strong, opts: Options{Connections: 2, Jobs: 32}, want: 2},
		{name: "as many as there are", file: strong, opts: Options{Connections: 8, Jobs: 3}, want: 3},
		{name: "as many as it may, where nobody says how many there are", file: strong, opts: Options{Connections: 5}, want: 5},
		{name: "one, where there is one", file: strong, opts: Options{Connections: 8, Jobs: 1}, want: 1},
		{name: "one, where more are off", file: strong, opts: Options{Connections: 1, Jobs: 32}, want: 1},
		{name: "one, where nothing is said", file: strong, want: 1},
		{name: "one, where the rate is limited", file: strong, opts: Options{Connections: 8, Jobs: 32, Rate: 10_000_000}, want: 1},
		{name: "one, where its time alone is known", file: untagged, opts: Options{Connections: 8, Jobs: 32}, want: 1},
		{name: "one, where its ETag is weak", file: weak, opts: Options{Connections: 8, Jobs: 32}, want: 1},
		{name: "one, where there is no length", file: strong, opts: Options{Connections: 8, Jobs: 32}, first: chunked(-1), want: 1},
		{name: "one, where little is to come", file: strong, opts: Options{Connections: 8, Jobs: 32}, held: size - 3_000_000, want: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				limited := drip(20_000, 20*time.Millisecond)
				s := newStorage(t, tt.file)
				s.ranged = limited
				s.script = []step{limited}
				if tt.first != nil {
					s.script = []step{tt.first}
				}
				count := &outstanding{next: s.client.Transport}
				tt.opts.Client, tt.opts.AllowHTTP = &http.Client{Transport: count}, true
				o := New(tt.opts)
				o.layout = layout{smallest: 4_000_000, large: 1 << 40, partSize: 256 << 10, shortest: 64 << 10}
				a := arrive(t, s, o, tt.held, swiftly)
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
// ask for parts again.
func TestSharedSlownessIsNoReasonToAskAgain(t *testing.T) {
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
		o.layout = layout{smallest: 4_000_000, large: 1 << 40, partSize: 256 << 10, shortest: 64 << 10}
		a := arrive(t, s, o, 0, swiftly)
		if a.err != nil || len(a.bytes) != len(f.bytes) {
			t.Fatalf("%d bytes, %v", len(a.bytes), a.err)
		}
		if a.fetched != int64(len(f.bytes)) {
			t.Errorf("fetched %d bytes for %d, with %q", a.fetched, len(f.bytes), a.requests)
		}
	})
}

func TestMoreConnectionsForgetHowLongPartsTook(t *testing.T) {
	start := time.Unix(0, 0)
	o := New(Options{Connections: 8})
	q := &queue{Opener: o, fetched: new(atomic.Int64), object: Object{Size: 1 << 40}, granted: 1, timed: 1, pace: pace{most: 8, level: 1, at: start}}
	q.changed.L = &q.mu
	q.tick(start.Add(startTime))
	if q.timed != 1 {
		t.Error("forgotten without another connection")
	}
	q.tick(start.Add(2 * startTime))
	if q.granted != 8 || q.timed != 0 {
		t.Errorf("%d connections, and %d durations are known; want 8, and none", q.granted, q.timed)
	}
}
