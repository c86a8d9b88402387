package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/report"
)

// roleVariable makes this test binary another process of a test; see child.
const roleVariable = "JOURNAL_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		if err := child(role, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

const portal = "portal.example"

// folders of a test: where its files go, and the journal beside them. The paths have no
// symbolic links.
func newFolder(t *testing.T) (dir, file string) {
	t.Helper()
	top, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(top, "files")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir, filepath.Join(top, "done.ndjson")
}

func openJournal(t *testing.T, file string, opts Options) *Journal {
	t.Helper()
	opts.Portal, opts.Encode = portal, report.JSONLine[download.Result]
	j, err := Open(t.Context(), file, opts)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func closeJournal(t *testing.T, j *Journal) {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// original is the job of an asset's original.
func original(id string) download.Job { return download.Job{MediaID: id} }

// downloaded is the result of a job whose file has so many bytes.
func downloaded(job download.Job, path string, size int64) download.Result {
	return download.Result{
		Portal: portal, MediaID: job.MediaID, Selector: job.Selector.String(), ItemID: job.Selector.ItemID,
		Status: download.Downloaded, Path: path, Bytes: &size, ETag: `"0123456789abcdef"`, Verified: download.VerifiedMD5, Attempts: 1,
	}
}

func failed(job download.Job, code download.Code) download.Result {
	return download.Result{
		Portal: portal, MediaID: job.MediaID, Selector: job.Selector.String(), Status: download.Failed,
		Error: &download.Failure{Code: code, Message: "it did not work"},
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// keep writes the files that are named after their ids, and the journal of them.
func keep(t *testing.T, file, dir string, ids ...string) {
	t.Helper()
	j := openJournal(t, file, Options{Dir: dir})
	for _, id := range ids {
		writeFile(t, filepath.Join(dir, id), "content of "+id)
		j.Finished(original(id), downloaded(original(id), id, int64(len("content of "+id))))
	}
	closeJournal(t, j)
}

// wantDone checks which of the ids the journal takes for done.
func wantDone(t *testing.T, j *Journal, want bool, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if _, done := j.Done(original(id)); done != want {
			t.Errorf("%s is done: %v, want %v", id, done, want)
		}
	}
}

// wantRefused checks that an error is one of usage, with a hint.
func wantRefused(t *testing.T, err error) {
	t.Helper()
	var e *download.Error
	if !errors.As(err, &e) || e.Code != download.CodeUsage {
		t.Fatalf("the error is %v, want one of usage", err)
	}
	if e.Hint() == "" {
		t.Errorf("%v has no hint", err)
	}
}

func lineCount(t *testing.T, file string) int { return strings.Count(readFile(t, file), "\n") }

func ptr[T any](v T) *T { return &v }

var item = bynder.Selector{Kind: bynder.Item, ItemID: "I1"}
