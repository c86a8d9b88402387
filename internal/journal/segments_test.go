package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/report"
)

// segments are Segments in memory.
type segments struct {
	mu    sync.Mutex
	all   []string
	aside []string
	many  int   // Many from this number on, if it is set
	torn  bool  // the next Read begins anew
	fails error // of Add and Replace
	hangs bool  // Add ends with its context only
}

func (s *segments) Read(_ context.Context, begin func() (io.Writer, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, err := begin()
	if s.torn && err == nil {
		_, _ = io.WriteString(w, `{"portal":"of a segment that has disappeared meanwhile","mediaId":"X","status":"downloaded"}`+"\n")
		w, err = begin()
	}
	if err == nil {
		_, err = io.WriteString(w, strings.Join(s.all, ""))
	}
	return err
}

func (s *segments) Add(ctx context.Context, lines []byte) error {
	if s.hangs {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails == nil {
		s.all = append(s.all, string(lines))
	}
	return s.fails
}

func (s *segments) Many() bool { return s.many > 0 && len(s.all) >= s.many }

func (s *segments) Replace(_ context.Context, lines io.Reader) error {
	merged, err := io.ReadAll(lines)
	if err = errors.Join(err, s.fails); err == nil {
		s.all = []string{string(merged)}
	}
	return err
}

func (s *segments) PutAside(context.Context) error {
	s.aside, s.all = s.all, nil
	return nil
}

// lines returns all lines.
func (s *segments) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(strings.Lines(strings.Join(s.all, "")))
}

func (s *segments) number() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// inBucket returns the options of a journal in segments about a bucket with these objects.
func inBucket(s *segments, sizes map[string]int64) Options {
	return Options{Segments: s, Objects: bucketOf(sizes)}
}

// Flush waits for nothing but what came before it.
func TestFlush(t *testing.T) {
	s := &segments{}
	j := openJournal(t, "s3://bucket/j/", inBucket(s, nil))
	for _, id := range []string{"A", "B"} {
		j.Finished(original(id), downloaded(original(id), id, 5))
	}
	if err := j.Flush(); err != nil || len(s.lines()) != 2 {
		t.Errorf("%v, %q", err, s.lines())
	}
	if err := j.Flush(); err != nil || s.number() != 1 {
		t.Errorf("%v, %d segments", err, s.number())
	}
	s.fails = errors.New("not stored")
	j.Finished(original("C"), downloaded(original("C"), "C", 5))
	if err := j.Flush(); !errors.Is(err, s.fails) {
		t.Errorf("the error is %v", err)
	}
	_ = j.Close() // it has the same error
}

// What one process has recorded is done for the next one, on whichever machine.
func TestSegmentsAreOneJournal(t *testing.T) {
	s := &segments{torn: true}
	j := openJournal(t, "s3://bucket/j/", inBucket(s, nil))
	other := openJournal(t, "s3://bucket/j/", inBucket(s, nil)) // there is no lock
	for _, id := range []string{"A", "B"} {
		j.Finished(original(id), downloaded(original(id), id, 5))
	}
	other.Finished(original("C"), downloaded(original("C"), "C", 5))
	j.Finished(original("F"), failed(original("F"), download.CodeNetwork))
	closeJournal(t, j)
	closeJournal(t, other)
	if n := s.number(); n != 2 || len(s.lines()) != 4 {
		t.Fatalf("%d segments: %q", n, s.all)
	}

	opts := inBucket(s, map[string]int64{"A": 5, "B": 6, "C": 5, "X": 5})
	j = openJournal(t, "s3://bucket/j/", opts)
	wantDone(t, j, true, "A", "C")
	wantDone(t, j, false, "B", "F", "X")
	closeJournal(t, j)
	opts.DryRun = true
	j = openJournal(t, "s3://bucket/j/", opts)
	wantDone(t, j, true, "A")
	j.Finished(original("D"), downloaded(original("D"), "D", 5))
	closeJournal(t, j)
	if len(s.lines()) != 4 {
		t.Errorf("lines were added: %q", s.all)
	}

	from := Source{Name: "s3://bucket/j/", Segments: s}
	groups, others, err := Summarize(t.Context(), from)
	if err != nil || others != 0 || len(groups) != 2 || groups[0].Files != 3 || groups[1].Files != 1 {
		t.Errorf("Summarize: %v %d %+v", err, others, groups)
	}
	var ids []string
	if _, err := NewJob(1).Add(t.Context(), 0, from, func(id, _ string) { ids = append(ids, id) }); err != nil || !slices.Equal(slices.Sorted(slices.Values(ids)), []string{"A", "B", "C", "F"}) {
		t.Errorf("Job.Add: %v %q", err, ids)
	}
}

// Results are stored as a segment every 1,000 and every 10 seconds.
func TestSegmentsOfResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &segments{}
		j := openJournal(t, "s3://bucket/j/", inBucket(s, nil))
		finish := func(n int) {
			for i := range n {
				id := fmt.Sprint("A", len(s.lines()), "-", i)
				j.Finished(original(id), downloaded(original(id), id, 5))
			}
		}
		finish(1)
		wait := func(d time.Duration) {
			<-time.After(d)
			synctest.Wait()
		}
		wait(segmentWait - 1)
		if n := s.number(); n != 0 {
			t.Errorf("%d segments before their time", n)
		}
		wait(1)
		if n := s.number(); n != 1 {
			t.Errorf("%d segments after 10 seconds, want 1", n)
		}
		finish(segmentSize)
		synctest.Wait()
		if n := s.number(); n != 2 || len(s.lines()) != 1+segmentSize {
			t.Errorf("%d segments with %d lines after %d results", n, len(s.lines()), segmentSize)
		}
		finish(7)
		closeJournal(t, j)
		if n := len(s.lines()); n != 8+segmentSize {
			t.Errorf("%d lines after Close", n)
		}
	})
}

