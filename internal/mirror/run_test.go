package mirror

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// change is what happens to a folder between two runs, and what the second one makes of it.
type change struct {
	name          string
	before, after listing
	gone          map[string]Verdict
	metadata      bool
	want          []string // sorted
}

// changes are played with and without a trash, and with a kill at every moment.
var changes = []change{
	{
		name:   "a first run",
		after:  listing{"A": {"a.jpg", "one", 1, "m"}, "B": {"x/y/b.jpg", "two", 1, "m"}},
		want:   []string{"+ a.jpg", "+ x/y/b.jpg"},
		before: listing{},
	},
	{
		name:   "nothing",
		before: listing{"A": {"a.jpg", "one", 1, "m"}},
		after:  listing{"A": {"a.jpg", "one", 1, "newer"}},
	},
	{
		name:   "a new version",
		before: listing{"A": {"a.jpg", "one", 1, "m"}},
		after:  listing{"A": {"a.jpg", "other", 2, "n"}},
		want:   []string{"~ a.jpg"},
	},
	{
		name:     "a new version, and metadata",
		before:   listing{"A": {"a.jpg", "one", 1, "m"}},
		after:    listing{"A": {"a.jpg", "other", 2, "n"}, "B": {"b.jpg", "two", 1, "m"}},
		metadata: true,
		want:     []string{"+ b.jpg", "~ a.jpg"},
	},
	{
		name:     "metadata alone",
		before:   listing{"A": {"a.jpg", "one", 1, "m"}, "B": {"b.jpg", "two", 1, "m"}},
		after:    listing{"A": {"a.jpg", "one", 1, "n"}, "B": {"b.jpg", "two", 1, "m"}},
		metadata: true,
		want:     []string{"~ a.jpg.metadata.json"},
	},
	{
		name:   "a move, and its folders",
		before: listing{"A": {"x/y/a.jpg", "one", 1, "m"}, "B": {"x/b.jpg", "two", 1, "m"}},
		after:  listing{"A": {"z/a.jpg", "one", 1, "n"}, "B": {"x/b.jpg", "two", 1, "m"}},
		want:   []string{"> x/y/a.jpg -> z/a.jpg"},
	},
	{
		name:     "a move and a new version, with metadata",
		before:   listing{"A": {"x/a.jpg", "one", 1, "m"}},
		after:    listing{"A": {"z/a.jpg", "other", 2, "n"}},
		metadata: true,
		want:     []string{"> x/a.jpg -> z/a.jpg", "~ z/a.jpg"},
	},
	{
		name:     "a move and new metadata",
		before:   listing{"A": {"x/a.jpg", "one", 1, "m"}},
		after:    listing{"A": {"z/a.jpg", "one", 1, "n"}},
		metadata: true,
		want:     []string{"> x/a.jpg -> z/a.jpg", "~ z/a.jpg.metadata.json"},
	},
	{
		name:     "a chain of moves",
		before:   listing{"A": {"a.jpg", "one", 1, "m"}, "B": {"b.jpg", "two", 1, "m"}, "C": {"c.jpg", "three", 1, "m"}},
		after:    listing{"A": {"b.jpg", "one", 1, "m"}, "B": {"c.jpg", "two", 1, "m"}, "C": {"d.jpg", "three", 1, "m"}},
		metadata: true,
		want:     []string{"> a.jpg -> b.jpg", "> b.jpg -> c.jpg", "> c.jpg -> d.jpg"},
	},
	{
		name:     "circles",
		before:   listing{"A": {"a.jpg", "one", 1, "m"}, "B": {"b.jpg", "two", 1, "m"}, "C": {"c.jpg", "three", 1, "m"}, "D": {"x/d", "4", 1, "m"}, "E": {"x/e", "5", 1, "m"}},
		after:    listing{"A": {"b.jpg", "one", 1, "m"}, "B": {"c.jpg", "two", 1, "m"}, "C": {"a.jpg", "three", 1, "m"}, "D": {"x/e", "4", 1, "m"}, "E": {"x/d", "5", 1, "m"}},
		metadata: true,
		want:     []string{"> a.jpg -> b.jpg", "> b.jpg -> c.jpg", "> c.jpg -> a.jpg", "> x/d -> x/e", "> x/e -> x/d"},
	},
	{
		name:   "a circle of two files that are the same",
		before: listing{"A": {"a.jpg", "one", 1, "m"}, "B": {"b.jpg", "one", 1, "m"}},
		after:  listing{"A": {"b.jpg", "one", 1, "m"}, "B": {"a.jpg", "one", 1, "m"}},
		want:   []string{"> a.jpg -> b.jpg", "> b.jpg -> a.jpg"},
	},
	{
		name:     "case",
		before:   listing{"A": {"x/a.jpg", "one", 1, "m"}},
		after:    listing{"A": {"X/A.jpg", "one", 1, "m"}},
		metadata: true,
		want:     []string{"> x/a.jpg -> X/A.jpg"},
	},
	{
		name:   "a file becomes a folder",
		before: listing{"A": {"a", "one", 1, "m"}},
		after:  listing{"A": {"a/a", "one", 1, "m"}},
		want:   []string{"> a -> a/a"},
	},
	{
		name:     "deletions",
		before:   listing{"A": {"a.jpg", "one", 1, "m"}, "B": {"x/y/b.jpg", "two", 1, "m"}, "C": {"x/c.jpg", "three", 1, "m"}, "D": {"d.jpg", "four", 1, "m"}},
		after:    listing{"A": {"a.jpg", "one", 1, "m"}},
		gone:     map[string]Verdict{"B": AssetDeleted, "C": AssetHidden, "D": AssetLeft},
		metadata: true,
		want:     []string{"- d.jpg (left)", "- x/c.jpg (hidden)", "- x/y/b.jpg (deleted)"},
	},
	{
		name:     "deleted and uploaded again",
		before:   listing{"A": {"a.jpg", "one", 1, "m"}, "B": {"b.jpg", "two", 1, "m"}},
		after:    listing{"C": {"a.jpg", "new", 1, "m"}, "B": {"b.jpg", "two", 1, "m"}},
		gone:     map[string]Verdict{"A": AssetDeleted},
		metadata: true,
		want:     []string{"- a.jpg (deleted)", "~ a.jpg"},
	},
	{
		name:   "a file moves to where a deleted one was",
		before: listing{"A": {"a.jpg", "one", 1, "m"}, "B": {"b.jpg", "two", 1, "m"}},
		after:  listing{"B": {"a.jpg", "two", 1, "m"}},
		gone:   map[string]Verdict{"A": AssetDeleted},
		want:   []string{"- a.jpg (deleted)", "> b.jpg -> a.jpg"},
	},
	{
		name:   "deleted and uploaded again in another case",
		before: listing{"A": {"a.jpg", "one", 1, "m"}, "B": {"b.jpg", "two", 1, "m"}},
		after:  listing{"C": {"A.jpg", "new", 1, "m"}, "B": {"b.jpg", "two", 1, "m"}},
		gone:   map[string]Verdict{"A": AssetDeleted},
		want:   []string{"- a.jpg (deleted)", "~ A.jpg"},
	},
	{
		name:     "a file gets the path of metadata that leave",
		before:   listing{"A": {"a.jpg", "one", 1, "m"}, "B": {"x/b.json", "two", 1, "m"}},
		after:    listing{"A": {"y/a.jpg", "one", 1, "m"}, "B": {"a.jpg.metadata.json", "two", 1, "m"}},
		metadata: true,
		want:     []string{"> a.jpg -> y/a.jpg", "> x/b.json -> a.jpg.metadata.json"},
	},
	{
		name:     "a file gets the path of its own metadata",
		before:   listing{"A": {"a.jpg", "one", 1, "m"}},
		after:    listing{"A": {"a.jpg.metadata.json", "one", 1, "m"}},
		metadata: true,
		want:     []string{"> a.jpg -> a.jpg.metadata.json"},
	},
	{
		name:     "a new file gets the path of metadata that leave",
		before:   listing{"A": {"a.jpg", "one", 1, "m"}},
		after:    listing{"A": {"b.jpg", "one", 1, "m"}, "B": {"a.jpg.metadata.json", "two", 1, "m"}},
		metadata: true,
		want:     []string{"+ a.jpg.metadata.json", "> a.jpg -> b.jpg"},
	},
	{
		name:     "files get the paths of folders that others leave",
		before:   listing{"A": {"a/a.jpg", "one", 1, "m"}, "B": {"b/x/b.jpg", "two", 1, "m"}, "C": {"b/c.jpg", "three", 1, "m"}},
		after:    listing{"A": {"a", "one", 1, "m"}, "B": {"c/b.jpg", "two", 1, "m"}, "C": {"c.jpg", "three", 1, "m"}, "D": {"b", "four", 1, "m"}},
		metadata: true,
		want:     []string{"+ b", "> a/a.jpg -> a", "> b/c.jpg -> c.jpg", "> b/x/b.jpg -> c/b.jpg"},
	},
	{
		name:     "deleted files are in the way",
		before:   listing{"A": {"a/x/a.jpg", "one", 1, "m"}, "B": {"b", "two", 1, "m"}, "C": {"c", "three", 1, "m"}, "D": {"d", "four", 1, "m"}, "E": {"e", "five", 1, "m"}},
		after:    listing{"D": {"c.metadata.json", "four", 1, "m"}, "E": {"e", "five", 1, "m"}, "F": {"a", "six", 1, "m"}, "G": {"b/g", "seven", 1, "m"}},
		gone:     map[string]Verdict{"A": AssetDeleted, "B": AssetLeft, "C": AssetHidden},
		metadata: true,
		want:     []string{"+ a", "+ b/g", "- a/x/a.jpg (deleted)", "- b (left)", "- c (hidden)", "> d -> c.metadata.json"},
	},
	{
		name:     "all at once",
		before:   listing{"A": {"a", "1", 1, "m"}, "B": {"b", "2", 1, "m"}, "C": {"x/c", "3", 1, "m"}, "D": {"x/d", "4", 1, "m"}, "E": {"e", "5", 1, "m"}},
		after:    listing{"A": {"b", "1", 1, "m"}, "B": {"a", "22", 2, "n"}, "C": {"x/c", "3", 1, "n"}, "E": {"x/d", "5", 1, "m"}, "F": {"f", "6", 1, "m"}},
		gone:     map[string]Verdict{"D": AssetLeft},
		metadata: true,
		want:     []string{"+ f", "- x/d (left)", "> a -> b", "> b -> a", "> e -> x/d", "~ a", "~ x/c.metadata.json"},
	},
}

