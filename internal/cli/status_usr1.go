//go:build unix && !darwin && !freebsd && !netbsd && !openbsd && !dragonfly

package cli

import (
	"os"
	"syscall"
)

var statusSignals = []os.Signal{syscall.SIGUSR1}
