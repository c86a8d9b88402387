package mirror

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bynder-cli/bynder/internal/download"
)

// sidecarStates are what may have become of the metadata beside a file, and beside its new path.
var sidecarStates = []string{"as written", "edited", "missing", "foreign", "edited, and foreign at the new path", "foreign folder"}

// TestRunWithOddMetadata plays each action with metadata that are not as sync has written them: what is done is what the
// plan says (rig.sync compares), what sync has not written stays, and the next run has nothing to do but to say so.
func TestRunWithOddMetadata(t *testing.T) {
	two := listing{"A": {"a", "one", 1, "m"}, "B": {"x/b", "two", 1, "m"}}
	b := two["B"]
	for _, action := range []struct {
		name    string
		after   listing
		adopt   bool
		verdict Verdict // of A
		missing bool    // A's file
		edited  bool    // A's file
		beside  string  // where A's metadata are to be
	}{
		{name: "nothing", after: two, beside: "a"},
		{name: "fetch of a new file", after: listing{"A": two["A"], "B": b, "C": {"c", "three", 1, "m"}}, beside: "c"},
		{name: "fetch of a changed file", after: listing{"A": {"a", "newer", 2, "n"}, "B": b}, beside: "a"},
		{name: "fetch of a missing file", after: two, missing: true, beside: "a"},
		{name: "fetch of a missing file that moves", after: listing{"A": {"y/a", "one", 1, "m"}, "B": b}, missing: true, beside: "y/a"},
		{name: "move", after: listing{"A": {"y/a", "one", 1, "m"}, "B": b}, beside: "y/a"},
		{name: "move and fetch", after: listing{"A": {"y/a", "newer", 2, "n"}, "B": b}, beside: "y/a"},
		{name: "move and metadata", after: listing{"A": {"y/a", "one", 1, "n"}, "B": b}, beside: "y/a"},
		{name: "swap", after: listing{"A": {"x/b", "one", 1, "m"}, "B": {"a", "two", 1, "m"}}, beside: "y/a"},
		{name: "case", after: listing{"A": {"A", "one", 1, "m"}, "B": b}, beside: "A"},
		{name: "metadata", after: listing{"A": {"a", "one", 1, "n"}, "B": b}, beside: "a"},
		{name: "delete", after: listing{"B": b}, verdict: AssetDeleted, beside: "a"},
		{name: "delete of a missing file", after: listing{"B": b}, verdict: AssetDeleted, missing: true, beside: "a"},
		{name: "displaced by a fetch", after: listing{"B": b, "C": {"a", "three", 1, "m"}}, verdict: AssetLeft, beside: "a"},
		{name: "displaced by a move", after: listing{"B": {"a", "two", 1, "m"}}, verdict: AssetLeft, beside: "a"},
		{name: "adopt of an edited file", after: two, adopt: true, edited: true, beside: "a"},
		{name: "adopt of an edited file with newer metadata", after: listing{"A": {"a", "one", 1, "n"}, "B": b}, adopt: true, edited: true, beside: "a"},
		{name: "adopt", after: listing{"A": two["A"], "B": b, "C": {"c", "three", 1, "m"}}, adopt: true, beside: "c"},
	} {
		for _, state := range sidecarStates {
			for _, withMetadata := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s, %s, metadata %v", action.name, state, withMetadata), func(t *testing.T) {
					g := change{before: two, metadata: true, gone: map[string]Verdict{"A": action.verdict}}.play(t, len(action.name)%2 == 0)
					g.metadata, g.adopt = withMetadata, action.adopt
					mine := g.oddMetadata(state, action.beside)
					if action.missing {
						g.remove("a")
					}
					if action.edited {
						g.edit("a")
					} else if action.adopt {
						g.write("c", "own three")
					}
					g.sync(t.Context(), action.after)
					first := g.lines()
					for path, content := range mine {
						if got, err := os.ReadFile(filepath.Join(g.dir, path)); err != nil || string(got) != content {
							t.Errorf("%s is %q, and was %q (%v), after %v", path, got, content, err, first)
						}
					}
					g.adopt = false
					g.state.settle()
					g.sync(t.Context(), action.after)
					for _, line := range g.lines() {
						if !strings.HasSuffix(line, sidecarEnd+" (exists)") || !slices.ContainsFunc(first, func(s string) bool { return strings.EqualFold(s, line) }) {
							t.Errorf("after %v\nthe next run says %v", first, g.lines())
						}
					}
				})
			}
		}
	}
}

// oddMetadata makes the metadata of a, or those at another path, odd. It returns what sync has not written.
func (g *rig) oddMetadata(state, beside string) map[string]string {
	mine := map[string]string{}
	write := func(path, content string) {
		g.write(path, content)
		mine[path] = content
	}
	if strings.HasPrefix(state, "edited") {
		write("a.metadata.json", `{"id":"A","mine":true}`)
	}
	switch {
	case state == "missing":
		g.remove("a.metadata.json")
	case strings.Contains(state, "folder") && beside != "a":
		write(beside+sidecarEnd+"/mine", "mine")
	case strings.Contains(state, "foreign") && mine[beside+sidecarEnd] == "":
		write(beside+sidecarEnd, `{"id":"A","foreign":true}`)
	}
	return mine
}

