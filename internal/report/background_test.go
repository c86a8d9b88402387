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
