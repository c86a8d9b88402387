package cli

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// visitCommands calls visit with each command of the program.
func visitCommands(visit func(*cobra.Command)) {
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		visit(cmd)
		for _, each := range cmd.Commands() {
			walk(each)
		}
	}
	walk(newRoot(Streams{}))
}

func TestEveryFlagHasAGroup(t *testing.T) {
	exists, grouped := map[string]bool{}, map[string]string{}
	for _, g := range flagGroups {
		for name := range strings.FieldsSeq(g.flags) {
			if other, twice := grouped[name]; twice {
				t.Errorf("--%s is in the groups %q and %q", name, other, g.title)
			}
			grouped[name] = g.title
		}
	}
	visitCommands(func(cmd *cobra.Command) {
		cmd.InheritedFlags()
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			exists[f.Name] = true
			if grouped[f.Name] == "" && !f.Hidden {
				t.Errorf("%s --%s is in no group of flagGroups", cmd.CommandPath(), f.Name)
			}
		})
	})
	for name := range grouped {
		if !exists[name] {
			t.Errorf("flagGroups has --%s, and no command has it", name)
		}
	}
	for _, name := range mostUsed {
		if grouped[name] == "" {
			t.Errorf("mostUsed has --%s, and flagGroups has not", name)
		}
	}
	if len(exists) < 60 {
		t.Errorf("only %d flags were found", len(exists))
	}
}

// A flag that is in no group is shown all the same.
func TestFlagWithoutAGroupIsShown(t *testing.T) {
	cmd := &cobra.Command{Use: "x", Run: func(*cobra.Command, []string) {}}
	cmd.Flags().Bool("nowhere", false, "a flag")
	cmd.Flags().Bool("json", false, "objects")
	if text := longHelp(cmd); !strings.Contains(text, "\nFlags without a group:\n      --nowhere   a flag\n") {
		t.Errorf("help is\n%s", text)
	}
}

// helpFor returns what the program prints for arguments.
func helpFor(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	status := Main(t.Context(), args, Streams{In: strings.NewReader(""), Out: &out, Err: &errs, Getenv: func(string) string { return "" }})
	if status != 0 || errs.Len() > 0 {
		t.Fatalf("bynder %q: status %d, %s", args, status, errs.String())
	}
	return out.String()
}

var flagLine = regexp.MustCompile(`(?m)^  (?:-., |    )--([a-z0-9-]+)`)

// -h is short and --help is whole, for every command.
func TestShortAndWholeHelp(t *testing.T) {
	visitCommands(func(cmd *cobra.Command) {
		path := strings.Fields(cmd.CommandPath())[1:]
		if cmd.Name() == "help" {
			return
		}
		whole := helpFor(t, append(slices.Clone(path), "--help")...)
		if got := helpFor(t, append([]string{"help"}, path...)...); got != whole {
			t.Errorf("help of %q is\n%s\nand --help is\n%s", path, got, whole)
		}
		short := helpFor(t, append(slices.Clone(path), "-h")...)
		for text := range strings.Lines(short) {
			if utf8.RuneCountInString(text) > helpWidth+1 {
				t.Errorf("%s -h is wider than %d columns: %s", cmd.CommandPath(), helpWidth, text)
			}
		}
		all, shown := flagLine.FindAllStringSubmatch(whole, -1), flagLine.FindAllStringSubmatch(short, -1)
		rest := fmt.Sprintf("all %d flags", len(all))
		switch {
		case !strings.Contains(short, "\nUsage:\n"):
			t.Errorf("%s -h lacks the usage:\n%s", cmd.CommandPath(), short)
		case !strings.Contains(short, "`"+cmd.CommandPath()+" --help` shows") && (cmd.Long != "" || len(all) > shortFlags):
			t.Errorf("%s -h does not say how to see more:\n%s", cmd.CommandPath(), short)
		case cmd.HasExample() && !strings.Contains(short, cmd.Example):
			t.Errorf("%s -h lacks the examples:\n%s", cmd.CommandPath(), short)
		case len(shown) != min(len(all), shortFlags) || strings.Contains(short, rest) != (len(all) > shortFlags):
			t.Errorf("%s -h shows %d of %d flags:\n%s", cmd.CommandPath(), len(shown), len(all), short)
		case len(short) > len(whole) && len(all) > shortFlags:
			t.Errorf("%s -h is longer than --help", cmd.CommandPath())
		}
	})
}

// The groups of a command stand in one order, and the ten flags of download are those that are used most.
func TestHelpOfDownload(t *testing.T) {
	whole, at := helpFor(t, "download", "--help"), 0
	for _, title := range []string{"What to download", "Where to put it", "Existing files", "Network", "Output", "Portal"} {
		i := strings.Index(whole, "\n"+title+":\n")
		if i < at {
			t.Errorf("%q is at %d, and the group before it at %d", title, i, at)
		}
		at = i
	}
	var names []string
	for _, found := range flagLine.FindAllStringSubmatch(helpFor(t, "download", "-qh"), -1) {
		names = append(names, found[1])
	}
	if got, want := strings.Join(names, " "), "from dir derivative name output if-exists journal dry-run json quiet"; got != want {
		t.Errorf("-h shows %s, want %s", got, want)
	}
}

func TestWrap(t *testing.T) {
	word := strings.Repeat("é", 30)
	for text, want := range map[string]string{
		"":                                 "",
		"a  b\nc":                          "a b c",
		word + " " + word:                  word + "\n" + strings.Repeat(" ", 20) + word,
		word + " " + word[2:]:              word + " " + word[2:],
		strings.Repeat(word, 3) + " b c d": strings.Repeat(word, 3) + "\n" + strings.Repeat(" ", 20) + "b c d",
	} {
		if got := wrap(text, 20); got != want {
			t.Errorf("wrap(%q) = %q, want %q", text, got, want)
		}
	}
}
