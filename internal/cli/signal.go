package cli

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// interrupted is the cause of a context that a signal has ended.
type interrupted struct{ signal syscall.Signal }

func (i *interrupted) Error() string { return "stopped by " + i.signal.String() }

// endSignals are the signals that end a run.
var endSignals = []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP}

// SignalContext returns a context that INT, TERM or HUP ends. From then on the
// signals have their usual effect again, so that a second Ctrl-C ends the program
// at once. A signal that was ignored when the program started (nohup, a background
// job of a script) stays ignored.
//
// Writing to a closed pipe becomes an error in place of a signal, so that a run whose
// reader has gone still closes its partials and says what is undone. It is caught,
// not ignored, because children would inherit an ignored signal.
func SignalContext() (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	for _, s := range endSignals {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE)

	done := make(chan struct{})
	go func() {
		defer close(done)
		select {
		case s := <-signals:
			signal.Stop(signals)
			number, _ := s.(syscall.Signal)
			cancel(&interrupted{number})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		signal.Stop(pipes)
		cancel(nil)
		<-done
	}
}

const (
	// endTimeout is how long a run may take to end after a signal: the promise is
	// that every wait ends within a second.
	endTimeout = 800 * time.Millisecond
	// saveTimeout is how long saving data that must not be lost may take then: it takes a second for a list of
	// a million ids, and longer only if a file system hangs.
	saveTimeout = 30 * time.Second
)

// exitInTime ends the process if a signal has ended ctx and the returned function is not
// called in time: a write to a pipe without a reader, or to a file system that hangs,
// can be neither cancelled nor waited for. Before that it calls save, which may be nil. Files
// are then as after a kill.
func exitInTime(ctx context.Context, save func()) func() {
	done := make(chan struct{})
	within := func(d time.Duration, other <-chan struct{}) (ended bool) {
		select {
		case <-done:
			return true
		case <-other:
		case <-time.After(d):
		}
		return false
	}
	stop := context.AfterFunc(ctx, func() {
		signal, ok := errors.AsType[*interrupted](context.Cause(ctx))
		if !ok || within(endTimeout, nil) {
			return
		}
		if save != nil {
			stored := make(chan struct{})
			go func() {
				defer close(stored)
				save()
			}()
			if within(saveTimeout, stored) {
				return
			}
		}
		// If only saving took that long, the run ends by itself.
		if !within(time.Second-endTimeout, nil) {
			os.Exit(128 + int(signal.signal))
		}
	})
	return func() {
		stop()
		close(done)
	}
}
