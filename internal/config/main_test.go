package config_test

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets the test binary play the program of a token_command.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "as-token-command" {
		os.Exit(playTokenCommand(os.Args[2:]))
	}
	goleak.VerifyTestMain(m)
}

func playTokenCommand(args []string) int {
	switch args[0] {
	case "print":
		fmt.Print(args[1])
	case "fail":
		fmt.Fprintln(os.Stderr, "first line\nthe store is locked")
		return 3
	case "flood":
		for range 1 << 10 {
			fmt.Print(strings.Repeat("x", 1<<10))
		}
	case "environment":
		for _, pair := range os.Environ() {
			if strings.HasPrefix(pair, "BYNDER_") {
				fmt.Print(pair, ";")
			}
		}
	case "input":
		text, _ := io.ReadAll(os.Stdin)
		fmt.Printf("%d bytes", len(text))
	case "hang":
		r, _, _ := os.Pipe()
		_, _ = r.Read(make([]byte, 1))
	}
	return 0
}
