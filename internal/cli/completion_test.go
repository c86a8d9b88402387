package cli

import (
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Each flag of the tables belongs to a command, and each command of them exists.
func TestCompletionsAreOfFlags(t *testing.T) {
	flags, commands := map[string]bool{}, map[string]bool{}
	var visit func(cmd *cobra.Command, path string)
	visit = func(cmd *cobra.Command, path string) {
		commands[path] = true
		cmd.InheritedFlags()
		cmd.Flags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
		for _, below := range cmd.Commands() {
			next := below.Name()
			if path != "" {
				next = path + " " + next
			}
			visit(below, next)
		}
	}
	visit(newRoot(Streams{}), "")
	for name := range valueCompletions(Streams{}) {
		if !flags[name] {
			t.Errorf("no command has --%s", name)
		}
	}
	for path := range argumentCompletions(Streams{}) {
		if !commands[path] {
			t.Errorf("there is no command %q", path)
		}
	}
}
