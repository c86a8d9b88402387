//go:build unix

package report

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"

	"github.com/bynder-cli/bynder/internal/download"
)

// pseudoTerminal is a pseudo-terminal with an emulator behind it.
type pseudoTerminal struct {
	t           *testing.T
	master, tty *os.File
	answered    chan struct{}

	mu sync.Mutex
	em *emulator
}

// openTerminal must be called outside a synctest bubble: what reads the terminal
// must go on while the bubble's clock stands.
func openTerminal(t *testing.T, columns int, reflows bool) *pseudoTerminal {
	t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	tm := &pseudoTerminal{t: t, master: master, tty: tty, answered: make(chan struct{}, 1), em: newEmulator(columns, reflows)}
	tm.em.enquired = func() { tm.answered <- struct{}{} }
	tm.setSize(columns)
	var reading sync.WaitGroup
	reading.Go(func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			tm.mu.Lock()
			tm.em.Write(buf[:n])
			tm.mu.Unlock()
			if err != nil { // EIO, when the other end is closed
				return
			}
		}
	})
	t.Cleanup(func() {
		tty.Close()
		reading.Wait()
		master.Close()
	})
	return tm
}

func (tm *pseudoTerminal) setSize(columns int) {
	if err := pty.Setsize(tm.master, &pty.Winsize{Rows: 24, Cols: uint16(columns)}); err != nil {
		tm.t.Fatal(err)
	}
}

// settle waits until everything that was written has arrived.
func (tm *pseudoTerminal) settle() {
	if _, err := io.WriteString(tm.tty, "\x05"); err != nil {
		tm.t.Fatal(err)
	}
	<-tm.answered
}

func (tm *pseudoTerminal) resize(columns int) {
	tm.settle()
	tm.setSize(columns)
	tm.mu.Lock()
	defer tm.mu.Unlock()
	tm.em.resize(columns)
}

// shows checks what can be read on the screen.
func (tm *pseudoTerminal) shows(when string, want ...string) {
	tm.t.Helper()
	tm.settle()
	tm.mu.Lock()
	defer tm.mu.Unlock()
	if diff := cmp.Diff(append([]string{}, want...), tm.em.screen()); diff != "" {
		tm.t.Errorf("%s, the screen (-want +got):\n%s", when, diff)
	}
	if tm.em.wraps > 0 {
		tm.t.Errorf("%s, %d lines have wrapped", when, tm.em.wraps)
	}
	if len(tm.em.faults) > 0 {
		tm.t.Errorf("%s, the terminal was sent %q", when, tm.em.faults)
	}
	if tm.em.hidden {
		tm.t.Errorf("%s, the cursor is hidden", when)
	}
}

func TestBarOfOneFile(t *testing.T) {
	for columns, want := range map[int][2]string{
		80: {
			"IMG_0042_harbour_at_night_123.jpg  25% [=====>...................]  1.0/4.0 MiB",
			"IMG_0042_harb...night_123.jpg  75% [=====>..]  3.0/4.0 MiB  1.1 MiB/s  1 s left",
		},
		40: {
			"IMG_0042_...t_123.jpg  25%  1.0/4.0 MiB",
			"IMG_0042_...t_123.jpg  75%  3.0/4.0 MiB",
		},
		30: {
			"IMG_0042_ha...ht_123.jpg  25%",
			"IMG_0042_ha...ht_123.jpg  75%",
		},
		20: {
			"IMG_00...3.jpg  25%",
			"IMG_00...3.jpg  75%",
		},
	} {
		t.Run(fmt.Sprint(columns, " columns"), func(t *testing.T) {
			tm := openTerminal(t, columns, true)
			synctest.Test(t, func(t *testing.T) {
				r := New(Options{Stdout: tm.tty, Stderr: tm.tty, Single: true, Files: all(1)})
				pass(time.Second)
				tm.shows("before anything is known")
				r.Started(job("a"), "IMG_0042_harbour_at_night_123.jpg", object(4*mib), mib)
				pass(barInterval)
				tm.shows("after the start", want[0])
				for range 16 {
					r.Advanced(job("a"), mib/8)
					pass(barInterval)
				}
				pass(barInterval)
				tm.shows("later", want[1])
				r.Finished(job("a"), present("a", "a.jpg", 4*mib))
				if err := r.Close(Totals{}); err != nil {
					t.Error(err)
				}
				tm.shows("at the end", "a.jpg")
			})
		})
	}
}

