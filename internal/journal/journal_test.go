package journal

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/report"
)

func TestDone(t *testing.T) {
	dir, file := newFolder(t)
	elsewhere := filepath.Join(filepath.Dir(dir), "files-2")
	for _, name := range []string{"A", "sub/B", "item", "unchanged", "skipped", "changed", "then-failed", "was-failed", "a-folder/x"} {
		writeFile(t, filepath.Join(dir, name), "12345")
	}
	writeFile(t, filepath.Join(elsewhere, "outside"), "12345")
	if err := os.Symlink(filepath.Join(dir, "A"), filepath.Join(dir, "link")); err != nil && runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, "out")); err != nil && runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	var lines []byte
	put := func(r download.Result, path string) {
		r.Path = path
		line, err := report.JSONLine(r)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line...)
	}
	ok := func(id string) download.Result { return downloaded(original(id), "", 5) }
	as := func(r download.Result, s download.Status) download.Result { r.Status = s; return r }
	put(ok("A"), "A")
	put(ok("B"), "sub/B")
	put(downloaded(download.Job{MediaID: "A", Selector: item}, "", 5), "item")
	put(as(ok("unchanged"), download.Unchanged), "unchanged")
	put(as(ok("skipped"), download.Skipped), "skipped")
	put(as(downloaded(original("somebody else's"), "", 6), download.Skipped), "skipped")
	put(downloaded(original("changed"), "", 6), "changed")
	put(ok("vanished"), "vanished")
	put(ok("then-failed"), "then-failed")
	put(failed(original("then-failed"), download.CodeNetwork), "")
	put(failed(original("was-failed"), download.CodeNetwork), "")
	put(ok("was-failed"), "was-failed")
	put(ok("outside"), "../files-2/outside")
	put(ok("through a link"), "out/outside")
	put(ok("dots"), "sub/../A")
	put(ok("out by dots"), "sub/../../files-2/outside")
	put(ok("a NUL"), "A\x00")
	put(ok("nothing"), "")
	put(ok("a system's name"), os.DevNull)
	put(ok("a link"), "link")
	put(ok("a folder"), "a-folder")
	put(ok("the folder"), ".")
	put(as(ok("new status"), "mirrored"), "A")
	suspect := ok("suspect")
	suspect.Suspect = "storage sent HTML (text/html) as A"
	put(suspect, "A")
	put(as(ok("an intent without an MD5"), intended), "A")
	unsized := ok("unsized")
	unsized.Bytes = nil
	put(unsized, "A")
	elsePortal := ok("other portal")
	elsePortal.Portal = "other.example"
	put(elsePortal, "A")
	writeFile(t, file, "# a comment\n"+string(lines))

	j := openJournal(t, file, Options{Dir: dir})
	for _, c := range []struct {
		job  download.Job
		name string // "" for not done
	}{
		{original("A"), "A"},
		{original("B"), filepath.Join("sub", "B")},
		{download.Job{MediaID: "A", Selector: item}, "item"},
		{original("unchanged"), "unchanged"},
		{original("was-failed"), "was-failed"},
		{download.Job{MediaID: "B", Path: "sub/B"}, filepath.Join("sub", "B")},
		{download.Job{MediaID: "B", Path: "B"}, ""},
		{download.Job{MediaID: "B", Path: "sub/b"}, ""},
		{original("skipped"), ""},
		{original("changed"), ""},
		{original("vanished"), ""},
		{original("then-failed"), ""},
		{original("outside"), ""},
		{original("through a link"), ""},
		{original("dots"), ""},
		{original("out by dots"), ""},
		{original("a link"), ""},
		{original("a folder"), ""},
		{original("the folder"), ""},
		{original("a NUL"), ""},
		{original("nothing"), ""},
		{original("a system's name"), ""},
		{original("new status"), ""},
		{original("suspect"), ""},
		{original("an intent without an MD5"), ""},
		{original("unsized"), ""},
		{original("other portal"), ""},
		{original("unknown"), ""},
		{original("a"), ""},
		{download.Job{MediaID: "A", Selector: bynder.Selector{Kind: bynder.Additional}}, ""},
		{download.Job{MediaID: "A", Err: errors.New("a line that makes no sense")}, ""},
	} {
		r, done := j.Done(c.job)
		if done != (c.name != "") {
			t.Errorf("%s %s is done: %v", c.job.MediaID, c.job.Selector, done)
			continue
		}
		if !done {
			continue
		}
		want := downloaded(c.job, c.name, 5)
		want.Status, want.Attempts, want.FinishedAt = download.Unchanged, 0, r.FinishedAt
		if got, want := toJSON(t, r), toJSON(t, want); got != want || r.FinishedAt.IsZero() {
			t.Errorf("the result is\n%s, want\n%s", got, want)
		}
		j.Finished(c.job, r)
	}
	closeJournal(t, j)
	if got := readFile(t, file); got != "# a comment\n"+string(lines) {
		t.Errorf("the journal was changed: %s", strings.TrimPrefix(got, string(lines)))
	}

	j = openJournal(t, file, Options{Dir: dir, Skip: true})
	if r, done := j.Done(original("skipped")); !done || r.Status != download.Skipped || r.Path != "skipped" {
		t.Errorf("what was skipped is %v, %+v", done, r)
	}
	wantDone(t, j, false, "somebody else's", "changed")
	closeJournal(t, j)
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFinished(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, filepath.Join(dir, "sub", "there"), "12345")
	job := original("A")
	ok := downloaded(job, filepath.Join("sub", "there"), 5)
	recorded := func(r download.Result) string {
		r.Path = "sub/there"
		return toJSON(t, r)
	}
	with := func(change func(*download.Result)) download.Result {
		r := ok
		change(&r)
		return r
	}
	for what, c := range map[string]struct {
		r    download.Result
		want string // the line without its end; "" for none
	}{
		"downloaded": {ok, recorded(ok)},
		"unchanged, of unknown size": {
			with(func(r *download.Result) { r.Status, r.Bytes = download.Unchanged, nil }),
			recorded(with(func(r *download.Result) { r.Status = download.Unchanged })),
		},
		"skipped": {
			with(func(r *download.Result) { r.Status = download.Skipped }),
			recorded(with(func(r *download.Result) { r.Status = download.Skipped })),
		},
		"failed":             {failed(job, download.CodeNotFound), toJSON(t, failed(job, download.CodeNotFound))},
		"a mistake of usage": {failed(job, download.CodeUsage), ""},
		"no id":              {with(func(r *download.Result) { r.MediaID = "" }), ""},
		"standard output":    {with(func(r *download.Result) { r.Path = "" }), ""},
		"a device":           {with(func(r *download.Result) { r.Path = os.DevNull }), ""},
		"another folder":     {with(func(r *download.Result) { r.Path = file }), ""},
		"by dots":            {with(func(r *download.Result) { r.Path = filepath.FromSlash("../files/sub/there") }), ""},
		"not clean":          {with(func(r *download.Result) { r.Path = filepath.FromSlash("./sub/there") }), ""},
		"a file that went":   {with(func(r *download.Result) { r.Path = "gone" }), ""},
		"a folder":           {with(func(r *download.Result) { r.Path = "sub" }), ""},
		"another size":       {with(func(r *download.Result) { r.Bytes = ptr(int64(4)) }), ""},
		"no UTF-8":           {with(func(r *download.Result) { r.MediaID = "\xff" }), ""},
		"too long":           {with(func(r *download.Result) { r.ETag = strings.Repeat("x", maxLine) }), ""},
	} {
		for _, synced := range []bool{true, false} {
			if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			j := openJournal(t, file, Options{Dir: dir, Synced: synced})
			j.Finished(job, c.r)
			closeJournal(t, j)
			if got := strings.TrimSuffix(readFile(t, file), "\n"); got != c.want {
				t.Errorf("%s: the journal has\n%s, want\n%s", what, got, c.want)
			}
		}
	}
}

