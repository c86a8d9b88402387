// Package terminal asks a person at a terminal, and hears the keys that are not text: the one that asks for
// a status line, and whether Ctrl-C reaches this process. It knows no command.
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

// errEndOfInput says that the user closed the input (Ctrl-D) in place of an answer.
var errEndOfInput = errors.New("the input ended before every question was answered")

// Prompter asks a person at a terminal.
type Prompter struct {
	in  *os.File // a terminal
	out io.Writer
}

// New returns a Prompter that reads answers from in and writes questions to out, and nil where in is not a
// terminal.
func New(in io.Reader, out io.Writer) *Prompter {
	file, ok := in.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return &Prompter{in: file, out: out}
}

// Printf shows a text that asks nothing.
func (p *Prompter) Printf(format string, args ...any) { fmt.Fprintf(p.out, format, args...) }

// Line asks for a line that is shown as it is typed, and returns it without the space around it. The error
// is ctx's cause where that ends first.
func (p *Prompter) Line(ctx context.Context, question string) (string, error) {
	fmt.Fprint(p.out, question)
	answer, err := ReadLine(ctx, p.in)
	if err != nil {
		fmt.Fprintln(p.out)
	}
	return strings.TrimSpace(answer), endOfInput(err)
}

// Secret asks for a line that is not shown. However it ends, the terminal shows again
// what is typed.
func (p *Prompter) Secret(ctx context.Context, question string) (string, error) {
	restore, err := hideInput(p.in)
	if err != nil {
		return "", fmt.Errorf("hiding what is typed: %w", err)
	}
	defer restore()
	fmt.Fprint(p.out, question)
	answer, err := ReadLine(ctx, p.in)
	fmt.Fprintln(p.out) // the line end that was typed was not shown either
	return strings.TrimSpace(answer), endOfInput(err)
}

func endOfInput(err error) error {
	if errors.Is(err, io.EOF) {
		return errEndOfInput
	}
	return err
}

// ReadLine reads a line of at most 64 KiB up to its end and not beyond, and returns it without that end, or
// ctx's cause when that ends first. A line that ends with the input counts unless it is empty (io.EOF).
// The read is then left behind (retry.Await).
func ReadLine(ctx context.Context, r io.Reader) (string, error) {
	return retry.Await(ctx, func() (string, error) { return readLine(r, maxAnswer) })
}

// maxAnswer is longer than any answer, in bytes.
const maxAnswer = 64 << 10

// readLine reads up to a line end and not beyond, so that the next reader finds the next
// line. A line that ends with the input counts unless it is empty.
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
