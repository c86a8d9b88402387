package mirror

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

// Changed files keep their paths where they are moved to, and replace nothing there.
func TestAside(t *testing.T) {
	for _, trash := range []string{"", "trash"} {
		p := newPlace(t)
		at := filepath.Join(p.dir, ReplacedFolder)
		if trash != "" {
			trash = filepath.Join(t.TempDir(), trash, "deep")
			at = trash
		}
		root, err := os.OpenRoot(p.dir)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		a, err := OpenAside(root, trash)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		for _, content := range []string{"one", "two", "three"} {
			p.write(t, "sub/a.jpg", content)
			if _, err := a.Take(t.Context(), filepath.Join("sub", "a.jpg")); err != nil {
				t.Error(err)
			}
		}
		for name, want := range map[string]string{"a.jpg": "one", "a-2.jpg": "two", "a-3.jpg": "three"} {
			if got, err := os.ReadFile(filepath.Join(at, "sub", name)); string(got) != want {
				t.Errorf("%s has %q, %v", name, got, err)
			}
		}
		for _, name := range []string{"none", filepath.Join("sub", "a.jpg"), filepath.Join("none", "below")} {
			if where, err := a.Take(t.Context(), name); err != nil || where != "" {
				t.Errorf("what is not there: %v", err)
			}
		}
		p.write(t, "folder/in", "the user's")
		var e *download.Error
		if _, err := a.Take(t.Context(), "folder"); !errors.As(err, &e) || e.Code != download.CodeLocal || e.Hint() == "" {
			t.Errorf("a folder: %v", err)
		}
		if err := os.Symlink("folder", filepath.Join(p.dir, "link")); err == nil {
			if where, err := a.Take(t.Context(), "link"); err != nil || where != "link" {
				t.Error(err)
			}
			if got, err := os.Readlink(filepath.Join(at, "link")); got != "folder" {
				t.Errorf("the link leads to %q, %v", got, err)
			}
		}
		if got, err := os.ReadFile(filepath.Join(p.dir, "folder", "in")); string(got) != "the user's" {
			t.Errorf("in the folder is %q, %v", got, err)
		}
	}
}

// A place that cannot be used is an error before anything is moved.
func TestAsideRefuses(t *testing.T) {
	p := newPlace(t)
	p.write(t, "a", "whole")
	root, err := os.OpenRoot(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, dir := range []string{p.dir, filepath.Join(p.dir, "a"), filepath.Join(p.dir, "a", "below")} {
		if a, err := OpenAside(root, dir); err == nil || a != nil {
			t.Errorf("%s is used: %v", dir, err)
		}
	}
	p.write(t, ".bynder", "a file")
	if a, err := OpenAside(root, ""); err == nil || a != nil {
		t.Errorf("a file is used: %v", err)
	}
	if err := os.Remove(filepath.Join(p.dir, ".bynder")); err != nil {
		t.Fatal(err)
	}
	a, err := OpenAside(root, "")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := a.Take(ctx, "a"); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestIsRepaired(t *testing.T) {
	for path, want := range map[string][2]bool{ // by a journal, and by the state
		"a.jpg": {true, true}, "sub/.bynder/a": {true, true}, ".bynderx": {true, true}, "a.part.jpg": {true, true},
		".bynder": {}, ".bynder/journal.ndjson": {}, ".Bynder/replaced/q": {}, "x.part": {}, "sub/X.PART": {},
		".bynder/moving-X": {false, true}, ".bynder/moving-X/a": {}, ".bynder/leaving-X/a": {}, ".BYNDER/moving-X": {},
	} {
		if got := [2]bool{IsRepaired(filepath.FromSlash(path), false), IsRepaired(filepath.FromSlash(path), true)}; got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// The place that was made for nothing is removed.
func TestAsideMadeForNothing(t *testing.T) {
	p := newPlace(t)
	root, err := os.OpenRoot(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, content := range []string{"", "changed"} {
		a, err := OpenAside(root, "")
		if err != nil {
			t.Fatal(err)
		}
		if content != "" {
			p.write(t, "a", content)
			if _, err := a.Take(t.Context(), "a"); err != nil {
				t.Error(err)
			}
		}
		a.Close()
		if _, err := root.Lstat(ownFolder); (err == nil) != (content != "") {
			t.Errorf("%q: %v", content, err)
		}
	}
}

// A disk that is full keeps a changed file from its place; moving it by hand would not help.
func TestAsideOnAFullDisk(t *testing.T) {
	for errno, want := range map[error]download.Code{syscall.ENOSPC: download.CodeDiskFull, syscall.EACCES: download.CodeLocal} {
		err := notTaken(&os.LinkError{Op: "rename", Old: "a", New: "b", Err: errno})
		failed, ok := errors.AsType[*download.Error](err)
		if !ok || failed.Code != want || strings.Contains(failed.Hint(), "free some space") != (want == download.CodeDiskFull) {
			t.Errorf("%v: %v, hint %q", errno, err, failed.Hint())
		}
	}
}
