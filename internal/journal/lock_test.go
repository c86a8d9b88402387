package journal

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
	"github.com/bynder-cli/bynder/internal/report"
)

// A second process waits for the journal as long as it is told to, and says so.
func TestLockWait(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A")
	for _, c := range []struct {
		limit time.Duration
		told  int // how often the wait is announced
	}{
		{0, 0},
		{30 * time.Second, 1},
		{5*time.Minute + time.Second, 6},
	} {
		synctest.Test(t, func(t *testing.T) {
			first := openJournal(t, file, Options{Dir: dir})
			defer closeJournal(t, first)
			told, begun := 0, time.Now()
			_, err := Open(t.Context(), file, Options{Portal: portal, Encode: report.JSONLine[download.Result], Dir: dir, LockWait: c.limit, Waiting: func() { told++ }})
			var e *download.Error
			if !errors.As(err, &e) || e.Code != download.CodeLocal || e.Hint() == "" {
				t.Errorf("%v: the error is %v", c.limit, err)
			}
			if waited := time.Since(begun); waited != c.limit || told != c.told {
				t.Errorf("%v: waited %v and said so %d times, want %d", c.limit, waited, told, c.told)
			}
		})
	}
}

// The second one finds what the first has finished, also after that compacted the journal.
func TestLockIsHandedOn(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A")
	keep(t, file, dir, "A")
	keep(t, file, dir, "A")
	synctest.Test(t, func(t *testing.T) {
		other, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := filelock.Try(other); err != nil {
			t.Skip(err)
		}
		opened := make(chan *Journal)
		for range 2 { // both wait for the file that the one which is first replaces
			go func() {
				j, err := Open(t.Context(), file, Options{Portal: portal, Encode: report.JSONLine[download.Result], Dir: dir, LockWait: -1})
				if err != nil {
					t.Error(err)
				}
				opened <- j
			}()
		}
		synctest.Wait()
		if err := other.Close(); err != nil {
			t.Error(err)
		}
		first := <-opened
		writeFile(t, filepath.Join(dir, "B"), "12345")
		first.Finished(original("B"), downloaded(original("B"), "B", 5))
		closeJournal(t, first)
		second := <-opened
		wantDone(t, second, true, "A", "B")
		closeJournal(t, second)
	})
	if got := lineCount(t, file); got != 2 {
		t.Errorf("the journal has %d lines, want 2", got)
	}
}

func TestCtrlCEndsTheWait(t *testing.T) {
	dir, file := newFolder(t)
	synctest.Test(t, func(t *testing.T) {
		first := openJournal(t, file, Options{Dir: dir})
		defer closeJournal(t, first)
		errStopped := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Hour, func() { cancel(errStopped) })
		begun := time.Now()
		if _, err := Open(ctx, file, Options{Dir: dir, LockWait: -1}); !errors.Is(err, errStopped) {
			t.Errorf("the error is %v", err)
		}
		if got := time.Since(begun); got != time.Hour {
			t.Errorf("it took %v", got)
		}
	})
}

// A dry run and a summary need no lock.
func TestReadersDoNotWait(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A")
	first := openJournal(t, file, Options{Dir: dir})
	defer closeJournal(t, first)
	reader := openJournal(t, file, Options{Dir: dir, DryRun: true})
	wantDone(t, reader, true, "A")
	closeJournal(t, reader)
	if groups, _, err := Summarize(t.Context(), Source{Name: file}); err != nil || len(groups) != 1 {
		t.Errorf("the summary is %+v, %v", groups, err)
	}
}

// Without locks nothing keeps a second process out: a journal is then added to, and never
// replaced.
func TestWithoutLocks(t *testing.T) {
	dir, file := newFolder(t)
	lockless := func() *Journal {
		j, err := open(t.Context(), file, Options{Portal: portal, Encode: report.JSONLine[download.Result], Dir: dir}, func(*os.File) error { return filelock.ErrUnsupported })
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	for range 5 {
		one, two := lockless(), lockless()
		for id, j := range map[string]*Journal{"A": one, "B": two} {
			writeFile(t, filepath.Join(dir, id), "12345")
			j.Finished(original(id), downloaded(original(id), id, 5))
		}
		closeJournal(t, one)
		closeJournal(t, two)
	}
	if got := lineCount(t, file); got != 10 {
		t.Errorf("the journal has %d lines, want all 10", got)
	}
	j := lockless()
	wantDone(t, j, true, "A", "B")
	closeJournal(t, j)
}

// A journal that the system does not open is named, with its cause and something to do.
func TestJournalsThatCannotBeOpened(t *testing.T) {
	dir, file := newFolder(t)
	for what, link := range map[string]struct{ target, cause string }{
		"a loop":        {filepath.Base(file), "too many levels of symbolic links"},
		"a long target": {strings.Repeat("n", 300), "file name too long"},
	} {
		if err := os.Symlink(link.target, file); err != nil {
			t.Skip(err)
		}
		_, err := Open(t.Context(), file, Options{Dir: dir})
		var e *download.Error
		if !errors.As(err, &e) || e.Hint() == "" || !strings.HasPrefix(err.Error(), "opening the journal "+file+": ") || runtime.GOOS == "linux" && !strings.HasSuffix(err.Error(), link.cause) {
			t.Errorf("%s: the error is %v", what, err)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}