func TestSegmentThatCannotBeStored(t *testing.T) {
	var said []error
	s := &segments{fails: errors.New("the bucket is full")}
	opts := inBucket(s, map[string]int64{"A": 5})
	opts.Failed = func(err error) { said = append(said, err) }
	j := openJournal(t, "s3://bucket/j/", opts)
	j.Finished(original("A"), downloaded(original("A"), "A", 5))
	err := j.Close()
	if len(said) != 1 || !errors.Is(err, s.fails) || !errors.Is(said[0], s.fails) || !strings.Contains(err.Error(), "writing the journal") {
		t.Errorf("Close returns %v, said was %v", err, said)
	}
}

// After the run was stopped, Close waits at most a second for the bucket.
func TestSegmentThatHangsIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &segments{hangs: true}
		opts := inBucket(s, nil)
		opts.Portal, opts.Encode = portal, report.JSONLine[download.Result]
		ctx, stop := context.WithCancelCause(t.Context())
		j, err := Open(ctx, "s3://bucket/j/", opts)
		if err != nil {
			t.Fatal(err)
		}
		j.Finished(original("A"), downloaded(original("A"), "A", 5))
		ended := errors.New("stopped")
		stop(ended)
		if err := j.Close(); !errors.Is(err, ended) {
			t.Errorf("Close: %v", err)
		}
	})
}

// Many segments are merged when the journal is opened and when it is closed, into the lines that count.
func TestSegmentsAreMerged(t *testing.T) {
	s := &segments{}
	record := func(id string, r download.Result) {
		t.Helper()
		j := openJournal(t, "s3://bucket/j/", inBucket(s, nil))
		j.Finished(original(id), r)
		closeJournal(t, j)
	}
	record("A", failed(original("A"), download.CodeNetwork))
	record("A", downloaded(original("A"), "A", 5))
	record("B", downloaded(original("B"), "B", 5))
	s.many = 3
	j := openJournal(t, "s3://bucket/j/", inBucket(s, map[string]int64{"A": 5, "B": 5}))
	if n := s.number(); n != 1 || len(s.lines()) != 2 {
		t.Errorf("%d segments when it is open: %q", n, s.all)
	}
	wantDone(t, j, true, "A", "B")
	s.many = 2
	j.Finished(original("B"), downloaded(original("B"), "B", 6))
	closeJournal(t, j)
	if n := s.number(); n != 1 || len(s.lines()) != 2 || !strings.Contains(s.all[0], `"bytes":6`) {
		t.Errorf("%d segments when it is closed: %q", n, s.all)
	}

	// Those that cannot be merged stay as they are.
	record("C", downloaded(original("C"), "C", 5))
	s.many, s.fails = 1, errors.New("no permission")
	j = openJournal(t, "s3://bucket/j/", inBucket(s, map[string]int64{"A": 5}))
	wantDone(t, j, true, "A")
	closeJournal(t, j)
	if n := len(s.lines()); n != 3 {
		t.Errorf("%d lines after a merge that failed", n)
	}

	// A run that was stopped has no time for it.
	s.many, s.fails = 0, nil
	ctx, stop := context.WithCancel(t.Context())
	opts := inBucket(s, nil)
	opts.Portal, opts.Encode = portal, report.JSONLine[download.Result]
	j, err := Open(ctx, "s3://bucket/j/", opts)
	if err != nil {
		t.Fatal(err)
	}
	j.Finished(original("D"), downloaded(original("D"), "D", 5))
	s.many = 1
	before := s.number()
	stop()
	closeJournal(t, j)
	if n := s.number(); n != before+1 {
		t.Errorf("%d segments after a run that was stopped, want %d", n, before+1)
	}
}