// play makes the folder of a change as it was before.
func (c change) play(t *testing.T, withTrash bool) *rig {
	g := newRig(t)
	g.delete, g.metadata = true, c.metadata
	if c.gone != nil {
		g.verdicts = c.gone
	}
	if withTrash {
		g.trash = filepath.Join(filepath.Dir(g.dir), "trash")
	}
	if len(c.before) > 0 {
		g.sync(t.Context(), c.before)
		wantTree(t, g.dir, c.before.files(c.metadata))
	}
	return g
}

// deleted returns what the trash has after a change.
func (c change) deleted() map[string]string {
	gone := listing{}
	for id := range c.gone {
		gone[id] = c.before[id]
	}
	return gone.files(c.metadata)
}

func TestRun(t *testing.T) {
	for _, c := range changes {
		for _, withTrash := range []bool{false, true} {
			name := c.name
			if withTrash {
				name += " with a trash"
			}
			t.Run(name, func(t *testing.T) {
				g := c.play(t, withTrash)
				outcome := g.sync(t.Context(), c.after)
				got := slices.Sorted(slices.Values(g.lines()))
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
				if want := (Outcome{Steps: len(c.want), Deleted: len(c.gone)}); outcome != want {
					t.Errorf("the outcome is %+v, want %+v", outcome, want)
				}
				wantTree(t, g.dir, c.after.files(c.metadata))
				g.wantRecorded(c.after)
				if withTrash {
					wantTree(t, g.trash, c.deleted())
				}
				again := g.sync(t.Context(), c.after)
				if again != (Outcome{}) {
					t.Errorf("another run does %v", g.lines())
				}
			})
		}
	}
}

