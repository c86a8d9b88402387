package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/report"
)

const stateHead = `{"sync":{"format":1,"portal":"` + portal + `"}}` + "\n"

// openState opens a state that has a head, and gives a new one its head.
func openState(t *testing.T, file, dir string) *Journal {
	t.Helper()
	j := openJournal(t, file, Options{Dir: dir, State: true})
	if j.Head() == nil {
		if err := j.SetHead(json.RawMessage(`{"format":1,"portal":"` + portal + `"}`)); err != nil {
			t.Fatal(err)
		}
	}
	return j
}

// wantFiles checks the files of a state, as "id path version".
func wantFiles(t *testing.T, j *Journal, want ...string) {
	t.Helper()
	var got []string
	err := j.Each(t.Context(), func(r download.Result) error {
		text := r.MediaID + " " + r.Path
		if r.Listed != nil {
			text += fmt.Sprint(" ", r.Listed.Version)
		}
		if r.Status != download.Downloaded || r.Portal != portal || r.Bytes == nil {
			t.Errorf("%s is %+v", text, r)
		}
		got = append(got, text)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the files, -want +got:\n%s", diff)
	}
}

// synced is the result of a file whose content stands at a path.
func synced(id, path, content string, version int64) download.Result {
	r := aboutTo(original(id), path, content)
	r.Listed = &download.Listed{Version: version}
	return r
}

func (j *Journal) tell(results ...download.Result) {
	for _, r := range results {
		j.Finished(original(r.MediaID), r)
	}
}

func as(status download.Status, r download.Result) download.Result {
	r.Status = status
	return r
}

// A state has one record of each file, whatever sync did with it.
func TestStateHasTheFiles(t *testing.T) {
	a, b := synced("A", "a", "content", 1), synced("B", "sub/b", "another", 7)
	broken := as(download.Failed, b)
	broken.Error = &download.Failure{Code: download.CodeStorage}
	moved := as(download.Moved, a)
	moved.From, moved.Path, moved.Action = "a", "sub/a", download.ActionMove
	newer := as(download.Unchanged, synced("B", "sub/b", "another", 8))
	for what, c := range map[string]struct {
		then []download.Result
		want []string
	}{
		"downloaded":      {nil, []string{"A a 1", "B sub/b 7"}},
		"failed":          {[]download.Result{broken}, []string{"A a 1", "B sub/b 7"}},
		"kept":            {[]download.Result{as(download.Kept, synced("B", "sub/b", "another", 8))}, []string{"A a 1", "B sub/b 7"}},
		"skipped":         {[]download.Result{as(download.Skipped, b)}, []string{"A a 1", "B sub/b 7"}},
		"deleted":         {[]download.Result{as(download.Deleted, a)}, []string{"B sub/b 7"}},
		"folder deleted":  {[]download.Result{as(download.Deleted, synced("C", "no/such/folder", "", 1))}, []string{"A a 1", "B sub/b 7"}},
		"back again":      {[]download.Result{as(download.Deleted, a), a}, []string{"A a 1", "B sub/b 7"}},
		"moved":           {[]download.Result{moved}, []string{"A sub/a 1", "B sub/b 7"}},
		"new metadata":    {[]download.Result{newer}, []string{"A a 1", "B sub/b 8"}},
		"replaced":        {[]download.Result{synced("C", "a", "content", 3)}, []string{"B sub/b 7", "C a 3"}},
		"moved, replaced": {[]download.Result{moved, synced("C", "a", "content", 3)}, []string{"A sub/a 1", "B sub/b 7", "C a 3"}},
	} {
		t.Run(what, func(t *testing.T) {
			dir, file := newFolder(t)
			for path, content := range map[string]string{"a": "content", "sub/a": "content", "sub/b": "another"} {
				writeFile(t, filepath.Join(dir, path), content)
			}
			j := openState(t, file, dir)
			j.tell(a, b)
			j.tell(c.then...)
			closeJournal(t, j)
			if text := readFile(t, file); strings.Contains(text, `"action"`) || strings.Contains(text, `"from"`) {
				t.Errorf("a step is recorded in %s", text)
			}
			for range 2 {
				j = openState(t, file, dir)
				wantFiles(t, j, c.want...)
				closeJournal(t, j)
			}
			groups, others, err := Summarize(t.Context(), Source{Name: file})
			files := 0
			for _, g := range groups {
				files += g.Files
			}
			if err != nil || others != 0 || files != len(c.want) && !strings.Contains(what, "replaced") {
				t.Errorf("the summary is %v, %d, %v", groups, others, err)
			}
		})
	}
}

// A result that says what is on record adds no line.
func TestStateRecordsNothingTwice(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, filepath.Join(dir, "a"), "content")
	j := openState(t, file, dir)
	j.tell(synced("A", "a", "content", 1))
	closeJournal(t, j)
	j = openState(t, file, dir)
	var all []download.Result
	if err := j.Each(t.Context(), func(r download.Result) error { all = append(all, as(download.Unchanged, r)); return nil }); err != nil {
		t.Fatal(err)
	}
	edited := all[0]
	edited.MD5 = strings.Repeat("0", 32)
	before := lineCount(t, file)
	j.tell(all...)
	closeJournal(t, j)
	if got := lineCount(t, file); got != before {
		t.Errorf("%d lines became %d", before, got)
	}
	j = openState(t, file, dir)
	j.tell(edited)
	closeJournal(t, j)
	if got := lineCount(t, file); got != before+1 {
		t.Errorf("with another MD5 %d lines became %d", before, got)
	}
}

