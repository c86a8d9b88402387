//go:build unix

package terminal

import (
	"os"

	"golang.org/x/sys/unix"
)

// hideInput turns off the echo of a terminal until restore is called. The interrupt key and
// the end-of-file key work as usual.
//
// (x/term's ReadPassword does the same, but its read cannot be canceled, and it ignores the
// end-of-file key.)
func hideInput(terminal *os.File) (restore func(), err error) {
	fd := int(terminal.Fd())
	before, err := unix.IoctlGetTermios(fd, readTermios)
	if err != nil {
		return nil, err
	}
	hidden := *before
	hidden.Lflag &^= unix.ECHO
	hidden.Lflag |= unix.ICANON | unix.ISIG
	hidden.Iflag |= unix.ICRNL
	// Ctrl-Z is turned off, because it would return the terminal to the shell without echo.
	hidden.Cc[unix.VSUSP] = noKey
	if err := unix.IoctlSetTermios(fd, writeTermios, &hidden); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(fd, writeTermios, before) }, nil // the terminal may be gone
}
