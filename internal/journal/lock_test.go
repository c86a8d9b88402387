package journal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
)

func TestPatience(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A")
	synctest.Test(t, func(t *testing.T) {
		other, err := newTurns(file)
		if err != nil {
			t.Fatal(err)
		}
		held, err := other.take(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Open(t.Context(), file, Options{Portal: portal, Dir: dir})
		if !errors.Is(err, errPatience) {
			t.Errorf("the error is %v", err)
		}
		var e *download.Error
		if !errors.As(err, &e) || e.Hint() == "" {
			t.Errorf("%v has no hint", err)
		}
		held.Close()
		if err := other.end(); err != nil {
			t.Error(err)
		}
	})
}

// Where there are no locks one process has the journal for itself.
func TestWithoutLocks(t *testing.T) {
	dir, file := newFolder(t)
	lockless := func() *turns {
		turns, err := newTurns(file)
		if err != nil {
			t.Fatal(err)
		}
		turns.try = func(*os.File) error { return filelock.ErrUnsupported }
		return turns
	}
	first, err := open(t.Context(), lockless(), Options{Portal: portal, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	_, err = open(t.Context(), lockless(), Options{Portal: portal, Dir: dir})
	if hint := wantRefused(t, err); !strings.Contains(hint, file+".lock") {
		t.Errorf("the hint is %q", hint)
	}
	_, _, err = compact(t.Context(), lockless())
	wantRefused(t, err)
	for _, id := range []string{"A", "B"} {
		writeFile(t, filepath.Join(dir, id), "12345")
		first.Finished(original(id), downloaded(original(id), filepath.Join(dir, id), 5))
	}
	closeJournal(t, first)
	if _, err := os.Stat(file + ".lock"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the lock was left: %v", err)
	}
	second, err := open(t.Context(), lockless(), Options{Portal: portal, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	wantDone(t, second, true, "A", "B")
	closeJournal(t, second)
	if _, _, err := compact(t.Context(), lockless()); err != nil {
		t.Error(err)
	}
}

// Each of two sees what the other has finished.
func TestTwoAtOnce(t *testing.T) {
	dir, file := newFolder(t)
	one, two := openJournal(t, file, Options{Dir: dir}), openJournal(t, file, Options{Dir: dir})
	tell := func(j *Journal, ids ...string) {
		t.Helper()
		for _, id := range ids {
			writeFile(t, filepath.Join(dir, id), "12345")
			job := original(id)
			e, _ := j.entry(downloaded(job, filepath.Join(dir, id), 5))
			j.flush([]entry{e})
		}
	}
	tell(one, "A", "B")
	wantDone(t, two, true, "A", "B")
	wantDone(t, two, false, "C")
	tell(two, "C")
	wantDone(t, one, true, "A", "B", "C")
	// A third one puts a new file in its place.
	tell(one, "A", "A")
	if before, _, err := Compact(t.Context(), file); err != nil || before.Files != 3 || before.Superseded != 2 {
		t.Errorf("%+v, %v", before, err)
	}
	tell(one, "D")
	tell(two, "E")
	for _, j := range []*Journal{one, two} {
		wantDone(t, j, true, "A", "B", "C", "D", "E")
		wantDone(t, j, false, "F")
		// It is followed also when there is nothing to add.
		if !sameFile(t, j.view.file, file) {
			t.Error("it reads a journal that was replaced")
		}
	}
	// Somebody removes the journal: what was done is forgotten, not lost.
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	tell(one, "F")
	wantDone(t, one, true, "F")
	wantDone(t, one, false, "A")
	// Or empties it.
	if err := os.Truncate(file, 0); err != nil {
		t.Fatal(err)
	}
	wantDone(t, one, false, "G")
	tell(two, "G")
	wantDone(t, one, true, "G")
	closeJournal(t, one)
	closeJournal(t, two)
	if got := lineCount(t, file); got != 1 {
		t.Errorf("the journal has %d lines", got)
	}
}

func sameFile(t *testing.T, f *os.File, path string) bool {
	t.Helper()
	a, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return os.SameFile(a, b)
}