// Of a file that was edited, what is beside it is recorded, and the file's own record stays as it was: it tells that the
// file was edited. A file that is missing is not recorded.
func TestStateLearnsOfAnEditedFile(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, filepath.Join(dir, "a"), "content")
	j := openState(t, file, dir)
	fetched := synced("A", "a", "content", 1)
	fetched.Plan, fetched.Action = download.PlanNew, download.ActionFetch
	j.tell(fetched)
	closeJournal(t, j)
	if text := readFile(t, file); strings.Contains(text, `"plan"`) || strings.Contains(text, `"action"`) {
		t.Errorf("a step of the plan is in the state:\n%s", text)
	}
	writeFile(t, filepath.Join(dir, "a"), "edited, and longer")
	j = openState(t, file, dir)
	more := as(download.Unchanged, synced("A", "a", "content", 1))
	more.Listed.Metadata, more.Listed.Modified = strings.Repeat("1", 32), "2026-01-31"
	if err := j.Intend(more); err != nil {
		t.Fatal(err)
	}
	j.tell(more, as(download.Unchanged, synced("B", "b", "content", 1)))
	closeJournal(t, j)
	j = openState(t, file, dir)
	defer closeJournal(t, j)
	wantFiles(t, j, "A a 1")
	err := j.Each(t.Context(), func(r download.Result) error {
		if *r.Bytes != 7 || r.MD5 != fetched.MD5 || r.Listed.Modified != "2026-01-31" || r.Listed.Metadata != more.Listed.Metadata {
			t.Errorf("the record is %+v, %+v", r, *r.Listed)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// The time of a file is recorded as it is in place, unless the result has it.
func TestStateRecordsTimes(t *testing.T) {
	dir, file := newFolder(t)
	when := time.Date(2020, 1, 2, 3, 4, 5, 678, time.UTC)
	told := synced("B", "b", "content", 1)
	told.Listed.ModTime = when.Add(-time.Hour)
	for _, name := range []string{"a", "b", "c"} {
		writeFile(t, filepath.Join(dir, name), "content")
		if err := os.Chtimes(filepath.Join(dir, name), when, when); err != nil {
			t.Fatal(err)
		}
	}
	j := openState(t, file, dir)
	listed := synced("A", "a", "content", 1)
	j.tell(listed, told)
	if err := j.Intend(synced("C", "c", "content", 1)); err != nil {
		t.Fatal(err)
	}
	closeJournal(t, j)
	if !listed.Listed.ModTime.IsZero() {
		t.Error("the caller's result was changed")
	}
	j = openState(t, file, dir)
	defer closeJournal(t, j)
	want := map[string]time.Time{"A": when, "B": when.Add(-time.Hour), "C": when}
	err := j.Each(t.Context(), func(r download.Result) error {
		if !r.Listed.ModTime.Equal(want[r.MediaID]) {
			t.Errorf("%s is of %v", r.MediaID, r.Listed.ModTime)
		}
		delete(want, r.MediaID)
		return nil
	})
	if err != nil || len(want) > 0 {
		t.Errorf("left are %v, %v", want, err)
	}
}

func TestStateHead(t *testing.T) {
	dir, file := newFolder(t)
	dry := openJournal(t, file, Options{Dir: dir, State: true, DryRun: true})
	if err := dry.SetHead(json.RawMessage(`{}`)); err != nil || dry.Head() != nil {
		t.Errorf("in a dry run the head is %s, %v", dry.Head(), err)
	}
	closeJournal(t, dry)
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a dry run has made the state: %v", err)
	}
	j := openJournal(t, file, Options{Dir: dir, State: true})
	if j.Head() != nil {
		t.Errorf("a new state has the head %s", j.Head())
	}
	for _, raw := range []string{``, `{`, `[]`, `null`, `"x"`, `{}}`, `{"a":"` + strings.Repeat("x", maxLine) + `"}`} {
		if err := j.SetHead(json.RawMessage(raw)); err == nil {
			t.Errorf("%.20q became a head", raw)
		}
	}
	if got := readFile(t, file); got != "" {
		t.Errorf("the state has %.100q", got)
	}
	for _, raw := range []string{`{"a":1}`, "{\n\"a\": 2\n}"} {
		if err := j.SetHead(json.RawMessage(raw)); err != nil {
			t.Error(err)
		}
	}
	closeJournal(t, j)
	for _, dryRun := range []bool{true, false} {
		j = openJournal(t, file, Options{Dir: dir, State: true, DryRun: dryRun})
		if got := string(j.Head()); got != `{"a":2}` {
			t.Errorf("the head is %s", got)
		}
		closeJournal(t, j)
	}
	if _, err := Open(t.Context(), file, Options{Dir: dir, Encode: report.JSONLine[download.Result]}); err == nil {
		t.Error("a state was opened as a journal of downloads")
	} else {
		wantRefused(t, err)
	}
}

// Only a torn last line is mended. Anything else that is not of a state is left as it is, and put aside on request.
func TestStateThatIsDamaged(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, filepath.Join(dir, "a"), "content")
	line := toJSON(t, synced("A", "a", "content", 1)) + "\n"
	for what, c := range map[string]struct {
		content string
		good    string // what it becomes, if it can be read
		hadHead bool
	}{
		"nothing":               {},
		"whole":                 {content: stateHead + line, good: stateHead + line},
		"blank lines":           {content: stateHead + "\n" + line, good: stateHead + "\n" + line},
		"a torn line":           {content: stateHead + line + line[:40], good: stateHead + line},
		"a torn head":           {content: stateHead[:12]},
		"an empty one, had":     {hadHead: true},
		"blank, had":            {content: "\n\n", hadHead: true},
		"zeros, had":            {content: "\x00\x00", hadHead: true},
		"a torn head, had":      {content: stateHead[:12], hadHead: true},
		"all but the end, had":  {content: strings.TrimSpace(stateHead), good: stateHead, hadHead: true},
		"whole, had":            {content: stateHead + line, good: stateHead + line, hadHead: true},
		"zeros at the end":      {content: stateHead + line + "\x00\x00", good: stateHead + line},
		"a line without an end": {content: stateHead + strings.TrimSpace(line), good: stateHead + line},
		"torn in the middle":    {content: stateHead + line[:40] + line},
		"torn, with an end":     {content: stateHead + line + line[:40] + "\n"},
		"zeros in the middle":   {content: stateHead + "\x00\x00\x00\n" + line},
		"a note":                {content: stateHead + "# note\n" + line},
		"a note at the end":     {content: stateHead + line + "# note"},
		"another object":        {content: stateHead + `{"a":1}` + "\n"},
		"a long line":           {content: stateHead + strings.Repeat("x", maxLine+1) + "\n"},
		"a long end":            {content: stateHead + strings.Repeat("x", maxLine+1)},
		"no head":               {content: line},
		"no head and no end":    {content: strings.TrimSpace(line)},
		"another format":        {content: `{"sync":{"format":9}}` + "\n" + line},
		"a head of nothing":     {content: `{"sync":null}` + "\n"},
		"another file":          {content: "hello\n"},
	} {
		readable := c.good != "" || !c.hadHead && (what == "nothing" || strings.HasPrefix(what, "a torn head"))
		writeFile(t, file, c.content)
		opts := Options{Dir: dir, State: true, HadHead: c.hadHead, Encode: report.JSONLine[download.Result], Portal: portal}
		opts.KnowsHead = func(head json.RawMessage) bool { return string(head) != `{"format":9}` }
		for _, adopt := range []bool{false, true} {
			opts.Adopt, opts.DryRun = adopt, true
			if j, err := Open(t.Context(), file, opts); (err == nil) != (readable || adopt) {
				t.Errorf("%s: a dry run says %v", what, err)
			} else if err == nil {
				closeJournal(t, j)
			}
		}
		opts.Adopt, opts.DryRun = false, false
		j, err := Open(t.Context(), file, opts)
		if readable {
			if err != nil {
				t.Errorf("%s: %v", what, err)
				continue
			}
			closeJournal(t, j)
			if got := readFile(t, file); got != c.good {
				t.Errorf("%s: it became %q", what, got)
			}
			continue
		}
		var e *download.Error
		if !errors.As(err, &e) || e.Code != download.CodeLocal || !strings.Contains(e.Hint(), "--adopt") {
			t.Errorf("%s: the error is %v", what, err)
		}
		if got := readFile(t, file); got != c.content {
			t.Errorf("%s: it was changed to %.100q", what, got)
		}
		if !c.hadHead {
			wantPutAside(t, file, c.content, opts)
		}
	}
}

// Errors about a state call it that, and do not speak of another file: there is no flag for one.
func TestStateThatCannotBeOpened(t *testing.T) {
	dir, file := newFolder(t)
	opts := Options{Dir: dir, State: true, Encode: report.JSONLine[download.Result], Portal: portal}
	wants := func(what string, err error, text string) {
		t.Helper()
		var e *download.Error
		if !errors.As(err, &e) || e.Code != download.CodeLocal || !strings.Contains(err.Error(), text) ||
			strings.Contains(err.Error()+e.Hint(), "journal") || strings.Contains(e.Hint(), "another file") {
			t.Errorf("%s: the error is %v, with the hint %q", what, err, e.Hint())
		}
	}
	j, err := Open(t.Context(), file, opts)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), file, opts)
	wants("in use", err, "cannot use the state of sync")
	closeJournal(t, j)
	l, err := locate(file, true)
	if err != nil {
		t.Fatal(err)
	}
	defer l.folder.Close()
	wants("not readable", l.unopened(fs.ErrPermission), "opening the state of sync")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(file, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), file, opts)
	wants("a folder", err, "is not a regular file")
}