// Whenever the process is killed, the next run completes what the state and the folder have.
func TestRunKilled(t *testing.T) {
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, lazy := range []bool{false, true} {
				moments := 0
				for moment := 1; ; moment++ {
					if !killAt(t, c, moment, lazy, moment%2 == 0) {
						break
					}
					moments++
					if t.Failed() {
						t.Fatalf("killed at moment %d, results stored late: %v", moment, lazy)
					}
				}
				if len(c.want) > 0 && moments < 3 {
					t.Errorf("there are %d moments", moments)
				}
			}
		})
	}
}

// killAt plays a change and kills it at a moment. It reports whether there is such a moment.
func killAt(t *testing.T, c change, moment int, lazy, withTrash bool) (alive bool) {
	t.Helper()
	g := c.play(t, withTrash)
	g.state.kill, g.state.calls, g.state.lazy = moment, 0, lazy
	func() {
		defer func() {
			switch r := recover(); r.(type) {
			case nil:
			case killed:
				alive = true
			default:
				panic(r)
			}
		}()
		g.sync(t.Context(), c.after, func(*Run) {})
	}()
	// A result that waited is lost, too, if the process ends in another way; the journal stores them then.
	g.state.kill = 0
	g.state.settle()
	outcome := g.sync(t.Context(), c.after)
	if outcome.Failed+outcome.Kept > 0 || outcome.Stop != nil {
		t.Errorf("the next run: %+v, %v", outcome, g.lines())
	}
	left := tree(t, g.dir)
	maps.DeleteFunc(left, func(path, _ string) bool { return filepath.Ext(path) == ".part" })
	if diff := cmp.Diff(c.after.files(c.metadata), left); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	g.wantRecorded(c.after)
	if withTrash {
		wantTree(t, g.trash, c.deleted())
	}
	if again := g.sync(t.Context(), c.after); again != (Outcome{}) {
		t.Errorf("another run does %v", g.lines())
	}
	return alive
}
