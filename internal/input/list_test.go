package input

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
)

// testList reads the sources, and arguments before them.
func testList(t *testing.T, undoneFile string, args []string, sources ...*source) *List {
	t.Helper()
	o := Options{UndoneOut: undoneFile, Sources: &Sources{all: sources}, Choose: func(Entry) (bynder.Selector, error) {
		return bynder.Selector{}, nil
	}}
	for _, id := range args {
		o.Args = append(o.Args, Entry{MediaID: id})
	}
	l, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// regular is a list in a file.
func regular(t *testing.T, text string) *source {
	t.Helper()
	name := filepath.Join(t.TempDir(), "ids")
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	l, err := openSource(t.Context(), nil, name, Format{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.r.(io.Closer).Close() })
	return l
}

func TestListYieldsEachLineOnce(t *testing.T) {
	in := testList(t, "", []string{"A", "B", "A"}, regular(t, "B\nC\nbad\x01\nC\n"), &source{name: "pipe", r: strings.NewReader("D\tI\nD\nA\n")})
	var got []string
	for job := range in.Jobs(t.Context()) {
		if job.Err != nil {
			got = append(got, job.Err.Error())
			continue
		}
		got = append(got, strings.ReplaceAll(job.Origin, "\t", "/"))
	}
	want := []string{"A", "B", "C", `line 3: invalid id "bad\x01": it contains U+0001 (a control character), and ids consist of letters A to Z, digits, - and _`, "D/I", "D"}
	if !slices.Equal(got, want) {
		t.Errorf("jobs %q, want %q", got, want)
	}
}

// What is not done: failed, read and not started, and the unread rest of a file.
func TestUndone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "undone")
	in := testList(t, file, nil, regular(t, "done\nfailed\nhalf\nin-flight\nunread\ndone\nunread\n"))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for job := range in.Jobs(ctx) {
		switch job.Origin {
		case "done":
			in.Finished(job, download.Result{Status: download.Downloaded})
		case "failed":
			in.Finished(job, download.Result{Status: download.Failed})
		case "half":
			in.Expanded(job, 3)
			in.Finished(job, download.Result{Status: download.Downloaded})
			in.Finished(job, download.Result{Status: download.Failed})
			in.Finished(job, download.Result{Status: download.Failed})
		}
		if n++; n == 4 {
			break
		}
	}
	if left, ok := in.Left(); left != 4 || !ok { // of 7 lines that are 9 files
		t.Errorf("%d files are left, %t; want 4", left, ok)
	}
	notStarted, err := in.Close(true)
	if err != nil || notStarted != 2 {
		t.Errorf("%d not started, %v; want 2", notStarted, err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := "failed\nhalf\nin-flight\nunread\n"; string(got) != want {
		t.Errorf("undone:\n%swant\n%s", got, want)
	}
}

// What a run has come to in a list may still be read when the rest of it is asked for.
func TestTheRestLeavesAListWhereItStands(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(path, []byte("A\nB\nC\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in := testList(t, "", nil, newSource(path, f, Format{}))
	if _, err := f.Seek(3, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := in.rest(func(l *line) { got = append(got, l.key) }); err != nil {
		t.Error(err)
	}
	if !slices.Equal(got, []string{"A", "B", "C"}) {
		t.Errorf("the rest is %q", got)
	}
	if at, err := f.Seek(0, io.SeekCurrent); at != 3 || err != nil {
		t.Errorf("the list stands at %d, %v; want 3", at, err)
	}
}

func TestListEndsWithItsContext(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	in := testList(t, "", nil, &source{name: "pipe", r: r})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		_, _ = io.WriteString(w, "A\n")
		cancel()
	}()
	n := 0
	for range in.Jobs(ctx) {
		n++
	}
	if n > 1 || !in.Unread() {
		t.Errorf("%d jobs, unread %t", n, in.Unread())
	}
}

// TestNoReadAfterTheEnd sees that what is not read any more is left alone: a read may be under
// way yet, and two at once mix up what they bring.
func TestNoReadAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r, w := io.Pipe()
		defer w.Close()
		var reads atomic.Int32
		in := &interruptibleReader{ctx: ctx, r: readerFunc(func(p []byte) (int, error) {
			reads.Add(1)
			return r.Read(p)
		})}
		time.AfterFunc(time.Second, cancel)
		for range 3 {
			if n, err := in.Read(make([]byte, 10)); n != 0 || !errors.Is(err, context.Canceled) {
				t.Errorf("%d bytes, %v", n, err)
			}
		}
		synctest.Wait()
		if n := reads.Load(); n != 1 {
			t.Errorf("%d reads, want the one that was under way", n)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestListReportsAListThatBreaks(t *testing.T) {
	in := testList(t, "", nil, &source{name: "pipe", r: io.MultiReader(strings.NewReader("A\n"), iotest.ErrReader(os.ErrClosed))})
	var errs []error
	for job := range in.Jobs(t.Context()) {
		errs = append(errs, job.Err)
	}
	if len(errs) != 2 || errs[0] != nil || errs[1] == nil || !strings.Contains(errs[1].Error(), "pipe") {
		t.Errorf("errors %v", errs)
	}
}

// The list of what is not done may take the place of the very list that was read, which is closed before.
func TestUndoneReplacesWhatWasRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ids")
	if err := os.WriteFile(file, []byte("A\nB\nC\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	sources := NewSources(nil)
	if err := sources.Open(t.Context(), file, Format{}); err != nil {
		t.Fatal(err)
	}
	defer sources.Close()
	in := testList(t, file, nil, sources.all...)
	for job := range in.Jobs(t.Context()) {
		in.Finished(job, download.Result{Status: download.Downloaded})
		break
	}
	if n, err := in.Close(true); n != 2 || err != nil {
		t.Errorf("%d not started, %v; want 2", n, err)
	}
	if got, err := os.ReadFile(file); string(got) != "B\nC\n" || err != nil {
		t.Errorf("the list holds %q, %v", got, err)
	}
	if _, err := sources.all[0].r.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("what was read is still open: %v", err)
	}
	in.Discard() // does nothing after Close
	if n, err := in.Close(false); n != 2 || err != nil {
		t.Errorf("closed again: %d, %v", n, err)
	}
}

// A run that came to its end has no rest, and one that did not begin leaves everything as it was.
func TestUndoneOfAWholeRunAndOfNone(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "undone")
	if err := os.WriteFile(file, []byte("before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	begun := testList(t, file, []string{"A"})
	begun.Discard()
	if got, err := os.ReadFile(file); string(got) != "before\n" || err != nil {
		t.Errorf("a discarded list has %q, %v", got, err)
	}
	if left, err := os.ReadDir(dir); len(left) != 1 || err != nil {
		t.Errorf("a discarded list leaves %v, %v", left, err)
	}
	whole := testList(t, file, []string{"A"})
	if n, err := whole.Close(false); n != 0 || err != nil {
		t.Errorf("%d not started, %v; want none", n, err)
	}
	if got, err := os.ReadFile(file); len(got) != 0 || err != nil {
		t.Errorf("the list of a whole run holds %q, %v", got, err)
	}
}

// One file has one path: another one is a mistake that names the first line, the same one a double.
func TestListRefusesAnotherPath(t *testing.T) {
	in := testList(t, "", []string{"C"}, regular(t, "id;path\nA;a.jpg\nB;b.jpg\nA;a.jpg\nA;other.jpg\nA;\nD;\nD;d.jpg\nC;c.jpg\n"),
		&source{name: "pipe", r: strings.NewReader(`{"id":"B","saveAs":"b.jpg"}` + "\n" + `{"id":"B","saveAs":"x.jpg"}` + "\nE\n" + `{"id":"E","saveAs":"e.jpg"}` + "\nA\n")})
	var got []string
	for job := range in.Jobs(t.Context()) {
		if job.Err != nil {
			got = append(got, job.Err.Error())
			continue
		}
		got = append(got, job.MediaID+" "+job.Path)
	}
	want := []string{"C ", "A a.jpg", "B b.jpg", "line 5: line 2 requests the same file with another path", "D ", "line 8: line 7 requests the same file without this path",
		"line 9: an argument requests the same file without this path", "line 2: line 3 requests the same file with another path", "E ",
		"line 4: line 3 requests the same file without this path"}
	if !slices.Equal(got, want) {
		t.Errorf("jobs %q\nwant %q", got, want)
	}
}

// What is not done is written as it was, if it can stand below one header.
func TestUndoneRepeatsRows(t *testing.T) {
	const head = "id;note;path\n"
	for _, tt := range []struct {
		name    string
		args    []string
		sources []string
		want    string
	}{
		{"one table", nil, []string{"# c\n" + head + "A;1;a\nB;\"2\n3\";b\n#;;\nC;;../c\nA;1;x\n"}, head + "A;1;a\nB;\"2\n3\";b\n#;;\nC;;../c\nA;1;x\n"},
		{"two of one header", nil, []string{head + "A;1;a\n", head + "B;;b\n"}, head + "A;1;a\nB;;b\n"},
		{"two headers", nil, []string{head + "A;1;a\n", "id,path\nB,b\nC,\n"}, `{"mediaId":"A","saveAs":"a"}` + "\n" + `{"mediaId":"B","saveAs":"b"}` + "\n" + `{"mediaId":"C"}` + "\n"},
		{"with an argument", []string{"Z"}, []string{head + "A;1;a\n"}, "Z\n" + `{"mediaId":"A","saveAs":"a"}` + "\n"},
		{"with an empty list", nil, []string{head + "A;1;a\n", "# nothing\n"}, head + "A;1;a\n"},
		{"a table without rows", nil, []string{head}, ""},
		{"NDJSON", nil, []string{`{"id":"A", "saveAs":"a","more":1}` + "\n" + `{"id":"B"}` + "\n" + `{"id":"C","saveAs":"/c"}` + "\n"}, `{"id":"A", "saveAs":"a","more":1}` + "\nB\n" + `{"id":"C","saveAs":"/c"}` + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "undone")
			sources := NewSources(nil)
			defer sources.Close()
			for i, text := range tt.sources {
				name := filepath.Join(t.TempDir(), strconv.Itoa(i))
				if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
				if err := sources.Open(t.Context(), name, Format{}); err != nil {
					t.Fatal(err)
				}
			}
			in := testList(t, file, tt.args, sources.all...)
			n := 0
			for job := range in.Jobs(t.Context()) {
				if n++; job.Err != nil || job.MediaID == "A" && tt.name == "one table" { // others are in flight
					in.Finished(job, download.Result{Status: download.Failed})
				}
			}
			if _, err := in.Close(true); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(file)
			if err != nil || string(got) != tt.want {
				t.Fatalf("undone, %v:\n%s\nwant\n%s", err, got, tt.want)
			}
			again := 0
			for _, err := range Read(strings.NewReader(string(got)), Format{}) {
				if again++; err != nil {
					t.Errorf("it cannot be read again: %v", err)
				}
			}
			if again != n {
				t.Errorf("%d of %d are asked for again", again, n)
			}
		})
	}
}

// Lists that cannot be read yield nothing, also after valid ones.
func TestListRefusesBeforeTheFirstJob(t *testing.T) {
	in := testList(t, "", []string{"A"}, regular(t, "B\n"), &source{name: "pipe", r: strings.NewReader("x,y\n")})
	for job := range in.Jobs(t.Context()) {
		t.Errorf("a job for %s", job.MediaID)
	}
	if wrong, ok := errors.AsType[*download.Error](in.Err()); !ok || wrong.Code != download.CodeUsage || !strings.Contains(in.Err().Error(), "pipe: the first line") {
		t.Errorf("error %v", in.Err())
	}
}

// Where the first line of a TAB list may be titles, what fails says how they are written.
func TestListTellsHowColumnsAreNamed(t *testing.T) {
	for text, want := range map[string]bool{
		"Asset ID\tpath\nA\ta/b.jpg\n":            true,
		"Asset\tpath\nA\ta/b.jpg\n":               true,
		idOfTest + "\tweb image\nA\ta/b.jpg\n":    false,
		"Asset\n" + idOfTest + "\ta/b\n":          false,
		`{"id":"A"}` + "\nAsset ID\tpath\n":       false,
		"https://p/?mediaId=A\tx y\nA\ta/b.jpg\n": false,
	} {
		in := testList(t, "", nil, regular(t, text))
		failed := 0
		for job := range in.Jobs(t.Context()) {
			if job.Err == nil {
				continue
			}
			failed++
			wrong, ok := errors.AsType[*download.Error](job.Err)
			if !ok || strings.Contains(wrong.Advice, `name the column of media ids "id"`) != want {
				t.Errorf("%q: %v, advice %q", text, job.Err, wrong.Advice)
			}
		}
		if failed == 0 {
			t.Errorf("%q: nothing fails", text)
		}
	}
}

const idOfTest = "D4AC0B41-141B-47D2-98B4FECDA8894CB2"
