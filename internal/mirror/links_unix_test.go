//go:build unix

package mirror

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/bynder-cli/bynder/internal/download"
)

// Links are not followed out of the folder, and what is not a regular file is not read.
func TestVerifyStaysInside(t *testing.T) {
	p := newPlace(t)
	outside := newPlace(t)
	outside.write(t, "secret", "whole")
	p.write(t, "real/a", "whole")
	for name, target := range map[string]string{
		"link": filepath.Join(outside.dir, "secret"), "out": outside.dir, "up": "../..", "in": "real", "self": "self", "alias": "real/a",
	} {
		if err := os.Symlink(target, filepath.Join(p.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mkfifo(filepath.Join(p.dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"link", "out/secret", "up/x", "in/a", "self/a", "alias", "fifo", "../files/real/a", "/etc/passwd"} {
		p.received(name, "whole")
	}
	wantFound(t, p.verify(t, Options{Extra: true}), "changed link type", "unknown out/secret unreadable", "unknown up/x unreadable", "ok in/a",
		"unknown self/a unreadable", "changed alias type", "changed fifo type",
		"extra in", "extra out", "extra real/a", "extra self", "extra up")
}

func TestVerifyUnreadable(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root reads everything")
	}
	p := newPlace(t)
	p.write(t, "a", "whole")
	p.write(t, "closed/b", "whole")
	p.received("a", "whole")
	p.received("closed/b", "whole")
	for _, name := range []string{"a", "closed"} {
		name = filepath.Join(p.dir, name)
		if err := os.Chmod(name, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(name, 0o700) })
	}
	wantFound(t, p.verify(t, Options{Extra: true}), "unknown a unreadable", "unknown closed/b unreadable", "unknown closed unreadable")
}

// A destination follows links inside the folder alone, and waits for regular files only.
func TestDestinationStaysInside(t *testing.T) {
	g, outside := newRig(t), newRig(t)
	outside.write("secret", "whole")
	g.write("real/a", "whole")
	for name, target := range map[string]string{
		"link": filepath.Join(outside.dir, "secret"), "out": outside.dir, "in": "real", "self": "self", "alias": "real/a", "nowhere": "missing",
	} {
		if err := os.Symlink(target, filepath.Join(g.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Mkfifo(filepath.Join(g.dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := Look(t.Context(), g.root)
	for path, want := range map[string]Standing{
		"link": Edited, "out": Edited, "out/secret": Edited, "in/a": AsWritten, "self": Edited, "self/a": Edited, "alias": Edited, "nowhere": Edited,
		"nowhere/a": NotThere, "fifo": Edited, "in/none": NotThere,
	} {
		if got := d.Stands(recordOf(path, "whole", time.Unix(1, 0))); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	for path, want := range map[string]bool{
		"link": true, "out": true, "out/new": true, "in/new": false, "in/far/new": false, "self/new": true, "nowhere": true, "nowhere/new": true, "fifo": true,
		"fifo/new": true, "alias/new": true,
	} {
		if got := d.Taken(path); got != want {
			t.Errorf("Taken(%q) is %v", path, got)
		}
	}
	if d.Err() != nil || len(d.Touched()) != 1 {
		t.Errorf("%v, %d touched", d.Err(), len(d.Touched()))
	}
}

// A run changes nothing behind a link that leads out of the folder.
func TestRunStaysInside(t *testing.T) {
	c := change{
		before: listing{"A": {"x/a", "one", 1, "m"}, "B": {"y/b", "two", 1, "m"}, "C": {"c", "3", 1, "m"}},
		gone:   map[string]Verdict{"B": AssetDeleted},
	}
	g, outside := c.play(t, false), newRig(t)
	outside.write("a", "one")
	outside.write("b", "two")
	g.begun = func(download.Result) {
		for _, folder := range []string{"x", "y"} {
			if err := errors.Join(os.RemoveAll(filepath.Join(g.dir, folder)), os.Symlink(outside.dir, filepath.Join(g.dir, folder))); err != nil {
				t.Fatal(err)
			}
		}
	}
	g.sync(t.Context(), listing{"A": {"x/a", "one", 1, "m"}, "C": {"c", "newer", 2, "m"}}, func(*Run) {})
	g.begun = nil
	g.sync(t.Context(), listing{"A": {"z/a", "other", 2, "m"}, "C": {"c", "newer", 2, "m"}}, func(*Run) {})
	wantTree(t, outside.dir, map[string]string{"a": "one", "b": "two"})
}
