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
	s.Message("bynder: a\x1b[2Jb", "hint: c\nd")
	fmt.Fprint(s, "level=INFO msg=one\r\nlevel=INFO msg=two\n")
	if diff := cmp.Diff([]string{"a.jpg\n", "b.jpg\x00"}, out.writes); diff != "" {
		t.Errorf("stdout (-want +got):\n%s", diff)
	}
	want := []string{"bynder: a[2Jb\nhint: c d\n", "level=INFO msg=one\nlevel=INFO msg=two\n"}
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
				s.Message(fmt.Sprintf("message %d", i))
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
		s.Message("bynder: it closed") // the screen is usable meanwhile
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
