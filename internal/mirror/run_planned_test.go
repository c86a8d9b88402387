package mirror

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bynder-cli/bynder/internal/download"
)

// A file of which the portal tells otherwise may be the same: nothing of the folder changes.
func TestRunFindsTheSame(t *testing.T) {
	g := newRig(t)
	g.sync(t.Context(), listing{"A": {"a", "one", 1, "m"}})
	g.unforeseen = true
	outcome := g.sync(t.Context(), listing{"A": {"a", "one", 2, "m"}})
	if len(g.results) != 1 || g.results[0].Status != download.Unchanged || g.results[0].Plan != download.PlanUnchanged || outcome != (Outcome{Steps: 1}) {
		t.Errorf("%+v, %+v", g.results, outcome)
	}
	g.unforeseen = false
	if g.sync(t.Context(), listing{"A": {"a", "one", 2, "m"}}); len(g.results) > 0 {
		t.Errorf("and again: %v", g.lines())
	}
}

// What a plan says cannot be done stops its deletions, or does not, in a dry run as in the run.
func TestRunAfterWhatCannotBeDone(t *testing.T) {
	for code, deletes := range map[download.Code]bool{
		download.CodeProtocol: false, download.CodeLocal: false, download.CodeNotFound: true, download.CodeUsage: true,
		download.CodeForbidden: true,
	} {
		t.Run(string(code), func(t *testing.T) {
			g := newRig(t)
			g.sync(t.Context(), listing{"A": {"a", "one", 1, "m"}, "B": {"b", "two", 1, "m"}})
			g.delete, g.verdicts = true, map[string]Verdict{"B": AssetDeleted}
			g.refused = map[string]error{"C": failing(code)}
			outcome := g.sync(t.Context(), listing{"A": {"a", "one", 1, "m"}, "C": {"c", "three", 1, "m"}}) // compares it with the preview
			if (outcome.Deleted == 1) != deletes || (outcome.Kept == 0) != deletes || outcome.Failed != 1 {
				t.Errorf("%+v: %q", outcome, g.lines())
			}
		})
	}
}

// A file that was edited, and has the size and time of before, is known to the plan if the run would replace or remove it.
func TestRunAfterHiddenEdits(t *testing.T) {
	before := listing{"A": {"a", "one", 1, "m"}, "B": {"b", "two", 1, "m"}}
	for _, tt := range []struct {
		name    string
		after   listing
		want    string
		outcome Outcome
	}{
		{"replaced", listing{"A": {"a", "newer", 2, "m"}, "B": before["B"]}, "! a (exists)", Outcome{Steps: 1, Kept: 1}},
		{"moved and replaced", listing{"A": {"c", "newer", 2, "m"}, "B": before["B"]}, "! a (exists)", Outcome{Steps: 1, Kept: 1}},
		{"deleted", listing{"B": before["B"]}, "", Outcome{}},
		{"displaced", listing{"C": {"a", "three", 1, "m"}, "B": before["B"]}, "! a (exists)", Outcome{Steps: 1, Failed: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t)
			g.sync(t.Context(), before)
			g.retouch("a", "ONE")
			g.delete, g.verdicts = true, map[string]Verdict{"A": AssetDeleted}
			outcome := g.sync(t.Context(), tt.after) // compares it with the preview
			if got := strings.Join(g.lines(), " "); got != tt.want || outcome != tt.outcome {
				t.Errorf("%q, %+v", got, outcome)
			}
			wantTree(t, g.dir, map[string]string{"a": "ONE", "b": "two"})
			if _, recorded := g.state.files[fileOf("A")]; recorded != (tt.after["A"].path != "") {
				t.Errorf("the record of A is there: %t", recorded)
			}
		})
	}
}

// What cannot become sync's own is not adopted, and the plan knows.
func TestRunAdoptsFilesAlone(t *testing.T) {
	g := newRig(t)
	g.adopt = true
	g.write("file", "mine")
	g.write("folder/x", "mine")
	g.write("target", "mine")
	for _, link := range []struct{ to, path string }{{"target", "link"}, {"../elsewhere", "out"}, {"nothing", "dead"}} {
		if err := os.Symlink(link.to, filepath.Join(g.dir, link.path)); err != nil {
			t.Skip(err)
		}
	}
	want := listing{}
	for _, path := range []string{"file", "folder", "link", "out", "dead", "target/below"} {
		want["of "+path] = asset{path, "the portal's", 1, "m"}
	}
	lines := []string{"! dead (exists)", "! folder (exists)", "! link (exists)", "! out (exists)", "! target/below (exists)"}
	for _, adopted := range [][]string{{"adopt file"}, nil} {
		g.sync(t.Context(), want) // compares it with the preview
		if diff := cmp.Diff(append(slices.Clone(lines), adopted...), slices.Sorted(slices.Values(g.lines()))); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
}
