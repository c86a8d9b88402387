package cli

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/report"
)

// The exit statuses that scripts rely on. Signals add theirs: 128 + the number.
const (
	exitOK           = 0 // everything asked for is there
	exitFailed       = 1 // it failed: one file, or all of them
	exitUsage        = 2 // usage or configuration
	exitSome         = 3 // some of several failed
	exitUnauthorised = 4 // 401, or no credentials
)

// usageError is a command line that cannot be meant.
type usageError struct {
	err  error
	hint string
}

func usagef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// Hint says what the user can do about it.
func (e *usageError) Hint() string { return e.hint }

// runError is a run of which some files are not there. What went wrong with each was
// said when it happened.
type runError struct {
	wanted, failed int
	unauthorised   bool
}

func (e *runError) Error() string {
	return fmt.Sprintf("%d of %d files failed", e.failed, e.wanted)
}

// orNil is e where something failed.
func (e *runError) orNil() error {
	if e.failed == 0 {
		return nil
	}
	return e
}

// stdoutError says that the reader of the results has gone.
type stdoutError struct{ err error }

func (e *stdoutError) Error() string { return "writing results to standard output: " + e.err.Error() }
func (e *stdoutError) Unwrap() error { return e.err }

// exitStatus is the one place that turns what happened into the status that scripts see.
func exitStatus(ctx context.Context, err error) int {
	var (
		signal *interrupted
		conf   *config.Error
		api    *bynder.APIError
		run    *runError
		child  *exec.ExitError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &child):
		return childStatus(child)
	case errors.As(context.Cause(ctx), &signal):
		return 128 + int(signal.signal)
	case isUsage(err):
		return exitUsage
	case errors.Is(err, config.ErrNoCredentials):
		return exitUnauthorised
	case errors.As(err, &conf):
		return exitUsage
	case errors.As(err, &run):
		switch {
		case run.unauthorised:
			return exitUnauthorised
		case run.failed < run.wanted:
			return exitSome
		}
		return exitFailed
	case errors.As(err, &api) && api.Unauthorised():
		return exitUnauthorised
	default:
		return exitFailed
	}
}

// childStatus is the exit status of a command that the sandbox ran, as a shell
// would say it.
func childStatus(err *exec.ExitError) int {
	if status, ok := err.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return err.ExitCode()
}

// isUsage reports whether what was asked for is wrong.
func isUsage(err error) bool {
	if _, ok := errors.AsType[*usageError](err); ok {
		return true
	}
	failed, ok := errors.AsType[*download.Error](err)
	return ok && failed.Code == download.CodeUsage
}

// isInterrupted tells whether a signal is what happened.
func isInterrupted(err error) bool {
	_, ok := errors.AsType[*interrupted](err)
	return ok
}

// explain says on stderr what ended the command, unless it was said already.
func explain(ctx context.Context, screen *report.Screen, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, each := range joined.Unwrap() {
			explain(ctx, screen, each)
		}
		return
	}
	var run *runError
	var child *exec.ExitError
	if err == nil || errors.As(err, &run) || errors.As(err, &child) {
		return
	}
	if errors.Is(err, syscall.EPIPE) {
		return // whoever read the results has gone, as head does, and knows
	}
	if signal := (*interrupted)(nil); errors.As(context.Cause(ctx), &signal) {
		err = signal
	}
	screen.Fail(err.Error(), hintOf(err))
}

// hintOf is the advice that an error carries, "" for none.
func hintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}
