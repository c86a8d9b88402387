package journal

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

func TestSummarize(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A", "B", "C")
	j := openJournal(t, file, Options{Dir: dir})
	j.Finished(original("C"), failed(original("C"), download.CodeNotFound))
	j.Finished(original("D"), failed(original("D"), download.CodeNotFound))
	j.Finished(original("E"), failed(original("E"), download.CodeStorage))
	closeJournal(t, j)
	all := strings.SplitAfter(readFile(t, file), "\n")
	intent := intentLine(t, original("F"), "F", "12345")
	before := all[0] + "# note\n" + strings.Join(all[1:], "") + intent + `{"portal":"to`
	writeFile(t, file, before)
	want := []Group{
		{Status: download.Downloaded, Files: 2, Bytes: 24},
		{Status: download.Failed, Cause: download.CodeNotFound, Files: 2},
		{Status: download.Failed, Cause: download.CodeStorage, Files: 1},
	}
	groups, others, err := Summarize(t.Context(), Source{Name: file})
	if err != nil || !slices.Equal(groups, want) || others != 1 {
		t.Errorf("the summary is %+v, %d, %v", groups, others, err)
	}
	if readFile(t, file) != before {
		t.Error("the journal was changed")
	}
	if _, _, err := Summarize(t.Context(), Source{Name: filepath.Join(dir, "none")}); err == nil {
		t.Error("a missing journal was summed up")
	} else {
		wantRefused(t, err)
	}
}

// Another program may have written any number.
func TestSummarizeAddsUpSizes(t *testing.T) {
	_, file := newFolder(t)
	line := func(id, bytes string) string {
		return `{"portal":"p","mediaId":"` + id + `","selector":"original","status":"downloaded","path":"a","bytes":` + bytes + "}\n"
	}
	for bytes, want := range map[string]int64{"5": 12, "-5": 7, "9223372036854775807": math.MaxInt64, "9223372036854775800": math.MaxInt64} {
		writeFile(t, file, line("A", bytes)+line("B", "7"))
		groups, _, err := Summarize(t.Context(), Source{Name: file})
		if err != nil || len(groups) != 1 || groups[0].Files != 2 || groups[0].Bytes != want {
			t.Errorf("%s and 7: %+v, %v", bytes, groups, err)
		}
	}
}

// Open leaves the lines that count when the others outnumber them, and not before.
func TestCompaction(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A", "B")
	line := func(id string) string { return toJSON(t, downloaded(original(id), id, 12)) + "\n" }
	elsewhere := intentLine(t, original("C"), filepath.Join(filepath.Dir(dir), "other", "C"), "12345")
	missing := intentLine(t, original("D"), "missing", "12345")
	shorter := intentLine(t, original("D"), "A", "12345")
	untrue := intentLine(t, original("D"), "A", "CONTENT OF A")
	a, b := line("A"), line("B")
	note := "# " + strings.Repeat("x", maxLine) + "\n"
	for what, c := range map[string]struct{ before, want string }{
		"as many":             {a + b + a + b, a + b + a + b},
		"more":                {a + b + a + a + b, a + b},
		"notes stay":          {"# note\n" + a + "\n" + b + a + a + b, "# note\n" + a + b},
		"another folder's":    {elsewhere + a + a + a + b + elsewhere + a, b + elsewhere + a},
		"still to come":       {missing + a + missing + b + missing + missing + missing, a + b + missing},
		"of another size":     {shorter + a + shorter + b + shorter + shorter + shorter, a + b + shorter},
		"intents that failed": {untrue + a + untrue + b + untrue, a + b},
		"a long note":         {a + note + a + b + a + a, note + b + a},
		"a torn line":         {a + b + a + a + b + `{"portal":"to`, a + b},
	} {
		writeFile(t, file, c.before)
		if err := os.Chmod(file, 0o640); err != nil {
			t.Fatal(err)
		}
		was, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		j := openJournal(t, file, Options{Dir: dir})
		if got := readFile(t, file); got != c.want {
			t.Errorf("%s: the journal became\n%s, want\n%s", what, got, c.want)
		}
		wantDone(t, j, true, "A", "B")
		if _, err := Open(t.Context(), file, Options{Dir: dir}); err == nil {
			t.Errorf("%s: the new file is not locked", what)
		}
		j.Finished(original("B"), failed(original("B"), download.CodeNotFound))
		closeJournal(t, j)
		if got, want := readFile(t, file), c.want+toJSON(t, failed(original("B"), download.CodeNotFound))+"\n"; got != want {
			t.Errorf("%s: then the journal has\n%s", what, got)
		}
		if now, err := os.Stat(file); err != nil || now.Mode() != was.Mode() {
			t.Errorf("%s: its mode is %v, was %v (%v)", what, now.Mode(), was.Mode(), err)
		}
		if entries, err := os.ReadDir(filepath.Dir(file)); err != nil || len(entries) != 2 {
			t.Errorf("%s: left were %v, %v", what, entries, err)
		}
	}
}

// What is known of a file's bytes stays beside a later failure, which is its latest result.
func TestCompactionKeepsBytes(t *testing.T) {
	dir, file := newFolder(t)
	known := line("A", "downloaded", "a", "1")
	writeLines(t, file, line("A", "downloaded", "old", "0"), known, failure, line("A", "skipped", "a", "2"), failure, failure)
	for range 2 {
		closeJournal(t, openJournal(t, file, Options{Dir: dir}))
		if got, want := readFile(t, file), known+"\n"+failure+"\n"; got != want {
			t.Errorf("the journal became\n%s", got)
		}
	}
	if got := recorded(t, openFiles(t, file, dir)); !slices.Equal(got, []string{"A a"}) {
		t.Errorf("the files are %v", got)
	}
	groups, _, err := Summarize(t.Context(), Source{Name: file})
	if want := []Group{{Status: download.Failed, Cause: download.CodeNetwork, Files: 1}}; err != nil || !slices.Equal(groups, want) {
		t.Errorf("the summary is %+v, %v", groups, err)
	}
	var failures []string
	_, err = NewJob(1).EachFailure(t.Context(), 0, Source{Name: file}, func(r download.Result) error { failures = append(failures, r.MediaID); return nil })
	if err != nil || !slices.Equal(failures, []string{"A"}) {
		t.Errorf("the failures are %v, %v", failures, err)
	}
}