// wantPutAside checks that a state is put aside once for each time that it is unreadable, under names of their own.
func wantPutAside(t *testing.T, file, content string, opts Options) {
	t.Helper()
	opts.Adopt = true
	for n := 1; n <= 2; n++ {
		j, err := Open(t.Context(), file, opts)
		if err != nil {
			t.Fatal(err)
		}
		wantFiles(t, j)
		if err := j.SetHead(json.RawMessage(`{"new":true}`)); err != nil {
			t.Error(err)
		}
		if _, err := Open(t.Context(), file, opts); err == nil || errors.Is(err, errUnreadable) {
			t.Errorf("the new state is not locked: %v", err)
		}
		closeJournal(t, j)
		if got := readFile(t, file); got != `{"sync":{"new":true}}`+"\n" {
			t.Errorf("the new state has %q", got)
		}
		old := fmt.Sprintf("%s.old-%d", file, n)
		if got := readFile(t, old); got != content {
			t.Errorf("%s has %.100q", old, got)
		}
		writeFile(t, file, content)
	}
	for n := 1; n <= 2; n++ {
		if err := os.Remove(fmt.Sprintf("%s.old-%d", file, n)); err != nil {
			t.Error(err)
		}
	}
}

// A state that was cut at any byte opens, and has what is whole.
func TestStateTornAtEveryByte(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, filepath.Join(dir, "a"), "content")
	line := toJSON(t, synced("A", "a", "content", 1)) + "\n"
	whole := stateHead + line
	for cut := range len(whole) + 1 {
		writeFile(t, file, whole[:cut])
		j := openJournal(t, file, Options{Dir: dir, State: true})
		if got := j.Head() != nil; got != (cut >= len(stateHead)-1) {
			t.Errorf("cut at %d: it has a head: %v", cut, got)
		}
		var want []string
		if cut >= len(whole)-1 {
			want = []string{"A a 1"}
		}
		wantFiles(t, j, want...)
		closeJournal(t, j)
	}
}

