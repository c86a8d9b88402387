package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/report"
)

// child is what this test binary does as another process.
func child(role string, args []string) error {
	switch role {
	case "writer":
		return writer(args[0], args[1], args[2], args[3])
	case "mover":
		return mover(args[0], args[1])
	case "knower":
		return knower(args[0], args[1])
	default:
		return fmt.Errorf("no such role: %s", role)
	}
}

func childProcess(t *testing.T, role string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+role)
	cmd.Stderr = os.Stderr
	return cmd
}

// writer gets files 0 to n-1 that nobody has got yet, as a run does: it asks the journal,
// makes the file under another name, records its intent, renames it and tells the journal. It prints the
// name of each file that it has made.
func writer(file, dir, prefix, n string) error {
	files, err := strconv.Atoi(n)
	if err != nil {
		return err
	}
	j, err := Open(context.Background(), file, Options{Portal: portal, Encode: report.JSONLine[download.Result], Dir: dir, LockWait: -1})
	if err != nil {
		return err
	}
	var work sync.WaitGroup
	jobs := make(chan download.Job)
	for range 4 {
		work.Go(func() {
			for job := range jobs {
				path := filepath.Join(dir, job.MediaID)
				content := []byte("content of " + job.MediaID)
				partial := path + "." + strconv.Itoa(os.Getpid())
				about := aboutTo(job, job.MediaID, string(content))
				if err := errors.Join(os.WriteFile(partial, content, 0o666), j.Intend(about), os.Rename(partial, path)); err != nil {
					panic(err)
				}
				fmt.Println(job.MediaID)
				j.Finished(job, about)
			}
		})
	}
	for i := range files {
		job := original(prefix + strconv.Itoa(i))
		if _, done := j.Done(job); !done {
			jobs <- job
		}
	}
	close(jobs)
	work.Wait()
	return j.Close()
}

// records reads a journal in the plainest way: all of its lines must be results of files
// that are there.
func records(t *testing.T, file, dir string) map[string]int {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	found := map[string]int{}
	for line := range bytes.Lines(content) {
		if line[len(line)-1] != '\n' {
			continue // torn
		}
		var r download.Result
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if r.Status == intended {
			continue
		}
		if info, err := os.Stat(filepath.Join(dir, r.Path)); err != nil || info.Size() != *r.Bytes {
			t.Fatalf("the journal has a file that is not there: %s", line)
		}
		found[r.MediaID]++
	}
	return found
}

// A process is killed at random moments, again and again, until one comes to the end.
func TestKilled(t *testing.T) {
	dir, file := newFolder(t)
	const files = 1500
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	made := map[string]bool{}
	killed := 0
	for round := 0; ; round++ {
		cmd := childProcess(t, "writer", file, dir, "A", strconv.Itoa(files))
		var out bytes.Buffer
		cmd.Stdout = &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if round < 15 {
			timer := time.AfterFunc(time.Duration(random.Int64N(int64(120*time.Millisecond))), func() { _ = cmd.Process.Kill() })
			defer timer.Stop()
		}
		err := cmd.Wait()
		for name := range strings.FieldsSeq(out.String()) {
			made[name] = true
		}
		// Whatever is made is known, to whoever comes next.
		j := openJournal(t, file, Options{Dir: dir})
		for name := range made {
			wantDone(t, j, true, name)
		}
		closeJournal(t, j)
		if err == nil {
			break
		}
		killed++
	}
	t.Logf("killed %d times", killed)
	if found := records(t, file, dir); len(found) != files {
		t.Errorf("the journal has %d files, want %d", len(found), files)
	}
	j := openJournal(t, file, Options{Dir: dir})
	for i := range files {
		wantDone(t, j, true, "A"+strconv.Itoa(i))
	}
	if j.view.others > 0 {
		t.Errorf("%d lines are none", j.view.others)
	}
	closeJournal(t, j)
}

// Several processes that are started at once have the journal one after the other: nothing
// is lost, no line is torn by another, and none makes a file that another has recorded.
func TestProcessesTakeTurns(t *testing.T) {
	dir, file := newFolder(t)
	const files = 100
	prefixes := []string{"A", "B", "A", "B", "A"}
	done := make(chan error, len(prefixes))
	for _, prefix := range prefixes {
		cmd := childProcess(t, "writer", file, dir, prefix, strconv.Itoa(files))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		go func() { done <- cmd.Wait() }()
	}
	for range prefixes {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	found := records(t, file, dir)
	if len(found) != 2*files {
		t.Errorf("the journal has %d files, want %d", len(found), 2*files)
	}
	for id, n := range found {
		if n != 1 {
			t.Errorf("%s was made %d times", id, n)
		}
	}
}

// knower opens a journal, asks it about all it knows, and prints the most memory that it
// took.
func knower(file, dir string) error {
	begun := time.Now()
	j, err := Open(context.Background(), file, Options{Portal: portal, Encode: report.JSONLine[download.Result], Dir: dir})
	if err != nil {
		return err
	}
	opened := time.Since(begun)
	atOpen := peakMemory()
	begun = time.Now()
	for i := range million {
		if _, done := j.Done(original(mediaIDOf(i))); !done {
			return fmt.Errorf("%s is not done", mediaIDOf(i))
		}
	}
	asked := time.Since(begun)
	fmt.Println(peakMemory(), atOpen, opened, asked)
	return j.Close()
}

// A process that knows a million files takes less than 64 MiB, all told.
func TestMemory(t *testing.T) {
	if peakMemory() == 0 || raceDetector {
		t.Skip("the memory of a process cannot be told here")
	}
	file, dir := writeMany(t, million)
	out, err := childProcess(t, "knower", file, dir).Output()
	if err != nil {
		t.Fatal(err)
	}
	peak, err := strconv.ParseInt(strings.Fields(string(out))[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("bytes at most, of those when open, time to open, time to ask: %s", out)
	if peak > 64<<20 {
		t.Errorf("it took %d MiB", peak>>20)
	}
}