// Two files of one fingerprint both stay.
func TestCompactionKeepsCollisions(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A", "B")
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v := newView(f)
	if err := v.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	b, _ := v.index.Get(v.print(download.FileID{Portal: portal, MediaID: "B", Selector: "original"}))
	v.index.Put(v.print(download.FileID{Portal: portal, MediaID: "A", Selector: "original"}), b)
	n := 0
	err = v.eachCurrent(t.Context(), func(int64, []byte, *record) error { n++; return nil })
	if err != nil || n != 2 {
		t.Errorf("%d lines, %v", n, err)
	}
}

func TestCompactionThroughALink(t *testing.T) {
	dir, file := newFolder(t)
	for range 3 {
		keep(t, file, dir, "A")
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err)
	}
	closeJournal(t, openJournal(t, link, Options{Dir: dir}))
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info, err)
	}
	if got := lineCount(t, file); got != 1 {
		t.Errorf("%d lines", got)
	}
}

// A journal that cannot be compacted is used as it is.
func TestCompactionIsOptional(t *testing.T) {
	dir, file := newFolder(t)
	for range 3 {
		keep(t, file, dir, "A")
	}
	before := readFile(t, file)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, file, Options{Dir: dir, LockWait: -1}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
	l, err := locate(file, false)
	if err != nil {
		t.Fatal(err)
	}
	f, err := l.read()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v := newView(f)
	if err := v.load(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.folder.Close() // nothing can be created in it
	if err := l.compact(t.Context(), v); err != nil || v.file != f {
		t.Errorf("the error is %v", err)
	}
	if got := readFile(t, file); got != before {
		t.Errorf("the journal became %q", got)
	}
}

// No other file is touched by compaction, whatever its name: each of these may be what the run is to read.
func TestCompactionRemovesNothing(t *testing.T) {
	dir, file := newFolder(t)
	for range 3 {
		keep(t, file, dir, "A")
	}
	names := []string{file + ".tmp", file + "~", file + ".new", file + ".part", filepath.Join(filepath.Dir(file), ".compact-AAAAAAAAAAAAAAAAAAAAAAAAAA")}
	for _, name := range names {
		writeFile(t, name, "A\n")
	}
	if err := os.Mkdir(file+".d", 0o777); err != nil {
		t.Fatal(err)
	}
	closeJournal(t, openJournal(t, file, Options{Dir: dir}))
	if got := lineCount(t, file); got != 1 {
		t.Errorf("%d lines", got)
	}
	for _, name := range names {
		if got := readFile(t, name); got != "A\n" {
			t.Errorf("%s has %q", name, got)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(file))
	if err != nil || len(entries) != len(names)+3 { // the journal, the folder .d, and dir
		t.Errorf("the folder has %v, %v", entries, err)
	}
}

func TestEachFailure(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, file, strings.Join([]string{
		`{"portal":"p","mediaId":"A","selector":"original","status":"failed","error":{"code":"network","message":"old","retryable":true}}`,
		`{"portal":"p","mediaId":"B","selector":"item/I","itemId":"I","status":"failed","name":"b.jpg","path":"b/b.jpg","error":{"code":"exists","message":"m","hint":"h","retryable":false},"finishedAt":"2026-01-02T03:04:05Z"}`,
		`{"portal":"p","mediaId":"C","selector":"original","status":"failed","error":{"code":"network","message":"m","retryable":true}}`,
		`a note`,
		`{"portal":"p","mediaId":"C","selector":"original","status":"downloaded","path":"c","bytes":1}`,
		`{"portal":"p","mediaId":"D","selector":"original","status":"failed","seconds":"long","error":{"code":"storage"}}`,
		`{"portal":"p","mediaId":"E","selector":"original","status":"failed"}`,
		`{"portal":"p","mediaId":"F","selector":"original","status":"intent","path":"f","bytes":1,"md5":"x"}`,
		`{"portal":"p","mediaId":"A","selector":"original","status":"failed","error":{"code":"timeout","message":"new","retryable":true}}`,
	}, "\n")+"\n")
	var got []string
	others, err := NewJob(1).EachFailure(t.Context(), 0, Source{Name: file}, func(r download.Result) error {
		got = append(got, fmt.Sprintf("%s %s %s %s %s %s", r.MediaID, r.ItemID, r.Name, r.Path, r.Error.Code, r.Error.Message))
		return nil
	})
	want := []string{"B I b.jpg b/b.jpg exists m", "D    storage ", "E     ", "A    timeout new"}
	if err != nil || others != 1 || !slices.Equal(got, want) {
		t.Errorf("got %q, %d other lines, %v; want %q", got, others, err, want)
	}
	enough := errors.New("enough")
	if _, err := NewJob(1).EachFailure(t.Context(), 0, Source{Name: file}, func(download.Result) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("error %v, want that of the function", err)
	}
	if _, err := NewJob(1).EachFailure(t.Context(), 0, Source{Name: filepath.Join(dir, "none")}, nil); err == nil {
		t.Error("a journal that is not there has no failures")
	}
}