func TestSegmentsThatAreNotAJournal(t *testing.T) {
	for name, content := range map[string]string{
		"the state of a sync": `{"sync":{"format":1}}` + "\n",
		"other lines":         "notes\n",
	} {
		opts := inBucket(&segments{all: []string{content}}, nil)
		opts.Portal, opts.Encode = portal, report.JSONLine[download.Result]
		_, err := Open(t.Context(), "s3://bucket/j/", opts)
		t.Run(name, func(t *testing.T) { wantRefused(t, err) })
		var e *download.Error
		if errors.As(err, &e) && !strings.Contains(e.Hint(), "prefix") {
			t.Errorf("%s: the hint is %q", name, e.Hint())
		}
	}
	_, _, err := Summarize(t.Context(), Source{Name: "s3://bucket/none/", Segments: &segments{}})
	wantRefused(t, err)
}

// The state of a sync in segments has its head, and is put aside if it cannot be read.
func TestStateInSegments(t *testing.T) {
	s := &segments{}
	opts := inBucket(s, map[string]int64{"A": 5})
	opts.State = true
	j := openJournal(t, "s3://bucket/.bynder/journal/", opts)
	if err := j.SetHead(json.RawMessage(`{"format": 1}`)); err != nil {
		t.Fatal(err)
	}
	j.Finished(original("A"), downloaded(original("A"), "A", 5))
	closeJournal(t, j)
	s.many = 1
	j = openJournal(t, "s3://bucket/.bynder/journal/", opts)
	if head := string(j.Head()); head != `{"format":1}` {
		t.Errorf("the head is %s", head)
	}
	wantDone(t, j, true, "A")
	closeJournal(t, j)

	s.all = append(s.all, "damaged\n")
	opts.Portal, opts.Encode = portal, report.JSONLine[download.Result]
	if _, err := Open(t.Context(), "s3://bucket/.bynder/journal/", opts); err == nil || s.aside != nil {
		t.Errorf("a damaged state: %v, put aside: %q", err, s.aside)
	}
	opts.Adopt = true
	j = openJournal(t, "s3://bucket/.bynder/journal/", opts)
	if j.Head() != nil || len(s.aside) != 2 || len(s.all) != 0 {
		t.Errorf("put aside: %q, there are %q", s.aside, s.all)
	}
	closeJournal(t, j)
}

// Without a folder of temporary files the lines are in memory, if the system has files in memory.
func TestSegmentsWithoutADisk(t *testing.T) {
	t.Setenv("TMPDIR", "/nonexistent")
	if _, err := os.CreateTemp("", ""); err == nil {
		t.Skip("this system does not use TMPDIR")
	}
	s := &segments{}
	opts := inBucket(s, map[string]int64{"A": 5})
	opts.Portal, opts.Encode = portal, report.JSONLine[download.Result]
	j, err := Open(t.Context(), "s3://bucket/j/", opts)
	if f := newInMemory(); f == nil {
		var e *download.Error
		if !errors.As(err, &e) || !strings.Contains(e.Hint(), "TMPDIR") {
			t.Errorf("the error is %v", err)
		}
		return
	} else if err != nil {
		t.Fatal(errors.Join(err, f.Close()))
	} else {
		f.Close()
	}
	j.Finished(original("A"), downloaded(original("A"), "A", 5))
	closeJournal(t, j)
	j = openJournal(t, "s3://bucket/j/", opts)
	wantDone(t, j, true, "A")
	closeJournal(t, j)
}
