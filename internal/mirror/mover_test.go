package mirror

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
)

const (
	original = "as it was looked at"
	saved    = "by another program!" // of the same size
)

// moment is a context that does something at one of the moments at which it is asked whether it has ended: before each
// part of a file that is read.
type moment struct {
	context.Context
	at, asked int
	do        func()
}

func (m *moment) Err() error {
	if m.asked++; m.asked == m.at {
		m.do()
	}
	return m.Context.Err()
}

// others are what another program does with a file.
var others = map[string]func(g *rig){
	"saves it anew": func(g *rig) {
		g.write("x/new", saved)
		_ = os.Rename(filepath.Join(g.dir, "x", "new"), filepath.Join(g.dir, "x", "a"))
	},
	"makes it longer": func(g *rig) { g.write("x/a", original+" "+saved) },
	"removes it":      func(g *rig) { _ = os.Remove(filepath.Join(g.dir, "x", "a")) },
	"overwrites it and keeps its time": func(g *rig) {
		if info, err := os.Stat(filepath.Join(g.dir, "x", "a")); err == nil {
			g.write("x/a", saved)
			_ = os.Chtimes(filepath.Join(g.dir, "x", "a"), info.ModTime(), info.ModTime())
		}
	},
}

// has reports whether one of the folders has a file with a text in it.
func has(t *testing.T, text string, folders ...string) bool {
	t.Helper()
	for _, folder := range folders {
		for _, content := range tree(t, folder) {
			if strings.Contains(content, text) {
				return true
			}
		}
	}
	return false
}

