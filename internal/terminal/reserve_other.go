//go:build !linux

package terminal

import "os"

// Reserve does nothing: on this system a terminal cannot be opened again by its descriptor.
func Reserve(*os.File) (release func()) { return func() {} }

// IsReserved reports true: another process may draw on the terminal.
func IsReserved(*os.File) bool { return true }
