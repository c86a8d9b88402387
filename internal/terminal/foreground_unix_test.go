//go:build unix

package terminal

import (
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// A terminal that does not control this process has no background. Whether a job may draw is tested with a shell.
func TestMayDrawOnAnotherTerminal(t *testing.T) {
	master, tty, err := pty.Open()
	if err != nil {
		t.Skip(err)
	}
	defer master.Close()
	defer tty.Close()
	if !MayDraw(tty) {
		t.Error("it may not")
	}
}

func TestIsRaw(t *testing.T) {
	master, tty, err := pty.Open()
	if err != nil {
		t.Skip(err)
	}
	defer master.Close()
	defer tty.Close()
	if IsRaw(tty) {
		t.Error("a new terminal is raw")
	}
	mode, err := unix.IoctlGetTermios(int(tty.Fd()), readTermios)
	if err != nil {
		t.Fatal(err)
	}
	mode.Lflag &^= unix.ICANON
	if err := unix.IoctlSetTermios(int(tty.Fd()), writeTermios, mode); err != nil {
		t.Fatal(err)
	}
	if !IsRaw(tty) {
		t.Error("one that gives single keys is not")
	}
}