// TestRunKeepsMetadataOfMissingFiles has a file that is missing, of an asset that is gone: without a verdict its metadata
// stay, and so does the record; with one both go, to the trash if there is one.
func TestRunKeepsMetadataOfMissingFiles(t *testing.T) {
	two := listing{"A": {"a", "one", 1, "m"}, "B": {"x/b", "two", 1, "m"}}
	after := listing{"A": two["A"]}
	beside := described("B", two["B"])
	for _, withTrash := range []bool{false, true} {
		g := change{before: two, metadata: true}.play(t, withTrash)
		g.remove("x/b")
		g.delete = false
		for range 2 {
			g.sync(t.Context(), after)
			if len(g.lines()) > 0 || len(g.state.files) != 2 {
				t.Errorf("%v, and the state has %v", g.lines(), g.state.files)
			}
			wantTree(t, g.dir, with(after.files(true), "x/b.metadata.json", beside))
		}
		g.delete, g.verdicts = true, map[string]Verdict{"B": AssetDeleted}
		if g.sync(t.Context(), after); len(g.lines()) > 0 {
			t.Error(g.lines())
		}
		wantTree(t, g.dir, after.files(true))
		g.wantRecorded(after)
		if withTrash {
			wantTree(t, g.trash, map[string]string{"x/b.metadata.json": beside})
		}
	}
}

// TestRunDropsLoneMetadata has what a run leaves that is killed between the metadata of a file and the file.
func TestRunDropsLoneMetadata(t *testing.T) {
	want := listing{"A": {"a", "one", 1, "m"}}
	g := change{before: want, metadata: true}.play(t, false)
	g.write(".bynder/moving-AAAAAAAAAAAAAAAAAAAAAAAAAA.metadata.json", described("A", want["A"]))
	g.remove("a.metadata.json")
	others := map[string]string{".bynder/moving-mine": "mine", ".bynder/moving-mine.metadata.json": "mine", ".bynder/x.metadata.json": "mine"}
	for path, content := range others {
		g.write(path, content)
	}
	g.sync(t.Context(), want)
	files := want.files(true)
	maps.Copy(files, others)
	wantTree(t, g.dir, files)
}

// TestRunLearns has a list that tells a version first when the file is there: the next version is seen.
func TestRunLearns(t *testing.T) {
	for _, path := range []string{"a", "moved"} {
		g := newRig(t)
		g.sync(t.Context(), listing{"A": {"a", "one", 0, "m"}})
		g.sync(t.Context(), listing{"A": {path, "one", 7, "m"}})
		if (len(g.lines()) > 0) != (path == "moved") {
			t.Error(g.lines())
		}
		g.sync(t.Context(), listing{"A": {path, "eno", 8, "m"}})
		if diff := cmp.Diff([]string{"~ " + path}, g.lines()); diff != "" {
			t.Error(diff)
		}
	}
}

// TestSidecarsThatAreSavedMeanwhile saves metadata while their bytes are compared, right before they are moved or removed:
// what was saved stays, at its path.
func TestSidecarsThatAreSavedMeanwhile(t *testing.T) {
	for name, do := range map[string]func(x *running, r *download.Result) error{
		"removed": func(x *running, r *download.Result) error {
			if !x.dropSidecar(t.Context(), r) {
				return errors.New("the record must keep them")
			}
			return nil
		},
		"moved": func(x *running, r *download.Result) error {
			return x.moveSidecar(t.Context(), &moving{now: *r}, "b")
		},
		"replaced": func(x *running, r *download.Result) error {
			_, err := x.replaceSidecar(t.Context(), r, []byte("newer"))
			return err
		},
		"given up": func(x *running, r *download.Result) error {
			x.giveUpSidecar(t.Context(), &Step{Record: r})
			return nil
		},
	} {
		for _, saves := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", saved: ", saves), func(t *testing.T) {
				g := newRig(t)
				g.write("a.metadata.json", "written")
				r := &download.Result{Path: "a", MediaID: "A", Listed: &download.Listed{Metadata: sum("written")}}
				x := newRunning(t.Context(), &Run{Root: g.root, State: ledger{g}, WriteMetadata: g.writeMetadata})
				x.compare = comparer{folder: g.root, Options: Options{Read: func(n int64) {
					if n > 0 && saves {
						saves = false
						g.write("new", "saved")
						if err := g.root.Rename("new", "a.metadata.json"); err != nil {
							t.Error(err)
						}
					}
				}}}
				saved := saves
				err := do(x, r)
				content, failed := os.ReadFile(filepath.Join(g.dir, "a.metadata.json"))
				switch {
				case saved && (failed != nil || string(content) != "saved"):
					t.Errorf("what was saved is %q (%v)", content, failed)
				case !saved && (err != nil || string(content) == "written"):
					t.Errorf("the metadata are %q, %v", content, err)
				}
				if left := tree(t, g.dir); len(left) > 1 {
					t.Errorf("the folder has %v", left)
				}
			})
		}
	}
}

