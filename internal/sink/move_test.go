package sink

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
)

func TestMoveReplacesNothing(t *testing.T) {
	for how, move := range map[string]func(*os.Root, string, *os.Root, string) error{
		"move": Move, "by the kernel": MoveAtOnce,
		"by looking": func(root *os.Root, old string, _ *os.Root, name string) error { return lookAndRename(root, old, name) },
	} {
		t.Run(how, func(t *testing.T) {
			folder := t.TempDir()
			root := newDir(t, folder, DirOptions{}).root
			old, taken, free := filepath.Join("sub", "old"), filepath.Join("sub", "taken"), filepath.Join("other", "free")
			for name, content := range map[string]string{old: whole, taken: other, filepath.Join("other", "b"): other, filepath.Join("sub", "empty", "c"): ""} {
				writeFile(t, filepath.Join(folder, name), content)
			}
			err := move(root, old, root, taken)
			if errors.Is(err, errors.ErrUnsupported) {
				t.Skip("not here: files are linked")
			}
			for name, err := range map[string]error{"a file": err, "a folder": move(root, old, root, filepath.Join("sub", "empty"))} {
				if !errors.Is(err, fs.ErrExist) {
					t.Errorf("onto %s: %v", name, err)
				}
			}
			if err := move(root, old, root, free); err != nil {
				t.Error(err)
			}
			if err := move(root, free, root, filepath.Join("..", "out")); err == nil {
				t.Error("a file was moved out of its root")
			}
			wantFiles(t, folder, map[string]string{
				free: whole, taken: other, filepath.Join("other", "b"): other, filepath.Join("sub", "empty", "c"): "",
			})
		})
	}
}

// Between two roots a file is moved, or it is said that it has to be copied; nothing is replaced.
func TestMoveBetweenRoots(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	from, to := newDir(t, one, DirOptions{}).root, newDir(t, two, DirOptions{}).root
	writeFile(t, filepath.Join(one, "a"), whole)
	writeFile(t, filepath.Join(two, "a"), other)
	switch err := Move(from, "a", to, "a"); {
	case errors.Is(err, errors.ErrUnsupported), errors.Is(err, syscall.EXDEV):
		wantFiles(t, one, map[string]string{"a": whole})
		wantFiles(t, two, map[string]string{"a": other})
		t.Skip("not here: files are copied")
	case !errors.Is(err, fs.ErrExist):
		t.Errorf("onto a file: %v", err)
	}
	if err := Move(from, "a", to, "b"); err != nil {
		t.Error(err)
	}
	wantFiles(t, one, map[string]string{})
	wantFiles(t, two, map[string]string{"a": other, "b": whole})
}

func TestPartialsOfOneFile(t *testing.T) {
	folder := t.TempDir()
	d := newDir(t, folder, DirOptions{})
	to := original("sub/a.jpg", "A")
	writeFile(t, filepath.Join(folder, "sub", "b.jpg"), whole)
	keep(t, d, to, object(whole), whole[:5])
	keep(t, d, to, object(other), other[:3])
	keep(t, d, original("sub/a.jpg", "B"), object(whole), whole[:4])
	used, err := d.Begin(t.Context(), original("sub/c.jpg", "C"), object(whole))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range partialsIn(t, filepath.Join(folder, "sub")) {
		if is := IsPartial("sub/"+e.Name(), to.Name, to.Identity); is != (e.Size() == 3 || e.Size() == 5) {
			t.Errorf("%s, of %d bytes, is a partial of the file: %t", e.Name(), e.Size(), is)
		}
	}
	partials := NewPartials(d.root)
	for _, id := range []string{"A", "C"} {
		for _, name := range []string{"sub/a.jpg", "sub/b.jpg", "sub/c.jpg", "none/a.jpg"} {
			partials.Remove(name, download.FileID{Portal: to.Identity.Portal, MediaID: id, Selector: to.Identity.Selector})
		}
	}
	var left []int64
	for _, e := range partialsIn(t, filepath.Join(folder, "sub")) {
		left = append(left, e.Size())
	}
	if len(left) != 2 || left[0] != 4 || left[1] != 0 {
		t.Errorf("partials of %d bytes are left, want that of the other asset, of 4, and the one in use, of 0", left)
	}
	if err := used.Discard(); err != nil {
		t.Error(err)
	}
}

// A partial that another process begins anew, while it is looked whether it is in use, stays.
func TestPartialBegunAnewStays(t *testing.T) {
	folder := t.TempDir()
	d := newDir(t, folder, DirOptions{})
	to := original("a.jpg", "A")
	keep(t, d, to, object(whole), whole[:5])
	path := filepath.Join(folder, partialsIn(t, folder)[0].Name())
	partials := NewPartials(d.root)
	partials.dir.tryLock = func(f *os.File) error {
		if err := os.Rename(path, path+".aside"); err != nil { // on Windows, an open file cannot be removed
			return err
		}
		writeFile(t, path, "anew")
		return filelock.Try(f)
	}
	partials.Remove(to.Name, to.Identity)
	if left, err := os.ReadFile(path); err != nil || string(left) != "anew" {
		t.Errorf("the partial has %q: %v", left, err)
	}
}

// partialsIn describes the partials in a folder, sorted by name.
func partialsIn(t *testing.T, folder string) (all []fs.FileInfo) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.part"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, info)
	}
	return all
}
