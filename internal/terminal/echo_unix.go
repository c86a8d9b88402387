//go:build unix

package terminal

import (
	"os"

	"golang.org/x/sys/unix"
)

// hideInput makes a terminal not show what is typed, until restore. The interrupt key
// and the end-of-file key keep their meaning.
//
// (x/term's ReadPassword does the same inside of a read that cannot be ended from
// outside, and takes no notice of the end-of-file key.)
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
	// Stopped by Ctrl-Z, the terminal would be the shell's, which shows what is typed.
	hidden.Cc[unix.VSUSP] = noKey
	if err := unix.IoctlSetTermios(fd, writeTermios, &hidden); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(fd, writeTermios, before) }, nil // the terminal may be gone
}
