//go:build unix

package terminal

import (
	"os"
	"os/signal"
)

// OnStatusKey calls show on SIGUSR1, and on SIGINFO (Ctrl-T) on systems that have it, until stop is called.
// stop waits for a running call of show.
func OnStatusKey(show func()) (stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, statusSignals...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range signals {
			show()
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
		<-done
	}
}
