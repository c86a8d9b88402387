package journal

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

// bucketOf returns Options.Objects of a bucket.
func bucketOf(sizes map[string]int64) func(context.Context, func(string, int64)) error {
	return func(_ context.Context, each func(name string, size int64)) error {
		for name, size := range sizes {
			each(name, size)
		}
		return nil
	}
}

// A file is done if the bucket has an object of its size at its path: nothing of this machine is looked at.
func TestObjectsAreDone(t *testing.T) {
	_, file := newFolder(t)
	j := openJournal(t, file, Options{Dir: "s3://bucket/x", Objects: bucketOf(nil)})
	for _, id := range []string{"A", "B", "C"} {
		j.Finished(original(id), downloaded(original(id), "sub/"+id, 5))
	}
	skipped := downloaded(original("S"), "sub/S", 5)
	skipped.Status, skipped.Bytes = download.Skipped, nil
	j.Finished(original("S"), skipped)
	closeJournal(t, j)
	before := readFile(t, file)
	if n := strings.Count(before, `"path":"sub/`); n != 4 || strings.Contains(before, "intent") {
		t.Errorf("%d records: %s", n, before)
	}

	has := bucketOf(map[string]int64{"sub/A": 5, "sub/B": 6, "sub/S": 7, "C": 5})
	j = openJournal(t, file, Options{Objects: has, Skip: true})
	wantDone(t, j, true, "A", "S")
	wantDone(t, j, false, "B", "C")
	if r, _ := j.Done(original("A")); r.Path != "sub/A" || r.Status != download.Unchanged || *r.Bytes != 5 {
		t.Errorf("done: %+v", r)
	}
	if r, _ := j.Done(original("S")); r.Status != download.Skipped || r.Bytes != nil {
		t.Errorf("skipped: %+v", r)
	}
	a := downloaded(original("A"), "sub/A", 5)
	a.Status = download.Unchanged
	j.Finished(original("A"), a)
	j.Finished(original("S"), skipped)
	closeJournal(t, j)
	if after := readFile(t, file); after != before {
		t.Errorf("what is known was added again: %s", after)
	}

	j = openJournal(t, file, Options{Objects: has})
	wantDone(t, j, false, "S")
	closeJournal(t, j)
	j = openJournal(t, file, Options{Objects: has, Output: "sub/A"})
	wantDone(t, j, true, "A")
	wantDone(t, j, false, "B")
	closeJournal(t, j)
}

// Intents that a run into a folder has left do not come true in a bucket, whose objects cannot be read here.
func TestIntentsOfAFolderAreNotObjects(t *testing.T) {
	dir, file := newFolder(t)
	j := openJournal(t, file, Options{Dir: dir})
	if err := j.Intend(aboutTo(original("A"), "A", "12345")); err != nil {
		t.Fatal(err)
	}
	closeJournal(t, j)
	before := readFile(t, file)
	j = openJournal(t, file, Options{Objects: bucketOf(map[string]int64{"A": 5})})
	wantDone(t, j, false, "A")
	closeJournal(t, j)
	if after := readFile(t, file); after != before {
		t.Errorf("the journal was changed: %s", after)
	}
}

// A list that fails is an error, and not an empty bucket. Without records none is needed.
func TestObjectsThatCannotBeListed(t *testing.T) {
	_, file := newFolder(t)
	refused := errors.New("no permission")
	opts := Options{Objects: func(context.Context, func(string, int64)) error { return refused }}
	j := openJournal(t, file, opts)
	j.Finished(original("A"), downloaded(original("A"), "A", 5))
	closeJournal(t, j)
	if _, err := Open(t.Context(), file, opts); !errors.Is(err, refused) {
		t.Errorf("error %v, want %v", err, refused)
	}
}
