//go:build !windows

package report

import "os"

// understandsEscapes tells whether f obeys escape sequences. Here every terminal
// does that is not a dumb one.
func understandsEscapes(*os.File) bool { return true }
