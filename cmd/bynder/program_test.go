//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

// program is the program in a world of its own, for tests that kill it and for recipes.
type program struct{ env []string }

// newProgram returns the program with portal, and with state as the folder of its user. more are further variables.
func newProgram(state string, portal *sandbox.Sandbox, more ...string) program {
	env := append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + state, "XDG_STATE_HOME=" + state,
		"GORACE=atexit_sleep_ms=10",
	}, portal.Env(sandbox.OAuth1)...)
	return program{append(env, more...)}
}

// command is one run of the program.
func (p program) command(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(ctx, "bynder", args...)
	cmd.Env = p.env
	return cmd
}

// killedAfter runs the program and kills it (SIGKILL) after a time. It reports whether it was killed: false for one
// that ended well before. One that a busy machine did not even start in that time is run again.
func (p program) killedAfter(t *testing.T, after time.Duration, args ...string) bool {
	t.Helper()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		cmd := p.command(ctx, t, args...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		err := cmd.Run()
		cancel()
		if err == nil {
			return false
		}
		if errors.Is(err, context.DeadlineExceeded) && cmd.Process == nil {
			continue
		}
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signal() == syscall.SIGKILL {
				return true
			}
		}
		if errors.Is(err, context.DeadlineExceeded) { // it ended well, just as it was to be killed
			return false
		}
		t.Fatalf("the program was not killed: %v\n%s", err, stderr.Bytes())
	}
}