// Compaction leaves the latest head before the records, and drops what was deleted.
func TestStateCompaction(t *testing.T) {
	dir, file := newFolder(t)
	for _, name := range []string{"a", "b", "d"} {
		writeFile(t, filepath.Join(dir, name), "content")
	}
	line := func(r download.Result) string { return toJSON(t, r) + "\n" }
	a, b := line(synced("A", "a", "content", 1)), line(synced("B", "b", "content", 1))
	d := line(synced("D", "d", "content", 1))
	gone := line(download.Result{Portal: portal, MediaID: "B", Selector: "original", Status: download.Deleted})
	newHead := `{"sync":{"format":2}}` + "\n"
	for what, c := range map[string]struct{ before, want string }{
		"few lines are old":    {stateHead + a + b + d + gone, stateHead + a + b + d + gone},
		"many lines are old":   {stateHead + a + a + b + newHead + a + b, newHead + a + b},
		"deleted":              {stateHead + a + a + b + newHead + a + b + gone, newHead + a},
		"deleted and back":     {stateHead + b + gone + b, stateHead + b},
		"all of it is deleted": {stateHead + b + b + gone, stateHead},
	} {
		writeFile(t, file, c.before)
		for range 2 {
			j := openState(t, file, dir)
			if got := readFile(t, file); got != c.want {
				t.Errorf("%s: it became\n%s, want\n%s", what, got, c.want)
			}
			closeJournal(t, j)
		}
	}
}

