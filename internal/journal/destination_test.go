package journal

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Paths are relative to --dir, for a relative --output, too; to its folder for an absolute one.
func TestPathsAreRelative(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, filepath.Join(dir, "sub", "A"), "12345")
	t.Chdir(filepath.Dir(dir))
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct{ dir, output, name, path string }{
		{dir, "", "sub/A", "sub/A"},
		{"files", "", "sub/A", "sub/A"},
		{"./files/", "", "sub/A", "sub/A"},
		{"files/sub", "", "A", "A"},
		{"", "", "files/sub/A", "files/sub/A"},
		{link, "", "sub/A", "sub/A"},
		{link + "/../" + filepath.Base(dir), "", "sub/A", "sub/A"}, // beside the link's target, not beside the link
		{"files", "sub/A", "A", "sub/A"},
		{"files", "./sub//A", "A", "sub/A"},
		{"files/sub", "../sub/A", "A", "A"},
		{".", "files/sub/A", "A", "files/sub/A"},
		{"nowhere", filepath.Join(link, "sub", "A"), "A", "A"},
	} {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		opts := Options{Dir: filepath.FromSlash(c.dir), Output: filepath.FromSlash(c.output)}
		j := openJournal(t, file, opts)
		j.Finished(original("A"), downloaded(original("A"), filepath.FromSlash(c.name), 5))
		closeJournal(t, j)
		if want := `"path":` + toJSON(t, c.path) + ","; !strings.Contains(readFile(t, file), want) {
			t.Errorf("dir %s, output %s: the journal has no %s: %s", c.dir, c.output, want, readFile(t, file))
		}
		j = openJournal(t, file, opts)
		if r, done := j.Done(original("A")); !done || r.Path != filepath.FromSlash(c.name) {
			t.Errorf("dir %s, output %s: done %v at %s, want %s", c.dir, c.output, done, r.Path, c.name)
		}
		closeJournal(t, j)
		for _, other := range []Options{{Dir: "files", Output: "sub/B"}, {Dir: "files", Output: "-"}, {Dir: "files", Output: os.DevNull}} {
			j = openJournal(t, file, other)
			wantDone(t, j, false, "A")
			closeJournal(t, j)
		}
	}
}

// A folder that was moved or copied together with its journal is found done, whatever it is called.
func TestAMovedFolderIsDone(t *testing.T) {
	dir, file := newFolder(t)
	keep(t, file, dir, "A", "B")
	writeFile(t, filepath.Join(dir, "sub", "C"), "12345")
	j := openJournal(t, file, Options{Dir: dir})
	if err := j.Intend(aboutTo(original("C"), filepath.Join("sub", "C"), "12345")); err != nil {
		t.Fatal(err)
	}
	closeJournal(t, j)
	name := "moved"
	if runtime.GOOS == "linux" {
		name = "caf\xe9" // which is not UTF-8
	}
	moved := filepath.Join(filepath.Dir(dir), name)
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	j = openJournal(t, file, Options{Dir: moved})
	wantDone(t, j, true, "A", "B", "C")
	closeJournal(t, j)
	if _, err := Open(t.Context(), file, Options{Dir: moved, Output: "caf\xe9"}); err == nil {
		t.Error("a name that JSON cannot hold is taken")
	} else {
		wantRefused(t, err)
	}
}

// testdata/absolute.ndjson is as versions before this one wrote it for the folder /srv/photos.
func TestAbsolutePathsOfEarlierVersions(t *testing.T) {
	dir, file := newFolder(t)
	for _, name := range []string{"A.jpg", "sub/B.jpg", "C.jpg", "elsewhere"} {
		writeFile(t, filepath.Join(dir, name), "12345")
	}
	inFolder := toJSON(t, dir+string(filepath.Separator))
	golden := readFile(t, filepath.Join("testdata", "absolute.ndjson"))
	lines := strings.ReplaceAll(golden, "/srv/photos/", inFolder[1:len(inFolder)-1])
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		opts Options
		done []string
	}{
		{Options{Dir: dir}, []string{"A", "B", "C"}},
		{Options{Dir: link}, []string{"A", "B", "C"}},
		{Options{Dir: filepath.Join(dir, "sub")}, []string{"B"}},
		{Options{Dir: link, Output: filepath.Join("sub", "B.jpg")}, []string{"B"}},
		{Options{Dir: filepath.Dir(dir)}, []string{"A", "B", "C"}},
		{Options{Dir: t.TempDir()}, nil},
	} {
		writeFile(t, file, lines)
		j := openJournal(t, file, c.opts)
		for _, id := range []string{"A", "B", "C", "outside", "by dots"} {
			wantDone(t, j, slices.Contains(c.done, id), id)
		}
		closeJournal(t, j)
	}
	writeFile(t, file, golden)
	j := openJournal(t, file, Options{Dir: dir})
	wantDone(t, j, false, "A", "B", "C")
	closeJournal(t, j)
}
