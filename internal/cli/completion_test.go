package cli

import (
	"slices"
	"strings"
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
		cmd.Flags().VisitAll(func(f *pflag.Flag) { flags[f.Name], flags[path+" "+f.Name] = true, true })
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

// What a shell shows beside a flag has none of the quotes that mark the name of its value in the help.
func TestCompletedFlagsAreUnquoted(t *testing.T) {
	root := newRoot(Streams{})
	setCompletions(root, valueCompletions(Streams{}), argumentCompletions(Streams{}))
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if strings.Contains(f.Usage, "`") {
				t.Errorf("%s --%s: %s", cmd.CommandPath(), f.Name, f.Usage)
			}
		})
		for _, below := range cmd.Commands() {
			if below.Name() != "completion" {
				visit(below)
			}
		}
	}
	visit(root)
}

// Each value that a shell offers for a flag is one that the flag of that very command accepts and its help names.
func TestCompletedValuesAreAccepted(t *testing.T) {
	fromElsewhere := strings.Fields("profile collection tag brand derivative property") // from the portal or a file
	unnamed := strings.Fields("fields fault")                                           // too many for one line of help
	root := newRoot(Streams{})
	setCompletions(root, valueCompletions(Streams{}), argumentCompletions(Streams{}))
	offers := map[string]string{}
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		_, path, _ := strings.Cut(cmd.CommandPath(), " ")
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			complete, known := cmd.GetFlagCompletionFunc(f.Name)
			if !known || slices.Contains(fromElsewhere, f.Name) {
				return
			}
			values, _ := complete(cmd, nil, "")
			offers[path+" "+f.Name] = strings.Join(values, " ")
			for _, value := range values {
				for word := range strings.FieldsSeq(value) {
					if !slices.Contains(unnamed, f.Name) && !strings.Contains(f.Usage, word) {
						t.Errorf("%s --%s offers %q, and its help is %q", path, f.Name, value, f.Usage)
					}
				}
				if err := f.Value.Set(value); err != nil {
					t.Errorf("%s --%s offers %q: %v", path, f.Name, value, err)
				}
			}
		})
		for _, below := range cmd.Commands() {
			visit(below)
		}
	}
	visit(root)
	for flag, want := range map[string]string{
		"items type": "original web additional", "search type": "image document audio video 3d", "sync type": "image document audio video 3d",
		"show image": "auto kitty blocks off", "download jobs": "auto", "verify jobs": "auto", "download shard": "auto",
		"sync max-delete": "", "fetch-item sse": "AES256 aws:kms", "download name": "",
	} {
		if offers[flag] != want {
			t.Errorf("%s offers %q, want %q", flag, offers[flag], want)
		}
	}
}
