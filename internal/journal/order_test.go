package journal

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/report"
)

// steps returns the lines of a state after its head, each as id, status and path.
func steps(t *testing.T, file string) []string {
	t.Helper()
	var all []string
	for line := range strings.Lines(readFile(t, file)) {
		var r download.Result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if r.MediaID != "" {
			all = append(all, fmt.Sprint(r.MediaID, " ", r.Status, " ", r.Path))
		}
	}
	return all
}

// A step of sync may follow another one of the same file. If the process is killed after the second, before the results are
// written, the next run finds the file as the second step left it.
func TestIntentsFollowEarlierResults(t *testing.T) {
	moved := as(download.Moved, synced("A", "b", "content", 1))
	moved.From = "a"
	touched := as(download.Unchanged, synced("A", "a", "content", 2))
	deleted := as(download.Deleted, synced("A", "a", "content", 1))
	for what, c := range map[string]struct {
		first []download.Result
		path  string // of the file before the second step
		then  string // what the second step writes there
		want  []string
	}{
		"moved, then a new version":        {[]download.Result{moved}, "b", "CONTENT!", []string{"A downloaded b", "A intent b"}},
		"moved, then new metadata":         {[]download.Result{moved}, "b", "content", []string{"A downloaded b", "A intent b"}},
		"another time, then a new version": {[]download.Result{touched}, "a", "CONTENT!", []string{"A unchanged a", "A intent a"}},
		"deleted, then put back":           {[]download.Result{deleted}, "a", "content", []string{"A deleted a", "A intent a"}},
		"three steps":                      {[]download.Result{touched, moved}, "b", "CONTENT!", []string{"A unchanged a", "A downloaded b", "A intent b"}},
	} {
		t.Run(what, func(t *testing.T) {
			dir, file := newFolder(t)
			writeFile(t, filepath.Join(dir, "a"), "content")
			j := openState(t, file, dir)
			j.tell(synced("A", "a", "content", 1))
			closeJournal(t, j)
			var killed string
			second := synced("A", c.path, c.then, 3)
			synctest.Test(t, func(t *testing.T) { // the second does not pass after which the results are written anyway
				j := openState(t, file, dir)
				if err := os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, c.path)); err != nil {
					t.Fatal(err)
				}
				if slices.Contains(c.want, "A unchanged a") {
					writeFile(t, filepath.Join(dir, "a"), "content")
				}
				j.tell(c.first...)
				if err := j.Intend(second); err != nil {
					t.Fatal(err)
				}
				killed = readFile(t, file)
				closeJournal(t, j)
			})
			writeFile(t, file, killed)
			writeFile(t, filepath.Join(dir, c.path), c.then)
			if got := steps(t, file)[1:]; !slices.Equal(got, c.want) {
				t.Errorf("the lines are %q, want %q", got, c.want)
			}
			j = openState(t, file, dir)
			wantFiles(t, j, "A "+c.path+" 3")
			if r, ok := j.view.latest(second.File()); !ok || string(r.md5) != second.MD5 {
				t.Errorf("the record has the MD5 %s, want %s", r.md5, second.MD5)
			}
			closeJournal(t, j)
		})
	}
}

// An intent does not end the group of results of other files: each group costs several syncs.
func TestIntentsOfOtherFilesWaitForNoGroup(t *testing.T) {
	dir, file := newFolder(t)
	synctest.Test(t, func(t *testing.T) {
		j := openState(t, file, dir)
		for i := range groupSize / 2 {
			id := fmt.Sprint("A", i)
			r := synced(id, id, "content", 1)
			if err := j.Intend(r); err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(dir, id), "content")
			j.tell(r)
		}
		if got := steps(t, file); len(got) != groupSize/2 {
			t.Errorf("the lines are %q, want the intents alone", got)
		}
		closeJournal(t, j)
		if got := steps(t, file); len(got) != groupSize {
			t.Errorf("%d lines after Close, want %d", len(got), groupSize)
		}
	})
}

// A result that equals the record of the file is written if another one is queued: it is the later of the two.
func TestResultsAreComparedWithQueuedOnes(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, filepath.Join(dir, "a"), "content")
	first := as(download.Unchanged, synced("A", "a", "content", 1))
	j := openState(t, file, dir)
	j.tell(first)
	closeJournal(t, j)
	synctest.Test(t, func(t *testing.T) {
		j := openState(t, file, dir)
		j.tell(as(download.Unchanged, synced("A", "a", "content", 2)), first)
		closeJournal(t, j)
	})
	j = openState(t, file, dir)
	wantFiles(t, j, "A a 1")
	closeJournal(t, j)
}

// mover moves the file a to b and then replaces it by a new version, as sync does, and finishes so many other files that
// the group of the first result is written. It does not finish the new version: it prints a line, and waits to be killed.
func mover(file, dir string) error {
	opts := Options{Portal: portal, Encode: report.JSONLine[download.Result], Dir: dir, State: true}
	j, err := Open(context.Background(), file, opts)
	if err != nil {
		return err
	}
	moved := as(download.Moved, synced("A", "b", "content", 1))
	moved.From = "a"
	if err := os.Rename(filepath.Join(dir, "a"), filepath.Join(dir, "b")); err != nil {
		return err
	}
	j.tell(moved)
	if err := j.Intend(synced("A", "b", "CONTENT", 2)); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "b"), []byte("CONTENT"), 0o666); err != nil {
		return err
	}
	for i := range 3 * groupSize { // one group is being written, and the queue has another one
		r := synced(fmt.Sprint("other", i), "other", "content", 1)
		j.tell(as(download.Deleted, r))
	}
	fmt.Println("ready")
	_, err = os.Stdin.Read(make([]byte, 1))
	return err
}

// A process is killed after it has published a second change of a file, and after the result of the first is written.
func TestKilledAfterTwoStepsOfOneFile(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, filepath.Join(dir, "a"), "content")
	j := openState(t, file, dir)
	j.tell(synced("A", "a", "content", 1))
	closeJournal(t, j)
	cmd := childProcess(t, "mover", file, dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Errorf("the process said %q, %v", line, err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	j = openState(t, file, dir)
	wantFiles(t, j, "A b 2")
	closeJournal(t, j)
}
