package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// errEndOfInput tells that the user closed the input (Ctrl-D) in place of an answer.
var errEndOfInput = errors.New("the input ended before every question was answered")

// prompter asks a person at a terminal.
type prompter struct {
	in  *os.File // a terminal
	out io.Writer
}

// newPrompter returns nil where s.In is no terminal.
func newPrompter(s Streams) *prompter {
	in, ok := s.In.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return nil
	}
	return &prompter{in: in, out: s.Err}
}

// line asks for a line that is shown as it is typed.
func (p *prompter) line(ctx context.Context, question string) (string, error) {
	fmt.Fprint(p.out, question)
	answer, err := abandonable(ctx, func() (string, error) { return readLine(p.in, maxAnswer) })
	if err != nil {
		fmt.Fprintln(p.out)
	}
	return strings.TrimSpace(answer), endOfInput(err)
}

// secret asks for a line that is not shown. However it ends, the terminal shows again
// what is typed.
func (p *prompter) secret(ctx context.Context, question string) (string, error) {
	restore, err := hideInput(p.in)
	if err != nil {
		return "", fmt.Errorf("hiding what is typed: %w", err)
	}
	defer restore()
	fmt.Fprint(p.out, question)
	answer, err := abandonable(ctx, func() (string, error) { return readLine(p.in, maxAnswer) })
	fmt.Fprintln(p.out) // the line end that was typed was not shown either
	return strings.TrimSpace(answer), endOfInput(err)
}

func endOfInput(err error) error {
	if errors.Is(err, io.EOF) {
		return errEndOfInput
	}
	return err
}

// abandonable returns what read returns, or ctx's cause when that ends first. A read
// from a terminal or a pipe cannot be called back: its goroutine is then left behind, and
// ends with the next line or with the program, which is about to end.
func abandonable(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		text string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := read()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
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
