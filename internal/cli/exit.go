package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/sink"
)

// The exit statuses. For a signal it is 128 + its number.
const (
	exitOK           = 0 // success: every requested file is in place
	exitFailed       = 1 // it failed: one file, or all files
	exitUsage        = 2 // usage or configuration error
	exitSome         = 3 // some files failed
	exitUnauthorized = 4 // 401, or no credentials
)

// usageError is an invalid command line.
type usageError struct {
	err  error
	hint string
}

// usagef returns a usageError with a formatted text.
func usagef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// Hint returns what the user can do about it, by default that of the error that it wraps.
func (e *usageError) Hint() string { return cmp.Or(e.hint, hintOf(e.err)) }

// runError is a run in which some files failed. The error of each was printed when it
// occurred.
type runError struct {
	wanted, failed int
	unauthorized   bool
}

func (e *runError) Error() string {
	return fmt.Sprintf("%d of %d files failed", e.failed, e.wanted)
}

// orNil returns e if some files failed, else nil.
func (e *runError) orNil() error {
	if e.failed == 0 {
		return nil
	}
	return e
}

// stdoutError is an error of writing results or help, such as when their reader has exited.
type stdoutError struct{ err error }

func (e *stdoutError) Error() string {
	return "writing to standard output: " + withoutPath(e.err).Error()
}
func (e *stdoutError) Unwrap() error { return e.err }

// written returns the error of a write to standard output, nil if err is.
func written(err error) error {
	if err == nil {
		return nil
	}
	return &stdoutError{err}
}

// exitStatus returns the exit status for the error of a command. Statuses are decided only here.
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
		return exitUnauthorized
	case errors.As(err, &conf):
		return exitUsage
	case errors.As(err, &run):
		switch {
		case run.unauthorized:
			return exitUnauthorized
		case run.failed < run.wanted:
			return exitSome
		}
		return exitFailed
	case errors.As(err, &api) && api.Unauthorized():
		return exitUnauthorized
	default:
		return exitFailed
	}
}

// childStatus returns the exit status of a command that the sandbox ran, as a shell does.
func childStatus(err *exec.ExitError) int {
	if status, ok := err.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return err.ExitCode()
}

// isUsage reports whether err is a usage error.
func isUsage(err error) bool {
	if _, ok := errors.AsType[*usageError](err); ok {
		return true
	}
	failed, ok := errors.AsType[*download.Error](err)
	return ok && failed.Code == download.CodeUsage
}

// isInterrupted reports whether err is that of a signal.
func isInterrupted(err error) bool {
	_, ok := errors.AsType[*interrupted](err)
	return ok
}

// explain prints the error of a command to stderr, unless it was printed before.
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
		return // the reader of the results has exited, as head does
	}
	if signal := (*interrupted)(nil); errors.As(context.Cause(ctx), &signal) {
		err = signal
	}
	screen.Fail(err.Error(), hintOf(err))
}

// hintOf returns the hint of an error, "" for none. That of a full disk is the same wherever it was met.
func hintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) && hinted.Hint() != "" {
		return hinted.Hint()
	}
	if sink.IsFull(err) {
		return "free some space, then run the same command again"
	}
	return ""
}
