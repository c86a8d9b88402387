package mirror

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A file in the trash is never replaced, nor its metadata.
func TestTrashKeepsAll(t *testing.T) {
	g := newRig(t)
	g.delete, g.metadata, g.trash = true, true, filepath.Join(filepath.Dir(g.dir), "trash")
	other := asset{"other", "x", 1, "m"}
	want := map[string]string{}
	for i, content := range []string{"one", "two", "three", "four"} {
		a := asset{"x/a.jpg", content, 1, "m"}
		g.sync(t.Context(), listing{"A": a, "B": other})
		g.verdicts["A"] = AssetDeleted
		if i == 2 { // the metadata of a file that is not there have its name
			want["x/a-3.jpg.metadata.json"] = "mine"
			if err := os.WriteFile(filepath.Join(g.trash, "x", "a-3.jpg.metadata.json"), []byte("mine"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		g.sync(t.Context(), listing{"B": other})
		name := []string{"x/a.jpg", "x/a-2.jpg", "x/a-4.jpg", "x/a-5.jpg"}[i]
		want[name], want[name+sidecarEnd] = content, described("A", a)
		wantTree(t, g.trash, want)
		wantTree(t, g.dir, listing{"B": other}.files(true))
	}
}

// A file whose folder in the trash is a file stays, and the run says so.
func TestTrashHasAFileForAFolder(t *testing.T) {
	c := change{before: listing{"A": {"x/a", "one", 1, "m"}, "B": {"b", "two", 1, "m"}}, gone: map[string]Verdict{"A": AssetDeleted}}
	g := c.play(t, true)
	if err := errors.Join(os.Mkdir(g.trash, 0o777), os.WriteFile(filepath.Join(g.trash, "x"), []byte("mine"), 0o666)); err != nil {
		t.Fatal(err)
	}
	outcome := g.sync(t.Context(), listing{"B": c.before["B"]}, func(*Run) {})
	if outcome.Failed != 1 || outcome.Deleted != 0 {
		t.Errorf("%+v, %v", outcome, g.lines())
	}
	wantTree(t, g.trash, map[string]string{"x": "mine"})
	wantTree(t, g.dir, c.before.files(false))
	g.wantRecorded(c.before)
}

// The trash may be on another file system.
func TestTrashElsewhere(t *testing.T) {
	elsewhere := otherFileSystem(t)
	for _, c := range changes {
		if len(c.gone) == 0 {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			g := c.play(t, false)
			trash, err := os.MkdirTemp(elsewhere, "trash")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = os.RemoveAll(trash) })
			g.trash = trash
			g.sync(t.Context(), c.after)
			wantTree(t, g.dir, c.after.files(c.metadata))
			wantTree(t, trash, c.deleted())
			g.wantRecorded(c.after)
		})
	}
}

// otherFileSystem returns a folder on another file system than temporary files.
func otherFileSystem(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, folder := range []string{"/dev/shm", "/var/tmp", "/run"} {
		path := filepath.Join(folder, filepath.Base(dir)+"-link")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			continue
		}
		err := os.Link(path, filepath.Join(dir, "link"))
		_ = os.Remove(path)
		if err != nil {
			return folder
		}
		_ = os.Remove(filepath.Join(dir, "link"))
	}
	t.Skip("there is one file system")
	return ""
}