// leftovers returns what is in folders that no user has put there.
func leftovers(t *testing.T, folders ...string) (all []string) {
	t.Helper()
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
			if strings.HasPrefix(e.Name(), ".bynder-") || strings.HasPrefix(e.Name(), leaving) {
				all = append(all, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// elsewhere returns a folder on another file system than the rigs.
func elsewhere(t *testing.T) *os.Root {
	t.Helper()
	dir, err := os.MkdirTemp(otherFileSystem(t), "trash")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root
}

// Whatever another program does while a file is copied to another file system, and whenever: what it saves is not lost,
// and if the file has left its path, the copy has its bytes.
func TestMoveElsewhereLosesNothing(t *testing.T) {
	for name, act := range others {
		t.Run(name, func(t *testing.T) {
			for at := 1; ; at++ {
				g, to := newRig(t), elsewhere(t)
				g.write("x/a", original)
				was, err := g.root.Lstat("x/a")
				if err != nil {
					t.Fatal(err)
				}
				saves := false
				ctx := &moment{Context: t.Context(), at: at, do: func() {
					act(g)
					saves = has(t, saved, g.dir)
				}}
				err = new(mover).move(ctx, g.root, filepath.Join("x", "a"), was, to, "a")
				if ctx.asked < at {
					if err != nil || at < 4 {
						t.Errorf("undisturbed: %v, asked %d times", err, at)
					}
					break
				}
				if saves && !has(t, saved, g.dir, to.Name()) {
					t.Errorf("at %d what was saved is lost, %v", at, err)
				}
				got := tree(t, to.Name())["a"]
				if err == nil && got != original && got != saved {
					t.Errorf("at %d the copy has %q", at, got)
				}
				if _, gone := g.root.Lstat("x/a"); gone != nil && name != "removes it" && err != nil {
					t.Errorf("at %d the file is gone, and not copied: %v", at, err)
				}
				if e, ok := errors.AsType[*download.Error](err); err != nil && name != "removes it" && (!ok || e.Code != download.CodeExists) {
					t.Errorf("at %d: %v", at, err)
				}
				if left := leftovers(t, g.dir, to.Name()); left != nil {
					t.Errorf("at %d %v are left", at, left)
				}
			}
		})
	}
}

// What another program saved before a file was moved or removed stays, as does what it saved at the path meanwhile.
func TestMoveLeavesWhatWasNotLookedAt(t *testing.T) {
	for name, act := range others {
		if name == "overwrites it and keeps its time" {
			continue // the file system does not tell
		}
		for how, do := range map[string]func(*rig, *os.Root, fs.FileInfo) error{
			"moved": func(g *rig, to *os.Root, was fs.FileInfo) error {
				return new(mover).move(t.Context(), g.root, filepath.Join("x", "a"), was, to, "b")
			},
			"moved in the folder": func(g *rig, _ *os.Root, was fs.FileInfo) error {
				return new(mover).move(t.Context(), g.root, filepath.Join("x", "a"), was, g.root, "b")
			},
			"moved in steps": func(g *rig, _ *os.Root, was fs.FileInfo) error {
				return new(mover).moveInSteps(g.root, filepath.Join("x", "a"), was, "b")
			},
			"removed": func(g *rig, _ *os.Root, was fs.FileInfo) error {
				return new(mover).remove(g.root, filepath.Join("x", "a"), was)
			},
		} {
			g, other := newRig(t), newRig(t)
			g.write("x/a", original)
			was, err := g.root.Lstat("x/a")
			if err != nil {
				t.Fatal(err)
			}
			act(g)
			before := tree(t, g.dir)
			if err := do(g, other.root, was); err == nil {
				t.Errorf("%s, and it is %s", name, how)
			}
			wantTree(t, g.dir, before)
			wantTree(t, other.dir, map[string]string{})
		}
	}
	g := newRig(t)
	g.write("x/a", original)
	was, err := g.root.Lstat("x/a")
	if err = errors.Join(err, new(mover).remove(g.root, filepath.Join("x", "a"), was)); err != nil {
		t.Error(err)
	}
	wantTree(t, g.dir, map[string]string{"x/": ""})
}

// Where the system cannot move a file in one step, it is moved by way of ownFolder, and replaces nothing.
func TestMoveInSteps(t *testing.T) {
	for _, taken := range []bool{false, true} {
		g := newRig(t)
		g.write("x/a", original)
		want := map[string]string{"b": original, "x/": ""}
		if taken {
			g.write("b", "mine")
			want = map[string]string{"b": "mine", "x/a": original}
		}
		was, err := g.root.Lstat("x/a")
		if err != nil {
			t.Fatal(err)
		}
		err = new(mover).moveInSteps(g.root, filepath.Join("x", "a"), was, "b")
		if taken && !errors.Is(err, fs.ErrExist) || !taken && err != nil {
			t.Errorf("the error is %v", err)
		}
		wantTree(t, g.dir, want)
	}
}

// A process that is killed while it copies a file loses nothing: the next one puts the file back.
func TestMoveElsewhereIsKilled(t *testing.T) {
	for at := 1; ; at++ {
		g, to := newRig(t), elsewhere(t)
		g.write("x/a", original)
		ctx := &moment{Context: t.Context(), at: at, do: func() { panic(killed{}) }}
		func() {
			defer func() { _ = recover() }()
			if err := new(mover).move(ctx, g.root, filepath.Join("x", "a"), nil, to, "a"); err != nil {
				t.Error(err)
			}
		}()
		if ctx.asked < at {
			break
		}
		if err := PutBack(g.root); err != nil {
			t.Error(err)
		}
		wantTree(t, g.dir, map[string]string{"x/a": original})
		if left := leftovers(t, g.dir); left != nil {
			t.Errorf("at %d %v are left", at, left)
		}
	}
}

// A file is put back to its path, or beside what has it by now.
func TestPutBack(t *testing.T) {
	g := newRig(t)
	for path, content := range map[string]string{
		"x/a.jpg": saved, ".bynder/leaving-ONE/x/a.jpg": "1", ".bynder/leaving-TWO/x/a.jpg": "2", ".bynder/leaving-TWO/y/z/b": "3",
		".bynder/leaving-file": "4", ".bynder/other/leaving-x/c": "5",
	} {
		g.write(path, content)
	}
	if err := PutBack(g.root); err != nil {
		t.Error(err)
	}
	wantTree(t, g.dir, map[string]string{
		"x/a.jpg": saved, "x/a-2.jpg": "1", "x/a-3.jpg": "2", "y/z/b": "3", ".bynder/leaving-file": "4", ".bynder/other/leaving-x/c": "5",
	})
	g.write(".bynder/leaving-ONE/y/z/b/c", "6")
	if err := PutBack(g.root); err == nil || !strings.Contains(err.Error(), "putting back") {
		t.Errorf("below a file: %v", err)
	}
}

// A copy has the file's time, is a link if the file is one, replaces nothing, and ends with its context without a trace.
func TestCopies(t *testing.T) {
	g, to := newRig(t), elsewhere(t)
	at := time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)
	for _, name := range []string{"a", "b", "c"} {
		g.write(name, original)
		if err := os.Chtimes(filepath.Join(g.dir, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(to.WriteFile("taken", []byte("mine"), 0o666), g.root.Symlink("../outside", "link")); err != nil {
		t.Fatal(err)
	}
	var m mover
	ended, end := context.WithCancel(t.Context())
	end()
	for _, err := range []error{m.move(t.Context(), g.root, "a", nil, to, "a"), m.move(t.Context(), g.root, "link", nil, to, "link")} {
		if err != nil {
			t.Error(err)
		}
	}
	if err := m.move(t.Context(), g.root, "b", nil, to, "taken"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto a file: %v", err)
	}
	if err := m.move(ended, g.root, "c", nil, to, "c"); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
	if info, err := to.Lstat("a"); err != nil || !info.ModTime().Equal(at) {
		t.Errorf("the copy: %v, %v", info, err)
	}
	if link, err := to.Readlink("link"); link != "../outside" {
		t.Errorf("the link leads to %q, %v", link, err)
	}
	wantTree(t, g.dir, map[string]string{"b": original, "c": original})
	names, err := fs.Glob(to.FS(), "*")
	if slices.Sort(names); err != nil || !slices.Equal(names, []string{"a", "link", "taken"}) {
		t.Errorf("%v, %v", names, err)
	}
}

// What killed processes have left of copies in a folder is removed when the next file is copied there, but what is in use
// stays.
func TestSweep(t *testing.T) {
	g, to := newRig(t), elsewhere(t)
	part := func(c string) string { return filepath.Join("sub", partial+strings.Repeat(c, 26)+partialEnd) }
	if err := to.Mkdir("sub", 0o777); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{part("A"), part("B"), filepath.Join("sub", ".bynder-mine.part"), filepath.Join("sub", "x.part"), partial + strings.Repeat("C", 26) + partialEnd} {
		if err := to.WriteFile(name, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	used, err := to.OpenFile(part("B"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer used.Close()
	if err := filelock.Try(used); err != nil {
		t.Skip(err)
	}
	g.write("a", original)
	if err := new(mover).move(t.Context(), g.root, "a", nil, to, filepath.Join("sub", "a")); err != nil {
		t.Error(err)
	}
	wantTree(t, to.Name(), map[string]string{
		partial + strings.Repeat("C", 26) + partialEnd: "", "sub/" + filepath.Base(part("B")): "", "sub/.bynder-mine.part": "", "sub/x.part": "", "sub/a": original,
	})
}
