package journal

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
)

// uploading returns the intent of a job with a number of uploaded parts.
func uploading(id string, parts int) download.Result {
	r := downloaded(original(id), "sub/"+id, 50<<20)
	r.Upload = &download.Upload{
		ID: "id of " + id, Key: "p/sub/" + id, Version: strings.Repeat("f", 64), Parts: parts, ETags: strings.Repeat("e", 64), States: []byte("\x00state\xff"),
	}
	return r
}

func intend(t *testing.T, j *Journal, r download.Result) {
	t.Helper()
	if err := j.Intend(r); err != nil {
		t.Fatal(err)
	}
}

// wantUpload checks how many parts the recorded upload of an asset has; -1 for none.
func wantUpload(t *testing.T, j *Journal, id string, parts int) {
	t.Helper()
	about := uploading(id, parts)
	u, ok := j.Upload(about.File())
	if want := about.Upload; ok != (parts >= 0) || ok && !reflect.DeepEqual(&u, want) {
		t.Errorf("the upload of %s is %+v, %t; want %d parts", id, u, ok, parts)
	}
}

// A recorded upload is that of the file's latest intent, until a result follows that is not a failure.
func TestUploadsAreRecorded(t *testing.T) {
	_, file := newFolder(t)
	objects := Options{Objects: bucketOf(map[string]int64{"sub/C": 50 << 20})}
	j := openJournal(t, file, objects)
	if !j.OwnsUploads() {
		t.Error("a locked journal does not own its uploads")
	}
	for _, id := range []string{"A", "B", "C", "D", "E"} {
		intend(t, j, uploading(id, 0))
		intend(t, j, uploading(id, 1))
	}
	forgotten := uploading("B", 0)
	forgotten.Upload = nil
	intend(t, j, forgotten)
	j.Finished(original("C"), downloaded(original("C"), "sub/C", 50<<20))
	j.Finished(original("D"), failed(original("D"), download.CodeNetwork))
	intend(t, j, uploading("E", 2))
	closeJournal(t, j)
	if n := strings.Count(readFile(t, file), `"status":"intent"`); n != 12 {
		t.Errorf("%d intents", n)
	}

	for range 3 { // the first time it is compacted
		j = openJournal(t, file, objects)
		for id, parts := range map[string]int{"A": 1, "B": -1, "C": -1, "D": 1, "E": 2, "F": -1} {
			wantUpload(t, j, id, parts)
		}
		wantDone(t, j, true, "C")
		wantDone(t, j, false, "A", "B", "D", "E")
		closeJournal(t, j)
	}
	if n := lineCount(t, file); n != 6 {
		t.Errorf("%d lines: %s", n, readFile(t, file))
	}
	groups, others, err := Summarize(t.Context(), Source{Name: file})
	if err != nil || others != 0 || len(groups) != 2 {
		t.Errorf("%+v, %d other lines, %v", groups, others, err)
	}
}

// A process may be killed at any byte of a record: the one before counts then.
func TestTornUpload(t *testing.T) {
	_, file := newFolder(t)
	objects := Options{Objects: bucketOf(nil)}
	j := openJournal(t, file, objects)
	intend(t, j, uploading("A", 1))
	before := len(readFile(t, file))
	intend(t, j, uploading("A", 2))
	closeJournal(t, j)
	whole := readFile(t, file)
	for _, length := range []int{before, before + 1, before + 100, len(whole) - 40, len(whole) - 2, len(whole) - 1, len(whole)} {
		writeFile(t, file, whole[:length])
		j = openJournal(t, file, objects)
		parts := 1
		if length >= len(whole)-1 { // it lacks its end at most
			parts = 2
		}
		wantUpload(t, j, "A", parts)
		intend(t, j, uploading("A", 3))
		wantUpload(t, j, "A", 3)
		closeJournal(t, j)
	}
	for name, upload := range map[string]string{
		"null": "null", "a text": `"x"`, "no id": `{"parts":3}`, "a number as id": `{"id":3}`, "no number of parts": `{"id":"x","parts":"3"}`, "states in another coding": `{"id":"x","states":"!"}`,
	} {
		writeFile(t, file, strings.Replace(whole[:before], `"upload":`, `"upload":`+upload+`,"other":`, 1))
		j = openJournal(t, file, objects)
		about := uploading("A", 0)
		if u, ok := j.Upload(about.File()); ok {
			t.Errorf("%s: %+v", name, u)
		}
		closeJournal(t, j)
	}
}

// Without a lock another process may have the uploads.
func TestUploadsWithoutLock(t *testing.T) {
	dir, file := newFolder(t)
	opts := Options{Portal: portal, Dir: dir, Encode: func(download.Result) ([]byte, error) { return nil, nil }}
	j, err := open(t.Context(), file, opts, func(*os.File) error { return filelock.ErrUnsupported })
	if err != nil {
		t.Fatal(err)
	}
	if j.OwnsUploads() {
		t.Error("it owns uploads without a lock")
	}
	closeJournal(t, j)
	s := &segments{}
	opts.Segments, opts.Objects = s, bucketOf(nil)
	if j, err = Open(t.Context(), filepath.Join(dir, "x"), opts); err != nil {
		t.Fatal(err)
	}
	if j.OwnsUploads() {
		t.Error("segments own uploads")
	}
	closeJournal(t, j)
}
