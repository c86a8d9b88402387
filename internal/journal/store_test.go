package journal

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/report"
)

// Results wait a second for others, or until there are fifty.
func TestGroups(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, filepath.Join(dir, "A"), "12345")
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t, file, Options{Dir: dir})
		one := func(i int) {
			job := original(fmt.Sprint("A", i))
			j.Finished(job, downloaded(job, "A", 5))
		}
		wait := func(d time.Duration) {
			timer := time.NewTimer(d)
			<-timer.C
			synctest.Wait()
		}
		one(0)
		wait(groupWait / 2)
		one(1)
		wait(groupWait/2 - 1)
		if got := lineCount(t, file); got != 0 {
			t.Errorf("%d lines before the time", got)
		}
		wait(1)
		if got := lineCount(t, file); got != 2 {
			t.Errorf("%d lines after a second, want 2", got)
		}
		for i := range groupSize + 1 {
			one(2 + i)
		}
		synctest.Wait()
		if got := lineCount(t, file); got != 2+groupSize {
			t.Errorf("%d lines, want those of a whole group, %d", got, 2+groupSize)
		}
		closeJournal(t, j)
		if got := lineCount(t, file); got != 3+groupSize {
			t.Errorf("%d lines after Close, want %d", got, 3+groupSize)
		}
	})
}

// After Ctrl-C what is done is stored all the same.
func TestCloseAfterTheRunWasStopped(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, filepath.Join(dir, "A"), "12345")
	ctx, cancel := context.WithCancel(t.Context())
	j, err := Open(ctx, file, Options{Portal: portal, Encode: report.JSONLine[download.Result], Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	j.Finished(original("A"), downloaded(original("A"), "A", 5))
	closeJournal(t, j)
	if got := lineCount(t, file); got != 1 {
		t.Errorf("the journal has %d lines", got)
	}
}

// What keeps results out of the journal is told once, and the run goes on.
func TestFailures(t *testing.T) {
	dir, file := newFolder(t)
	told := 0
	j := openJournal(t, file, Options{Dir: dir, Failed: func(error) { told++ }})
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"A", "B"} {
		writeFile(t, filepath.Join(dir, id), "12345")
		e, _ := j.entry(downloaded(original(id), id, 5))
		j.fail(j.flush([]entry{e}))
	}
	if err := j.Close(); err == nil || told != 1 {
		t.Errorf("the error is %v, told %d times", err, told)
	}
}

// Nothing of a location, and no secret, is in what a result has.
func TestNoLocationIsKept(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A")
	j := openJournal(t, file, Options{Dir: dir})
	j.Finished(original("B"), failed(original("B"), download.CodeNotFound))
	closeJournal(t, j)
	fields := map[string]bool{}
	for line := range strings.Lines(readFile(t, file)) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatal(err)
		}
		for name := range object {
			fields[name] = true
		}
	}
	for _, known := range []string{"portal", "mediaId", "selector", "status", "path", "bytes", "etag", "verified", "attempts", "error"} {
		delete(fields, known)
	}
	if len(fields) > 0 {
		t.Errorf("there is more in the journal: %v", fields)
	}
}
