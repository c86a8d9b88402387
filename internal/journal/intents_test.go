package journal

import (
	"context"
	"crypto/md5" //nolint:gosec // as the journal does
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

// intended is the result of a job whose content is about to be published.
func aboutTo(job download.Job, path, content string) download.Result {
	r := downloaded(job, path, int64(len(content)))
	sum := md5.Sum([]byte(content)) //nolint:gosec // see the import
	r.MD5 = hex.EncodeToString(sum[:])
	return r
}

func intentLine(t *testing.T, job download.Job, path, content string) string {
	t.Helper()
	r := aboutTo(job, path, content)
	r.Status = intended
	return toJSON(t, r) + "\n"
}

// A process that is killed after it published a file, and before that is recorded, forgets
// nothing.
func TestIntentsThatCameTrue(t *testing.T) {
	const content = "content"
	for what, c := range map[string]struct {
		there string // what is at the path; "" for nothing
		after string // a status that was recorded afterwards; "" for none
		done  bool
	}{
		"published":                      {there: content, done: true},
		"not published":                  {},
		"another file of the same size":  {there: "CONTENT"},
		"another size":                   {there: content + "!"},
		"published, then failed to sync": {there: content, after: "failed", done: true},
		"recorded":                       {there: content, after: "downloaded", done: true},
	} {
		t.Run(what, func(t *testing.T) {
			dir, file := newFolder(t)
			path := filepath.Join(dir, "sub", "A")
			if err := os.Mkdir(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			about := aboutTo(original("A"), filepath.Join("sub", "A"), content)
			j := openJournal(t, file, Options{Dir: dir})
			if err := j.Intend(about); err != nil {
				t.Fatal(err)
			}
			wantDone(t, j, false, "A")
			intent := readFile(t, file)
			if want := intentLine(t, original("A"), "sub/A", content); intent != want {
				t.Errorf("the intent is %s, want %s", intent, want)
			}
			if c.there != "" {
				writeFile(t, path, c.there)
			}
			switch c.after {
			case "failed":
				j.Finished(original("A"), failed(original("A"), download.CodeLocal))
			case "downloaded":
				j.Finished(original("A"), about)
			}
			closeJournal(t, j) // an intent alone is what a kill leaves
			left := readFile(t, file)

			dry := openJournal(t, file, Options{Dir: dir, DryRun: true})
			wantDone(t, dry, c.done, "A")
			closeJournal(t, dry)
			if got := readFile(t, file); got != left {
				t.Errorf("a dry run has changed the journal to %s", got)
			}
			elsewhere := openJournal(t, file, Options{Dir: filepath.Dir(file), Output: "other"})
			wantDone(t, elsewhere, false, "A")
			closeJournal(t, elsewhere)
			if got := readFile(t, file); got != left {
				t.Errorf("a run into another place has changed the journal to %s", got)
			}
			for range 2 {
				j = openJournal(t, file, Options{Dir: dir})
				wantDone(t, j, c.done, "A")
				closeJournal(t, j)
			}
			about.Path = "sub/A" // as the journal has it
			result := toJSON(t, about)
			if got := strings.Count(readFile(t, file), result); c.done && got != 1 || !c.done && got != 0 {
				t.Errorf("the result is recorded %d times in\n%s", got, readFile(t, file))
			}
		})
	}
}

// What cannot be recorded is not published.
func TestIntentsThatCannotBeWritten(t *testing.T) {
	dir, file := newFolder(t)
	j := openJournal(t, file, Options{Dir: dir})
	closeJournal(t, j)
	err := j.Intend(aboutTo(original("A"), "A", "content"))
	var e *download.Error
	if !errors.As(err, &e) || e.Code != download.CodeLocal || e.Hint() == "" {
		t.Errorf("the error is %v", err)
	}
}

// A journal that is not there any more, or is another file, takes no intent: the next run would not find it.
func TestIntentsOfAJournalThatIsGone(t *testing.T) {
	for what, harm := range map[string]func(file string) error{
		"removed": os.Remove,
		"moved":   func(file string) error { return os.Rename(file, file+".old") },
		"replaced": func(file string) error {
			return errors.Join(os.Rename(file, file+".old"), os.WriteFile(file, nil, 0o666))
		},
	} {
		dir, file := newFolder(t)
		j := openJournal(t, file, Options{Dir: dir})
		if err := j.Intend(aboutTo(original("A"), "A", "content")); err != nil {
			t.Fatal(err)
		}
		if err := harm(file); err != nil {
			t.Skip(err) // Windows
		}
		err := j.Intend(aboutTo(original("B"), "B", "content"))
		var e *download.Error
		if !errors.As(err, &e) || e.Code != download.CodeLocal || !strings.Contains(err.Error(), "removed or replaced") {
			t.Errorf("%s: the error is %v", what, err)
		}
		closeJournal(t, j)
	}
}

// Neither a path that JSON cannot hold nor a device has a result in the journal, and so no intent.
func TestIntentsWithoutAResult(t *testing.T) {
	dir, file := newFolder(t)
	j := openJournal(t, file, Options{Dir: dir})
	for _, path := range []string{"\xff", os.DevNull, ""} {
		if err := j.Intend(aboutTo(original("A"), path, "content")); err != nil {
			t.Errorf("%q: %v", path, err)
		}
	}
	closeJournal(t, j)
	if got := readFile(t, file); got != "" {
		t.Errorf("the journal has %s", got)
	}
}

// Ctrl-C ends the look at the files of a run that was killed.
func TestSettlingEndsWithTheRun(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, filepath.Join(dir, "A"), "content")
	writeFile(t, file, intentLine(t, original("A"), "A", "content"))
	j := &Journal{view: newView(nil), destination: nil}
	var err error
	if j.destination, err = newDestination(dir, ""); err != nil {
		t.Fatal(err)
	}
	defer j.destination.close()
	if j.view.file, err = os.Open(file); err != nil {
		t.Fatal(err)
	}
	defer j.view.file.Close()
	if err := j.view.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := j.resolveIntents(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}
