package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"

	"github.com/bynder-cli/bynder/internal/terminal"
)

// runChild runs the command against the portal and the bucket that env describes. Signals are passed on to
// the child, and the sandbox runs until the child has ended.
//
// The child has a state folder, and so an API allowance, of its own.
func runChild(ctx context.Context, s Streams, command, env []string) error {
	state, err := os.MkdirTemp("", "bynder-sandbox-")
	if err != nil {
		return fmt.Errorf("making a folder for the state: %w", err)
	}
	defer func() { _ = os.RemoveAll(state) }() // a folder for temporary files: no loss
	child := exec.CommandContext(context.WithoutCancel(ctx), command[0], command[1:]...)
	child.Stdin, child.Stdout, child.Stderr = s.In, s.Out, s.Err
	child.Env = append(append(foreignEnviron(), env...), "XDG_STATE_HOME="+state)

	// Before the start, so that no signal is lost or ends the sandbox.
	signals := make(chan os.Signal, 8)
	for _, each := range endSignals {
		if !signal.Ignored(each) {
			signal.Notify(signals, each)
		}
	}
	defer signal.Stop(signals)
	if err := child.Start(); err != nil {
		if unknown, ok := errors.AsType[*exec.Error](err); ok {
			err = unknown.Err
		}
		return &usageError{
			err:  fmt.Errorf("cannot start %s: %w", command[0], withoutPath(err)),
			hint: "check the name of the command after --",
		}
	}
	waited := make(chan error, 1)
	go func() { waited <- child.Wait() }()
	for {
		select {
		case err := <-waited:
			return err
		case got := <-signals:
			// Ctrl-C on a terminal has reached the child already, as one of the foreground
			// group, and twice would mean "at once".
			if got != os.Interrupt || !terminal.InForeground() {
				_ = child.Process.Signal(got) // it may have ended meanwhile
			}
		}
	}
}

// foreignEnviron returns the environment without the variables of bynder and of S3, some of which are secrets.
func foreignEnviron() (all []string) {
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "BYNDER_") && !strings.HasPrefix(pair, "AWS_") {
			all = append(all, pair)
		}
	}
	return all
}
