package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

// newSession is a session of `bynder download` with these arguments, not yet open, and what it writes to
// standard error.
func newSession(t *testing.T, args ...string) (*session, *bytes.Buffer) {
	t.Helper()
	b := newBench(t, sandbox.Options{})
	maps.Copy(b.env, map[string]string{"BYNDER_DOMAIN": b.portal.PortalURL(), "BYNDER_PERMANENT_TOKEN": b.credentials["BYNDER_PERMANENT_TOKEN"]})
	o, err := parseDownload(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	o.streams = Streams{In: strings.NewReader(""), Out: io.Discard, Err: &stderr, Getenv: func(name string) string { return b.env[name] }}
	return &session{flags: &o.transferFlags, request: o.request()}, &stderr
}

func (s *session) closes() (names []string) {
	for _, each := range slices.Backward(s.closers) {
		names = append(names, each.name)
	}
	return names
}

// sessionCloses is the order in which a session closes what it has open. It is part of what the program
// promises: see the comment of session.open before it is changed.
var sessionCloses = []string{
	"journal", "nothing begun", "status key", "progress", "results", "destination", "context", "deadline", "undone list", "lists of ids",
}

func TestSessionClosesInOrder(t *testing.T) {
	dir := t.TempDir()
	undone := filepath.Join(dir, "undone")
	s, stderr := newSession(t, "-d", filepath.Join(dir, "files"), "--journal", filepath.Join(dir, "journal"), "--undone-out", undone, "A")
	ctx, err := s.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := s.closes(); !slices.Equal(got, sessionCloses) {
		t.Errorf("closes %q, want %q", got, sessionCloses)
	}
	var closed []string
	for i, each := range s.closers {
		s.closers[i].close = func(err error) error {
			switch each.name {
			case "context":
				if ctx.Err() != nil {
					t.Error("the context of the run has ended before its turn")
				}
			case "lists of ids":
				if left, _ := filepath.Glob(filepath.Join(dir, ".undone-*")); len(left) > 0 {
					t.Errorf("a run that did not begin leaves %q", left)
				}
			}
			closed = append(closed, each.name)
			return each.close(err)
		}
	}
	failed := errors.New("failed")
	if err := s.closers.close(failed); !errors.Is(err, failed) || err.Error() != failed.Error() {
		t.Errorf("error %v", err)
	}
	if !slices.Equal(closed, sessionCloses) {
		t.Errorf("closed %q, want %q", closed, sessionCloses)
	}
	if ctx.Err() == nil {
		t.Error("the context of the run goes on")
	}
	if stderr.Len() > 0 {
		t.Errorf("a run that did not begin is summed up: %s", stderr)
	}
	if _, err := os.Stat(undone); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a run that did not begin writes --undone-out: %v", err)
	}
}

// A session that cannot be opened closes what it has opened, and nothing else.
func TestSessionClosesWhatItOpened(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	below := filepath.Join(file, "below")
	for _, tt := range []struct {
		name   string
		args   []string
		begins string // the closer that is the first
	}{
		{"no list of ids", []string{"--from", below}, ""},
		{"no config", []string{"--ca-cert", below, "A"}, "lists of ids"},
		{"no list of what is undone", []string{"--undone-out", below, "A"}, "lists of ids"},
		{"no destination", []string{"-d", below, "A"}, "context"},
		{"no journal", []string{"-d", dir, "--journal", below, "A"}, "nothing begun"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := newSession(t, tt.args...)
			_, err := s.open(t.Context())
			if err == nil {
				t.Fatal("it opens")
			}
			want := []string(nil)
			if tt.begins != "" {
				want = sessionCloses[slices.Index(sessionCloses, tt.begins):]
			}
			if got := s.closes(); !slices.Equal(got, want) {
				t.Errorf("closes %q, want %q", got, want)
			}
			if got := s.closers.close(err); !errors.Is(got, err) || got.Error() != err.Error() {
				t.Errorf("error %v, want %v", got, err)
			}
		})
	}
}

// What is saved at the last moment, and whether that is waited for.
func TestSessionSaves(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		want []save
	}{
		{"files of this program", []string{"--journal", "journal", "--undone-out", "undone"}, []save{{name: "undone list", wait: true}, {name: "journal", wait: true}}},
		{"a device", []string{"--undone-out", os.DevNull}, []save{{name: "undone list"}}},
		{"nothing", nil, []save{{name: "undone list"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			s, _ := newSession(t, append(tt.args, "A", "B")...)
			_, err := s.open(t.Context())
			defer func() { _ = s.closers.close(nil) }()
			if err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(s.saves.all, tt.want, func(a, b save) bool { return a.name == b.name && a.wait == b.wait }) {
				t.Errorf("saves %+v, want %+v", s.saves.all, tt.want)
			}
			replaces := s.list.Replaces()
			s.saves.call()
			if !replaces {
				return
			}
			if got, err := os.ReadFile("undone"); string(got) != "A\nB\n" || err != nil {
				t.Errorf("--undone-out holds %q, %v", got, err)
			}
		})
	}
}

// All saves are under way at once, so that one which hangs holds up no other.
func TestSavesWaitForThoseThatEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, release := context.WithCancel(t.Context())
		hangs := func() { <-ctx.Done() }
		var s saves
		s.add(save{name: "waits for a reader", do: hangs})
		s.add(save{name: "waited for", wait: true, do: hangs})
		saved, called := make(chan struct{}), make(chan struct{})
		s.add(save{name: "the last", wait: true, do: func() { close(saved) }})
		go func() { s.call(); close(called) }()
		<-saved
		synctest.Wait()
		select {
		case <-called:
			t.Error("what is waited for is not")
		default:
		}
		release()
		<-called
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, release := context.WithCancel(t.Context())
		var s saves
		s.add(save{name: "waits for a reader", do: func() { <-ctx.Done() }})
		s.call() // returns, though there is no reader
		release()
	})
}

// Each closer is given the error so far, and the last opened comes first.
func TestClosersPassTheErrorOn(t *testing.T) {
	var c closers
	var order []string
	first, second := errors.New("first"), errors.New("second")
	c.add("a", func(err error) error {
		order = append(order, "a")
		return errors.Join(err, second)
	})
	c.add("b", always(func() { order = append(order, "b") }))
	if err := c.close(first); !errors.Is(err, first) || !errors.Is(err, second) || !slices.Equal(order, []string{"b", "a"}) {
		t.Errorf("%v after %q", err, order)
	}
}
