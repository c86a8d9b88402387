package terminal

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"github.com/bynder-cli/bynder/internal/filelock"
)

// Reserve marks tty as a terminal on which this process keeps a line up to date, for other processes (IsReserved), until
// release is called or the process ends.
func Reserve(tty *os.File) (release func()) {
	f, err := reopen(tty)
	if err != nil {
		return func() {}
	}
	_ = filelock.Try(f) // if another process has it, tty is reserved as well
	return func() { _ = f.Close() }
}

// IsReserved reports whether another process has reserved tty.
func IsReserved(tty *os.File) bool {
	f, err := reopen(tty)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(filelock.Try(f), filelock.ErrHeld)
}

// reopen opens a terminal again: programs that were started from one shell share its open file, and with it a lock.
func reopen(tty *os.File) (*os.File, error) {
	return os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", tty.Fd()), os.O_RDWR|unix.O_NOCTTY, 0)
}
