package cli

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// Whole numbers are decimal in every flag of every command: not octal with a leading zero, and in no other base.
func TestNumbersOfFlagsAreDecimal(t *testing.T) {
	var numbers []string
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		flags := cmd.Flags()
		flags.AddFlagSet(cmd.PersistentFlags())
		for _, name := range []string{"jobs", "connections", "retries", "max-failures", "limit", "version", "quality", "assets", "port"} {
			flag := flags.Lookup(name)
			if flag == nil || flag.Value.Type() == "bool" {
				continue
			}
			numbers = append(numbers, name)
			for text, want := range map[string]string{"10": "10", "010": "10", "0010": "10", "08": "8"} {
				if err := flag.Value.Set(text); err != nil || flag.Value.String() != want {
					t.Errorf("%s --%s %s is %s, %v; want %s", cmd.Name(), name, text, flag.Value, err, want)
				}
			}
			for _, text := range []string{"0x10", "0b11", "0o17", "1_0", "1e1", "10.0", " 10", "ten"} {
				if err := flag.Value.Set(text); err == nil {
					t.Errorf("%s --%s %q is %s", cmd.Name(), name, text, flag.Value)
				}
			}
		}
		for _, each := range cmd.Commands() {
			visit(each)
		}
	}
	visit(newRoot(Streams{In: &bytes.Buffer{}, Out: io.Discard, Err: io.Discard, Getenv: func(string) string { return "" }}))
	for _, want := range []string{"jobs", "connections", "retries", "max-failures", "limit", "version", "quality", "assets", "port"} {
		if !strings.Contains(" "+strings.Join(numbers, " ")+" ", " "+want+" ") {
			t.Errorf("no command has --%s", want)
		}
	}
}
