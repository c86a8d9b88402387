package report

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transfer"
)

var epoch = time.Date(2026, 1, 2, 14, 0, 0, 0, time.UTC)

func object(size int64) transfer.Object { return transfer.Object{Size: size} }

// all is the number of files of a run that is for no more.
func all(n int) func() (int, bool) { return func() (int, bool) { return n, false } }

func itemOfA(itemID string) download.Job {
	return download.Job{Number: number(itemID), MediaID: "a", Selector: bynder.Selector{Kind: bynder.Item, ItemID: itemID}}
}

func TestTally(t *testing.T) {
	for _, tc := range []struct {
		name   string
		events func(*tally)
		at     time.Duration
		want   progress
	}{
		{
			name:   "nothing yet",
			events: func(*tally) {},
			want:   progress{open: true},
		},
		{
			name: "resumed bytes are there but have no rate",
			events: func(t *tally) {
				t.files = all(1)
				t.start(job("a"), "a.jpg", object(1000), 600, epoch)
				t.advance(job("a"), 100, epoch.Add(time.Second))
			},
			at:   2 * time.Second,
			want: progress{name: "a.jpg", known: 1, inFlight: 1, held: 700, total: 1000, rate: 50},
		},
		{
			name: "unknown size",
			events: func(t *tally) {
				t.files = all(1)
				t.start(job("a"), "a.jpg", object(-1), 0, epoch)
				t.advance(job("a"), 100, epoch.Add(time.Second))
			},
			at:   time.Second,
			want: progress{name: "a.jpg", known: 1, inFlight: 1, held: 100, total: -1, rate: 100},
		},
		{
			name: "sizes not known are guessed from those that are",
			events: func(t *tally) {
				t.files = all(4)
				t.start(job("a"), "a.jpg", object(300), 0, epoch)
				t.finish(job("a"), present("a", "a.jpg", 300))
				t.start(job("b"), "b.jpg", object(100), 50, epoch)
			},
			want: progress{name: "b.jpg", done: 1, known: 4, inFlight: 1, held: 350, total: 800, estimated: true},
		},
		{
			name: "a file that was there already counts with its bytes",
			events: func(t *tally) {
				t.files = all(2)
				r := present("a", "a.jpg", 300)
				r.Status = download.Unchanged
				t.finish(job("a"), r)
				t.start(job("b"), "b.jpg", object(100), 0, epoch)
			},
			want: progress{name: "b.jpg", done: 1, known: 2, inFlight: 1, held: 300, total: 400},
		},
		{
			name: "a failed file takes its bytes with it",
			events: func(t *tally) {
				t.files = all(2)
				t.start(job("a"), "a.jpg", object(500), 0, epoch)
				t.advance(job("a"), 100, epoch.Add(0))
				t.finish(job("a"), failed("a", download.CodeNetwork, "reset", ""))
				t.start(job("b"), "b.jpg", object(100), 0, epoch)
			},
			want: progress{name: "b.jpg", done: 1, known: 2, inFlight: 1, failures: 1, held: 0, total: 100},
		},
		{
			name: "a file that starts over is counted once",
			events: func(t *tally) {
				t.files = all(1)
				t.start(job("a"), "a.jpg", object(500), 400, epoch)
				t.start(job("a"), "a.jpg", object(700), 0, epoch)
			},
			want: progress{name: "a.jpg", known: 1, inFlight: 1, held: 0, total: 700},
		},
		{
			name: "two items of one asset are two files",
			events: func(t *tally) {
				t.start(itemOfA("1"), "1.jpg", object(10), 0, epoch)
				t.start(itemOfA("2"), "2.jpg", object(20), 0, epoch)
				t.advance(itemOfA("2"), 5, epoch.Add(0))
				t.finish(itemOfA("1"), present("a", "1.jpg", 10))
			},
			want: progress{name: "2.jpg", done: 1, known: 2, open: true, inFlight: 1, held: 15, total: 30},
		},
		{
			name: "a guess is never below what is there",
			events: func(t *tally) {
				t.files = all(2)
				t.start(job("a"), "a.jpg", object(10), 0, epoch)
				t.start(job("b"), "b.jpg", object(-1), 500, epoch)
			},
			want: progress{name: "b.jpg", known: 2, inFlight: 2, held: 500, total: 500, estimated: true},
		},
		{
			name: "more bytes than were announced",
			events: func(t *tally) {
				t.files = all(1)
				t.start(job("a"), "a.jpg", object(10), 0, epoch)
				t.advance(job("a"), 15, epoch.Add(0))
			},
			want: progress{name: "a.jpg", known: 1, inFlight: 1, held: 15, total: 15},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tally := newTally(epoch, nil)
			tc.events(tally)
			got := tally.at(epoch.Add(tc.at))
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(progress{})); diff != "" {
				t.Errorf("progress (-want +got):\n%s", diff)
			}
		})
	}
}