func TestNothingNewIsNotAdded(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A", "B")
	before := readFile(t, file)
	j := openJournal(t, file, Options{Dir: dir})
	r := downloaded(original("A"), "A", 12)
	r.Status = download.Unchanged
	j.Finished(original("A"), r)
	closeJournal(t, j)
	if got := readFile(t, file); got != before {
		t.Errorf("added was %s", strings.TrimPrefix(got, before))
	}
	// News: the file is another one, or came anew.
	j = openJournal(t, file, Options{Dir: dir})
	writeFile(t, filepath.Join(dir, "A2"), "content of A")
	r.Path = "A2"
	j.Finished(original("A"), r)
	j.Finished(original("B"), downloaded(original("B"), "B", 12))
	closeJournal(t, j)
	if got := lineCount(t, file); got != 4 {
		t.Errorf("the journal has %d lines, want 4", got)
	}
	// Another derivative was chosen; Done returns which.
	j = openJournal(t, file, Options{Dir: dir})
	for range 2 {
		r.Chosen = "mini"
		j.Finished(original("A"), r)
		closeJournal(t, j)
		if got := strings.Count(readFile(t, file), `"chosen":"mini"`); got != 1 {
			t.Errorf("%d lines have the new choice, want 1", got)
		}
		j = openJournal(t, file, Options{Dir: dir})
	}
	if known, done := j.Done(original("A")); !done || known.Chosen != "mini" {
		t.Errorf("done %v: %+v", done, known)
	}
	closeJournal(t, j)
}

