package mirror

import (
	"testing"

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
