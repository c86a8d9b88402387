package sink

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// The ways in which another program changes the file at a path.
var changes = []struct {
	what   string
	change func(t *testing.T, path string)
	left   string // content of the path in the end; "new" if the new file has it
}{
	{"nothing", func(*testing.T, string) {}, "new"},
	{"removed", removeFile, "new"},
	{"saved in place", func(t *testing.T, path string) { writeFile(t, path, "edited") }, "edited"},
	{"saved with the same size", func(t *testing.T, path string) {
		writeFile(t, path, "OLD")
		if err := os.Chtimes(path, lastModified, lastModified.Add(1)); err != nil {
			t.Fatal(err)
		}
	}, "OLD"},
	{"saved by a rename, with the same size and time", func(t *testing.T, path string) {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, path+"~", "OLD")
		if err := errors.Join(os.Chtimes(path+"~", info.ModTime(), info.ModTime()), os.Rename(path+"~", path)); err != nil {
			t.Fatal(err)
		}
	}, "OLD"},
	{"a link", func(t *testing.T, path string) {
		writeFile(t, path+"2", "edited")
		removeFile(t, path)
		if err := os.Symlink(filepath.Base(path)+"2", path); err != nil {
			t.Skip(err)
		}
	}, "edited"},
	{"a folder", func(t *testing.T, path string) {
		removeFile(t, path)
		writeFile(t, filepath.Join(path, "deep"), "edited")
	}, "a folder"},
}

// contentOf returns what a path has.
func contentOf(t *testing.T, path string) string {
	t.Helper()
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return "a folder"
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

func TestReplacesTheFileThatWasLookedAtAlone(t *testing.T) {
	for how, replace := range map[string]func(root *os.Root, path, name, aside string, was fs.FileInfo) error{
		"Replace": Replace, "in steps": replaceInSteps,
	} {
		for _, c := range changes {
			t.Run(how+", "+c.what, func(t *testing.T) {
				folder := t.TempDir()
				path, name := filepath.Join(folder, "sub", "new.part"), filepath.Join(folder, "name")
				writeFile(t, path, "new")
				writeFile(t, name, "old")
				root, err := os.OpenRoot(folder)
				if err != nil {
					t.Fatal(err)
				}
				defer root.Close()
				was, err := root.Lstat("name")
				if err != nil {
					t.Fatal(err)
				}
				c.change(t, name)
				err = replace(root, filepath.Join("sub", "new.part"), "name", "aside", was)
				if c.left == "new" && err != nil || c.left != "new" && !errors.Is(err, ErrAltered) {
					t.Errorf("the error is %v", err)
				}
				if got := contentOf(t, name); got != c.left {
					t.Errorf("the name has %q, want %q", got, c.left)
				}
				_, err = os.Lstat(path)
				if there := err == nil; there == (c.left == "new") {
					t.Errorf("the new file is at its old path: %v", there)
				}
				if _, err := os.Lstat(filepath.Join(folder, "aside")); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("aside: %v", err)
				}
			})
		}
	}
}

// Another program may save a file once more while an exchange is undone. The later file counts, and none is removed.
func TestExchangeBack(t *testing.T) {
	for _, c := range []struct {
		what         string
		meanwhile    func(t *testing.T, name string)
		named, other string // what the name and the partial have in the end; "" for nothing
	}{
		{"nothing", func(*testing.T, string) {}, "edited", "new"},
		{"saved again", func(t *testing.T, name string) { removeFile(t, name); writeFile(t, name, "later") }, "later", "edited"},
		{"written to", func(t *testing.T, name string) { writeFile(t, name, "newer") }, "newer", "edited"},
		{"removed", removeFile, "edited", ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			folder := t.TempDir()
			root, err := os.OpenRoot(folder)
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			name, path := filepath.Join(folder, "name"), filepath.Join(folder, "path")
			writeFile(t, path, "edited")
			writeFile(t, name, "new")
			own, err := root.Lstat("name")
			if err != nil {
				t.Fatal(err)
			}
			if err := exchange(root, "path", "path"); errors.Is(err, errors.ErrUnsupported) {
				t.Skip(err)
			}
			c.meanwhile(t, name)
			if err := exchangeBack(root, "path", "name", own); !errors.Is(err, ErrAltered) {
				t.Errorf("the error is %v", err)
			}
			want := map[string]string{"name": c.named, "path": c.other}
			if c.other == "" {
				delete(want, "path")
			}
			wantFiles(t, folder, want)
		})
	}
}