func TestACollisionIsHarmless(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A", "B")
	j := openJournal(t, file, Options{Dir: dir})
	b, _ := j.view.index.Get(j.view.print(download.FileID{Portal: portal, MediaID: "B", Selector: "original"}))
	j.view.index.Put(j.view.print(download.FileID{Portal: portal, MediaID: "A", Selector: "original"}), b)
	wantDone(t, j, false, "A")
	wantDone(t, j, true, "B")
	closeJournal(t, j)
}

func TestANewJournal(t *testing.T) {
	dir, file := newFolder(t)
	closeJournal(t, openJournal(t, file, Options{Dir: dir}))
	info, err := os.Stat(file)
	if err != nil || info.Size() != 0 {
		t.Fatalf("%v, %v", info, err)
	}
	plain := filepath.Join(filepath.Dir(file), "plain")
	writeFile(t, plain, "")
	want, err := os.Stat(plain)
	if err != nil || info.Mode() != want.Mode() {
		t.Errorf("the mode is %v, want that of other files, %v (%v)", info.Mode(), want.Mode(), err)
	}
}

func TestWhatIsNoJournalIsRefused(t *testing.T) {
	dir, file := newFolder(t)
	top := filepath.Dir(file)
	for what, content := range map[string]string{
		"a list of ids": "A\nB\n", "a picture": "\xff\xd8\xff\xe0", "JSON": "{\n  \"portal\": 1\n}\n", "an object": `{"a":1}`,
		"nothing but NUL": "\x00\x00\x00", "an asset": `{"id":"A","name":"a"}` + "\n", "a long line": strings.Repeat("x", maxLine+5),
	} {
		writeFile(t, file, content)
		for _, dryRun := range []bool{true, false} {
			_, err := Open(t.Context(), file, Options{Dir: dir, DryRun: dryRun})
			wantRefused(t, err)
		}
		if _, _, err := Summarize(t.Context(), Source{Name: file}); err == nil {
			t.Errorf("%s was summed up", what)
		}
		if got := readFile(t, file); got != content {
			t.Errorf("%s became %q", what, got)
		}
	}
	for _, path := range []string{top, top + "/", filepath.Join(top, "missing", "done.ndjson"), os.DevNull, ""} {
		_, err := Open(t.Context(), path, Options{Dir: dir})
		if err == nil {
			t.Fatalf("%q is taken for a journal", path)
		}
		wantRefused(t, err)
	}
}

func TestDryRun(t *testing.T) {
	dir, file := newFolder(t)
	j := openJournal(t, file, Options{Dir: filepath.Join(dir, "missing"), DryRun: true})
	wantDone(t, j, false, "A")
	closeJournal(t, j)
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a dry run has made the journal: %v", err)
	}
	keep(t, file, dir, "A")
	before := readFile(t, file) + `{"portal":"a torn`
	writeFile(t, file, before)
	j = openJournal(t, file, Options{Dir: dir, DryRun: true})
	wantDone(t, j, true, "A")
	j.Finished(original("B"), failed(original("B"), download.CodeNotFound))
	closeJournal(t, j)
	if got := readFile(t, file); got != before {
		t.Errorf("a dry run has written %q", got)
	}
	if _, err := Open(t.Context(), file, Options{Dir: filepath.Join(dir, "missing")}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a run without its folder: %v", err)
	}
}
