package mirror

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The state of a run is a journal, which has after each run what the next one needs.
func TestRunWithAJournal(t *testing.T) {
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			g := newRig(t)
			g.delete, g.metadata = true, c.metadata
			if c.gone != nil {
				g.verdicts = c.gone
			}
			if g.openJournal(); g.journal.Head() == nil {
				if err := g.journal.SetHead(json.RawMessage(`{"format":1}`)); err != nil {
					t.Fatal(err)
				}
			}
			for _, run := range []struct {
				files listing
				want  []string
			}{{c.before, nil}, {c.after, c.want}, {c.after, nil}} {
				if len(run.files) == 0 {
					continue
				}
				g.sync(t.Context(), run.files)
				got := slices.Sorted(slices.Values(g.lines()))
				g.closeJournal()
				wantTree(t, g.dir, run.files.files(c.metadata))
				g.openJournal()
				g.wantRecorded(run.files)
				if diff := cmp.Diff(run.want, got); run.want != nil && diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			}
			if again := g.sync(t.Context(), c.after); again != (Outcome{}) {
				t.Errorf("another run does %v", g.lines())
			}
			g.closeJournal()
		})
	}
}

// What is written beside an edited file is on record, though the file is not as recorded.
func TestRunDescribesAnEditedFile(t *testing.T) {
	g := newRig(t)
	g.metadata = true
	g.openJournal()
	if err := g.journal.SetHead(json.RawMessage(`{"format":1}`)); err != nil {
		t.Fatal(err)
	}
	next := func(files listing) []string {
		g.sync(t.Context(), files)
		g.closeJournal()
		g.openJournal()
		return g.lines()
	}
	next(listing{"A": {"a", "one", 1, "m"}})
	g.edit("a")
	if diff := cmp.Diff([]string{"~ a.metadata.json"}, next(listing{"A": {"a", "one", 1, "n"}})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if again := next(listing{"A": {"a", "one", 1, "n"}}); len(again) > 0 {
		t.Errorf("another run does %v", again)
	}
	g.closeJournal()
}
