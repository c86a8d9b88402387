package fsync

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

func TestFsync(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(dir, "sub", "a"))
	if err != nil {
		t.Fatal(err)
	}
	if err := File(f); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := File(f); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("the error for a closed file is %v", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, folder := range []string{".", "sub"} {
		if err := Folder(root, folder); err != nil {
			t.Errorf("%s: %v", folder, err)
		}
	}
	if runtime.GOOS == "windows" {
		return
	}
	if err := Folder(root, "missing"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the error for a missing folder is %v", err)
	}
	if err := Folder(root, ".."); err == nil {
		t.Error("a folder outside of the root was synced")
	}
}

// A pipe cannot be synced, which is not an error on systems that say so by EINVAL.
func TestWhatCannotBeSynced(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems may say it in another way")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if err := File(w); err != nil {
		t.Error(err)
	}
}
