//go:build unix && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package terminal

import (
	"os"
	"syscall"
)

var statusSignals = []os.Signal{syscall.SIGUSR1}
