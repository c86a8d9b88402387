//go:build unix

package cli

import (
	"os"
	"os/signal"

	"github.com/bynder-cli/bynder/internal/report"
)

// showStatus prints a line about where things stand on SIGUSR1, and on SIGINFO where
// the system has it, until the returned function is called.
func showStatus(r *report.Reporter) func() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, statusSignals...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range signals {
			r.Screen().Message(r.StatusLine())
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
		<-done
	}
}
