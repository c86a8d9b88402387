package terminal

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestReadLine(t *testing.T) {
	const most = maxAnswer
	for _, tt := range []struct {
		name, text, want, rest, err string
	}{
		{name: "one line and no more", text: "a b\nnext\n", want: "a b", rest: "next\n"},
		{name: "an empty line", text: "\nnext", want: "", rest: "next"},
		{name: "no line end", text: "a", want: "a"},
		{name: "nothing", text: "", err: "EOF"},
		{name: "as long as it may be", text: strings.Repeat("x", most-1) + "\n", want: strings.Repeat("x", most-1)},
		{name: "too long", text: strings.Repeat("x", most) + "\n", rest: "\n", err: "longer than 64 KiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := strings.NewReader(tt.text)
			got, err := ReadLine(t.Context(), r)
			if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%.20q, %v; want %.20q, error %q", got, err, tt.want, tt.err)
			}
			if rest, _ := io.ReadAll(r); string(rest) != tt.rest {
				t.Errorf("left %q, want %q", rest, tt.rest)
			}
		})
	}
}

// A read that never returns does not hold up the end.
func TestReadLineEndsWithItsContext(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	ended := errors.New("ended")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(ended)
	if _, err := ReadLine(ctx, r); !errors.Is(err, ended) {
		t.Errorf("error %v", err)
	}
}

func TestNewWantsATerminal(t *testing.T) {
	if New(strings.NewReader(""), io.Discard) != nil {
		t.Error("a text counts as a terminal")
	}
}
