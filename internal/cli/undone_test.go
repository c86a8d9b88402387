package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/input"
)

// testIntake reads the lists of ids, and arguments before them.
func testIntake(t *testing.T, undoneFile string, args []string, lists ...list) *intake {
	t.Helper()
	u, err := newUndone(undoneFile)
	if err != nil {
		t.Fatal(err)
	}
	in := &intake{lists: lists, undone: u, choose: func(e input.Entry) (bynder.Selector, error) {
		return bynder.Selector{}, nil
	}}
	for _, id := range args {
		in.args = append(in.args, input.Entry{MediaID: id})
	}
	return in
}

// regular is a list in a file.
func regular(t *testing.T, text string) list {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ids")
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	l, err := openList(Streams{}, name, input.Format{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.r.(io.Closer).Close() })
	return l
}

func TestIntakeYieldsEachLineOnce(t *testing.T) {
	in := testIntake(t, "", []string{"A", "B", "A"}, regular(t, "B\nC\nbad\x01\nC\n"), list{name: "pipe", r: strings.NewReader("D\tI\nD\nA\n")})
	var got []string
	for job := range in.jobs(t.Context()) {
		if job.Err != nil {
			got = append(got, job.Err.Error())
			continue
		}
		got = append(got, strings.ReplaceAll(job.Origin, "\t", "/"))
	}
	want := []string{"A", "B", "C", `line 3: the id holds control characters: "bad\x01"`, "D/I", "D"}
	if !slices.Equal(got, want) {
		t.Errorf("jobs %q, want %q", got, want)
	}
}

// What is not done: failed, read and not started, and the unread rest of a file.
func TestUndone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "undone")
	in := testIntake(t, file, nil, regular(t, "done\nfailed\nhalf\nin-flight\nunread\ndone\nunread\n"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for job := range in.jobs(ctx) {
		switch job.Origin {
		case "done":
			in.undone.Finished(job, download.Result{Status: download.Downloaded})
		case "failed":
			in.undone.Finished(job, download.Result{Status: download.Failed})
		case "half":
			in.expanded(job, 3)
			in.undone.Finished(job, download.Result{Status: download.Downloaded})
			in.undone.Finished(job, download.Result{Status: download.Failed})
			in.undone.Finished(job, download.Result{Status: download.Failed})
		}
		if n++; n == 4 {
			break
		}
	}
	if got := in.undone.finished(); got != 3 {
		t.Errorf("%d lines are done with, want 3", got)
	}
	notStarted, err := in.undone.close(in.rest)
	if err != nil || notStarted != 2 {
		t.Errorf("%d not started, %v; want 2", notStarted, err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := "failed\nhalf\nin-flight\nunread\n"; string(got) != want {
		t.Errorf("undone:\n%swant\n%s", got, want)
	}
}

// What a run has come to in a list may still be read when the rest of it is asked for.
func TestTheRestLeavesAListWhereItStands(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(path, []byte("A\nB\nC\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := testIntake(t, "", nil, newList(path, f, input.Format{}))
	if _, err := f.Seek(3, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if got := slices.Collect(in.rest); !slices.Equal(got, []string{"A", "B", "C"}) {
		t.Errorf("the rest is %q", got)
	}
	if at, err := f.Seek(0, io.SeekCurrent); at != 3 || err != nil {
		t.Errorf("the list stands at %d, %v; want 3", at, err)
	}
}

func TestIntakeEndsWithItsContext(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	in := testIntake(t, "", nil, list{name: "pipe", r: r})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = io.WriteString(w, "A\n")
		cancel()
	}()
	n := 0
	for range in.jobs(ctx) {
		n++
	}
	if n > 1 || !in.undone.unread {
		t.Errorf("%d jobs, unread %t", n, in.undone.unread)
	}
}

// TestNoReadAfterTheEnd sees that what is read by nobody any more is left alone: a read may be under
// way yet, and two at once mix up what they bring.
func TestNoReadAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r, w := io.Pipe()
		defer w.Close()
		var reads atomic.Int32
		in := interruptible(ctx, readerFunc(func(p []byte) (int, error) {
			reads.Add(1)
			return r.Read(p)
		}))
		time.AfterFunc(time.Second, cancel)
		for range 3 {
			if n, err := in.Read(make([]byte, 10)); n != 0 || !errors.Is(err, context.Canceled) {
				t.Errorf("%d bytes, %v", n, err)
			}
		}
		synctest.Wait()
		if n := reads.Load(); n != 1 {
			t.Errorf("%d reads, want the one that was under way", n)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestIntakeReportsAListThatBreaks(t *testing.T) {
	in := testIntake(t, "", nil, list{name: "pipe", r: io.MultiReader(strings.NewReader("A\n"), iotest.ErrReader(os.ErrClosed))})
	var errs []error
	for job := range in.jobs(t.Context()) {
		errs = append(errs, job.Err)
	}
	if len(errs) != 2 || errs[0] != nil || errs[1] == nil || !strings.Contains(errs[1].Error(), "pipe") {
		t.Errorf("errors %v", errs)
	}
}
