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