// TestRunRemembersMetadataThatStay has metadata that cannot leave their path: the run says so, and the next one, which can
// move or remove them, leaves none behind.
func TestRunRemembersMetadataThatStay(t *testing.T) {
	two := listing{"A": {"a", "one", 1, "m"}, "B": {"x/b", "two", 1, "m"}}
	for _, tt := range []struct {
		name    string
		after   listing
		missing bool // B's file
		first   []string
	}{
		{name: "move", after: listing{"A": two["A"], "B": {"y/b", "two", 1, "m"}}, first: []string{"! y/b (local)"}},
		{name: "move away", after: listing{"A": {"x/b", "one", 1, "m"}, "B": {"y/b", "two", 1, "m"}}, first: []string{"! y/b (local)", "! x/b (exists)"}},
		{name: "swap", after: listing{"A": {"x/b", "one", 1, "m"}, "B": {"a", "two", 1, "m"}}, first: []string{"! a (local)", "! x/b (exists)"}},
		{name: "fetch of a missing file that moves", after: listing{"A": two["A"], "B": {"y/b", "two", 1, "m"}}, missing: true, first: []string{"! x/b (local)"}},
		{name: "the path is another's", after: listing{"C": {"x/b", "three", 1, "m"}}, missing: true},
	} {
		for _, withMetadata := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, metadata %v", tt.name, withMetadata), func(t *testing.T) {
				if runtime.GOOS == "windows" || os.Geteuid() == 0 {
					t.Skip("nothing keeps this user from changing a folder")
				}
				g := change{before: two, metadata: true, gone: map[string]Verdict{"A": AssetDeleted, "B": Unconfirmed}}.play(t, false)
				g.metadata, g.unforeseen = withMetadata, true
				if tt.missing {
					g.remove("x/b")
				}
				folder := filepath.Join(g.dir, "x")
				if err := os.Chmod(folder, 0o555); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = os.Chmod(folder, 0o777) })
				outcome := g.sync(t.Context(), tt.after)
				if lines := g.lines(); outcome.Failed == 0 || tt.first != nil && !slices.Equal(lines, tt.first) {
					t.Errorf("the first run says %v", lines)
				}
				if err := os.Chmod(folder, 0o777); err != nil {
					t.Fatal(err)
				}
				g.sync(t.Context(), tt.after)
				first := g.lines()
				g.metadata = true
				g.sync(t.Context(), tt.after)
				if g.sync(t.Context(), tt.after); len(g.lines()) > 0 {
					t.Errorf("after %v the next run says %v", first, g.lines())
				}
				wantTree(t, g.dir, tt.after.files(true))
			})
		}
	}
}

// TestRunRemembersMetadataThatCannotMove has a file at the path of the folder to which metadata are to move.
func TestRunRemembersMetadataThatCannotMove(t *testing.T) {
	g := change{before: listing{"A": {"a", "one", 1, "m"}}, metadata: true}.play(t, false)
	after := listing{"A": {"y/b", "one", 1, "m"}}
	g.intended = func(download.Result) error { g.write("y", "mine"); return nil }
	if g.sync(t.Context(), after); !slices.Equal(g.lines(), []string{"! y/b (local)"}) {
		t.Errorf("the first run says %v", g.lines())
	}
	g.intended = nil
	g.remove("y")
	g.sync(t.Context(), after)
	wantTree(t, g.dir, after.files(true))
}

// TestRunForgetsLostMetadata has metadata that were removed by hand. A run without metadata that does something with their
// file records that it has none.
func TestRunForgetsLostMetadata(t *testing.T) {
	for name, after := range map[string]asset{
		"move": {"b", "one", 1, "m"}, "fetch": {"a", "newer", 2, "n"}, "move and fetch": {"b", "newer", 2, "n"},
		"fetch of a missing file": {"a", "one", 1, "m"}, "fetch of a missing file that moves": {"b", "one", 1, "m"}, "adopt": {"a", "one", 1, "m"},
	} {
		for _, lost := range []bool{true, false} {
			g := change{before: listing{"A": {"a", "one", 1, "m"}}, metadata: true}.play(t, false)
			g.metadata, g.adopt = false, name == "adopt"
			if lost {
				g.remove("a" + sidecarEnd)
			}
			if strings.Contains(name, "missing") {
				g.remove("a")
			}
			if g.adopt {
				g.edit("a")
			}
			g.sync(t.Context(), listing{"A": after})
			stays := !lost && (!strings.Contains(name, "missing") || after.path == "a") // dropStray removes the others
			r := g.state.files[fileOf("A")]
			_, err := os.Stat(filepath.Join(g.dir, after.path+sidecarEnd))
			if r.Path != after.path || (r.Listed.Metadata != "") != stays || (err == nil) != stays {
				t.Errorf("%s, lost %v: the record of %s has the metadata %q, and there are some: %v", name, lost, r.Path, r.Listed.Metadata, err == nil)
			}
		}
	}
}
