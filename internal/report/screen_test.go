package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScreenWritesEachLineAtOnce(t *testing.T) {
	var out, errs stream
	s := NewScreen(&out, &errs, nil)
	s.Result([]byte("a.jpg\n"))
	s.Result([]byte("b.jpg\x00"))
	s.Fail("a\x1b[2Jb", "c\nd")
	s.Fail("again", "c\nd") // the hint was given
	s.Fail("without", "")
	s.Say("%d files", 3)
	s.Warn("a.jpg (A1)", "it is %s", "odd\r\n")
	s.Warn("", "all are")
	if diff := cmp.Diff([]string{"a.jpg\n", "b.jpg\x00"}, out.writes); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	want := []string{
		"bynder: a[2Jb\nhint: c d\n", "bynder: again\n", "bynder: without\n", "bynder: 3 files\n",
		"bynder: a.jpg (A1): warning: it is odd \n", "bynder: warning: all are\n",
	}
	if diff := cmp.Diff(want, errs.writes); diff != "" {
		t.Errorf("stderr (-want +got):\n%s", diff)
	}
}

func TestScreenKeepsLinesWhole(t *testing.T) {
	var both stream
	s := NewScreen(&both, &both, nil)
	var running sync.WaitGroup
	for i := range 20 {
		running.Go(func() {
			for range 50 {
				s.Result(fmt.Appendf(nil, "result %d\n", i))
				s.message(fmt.Sprintf("message %d", i))
			}
		})
	}
	running.Wait()
	for line := range strings.Lines(both.String()) {
		var n int
		_, isResult := fmt.Sscanf(line, "result %d\n", &n)
		_, isMessage := fmt.Sscanf(line, "message %d\n", &n)
		if isResult != nil && isMessage != nil {
			t.Fatalf("a torn line: %q", line)
		}
	}
	if n := both.count(); n != 2000 {
		t.Errorf("%d writes for 2000 lines", n)
	}
}

// A reader of standard output that goes away is reported once, and nothing more
// is written there; standard error goes on.
func TestScreenReportsAClosedStdoutOnce(t *testing.T) {
	out := stream{err: syscall.EPIPE}
	var errs stream
	var s *Screen
	var reported []error
	s = NewScreen(&out, &errs, func(err error) {
		reported = append(reported, err)
		s.message("bynder: it closed") // the screen is usable meanwhile
	})
	for range 3 {
		s.Result([]byte("a.jpg\n"))
	}
	if len(reported) != 1 || !errors.Is(reported[0], syscall.EPIPE) {
		t.Errorf("reported %v, want EPIPE once", reported)
	}
	if !errors.Is(s.Err(), syscall.EPIPE) {
		t.Errorf("Err() = %v, want EPIPE", s.Err())
	}
	out.err = nil
	s.Result([]byte("b.jpg\n"))
	if out.count() != 0 {
		t.Errorf("written after the failure: %q", out.writes)
	}
	if !slices.Equal(errs.writes, []string{"bynder: it closed\n"}) {
		t.Errorf("stderr %q", errs.writes)
	}
}