// errorList is an error that cannot be compared, and no key of a map.
type errorList []error

func (errorList) Error() string { return "several" }

func TestTallyTakesAnyJob(t *testing.T) {
	tally := newTally(epoch, nil)
	odd := download.Job{Number: 1, Err: errorList{}}
	tally.start(odd, "a.jpg", object(5), 0, epoch)
	tally.advance(odd, 3, epoch)
	tally.start(download.Job{Number: 2, Err: errorList{}}, "a.jpg", object(5), 0, epoch)
	if p := tally.at(epoch); p.inFlight != 2 || p.held != 3 {
		t.Errorf("%d files with %d bytes are in flight", p.inFlight, p.held)
	}
	tally.finish(odd, failed("a", download.CodeNetwork, "", ""))
	if p := tally.at(epoch); p.inFlight != 1 || p.held != 0 {
		t.Errorf("then %d files with %d bytes are in flight", p.inFlight, p.held)
	}
}

func TestTallyForgetsWhatIsDone(t *testing.T) {
	tally := newTally(epoch, nil)
	for range 1000 {
		tally.start(job("a"), "a.jpg", object(1), 0, epoch)
		tally.finish(job("a"), present("a", "a.jpg", 1))
	}
	if n := len(tally.flights); n != 0 {
		t.Errorf("%d files are still kept", n)
	}
}

func TestMeter(t *testing.T) {
	m := newMeter(epoch)
	moved, now := int64(0), epoch
	run := func(d time.Duration, perSecond int64) {
		for range d / (100 * time.Millisecond) {
			now = now.Add(100 * time.Millisecond)
			moved += perSecond / 10
			m.record(now, moved)
		}
	}
	if got := m.rate(now.Add(time.Millisecond), 1000); got != 0 {
		t.Errorf("the rate of the first millisecond is %d; it is too early to tell", got)
	}
	run(5*time.Second, 1000)
	if got := m.rate(now, moved); got != 1000 {
		t.Errorf("rate %d, want 1000", got)
	}
	run(30*time.Second, 5000)
	if got := m.rate(now, moved); got != 5000 {
		t.Errorf("rate %d after a change, want 5000", got)
	}
	if n := len(m.samples); n > int(meterWindow/meterStep)+2 {
		t.Errorf("%d samples are kept", n)
	}
	if got := m.rate(now.Add(5*time.Second), moved); got <= 0 || got >= 5000 {
		t.Errorf("rate %d at the beginning of a stall, want it to sink", got)
	}
	if got := m.rate(now.Add(time.Minute), moved); got != 0 {
		t.Errorf("rate %d in a stall, want 0", got)
	}
}

func TestPercentAndTimeLeft(t *testing.T) {
	for _, tc := range []struct {
		name    string
		p       progress
		percent int // -1: none
		left    time.Duration
	}{
		{"halfway", progress{held: 50, total: 100, rate: 10}, 50, 5 * time.Second},
		{"rounded down, so that 100 means all", progress{held: 9999, total: 10000, rate: 1}, 99, time.Second},
		{"all", progress{held: 10, total: 10, rate: 1}, 100, 0},
		{"no size", progress{held: 10, total: -1, rate: 1}, -1, 0},
		{"more to come", progress{held: 50, total: 100, rate: 10, open: true}, -1, 0},
		{"a stall", progress{held: 50, total: 100}, 50, 0},
		{"an empty file on its way", progress{known: 1, inFlight: 1}, -1, 0},
		{"an empty file that is there", progress{known: 1, done: 1}, 100, 0},
		{"longer than anybody waits", progress{total: 1 << 62, rate: 1}, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			percent, ok := tc.p.percent()
			if !ok {
				percent = -1
			}
			if percent != tc.percent {
				t.Errorf("percent %d, want %d", percent, tc.percent)
			}
			left, ok := tc.p.left()
			if left != tc.left || ok != (tc.left > 0) {
				t.Errorf("left %v, %t, want %v", left, ok, tc.left)
			}
		})
	}
}