// What a killed compaction has left goes: all of the folder of a state is sync's.
func TestStateRemovesUnfinishedFiles(t *testing.T) {
	dir, file := newFolder(t)
	left, other := filepath.Join(filepath.Dir(file), ".compact-AAAAAAAAAAAAAAAAAAAAAAAAAA"), filepath.Join(filepath.Dir(file), "replaced")
	writeFile(t, left, "A\n")
	writeFile(t, other, "A\n")
	closeJournal(t, openJournal(t, file, Options{Dir: dir, State: true, DryRun: true}))
	if got := readFile(t, left); got != "A\n" {
		t.Error("a dry run has removed it")
	}
	closeJournal(t, openState(t, file, dir))
	if _, err := os.Lstat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it is still there: %v", err)
	}
	if got := readFile(t, other); got != "A\n" {
		t.Errorf("another file has %q", got)
	}
}

// A file that is moved is on record wherever a kill has left it: the intents are those of a move by way of another name.
func TestStateMovesThroughAKill(t *testing.T) {
	const between = ".bynder/moving-x"
	for what, c := range map[string]struct {
		intents []string
		stands  string // "" for nowhere
		want    []string
	}{
		"before the first":   {nil, "a", []string{"A a 1"}},
		"intended":           {[]string{"b"}, "a", []string{"A a 1"}},
		"moved":              {[]string{"b"}, "b", []string{"A b 1"}},
		"put between":        {[]string{between}, between, []string{"A .bynder/moving-x 1"}},
		"intended, between":  {[]string{between, "b"}, between, []string{"A .bynder/moving-x 1"}},
		"moved from between": {[]string{between, "b"}, "b", []string{"A b 1"}},
		"gone meanwhile":     {[]string{between, "b"}, "", []string{"A a 1"}},
	} {
		t.Run(what, func(t *testing.T) {
			dir, file := newFolder(t)
			writeFile(t, filepath.Join(dir, "a"), "content")
			j := openState(t, file, dir)
			j.tell(synced("A", "a", "content", 1))
			closeJournal(t, j)
			j = openState(t, file, dir)
			for _, path := range c.intents {
				if err := j.Intend(synced("A", path, "content", 1)); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Remove(filepath.Join(dir, "a")); err != nil {
				t.Fatal(err)
			}
			if c.stands != "" {
				writeFile(t, filepath.Join(dir, c.stands), "content")
			}
			closeJournal(t, j) // intents alone are what a kill leaves
			left := readFile(t, file)
			dry := openJournal(t, file, Options{Dir: dir, State: true, DryRun: true})
			wantFiles(t, dry, c.want...)
			closeJournal(t, dry)
			files, err := OpenFiles(t.Context(), file, dir)
			if err != nil || files.Count != 1 || !files.Names(strings.Fields(c.want[0])[1]) {
				t.Errorf("read without the lock: %+v, %v", files, err)
			}
			if err := files.Close(); err != nil {
				t.Error(err)
			}
			if got := readFile(t, file); got != left {
				t.Errorf("reading has changed it to %s", got)
			}
			for range 2 {
				j = openState(t, file, dir)
				wantFiles(t, j, c.want...)
				closeJournal(t, j)
				// A copy that the user makes later is not what was intended then.
				for _, path := range c.intents {
					writeFile(t, filepath.Join(dir, path), "content")
				}
			}
		})
	}
}

// An intent that did not come true leaves the file that was on record, or none.
func TestStateIntentsThatDidNotComeTrue(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, filepath.Join(dir, "a"), "content")
	j := openState(t, file, dir)
	j.tell(synced("A", "a", "content", 1))
	closeJournal(t, j)
	j = openState(t, file, dir)
	for _, r := range []download.Result{synced("A", "a", "CONTENT", 2), synced("B", "b", "content", 1)} {
		if err := j.Intend(r); err != nil {
			t.Fatal(err)
		}
	}
	closeJournal(t, j)
	for range 3 {
		j = openState(t, file, dir)
		wantFiles(t, j, "A a 1")
		closeJournal(t, j)
		writeFile(t, filepath.Join(dir, "b"), "content") // of another program
	}
}

// A file that another one's path was given to keeps it, also if that one's own intent did not come true: it left its path
// with other bytes, and was taken away.
func TestStateOfAPathThatChangedHands(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, filepath.Join(dir, "a"), "of A")
	writeFile(t, filepath.Join(dir, "b"), "of B")
	j := openState(t, file, dir)
	j.tell(synced("A", "a", "of A", 1))
	j.tell(synced("B", "b", "of B", 1))
	closeJournal(t, j)
	j = openState(t, file, dir)
	for _, r := range []download.Result{synced("A", "c", "of A", 1), synced("B", "a", "of B", 1)} {
		if err := j.Intend(r); err != nil {
			t.Fatal(err)
		}
	}
	closeJournal(t, j) // killed after both moves; A's file was removed then
	if err := os.Rename(filepath.Join(dir, "b"), filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		j = openState(t, file, dir)
		wantFiles(t, j, "B a 1")
		closeJournal(t, j)
	}
}
