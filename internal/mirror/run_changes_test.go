package mirror

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bynder-cli/bynder/internal/download"
)

// failing is an error of a transfer.
func failing(code download.Code) error {
	return &download.Error{Code: code, Err: errors.New("it was refused")}
}

// Whatever happens while a plan is carried out, no file is lost that sync did not write or that was edited.
func TestRunWhileTheFolderChanges(t *testing.T) {
	two := listing{"A": {"a", "one", 1, "m"}, "B": {"x/b", "two", 1, "m"}}
	for _, tt := range []struct {
		name          string
		before, after listing
		gone          map[string]Verdict
		metadata      bool
		edits         func(g *rig) // after the first run
		during        func(g *rig) // sets what happens in the second one
		want          []string     // sorted
		outcome       Outcome
		files, trash  map[string]string
		again         []string // of another run, sorted
	}{
		{
			name: "an edited file with a new version", before: two, after: listing{"A": {"a", "newer", 2, "n"}, "B": two["B"]},
			edits: func(g *rig) { g.edit("a") },
			want:  []string{"! a (exists)"}, outcome: Outcome{Steps: 1, Kept: 1},
			files: map[string]string{"a": "edited a", "x/b": "two"}, again: []string{"! a (exists)"},
		},
		{
			name: "a file is edited before it is replaced", before: two, after: listing{"A": {"a", "newer", 2, "n"}, "B": two["B"]},
			during: func(g *rig) { g.begun = func(download.Result) { g.edit("a") } },
			want:   []string{"! a (exists)"}, outcome: Outcome{Steps: 1, Kept: 1},
			files: map[string]string{"a": "edited a", "x/b": "two"}, again: []string{"! a (exists)"},
		},
		{
			name: "a file appears where a new one is to go", before: two, after: listing{"A": two["A"], "C": {"c", "three", 1, "m"}},
			gone:   map[string]Verdict{"B": AssetDeleted},
			during: func(g *rig) { g.begun = func(download.Result) { g.edit("c") } },
			want:   []string{"! c (exists)", "- x/b (deleted)"}, outcome: Outcome{Steps: 2, Failed: 1, Deleted: 1},
			files: map[string]string{"a": "one", "c": "edited c"}, trash: map[string]string{"x/b": "two"}, again: []string{"! c (exists)"},
		},
		{
			name: "a transfer fails, so nothing is deleted", before: two, after: listing{"A": {"a", "newer", 2, "n"}},
			gone:   map[string]Verdict{"B": AssetDeleted},
			during: func(g *rig) { g.fetch = func(download.Job) error { return failing(download.CodeNetwork) } },
			want:   []string{"! a (network)", "! x/b (network)"}, outcome: Outcome{Steps: 2, Failed: 1, Kept: 1},
			files: map[string]string{"a": "one", "x/b": "two"}, again: []string{"- x/b (deleted)", "~ a"},
		},
		{
			name: "an asset is forbidden", before: two, after: listing{"A": {"a", "newer", 2, "n"}},
			gone:   map[string]Verdict{"B": AssetDeleted},
			during: func(g *rig) { g.fetch = func(download.Job) error { return failing(download.CodeForbidden) } },
			want:   []string{"! a (forbidden)", "- x/b (deleted)"}, outcome: Outcome{Steps: 2, Failed: 1, Deleted: 1},
			files: map[string]string{"a": "one"}, trash: map[string]string{"x/b": "two"}, again: []string{"~ a"},
		},
		{
			name: "a file is edited before it is deleted", before: two, after: listing{"A": {"a", "newer", 2, "n"}},
			gone:   map[string]Verdict{"B": AssetDeleted},
			during: func(g *rig) { g.begun = func(download.Result) { g.write("x/b", "TWO") } },
			want:   []string{"~ a"}, outcome: Outcome{Steps: 1},
			files: map[string]string{"a": "newer", "x/b": "TWO"},
		},
		{
			name: "a folder takes the place of a file that is to be deleted", before: two, after: listing{"A": {"a", "newer", 2, "n"}},
			gone: map[string]Verdict{"B": AssetDeleted},
			during: func(g *rig) {
				g.begun = func(download.Result) { g.remove("x/b"); g.write("x/b/mine", "mine") }
			},
			want: []string{"~ a"}, outcome: Outcome{Steps: 1},
			files: map[string]string{"a": "newer", "x/b/mine": "mine"},
		},
		{
			name: "a displaced file is edited", before: two, after: listing{"A": two["A"], "C": {"x/b", "three", 1, "m"}},
			gone:   map[string]Verdict{"B": AssetDeleted},
			during: func(g *rig) { g.begun = func(download.Result) { g.write("x/b", "TWO") } },
			want:   []string{"! x/b (exists)"}, outcome: Outcome{Steps: 1, Failed: 1},
			files: map[string]string{"a": "one", "x/b": "TWO"}, again: []string{"! x/b (exists)"},
		},
		{
			name: "what displaces a file does not get its name", before: two, after: listing{"A": two["A"], "C": {"x/b", "three", 1, "m"}},
			gone: map[string]Verdict{"B": AssetDeleted}, metadata: true,
			during: func(g *rig) { g.intended = func(download.Result) error { return failing(download.CodeLocal) } },
			want:   []string{"! x/b (local)"}, outcome: Outcome{Steps: 1, Failed: 1},
			files: two.files(true), trash: map[string]string{"x/": ""}, again: []string{"- x/b (deleted)", "~ x/b"},
		},
		{
			name: "the new asset is the deleted one", before: two, after: listing{"A": two["A"], "C": {"x/b", "two", 1, "m"}},
			gone: map[string]Verdict{"B": AssetDeleted}, metadata: true,
			want: []string{"- x/b (deleted)", "~ x/b"}, outcome: Outcome{Steps: 2, Deleted: 1},
			files: listing{"A": two["A"], "C": {"x/b", "two", 1, "m"}}.files(true),
		},
		{
			name: "a file appears where one is to be moved", before: two, after: listing{"A": {"y/a", "newer", 2, "n"}, "B": two["B"]}, metadata: true,
			during: func(g *rig) {
				g.intended = func(r download.Result) error { g.write(filepath.ToSlash(r.Path), "mine"); return nil }
			},
			want: []string{"! y/a (exists)"}, outcome: Outcome{Steps: 1, Kept: 1},
			files: with(two.files(true), "y/a", "mine"), again: []string{"! a (exists)", "~ a"},
		},
		{
			name: "a file is saved right before it is moved", before: two, after: listing{"A": {"y/a", "one", 1, "m"}, "B": two["B"]}, metadata: true,
			during: func(g *rig) { g.intended = func(download.Result) error { g.edit("a"); return nil } },
			want:   []string{"! a (exists)"}, outcome: Outcome{Steps: 1, Kept: 1},
			files: with(two.files(true), "a", "edited a"), again: []string{"! a (exists)"},
		},
		{
			name: "a file is saved right before it waits for its path", before: two,
			after: listing{"A": {"x/b", "one", 1, "m"}, "B": {"a", "two", 1, "m"}}, metadata: true,
			during: func(g *rig) {
				g.intended = func(r download.Result) error {
					if r.MediaID == "A" {
						g.edit("a")
					}
					return nil
				}
			},
			want: []string{"! a (exists)", "! a (exists)"}, outcome: Outcome{Steps: 2, Kept: 2},
			files: with(two.files(true), "a", "edited a"), again: []string{"! a (exists)", "> x/b -> a-B"},
		},
		{
			name: "a file appears in a circle", before: two, after: listing{"A": {"x/b", "one", 1, "m"}, "B": {"a", "two", 1, "m"}}, metadata: true,
			during: func(g *rig) {
				g.intended = func(r download.Result) error {
					if r.MediaID == "A" && filepath.ToSlash(r.Path) == "x/b" {
						g.write("x/b", "mine")
					}
					return nil
				}
			},
			want: []string{"! x/b (exists)", "> x/b -> a"}, outcome: Outcome{Steps: 2, Kept: 1},
			files: map[string]string{
				"a": "two", "a.metadata.json": described("B", two["B"]), "x/b": "mine",
				".bynder/moving": "one", ".bynder/moving.metadata.json": described("A", two["A"]),
			},
			again: []string{"> .bynder/moving -> x/b-A"},
		},
		{
			name: "a file in a circle was edited, and has its size and time", before: two,
			after: listing{"A": {"x/b", "one", 1, "m"}, "B": {"a", "two", 1, "m"}},
			edits: func(g *rig) { g.unforeseen = true; g.retouch("a", "eno") },
			want:  []string{"! a (exists)", "! a (exists)"}, outcome: Outcome{Steps: 2, Kept: 2},
			files: map[string]string{"a": "eno", "x/b": "two"}, again: []string{"! a (exists)", "! a (exists)"},
		},
		{
			name: "edited metadata", before: two, metadata: true,
			after: listing{"A": {"a", "one", 1, "n"}, "B": {"x/c", "two", 1, "m"}},
			edits: func(g *rig) { g.edit("a.metadata.json"); g.edit("x/b.metadata.json") },
			want:  []string{"! a.metadata.json (exists)", "! x/b.metadata.json (exists)", "> x/b -> x/c", "~ x/c.metadata.json"}, outcome: Outcome{Steps: 4, Kept: 2},
			files: map[string]string{
				"a": "one", "a.metadata.json": "edited a.metadata.json", "x/c": "two", "x/b.metadata.json": "edited x/b.metadata.json",
				"x/c.metadata.json": described("B", two["B"]),
			},
			again: []string{"! a.metadata.json (exists)"},
		},
		{
			name: "edited metadata of a deleted file", before: two, after: listing{"A": two["A"]}, metadata: true, gone: map[string]Verdict{"B": AssetLeft},
			edits: func(g *rig) { g.edit("x/b.metadata.json") },
			want:  []string{"! x/b.metadata.json (exists)", "- x/b (left)"}, outcome: Outcome{Steps: 2, Kept: 1, Deleted: 1},
			files: map[string]string{"a": "one", "a.metadata.json": described("A", two["A"]), "x/b.metadata.json": "edited x/b.metadata.json"},
			trash: map[string]string{"x/b": "two"},
		},
		{
			name: "metadata that a killed run has moved", before: two, after: listing{"A": {"y/a", "one", 1, "m"}, "B": two["B"]}, metadata: true,
			edits: func(g *rig) { g.write("y/a.metadata.json", described("A", two["A"])); g.remove("a.metadata.json") },
			want:  []string{"> a -> y/a", "~ y/a.metadata.json"}, outcome: Outcome{Steps: 2},
			files: listing{"A": {"y/a", "one", 1, "m"}, "B": two["B"]}.files(true),
		},
		{
			name: "another file has the path of metadata", before: two, after: listing{"A": {"y/a", "one", 1, "m"}, "B": two["B"]}, metadata: true,
			edits: func(g *rig) { g.write("y/a.metadata.json", "mine") },
			want:  []string{"! y/a.metadata.json (exists)", "> a -> y/a"}, outcome: Outcome{Steps: 2, Kept: 1},
			files: map[string]string{"x/b": "two", "x/b.metadata.json": described("B", two["B"]), "y/a": "one", "y/a.metadata.json": "mine"},
			again: []string{"! y/a.metadata.json (exists)"},
		},
		{
			name: "metadata that are there twice", before: two, after: listing{"A": {"y/a", "one", 1, "m"}, "B": two["B"]}, metadata: true,
			edits: func(g *rig) { g.write("y/a.metadata.json", described("A", two["A"])) },
			want:  []string{"> a -> y/a"}, outcome: Outcome{Steps: 1},
			files: listing{"A": {"y/a", "one", 1, "m"}, "B": two["B"]}.files(true),
		},
		{
			name: "a missing file, its folder and its metadata", before: two, after: listing{"A": two["A"], "B": {"y/b", "two", 1, "m"}}, metadata: true,
			edits: func(g *rig) { g.remove("x/b"); g.remove("a.metadata.json") },
			want:  []string{"+ y/b", "~ a.metadata.json"}, outcome: Outcome{Steps: 2},
			files: listing{"A": two["A"], "B": {"y/b", "two", 1, "m"}}.files(true),
		},
		{
			name: "files that are adopted", before: two, after: listing{"A": {"a", "newer", 2, "n"}, "B": two["B"], "C": {"c", "three", 1, "m"}}, metadata: true,
			edits: func(g *rig) { g.adopt = true; g.edit("a"); g.edit("c") },
			want:  []string{"adopt a", "adopt c"}, outcome: Outcome{Steps: 2},
			files: map[string]string{
				"a": "edited a", "a.metadata.json": `{"id":"A","modified":"n"}`, "c": "edited c", "c.metadata.json": `{"id":"C","modified":"m"}`,
				"x/b": "two", "x/b.metadata.json": described("B", two["B"]),
			},
		},
		{
			name: "folders that have something else", before: listing{"A": {"x/y/a", "one", 1, "m"}, "B": two["B"]}, after: listing{"C": {"c", "three", 1, "m"}},
			gone:  map[string]Verdict{"A": AssetDeleted, "B": AssetDeleted},
			edits: func(g *rig) { g.write("x/mine", "mine") },
			want:  []string{"+ c", "- x/b (deleted)", "- x/y/a (deleted)"}, outcome: Outcome{Steps: 3, Deleted: 2},
			files: map[string]string{"c": "three", "x/mine": "mine"}, trash: map[string]string{"x/b": "two", "x/y/a": "one"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := change{before: tt.before, gone: tt.gone, metadata: tt.metadata}.play(t, true)
			if tt.edits != nil {
				tt.edits(g)
			}
			if tt.during != nil {
				tt.during(g)
			}
			outcome := g.sync(t.Context(), tt.after)
			if diff := cmp.Diff(tt.want, slices.Sorted(slices.Values(g.lines()))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if outcome != tt.outcome {
				t.Errorf("the outcome is %+v, want %+v", outcome, tt.outcome)
			}
			wantTree(t, g.dir, tt.files)
			if tt.trash == nil {
				tt.trash = map[string]string{}
			}
			wantTree(t, g.trash, tt.trash)
			g.state.settle()
			g.begun, g.intended, g.fetch, g.adopt = nil, nil, nil, false
			g.sync(t.Context(), tt.after)
			if diff := cmp.Diff(tt.again, slices.Sorted(slices.Values(g.lines()))); diff != "" {
				t.Errorf("the next run, -want +got:\n%s", diff)
			}
		})
	}
}

func with(files map[string]string, path, content string) map[string]string {
	files[path] = content
	return files
}

// When the context ends, the run does, and says what is left; the next one does the rest.
func TestRunIsStopped(t *testing.T) {
	stop := errors.New("stop")
	before := listing{"A": {"a", "one", 1, "m"}, "B": {"b", "two", 1, "m"}, "C": {"c", "3", 1, "m"}, "D": {"d", "4", 1, "m"}}
	after := listing{"A": {"b", "one", 1, "m"}, "B": {"a", "two", 1, "m"}, "E": {"e", "5", 1, "m"}, "F": {"f", "6", 1, "m"}}
	gone := map[string]Verdict{"C": AssetDeleted, "D": AssetLeft}
	moments := 0
	for ; ; moments++ {
		g := change{before: before, gone: gone, metadata: true}.play(t, moments%2 == 0)
		ctx, cancel := context.WithCancelCause(t.Context())
		calls := 0
		step := func() {
			if calls++; calls > moments {
				cancel(stop)
			}
		}
		g.intended = func(download.Result) error { step(); return nil }
		outcome := g.sync(ctx, after, func(r *Run) {
			report := r.Report
			r.Report = func(result download.Result) { report(result); step() }
		})
		if ctx.Err() == nil {
			if outcome.Stop != nil || outcome.NotDeleted != 0 {
				t.Errorf("the outcome is %+v", outcome)
			}
			break
		}
		if !errors.Is(outcome.Stop, stop) || outcome.Deleted+outcome.NotDeleted != len(gone) || outcome.Failed+outcome.Kept > 0 {
			t.Errorf("stopped after %d calls: %+v, %v", moments, outcome, g.lines())
		}
		cancel(nil)
		g.state.settle()
		g.intended = nil
		g.sync(t.Context(), after)
		wantTree(t, g.dir, after.files(true))
		g.wantRecorded(after)
	}
	if moments < 10 {
		t.Errorf("there were %d moments", moments)
	}
}

// What ends the transfers ends the run.
func TestRunEndsWithItsTransfers(t *testing.T) {
	c := change{before: listing{"A": {"a", "one", 1, "m"}, "B": {"b", "two", 1, "m"}}, gone: map[string]Verdict{"B": AssetDeleted}}
	g := c.play(t, false)
	outcome := g.sync(t.Context(), listing{"A": {"a", "newer", 2, "m"}}, func(r *Run) {
		r.Fetch = func(context.Context, iter.Seq[download.Job], download.ResultObserver, download.Recorder) download.Tally {
			return download.Tally{Stop: download.ErrUnauthorized}
		}
	})
	if !errors.Is(outcome.Stop, download.ErrUnauthorized) || outcome.NotDeleted != 1 {
		t.Errorf("the outcome is %+v", outcome)
	}
	wantTree(t, g.dir, c.before.files(false))
}

func TestRunWithAnUnusableTrash(t *testing.T) {
	for _, name := range []string{"file", "file/below", "."} {
		c := change{before: listing{"A": {"a", "one", 1, "m"}, "B": {"b", "two", 1, "m"}}, gone: map[string]Verdict{"B": AssetDeleted}}
		g := c.play(t, false)
		g.write("file", "")
		steps := g.plan(t.Context(), listing{"A": {"a", "newer", 2, "m"}}, nil)
		run := Run{Root: g.root, Portal: "p", State: g.state, Trash: filepath.Join(g.dir, filepath.FromSlash(name))}
		outcome, err := run.Do(t.Context(), steps)
		if err == nil || outcome != (Outcome{}) {
			t.Errorf("%s: %+v, %v", name, outcome, err)
		}
		wantTree(t, g.dir, with(c.before.files(false), "file", ""))
	}
}

// A file that cannot be read right before it is deleted stays, and so does its record.
func TestRunCannotReadWhatIsToBeDeleted(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	c := change{before: listing{"A": {"a", "one", 1, "m"}, "B": {"b", "two", 1, "m"}, "C": {"c", "3", 1, "m"}}, gone: map[string]Verdict{"B": AssetDeleted, "C": AssetLeft}}
	g := c.play(t, false)
	if err := os.Chmod(filepath.Join(g.dir, "b"), 0); err != nil {
		t.Fatal(err)
	}
	outcome := g.sync(t.Context(), listing{"A": c.before["A"]}, func(*Run) {})
	if outcome.Failed != 1 || outcome.Kept != 1 || outcome.NotDeleted != 0 {
		t.Errorf("%+v, %v", outcome, g.lines())
	}
	if _, err := os.Lstat(filepath.Join(g.dir, "b")); errors.Is(err, fs.ErrNotExist) {
		t.Error("it was deleted")
	}
}

// A file that is saved while its bytes are compared is not taken for sync's: the record has the time of the compared one.
func TestRecordsHaveTheTimeOfTheComparedFile(t *testing.T) {
	for name, do := range map[string]func(x *running, s *Step){
		"noted":   func(x *running, s *Step) { x.note(t.Context(), s) },
		"adopted": func(x *running, s *Step) { x.adopt(t.Context(), s) },
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t)
			g.write("a", "one")
			was, err := g.root.Lstat("a")
			if err != nil {
				t.Fatal(err)
			}
			size, saved := int64(3), false
			save := Options{Read: func(n int64) {
				if saved || n == 0 {
					return
				}
				saved = true
				g.write("new", "ONE")
				later := was.ModTime().Add(time.Hour)
				if err := errors.Join(g.root.Chtimes("new", later, later), g.root.Rename("new", "a")); err != nil {
					t.Error(err)
				}
			}}
			r := &download.Result{Portal: "p", MediaID: "A", Selector: "original", Path: "a", Bytes: &size, MD5: sum("one"), Listed: &download.Listed{}}
			x := newRunning(t.Context(), &Run{Root: g.root, Portal: "p", State: ledger{g}})
			x.folder.compare.Options, x.compare = save, comparer{folder: g.root, Options: save}
			do(x, &Step{Record: r, Path: "a", Wanted: &Wanted{File: r.File(), Listed: download.Listed{Version: 7}}})
			got, ok := g.state.files[r.File()]
			if !ok || !saved || got.MD5 != sum("one") || !got.Listed.ModTime.Equal(was.ModTime()) {
				t.Errorf("saved: %v, the record is %+v, of %v", saved, got, got.Listed)
			}
		})
	}
}