func TestBarOfManyFiles(t *testing.T) {
	for columns, want := range map[int][2]string{
		80: {
			"2/1000   0% [.................................]  1.0 MiB  6 in flight  1 failed",
			"2/1000   0%  1.0 MiB  6 in flight  1 failed  portal blocks until 14:32",
		},
		40: {
			"2/1000   0%  6 in flight  1 failed",
			"2/1000   0%  portal blocks until 14:32",
		},
		30: {
			"2/1000  6 in flight  1 failed",
			"2/1000  portal blocks unti...",
		},
	} {
		t.Run(fmt.Sprint(columns, " columns"), func(t *testing.T) {
			tm := openTerminal(t, columns, false)
			synctest.Test(t, func(t *testing.T) {
				r := New(Options{Stdout: tm.tty, Stderr: tm.tty, Files: all(1000)})
				for i := range 8 {
					r.Started(job(fmt.Sprint(i)), "x.jpg", object(mib), 0)
				}
				r.Finished(job("0"), present("0", "0.jpg", mib))
				r.Finished(job("1"), failed("1", download.CodeNotFound, "not found", ""))
				pass(barInterval)
				tm.shows("at first", "0.jpg", "bynder: 1: not found", want[0])
				r.ShowWait("portal blocks until 14:32", time.Now().Add(time.Hour))
				pass(barInterval)
				tm.shows("held up", "0.jpg", "bynder: 1: not found", want[1])
				r.Finished(job("2"), present("2", "2.jpg", mib))
				r.Screen().Say("%s", r.status()[:12])
				tm.settle()
				tm.mu.Lock()
				screen := tm.em.screen()
				tm.mu.Unlock()
				above := []string{"0.jpg", "bynder: 1: not found", "2.jpg", "bynder: 3/1000 files"}
				if diff := cmp.Diff(above, screen[:len(screen)-1]); diff != "" {
					t.Errorf("above the bar (-want +got):\n%s", diff)
				}
				if bar := screen[len(screen)-1]; !strings.HasPrefix(bar, "3/1000") {
					t.Errorf("the bar is not redrawn at once below new lines: %q", bar)
				}
				r.EndProgress()
				tm.shows("interrupted", above...)
				pass(time.Minute)
				tm.shows("a minute later", above...)
				if err := r.Close(Totals{APICalls: 9}); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// A terminal whose width changes in the middle shows one whole bar on one row all
// the time, whether it folds its lines anew or cuts them off.
func TestBarIsResized(t *testing.T) {
	for _, reflows := range []bool{true, false} {
		t.Run(fmt.Sprint("reflows ", reflows), func(t *testing.T) {
			tm := openTerminal(t, 80, reflows)
			synctest.Test(t, func(t *testing.T) {
				r := New(Options{Stdout: tm.tty, Stderr: tm.tty, Single: true, Files: all(1)})
				r.Started(job("a"), "IMG_0042_harbour_at_night_123.jpg", object(4*mib), mib)
				r.Screen().message("a message")
				pass(barInterval)
				lines := []string{"a message"}
				for _, step := range []struct {
					columns int
					bar     string
				}{
					{40, "IMG_0042_...t_123.jpg  25%  1.0/4.0 MiB"},
					{20, "IMG_00...3.jpg  25%"},
					{119, "IMG_0042_harbour_at_night_123.jpg  25% [=========>..............................]  1.0/4.0 MiB"},
					{30, "IMG_0042_ha...ht_123.jpg  25%"},
					{12, "IM...g  25%"},
					{80, "IMG_0042_harbour_at_night_123.jpg  25% [=====>...................]  1.0/4.0 MiB"},
				} {
					tm.resize(step.columns)
					if step.columns < 100 { // a line can come before the next frame
						lines = append(lines, fmt.Sprint("to ", step.columns))
						r.Screen().message(lines[len(lines)-1])
					}
					pass(barInterval)
					tm.shows(fmt.Sprint("at ", step.columns, " columns"), append(slices.Clone(lines), step.bar)...)
				}
				if err := r.Close(Totals{}); err != nil {
					t.Error(err)
				}
				tm.shows("at the end", lines...)
			})
		})
	}
}

// What must not be drawn on is not, whatever is asked for.
func TestNoBar(t *testing.T) {
	const status = "bynder: a.jpg, 25%, 1.0/4.0 MiB"
	for _, tc := range []struct {
		name, term string
		options    Options
		want       []string // after a minute
	}{
		{"a dumb terminal", "dumb", Options{}, []string{status, status}},
		{"a dumb terminal, always", "dumb", Options{Progress: ProgressAlways}, []string{status, status, status}},
		{"never", "xterm", Options{Progress: ProgressNever}, nil},
		{"quiet", "xterm", Options{Quiet: true}, nil},
		{"the bytes themselves go to the terminal", "xterm", Options{Streamed: true}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("TERM", tc.term)
			tm := openTerminal(t, 80, true)
			synctest.Test(t, func(t *testing.T) {
				tc.options.Stdout, tc.options.Stderr, tc.options.Single, tc.options.Files = tm.tty, tm.tty, true, all(1)
				r := New(tc.options)
				r.Started(job("a"), "a.jpg", object(4*mib), mib)
				pass(time.Minute)
				tm.shows("after a minute", tc.want...)
				if err := r.Close(Totals{}); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Results that go elsewhere leave the terminal alone.
func TestBarBesideAPipe(t *testing.T) {
	tm := openTerminal(t, 80, true)
	synctest.Test(t, func(t *testing.T) {
		var out stream
		r := New(Options{Stdout: &out, Stderr: tm.tty, Files: all(2)})
		r.Started(job("a"), "a.jpg", object(mib), 0)
		pass(barInterval)
		r.Finished(job("a"), present("a", "a.jpg", mib))
		pass(barInterval)
		tm.shows("after a result", "1/2  50% [===================>....................]  1.0 MiB  0 in flight")
		if diff := cmp.Diff([]string{"a.jpg\n"}, out.writes); diff != "" {
			t.Errorf("stdout (-want +got):\n%s", diff)
		}
		if err := r.Close(Totals{}); err != nil {
			t.Error(err)
		}
	})
}
