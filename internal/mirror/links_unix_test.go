//go:build unix

package mirror

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
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
