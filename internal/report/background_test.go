//go:build unix

package report

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// In the background of a terminal, lines take the place of the bar, which is drawn again in the foreground.
func TestBarInTheBackground(t *testing.T) {
	tm := openTerminal(t, 80, true)
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{Stdout: tm.tty, Stderr: tm.tty, Single: true, Files: all(1)})
		var background atomic.Bool
		r.screen.mu.Lock()
		r.screen.background = background.Load
		r.screen.mu.Unlock()
		background.Store(true)
		r.Started(job("a"), "a.jpg", object(4*mib), mib)
		pass(lineInterval - barInterval)
		tm.shows("in the background")
		pass(barInterval)
		const line = "bynder: a.jpg, 25%, 1.0/4.0 MiB"
		tm.shows("after 30 s", line)
		r.Screen().Say("a message")
		tm.shows("after a message", line, "bynder: a message")

		background.Store(false)
		pass(barInterval)
		tm.shows("in the foreground", line, "bynder: a message", "a.jpg  25% [=========>..............................]  1.0/4.0 MiB")

		// The shell writes below the bar, and what it has written stays.
		background.Store(true)
		if _, err := tm.tty.WriteString("\n$ sleep\n"); err != nil {
			t.Fatal(err)
		}
		pass(barInterval)
		r.Finished(job("a"), present("a", "a.jpg", 4*mib))
		if err := r.Close(Totals{}); err != nil {
			t.Error(err)
		}
		tm.shows("at the end", line, "bynder: a message", "a.jpg  25% [=========>..............................]  1.0/4.0 MiB", "$ sleep", "a.jpg")
		pass(time.Minute)
	})
}

// Until files are known, the bar says how far their list is.
func TestBarOfAListing(t *testing.T) {
	for columns, want := range map[int][2]string{
		80: {"listed 1000 of 12000 assets", "listed 2000 of 12000 assets  API allowance: 10/s"},
		30: {"listed 1000 of 12000 assets", "listed 2000 of 12000 asset..."},
		20: {"listed 1000 of 1...", "listed 2000 of 1..."},
	} {
		tm := openTerminal(t, columns, true)
		synctest.Test(t, func(t *testing.T) {
			files := 0
			r := New(Options{Stdout: tm.tty, Stderr: tm.tty, Files: func() (int, bool) { return files, files == 0 }})
			pass(barInterval)
			tm.shows("before the first page")
			r.Listed(1000, 12000)
			pass(barInterval)
			tm.shows("after one", want[0])
			r.Listed(2000, 12000)
			r.ShowWait("API allowance: 10/s", time.Now().Add(time.Second))
			pass(barInterval)
			tm.shows("while calls wait", want[1])
			if got := r.status(); got != "listed 2000 of 12000 assets, 0 B, 0 in flight, 0 failed; API allowance: 10/s" {
				t.Errorf("the status line is %q", got)
			}
			r.EndProgress()
			tm.shows("at the end")
			r.CloseSilently()
		})
	}
}

func TestListingProgress(t *testing.T) {
	p := ListingProgress{Noun: "asset"}
	for _, tt := range []struct {
		n     int
		total int64
		want  string
	}{
		{0, 100, ""},
		{1, 100, "listed 1 of 100 assets"},
		{100, 100, "listed 100 of 100 assets"},
		{101, 100, "listed 101 assets"},
		{7, -1, "listed 7 assets"},
	} {
		if p.Set(tt.n, tt.total); p.String() != tt.want {
			t.Errorf("%d of %d: %q, want %q", tt.n, tt.total, p.String(), tt.want)
		}
	}
}
