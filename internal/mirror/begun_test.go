package mirror

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
)

// partialOf is the path of a partial of an asset's file that is to be at a path.
func partialOf(path, id string) string {
	sum := sha256.Sum256([]byte("file\x00" + fileOf(id).String()))
	return fmt.Sprintf("%s.%x-0123456789abcdef.part", path, sum[:8])
}

// temporaryOf is the path of a temporary file for the metadata of the file at a path.
func temporaryOf(path string) string {
	sum := sha256.Sum256([]byte(filepath.Base(path) + sidecarEnd))
	return filepath.Join(filepath.Dir(path), fmt.Sprintf(".metadata-%x.part", sum[:8]))
}

// TestRunAfterAKilledTransfer has what a run leaves that is killed while it transfers files: partials, of which nothing is
// recorded, and temporary files of metadata. The next run removes those of files that it does not write at the same paths.
func TestRunAfterAKilledTransfer(t *testing.T) {
	first := listing{"A": {"a", "one", 1, "m"}}
	for _, tt := range []struct {
		name   string
		next   listing
		stays  bool // B's partial
		locked bool
	}{
		{name: "the same again", next: listing{"A": first["A"], "B": {"x/b", "two", 1, "m"}}, stays: true},
		{name: "another name", next: listing{"A": first["A"], "B": {"x/c", "two", 1, "m"}}},
		{name: "another name, while it is in use", next: listing{"A": first["A"], "B": {"x/c", "two", 1, "m"}}, locked: true, stays: true},
		{name: "gone", next: first},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t)
			g.metadata = true
			g.sync(t.Context(), first)
			begun := listing{"A": first["A"], "B": {"x/b", "two", 1, "m"}}
			others := []string{"b.part", partialOf("x/b", "C"), temporaryOf("x/mine")}
			func() {
				defer func() { _ = recover() }()
				g.sync(t.Context(), begun, func(r *Run) {
					r.Fetch = func(context.Context, iter.Seq[download.Job], download.ResultObserver, download.Recorder) download.Tally {
						for _, path := range append(slices.Clone(others), partialOf("b", "B"), partialOf("x/b", "B"), temporaryOf("x/b")) {
							g.write(path, "half")
						}
						panic(killed{})
					}
				})
			}()
			if tt.locked {
				f, err := g.root.OpenFile(partialOf("x/b", "B"), os.O_RDWR, 0)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				if err := filelock.Try(f); err != nil {
					t.Skip(err)
				}
			}
			g.sync(t.Context(), tt.next)
			want := tt.next.files(true)
			for _, path := range others {
				want[path] = "half"
			}
			if tt.stays { // as nothing transfers it here
				want[partialOf("x/b", "B")] = "half"
			}
			if tt.stays && !tt.locked {
				want[partialOf("b", "B")], want[temporaryOf("x/b")] = "half", "half"
			}
			wantTree(t, g.dir, want)
			for _, name := range []string{begunName, begunName + ".new"} {
				if _, err := g.root.Lstat(name); err == nil {
					t.Errorf("%s is left", name)
				}
			}
		})
	}
}

// TestBegunStays has a run in which a transfer fails: its partial stays, and so does the note that it is sync's.
func TestBegunStays(t *testing.T) {
	g := newRig(t)
	g.fetch = func(download.Job) error {
		g.write(partialOf("b", "B"), "half")
		return failing(download.CodeNetwork)
	}
	g.sync(t.Context(), listing{"B": {"b", "two", 1, "m"}})
	if all := readBegun(g.root); !slices.Equal(all, []begun{{"b", fileOf("B")}}) {
		t.Errorf("the list has %v", all)
	}
	g.fetch = nil
	for content, want := range map[string]int{"": 0, "{}": 1, "{\"Path\":\"a\"}\n[]\n{}": 1, "\x00": 0} {
		g.write(begunName, content)
		if all := readBegun(g.root); len(all) != want {
			t.Errorf("%q: the list has %v", content, all)
		}
	}
	g.write(begunName, `{"Path":"../../b"}`+"\n"+`{"Path":"b","Portal":"p","MediaID":"B","Selector":"original"}`)
	want := listing{"C": {"c", "three", 1, "m"}}
	g.sync(t.Context(), want)
	wantTree(t, g.dir, want.files(false))
}

// TestRunReplacesAFolderOfLeftovers has a folder that has nothing but what a killed run has left, and whose path a file
// gets: it counts as gone.
func TestRunReplacesAFolderOfLeftovers(t *testing.T) {
	first := listing{"A": {"x/a", "one", 1, "m"}, "C": {"y/c", "three", 1, "m"}}
	for _, foreign := range []bool{false, true} {
		g := newRig(t)
		g.metadata = true
		g.sync(t.Context(), first)
		g.write(partialOf("x/b", "B"), "half")
		g.write("x/"+filepath.Base(partialOf("x/new/c", "D")), "half")
		g.write(temporaryOf("x/b"), "half")
		g.write(begunName, `{"Path":"x/b","Portal":"p","MediaID":"B","Selector":"original"}`+"\n"+`{"Path":"x/new/c","Portal":"p","MediaID":"D","Selector":"original"}`)
		next := listing{"A": {"a", "one", 1, "m"}, "C": {"x", "three", 1, "m"}}
		want := next.files(true)
		if foreign {
			g.write("x/mine.part", "mine")
			want = map[string]string{
				"a": "one", "a.metadata.json": described("A", next["A"]), "x/mine.part": "mine",
				"x-C": "three", "x-C.metadata.json": described("C", next["C"]),
			}
		}
		g.sync(t.Context(), next) // compares it with the preview
		wantTree(t, g.dir, want)
		if again := g.sync(t.Context(), next); again != (Outcome{}) {
			t.Errorf("another run does %v", g.lines())
		}
	}
}
