package filelock_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/filelock"
)

// Sweep removes the regular files that are accepted, old enough and not locked.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	old := time.Now().Add(-time.Hour)
	for name, when := range map[string]time.Time{"old.part": old, "locked.part": old, "young.part": time.Now().Add(time.Hour), "old.jpg": old, "below/old.part": old} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, nil, 0o666), os.Chtimes(path, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "folder.part"), 0o777); err != nil {
		t.Fatal(err)
	}
	want := []string{"below", "folder.part", "locked.part", "old.jpg", "young.part"}
	if os.Symlink("old.jpg", filepath.Join(dir, "link.part")) == nil {
		want = slices.Insert(want, 2, "link.part")
	}
	locked, err := root.OpenFile("locked.part", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := filelock.Try(locked); errors.Is(err, filelock.ErrUnsupported) {
		t.Skip("no locks here")
	} else if err != nil {
		t.Fatal(err)
	}
	accepts := func(name string) bool { return strings.HasSuffix(name, ".part") }
	left := func() (names []string) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	filelock.Sweep(root, ".", time.Minute, accepts)
	if got := left(); !slices.Equal(got, want) {
		t.Errorf("%q are left, want %q", got, want)
	}
	if err := locked.Close(); err != nil {
		t.Fatal(err)
	}
	if !filelock.RemoveUnused(root, "locked.part", 0) || filelock.RemoveUnused(root, "locked.part", 0) {
		t.Error("a file whose lock has ended is not removed, or twice")
	}
	filelock.Sweep(root, "missing", 0, accepts)
	filelock.Sweep(root, "below", 0, accepts)
	if entries, err := os.ReadDir(filepath.Join(dir, "below")); err != nil || len(entries) > 0 {
		t.Errorf("below are %v, %v", entries, err)
	}
}
