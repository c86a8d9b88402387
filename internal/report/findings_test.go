package report

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScreenFile(t *testing.T) {
	var out stream
	s := NewScreen(&out, &stream{}, nil)
	for _, path := range []string{"a/b c.jpg", "not\xffUTF-8", "two\nlines\tand\x1b[31m", "right\u202eleft"} {
		s.File("extra", path)
	}
	s.stdoutIsTerminal = true
	s.File("ok", "right\u202eleft\xff")
	want := []string{
		"extra\ta/b c.jpg\n", "extra\tnot\xffUTF-8\n", "extra\ttwo\nlines\tand\x1b[31m\n", "extra\tright\u202eleft\n", "ok       rightleft\ufffd\n",
	}
	if diff := cmp.Diff(want, out.writes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestScreenWrite(t *testing.T) {
	var out stream
	s := NewScreen(&out, &stream{}, nil)
	if n, err := s.Write([]byte("line\n")); n != 5 || err != nil || out.String() != "line\n" {
		t.Errorf("%d, %v, %q", n, err, out.String())
	}
	full := errors.New("full")
	out.err = full
	for range 2 {
		if n, err := s.Write([]byte("line\n")); n != 0 || !errors.Is(err, full) {
			t.Errorf("%d, %v", n, err)
		}
	}
}

func TestShowStatus(t *testing.T) {
	var errs stream
	s := NewScreen(&stream{}, &errs, nil)
	s.ShowStatus(func() string { t.Error("it was asked for"); return "" })() // there is no terminal
	s.canDraw = true
	drawn := make(chan struct{}, 1)
	stop := s.ShowStatus(func() string {
		select {
		case drawn <- struct{}{}:
		default:
		}
		return strings.Repeat("long ", 30)
	})
	<-drawn
	s.Say("a message")
	stop()
	s.Say("the end")
	text := errs.String()
	if !strings.Contains(text, "\rlong long") || strings.Contains(text, strings.Repeat("long ", 17)) {
		t.Errorf("stderr: %q", text)
	}
	if !strings.HasSuffix(text, toBar+eraseBelow+"bynder: the end\n") {
		t.Errorf("the line was left: %q", text)
	}
}
