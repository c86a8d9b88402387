package config

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

const (
	// commandPatience is how long a token_command may take, which includes unlocking a
	// password manager.
	commandPatience = 30 * time.Second
	// maxCommandOutput is the most bytes that a token_command may print.
	maxCommandOutput = maxValue
)

// runTokenCommand runs a program that prints a secret and returns the secret without the
// line end. No shell is involved. The program gets no standard input (which may be this
// program's own input; a password manager asks on the terminal), and this program's
// environment without the credentials.
func runTokenCommand(ctx context.Context, argv []string, patience time.Duration) (Secret, error) {
	deadline, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("it did not end within %s", patience))
	defer cancel()
	stdout, stderr := &capped{limit: maxCommandOutput}, &capped{limit: maxCommandOutput}
	command := exec.CommandContext(deadline, argv[0], argv[1:]...)
	command.Stdout, command.Stderr = stdout, stderr
	command.Env = withoutCredentials(os.Environ())
	command.WaitDelay = time.Second // for pipes that its own children hold open
	err := command.Start()
	if err != nil && ctx.Err() == nil {
		// The name is not shown, because it may be the token itself.
		return Secret{}, fmt.Errorf("token_command: cannot start the program: %w", reasonOf(err))
	}
	if err == nil {
		err = command.Wait()
	}
	switch {
	case ctx.Err() != nil:
		return Secret{}, context.Cause(ctx)
	case deadline.Err() != nil:
		err = context.Cause(deadline)
	case stdout.full:
		err = fmt.Errorf("it printed more than %d KiB", maxCommandOutput>>10)
	}
	if err != nil {
		// Not wrapped: the exit status of that program is not this one's.
		return Secret{}, fmt.Errorf("token_command: %s failed: %s%s", argv[0], err.Error(), stderr.lastLine())
	}
	token, err := ReadSecret(stdout.String())
	switch {
	case strings.ContainsAny(strings.TrimSpace(stdout.String()), "\r\n"):
		return Secret{}, fmt.Errorf("token_command: what %s printed is not one line of text", argv[0])
	case err != nil:
		return Secret{}, fmt.Errorf("token_command: what %s printed %w", argv[0], err)
	case token.IsZero():
		return Secret{}, fmt.Errorf("token_command: %s printed nothing", argv[0])
	}
	return token, nil
}

// withoutCredentials returns an environment without the variables that hold secrets.
func withoutCredentials(environ []string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		for _, set := range valueSets {
			for _, v := range set.values {
				if strings.EqualFold(v.Variable, name) { // Windows ignores case
					return true
				}
			}
		}
		return false
	})
}

// capped is a buffer whose Write fails beyond a limit.
type capped struct {
	content []byte
	limit   int
	full    bool
}

func (c *capped) Write(p []byte) (int, error) {
	if len(c.content)+len(p) > c.limit {
		c.full = true
		return 0, errors.New("too much output")
	}
	c.content = append(c.content, p...)
	return len(p), nil
}

func (c *capped) String() string { return string(c.content) }

// lastLine returns the last line of the content, at most 200 bytes of it, with a colon before it, "" if it is empty.
func (c *capped) lastLine() string {
	const longest = 200
	text := strings.TrimSpace(c.String())
	text = text[strings.LastIndexByte(text, '\n')+1:]
	if text == "" {
		return ""
	}
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	return ": " + text
}
