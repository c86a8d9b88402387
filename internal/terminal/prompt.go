// Package terminal prompts a user at a terminal, draws pictures, handles the key that requests a status line, and reports
// whether Ctrl-C reaches this process. It does not depend on any command.
package terminal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/bynder-cli/bynder/internal/retry"
)

// errEndOfInput means that the user closed the input (Ctrl-D) instead of answering.
var errEndOfInput = errors.New("the input ended before all questions were answered")

// Prompter prompts a user at a terminal.
type Prompter struct {
	in  *os.File // a terminal
	out io.Writer
}

// New returns a Prompter that reads answers from in and writes questions to out, nil if in is not a
// terminal.
func New(in io.Reader, out io.Writer) *Prompter {
	file, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return &Prompter{in: file, out: out}
}

// Printf prints a text that needs no answer.
func (p *Prompter) Printf(format string, args ...any) { fmt.Fprintf(p.out, format, args...) }

// Line prompts for a line that is shown as it is typed, and returns it without white space around it. If ctx
// ends first, the error is its cause.
func (p *Prompter) Line(ctx context.Context, question string) (string, error) {
	fmt.Fprint(p.out, question)
	answer, err := ReadLine(ctx, p.in)
	if err != nil {
		fmt.Fprintln(p.out)
	}
	return strings.TrimSpace(answer), endOfInput(err)
}

// Secret prompts for a line that is not shown. On return, the terminal shows again what is
// typed.
func (p *Prompter) Secret(ctx context.Context, question string) (string, error) {
	restore, err := hideInput(p.in)
	if err != nil {
		return "", fmt.Errorf("cannot hide the input: %w", err)
	}
	defer restore()
	fmt.Fprint(p.out, question)
	answer, err := ReadLine(ctx, p.in)
	fmt.Fprintln(p.out) // because the typed line end was not shown
	return strings.TrimSpace(answer), endOfInput(err)
}

// endOfInput returns err, or errEndOfInput for io.EOF.
func endOfInput(err error) error {
	if errors.Is(err, io.EOF) {
		return errEndOfInput
	}
	return err
}

// ReadLine reads a line of at most 64 KiB, and nothing after it, and returns it without the line end. If ctx
// ends first, the error is its cause, and the read continues in its goroutine (retry.Await). A last line
// without a line end is returned too, unless it is empty (io.EOF).
func ReadLine(ctx context.Context, r io.Reader) (string, error) {
	return retry.Await(ctx, func() (string, error) { return readLine(r, maxAnswer) })
}

// maxAnswer is the maximum length of an answer, in bytes.
const maxAnswer = 64 << 10

// readLine reads up to a line end and nothing after it, so that the next reader gets the next
// line.
func readLine(r io.Reader, limit int) (string, error) {
	var line []byte
	one := make([]byte, 1)
	for len(line) < limit {
		n, err := r.Read(one)
		if n == 1 && one[0] == '\n' {
			return string(line), nil
		}
		line = append(line, one[:n]...)
		if err != nil {
			if err == io.EOF && len(line) > 0 {
				return string(line), nil
			}
			return "", err
		}
	}
	return "", fmt.Errorf("the line is longer than %d KiB", limit>>10)
}
