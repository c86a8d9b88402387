//go:build unix

package terminal

import (
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// InForeground reports whether this process is in the foreground process group of its
// terminal, which receives the signals of its keys.
func InForeground() bool {
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := foregroundGroup(tty)
	return err == nil && group == syscall.Getpgrp()
}

// MayDraw reports whether this process may draw on tty, a terminal: it is not a job in its background (`bynder ... &`). A
// terminal other than the controlling one has no background.
func MayDraw(tty *os.File) bool {
	group, err := foregroundGroup(tty)
	return err != nil || group == 0 || group == syscall.Getpgrp() // 0: a group of another PID namespace
}

func foregroundGroup(tty *os.File) (int, error) {
	return unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
}

// WriteInBackground prevents that a write to the terminal stops this process while it is in the background, as it does
// after `stty tostop`.
func WriteInBackground() { signal.Ignore(syscall.SIGTTOU) }

// IsRaw reports whether a program reads single keys from tty, as pagers and other programs do that use the whole screen.
func IsRaw(tty *os.File) bool {
	mode, err := unix.IoctlGetTermios(int(tty.Fd()), readTermios)
	return err == nil && mode.Lflag&unix.ICANON == 0
}
