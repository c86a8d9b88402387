package cli

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// helpWidth is the number of columns that help fits.
const helpWidth = 80

// flagGroup is a heading in the help of a command, with the names of flags in the order in which they are listed.
type flagGroup struct{ title, flags string }

// flagGroups have each flag of each command once, in the order of help. A command lists the groups that it has flags of.
var flagGroups = []flagGroup{
	{"What to download", "from from0 derivative transform format quality version additional all-items direct hash shard"},
	{"Filters", "keyword type tag brand collection property created-since modified-since modified-until archived limited public active failed query"},
	{"Where to put it", "dir output name fsync storage-class sse"},
	{"Existing files", "if-exists no-resume journal lock-wait fast full extra repair delete max-delete trash adopt accept-changes"},
	{"Network", "jobs connections limit-rate api-rate own-address retries max-failures strict no-verify"},
	{"Output", "dry-run order limit paginate json csv fields image urls print print0 checksum metadata metadata-csv undone-out fail-empty progress quiet verbose no-descriptions markdown help"},
	{"Portal", "profile domain config ca-cert with-token insecure-storage"},
	{"Local portal", "catalogue assets port auth fault no-limit no-cursor penalty stats"},
}

// mostUsed are the names of flags that -h shows first.
var mostUsed = strings.Fields("from dir derivative collection tag type property keyword modified-since name output if-exists journal " +
	"repair extra delete trash dry-run limit json csv quiet fault catalogue")

const (
	shortFlags    = 10 // that -h shows
	groupsFrom    = 6  // flags of a command; fewer are one group
	shortHelpFlag = "short-help"
)

// setHelp makes the help of root and of all commands below it: -h is short, --help and the command help are whole.
func setHelp(root *cobra.Command, s Streams) {
	flags, short := root.PersistentFlags(), false
	help := flags.Bool("help", false, "show all flags and details (-h: usage, examples, common flags)")
	flags.BoolFuncP(shortHelpFlag, "h", "", func(string) error {
		*help, short = true, true
		return nil
	})
	flags.Lookup(shortHelpFlag).Hidden = true
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		cmd.InheritedFlags() // merges them into Flags
		text := longHelp(cmd)
		if short {
			text = shortHelp(cmd)
		}
		if _, err := io.WriteString(s.Out, text); err != nil && s.helpErr != nil {
			*s.helpErr = &stdoutError{err}
		}
	})
}

// longHelp returns all that is known about a command.
func longHelp(cmd *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short)))
	writeUsage(&b, cmd)
	for _, group := range groupFlags(cmd) {
		fmt.Fprintf(&b, "\n%s:\n%s", group.title, describeFlags(group.flags, helpWidth))
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "\n`%s <command> --help` describes a command.\n", cmd.CommandPath())
	}
	return b.String()
}

// shortHelp returns the usage of a command, examples and its most used flags.
func shortHelp(cmd *cobra.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", cmd.Short)
	writeUsage(&b, cmd)
	var all []*pflag.Flag
	for _, group := range groupFlags(cmd) {
		all = append(all, group.flags...)
	}
	rank := func(f *pflag.Flag) int {
		i := slices.Index(mostUsed, f.Name)
		if i < 0 {
			i = len(mostUsed)
		}
		return i
	}
	slices.SortStableFunc(all, func(x, y *pflag.Flag) int { return cmp.Compare(rank(x), rank(y)) })
	shown := all[:min(len(all), shortFlags)]
	fmt.Fprintf(&b, "\nFlags:\n%s", describeFlags(shown, helpWidth))
	switch {
	case len(shown) < len(all):
		fmt.Fprintf(&b, "\n`%s --help` shows all %d flags and the details.\n", cmd.CommandPath(), len(all))
	case cmd.Long != "":
		fmt.Fprintf(&b, "\n`%s --help` shows the details.\n", cmd.CommandPath())
	}
	return b.String()
}

// writeUsage writes the usage, the examples and the commands below cmd.
func writeUsage(b *strings.Builder, cmd *cobra.Command) {
	fmt.Fprintf(b, "Usage:\n  %s\n", usageLine(cmd))
	if cmd.HasExample() {
		fmt.Fprintf(b, "\nExamples:\n%s\n", cmd.Example)
	}
	if !cmd.HasAvailableSubCommands() {
		return
	}
	b.WriteString("\nCommands:\n")
	for _, each := range cmd.Commands() {
		if each.IsAvailableCommand() || each.Name() == "help" {
			fmt.Fprintf(b, "  %-*s %s\n", cmd.NamePadding(), each.Name(), each.Short)
		}
	}
}

// usageLine returns what to type for a command.
func usageLine(cmd *cobra.Command) string {
	if cmd.HasAvailableSubCommands() {
		return cmd.CommandPath() + " <command>"
	}
	return cmd.UseLine()
}

// listedGroup is a heading with the flags below it.
type listedGroup struct {
	title string
	flags []*pflag.Flag
}

// groupFlags returns the flags of a command in the order of flagGroups. A flag without a group comes last, under a title
// that a test refuses.
func groupFlags(cmd *cobra.Command) []listedGroup {
	byName := map[string]*pflag.Flag{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			byName[f.Name] = f
		}
	})
	few := len(byName) < groupsFrom
	var groups []listedGroup
	for _, g := range flagGroups {
		var flags []*pflag.Flag
		for name := range strings.FieldsSeq(g.flags) {
			if f := byName[name]; f != nil {
				flags = append(flags, f)
				delete(byName, name)
			}
		}
		switch {
		case len(flags) == 0:
		case few && len(groups) > 0:
			groups[0].flags = append(groups[0].flags, flags...)
		case few:
			groups = append(groups, listedGroup{"Flags", flags})
		default:
			groups = append(groups, listedGroup{g.title, flags})
		}
	}
	if len(byName) > 0 {
		rest := listedGroup{title: "Flags without a group"}
		for _, f := range byName {
			rest.flags = append(rest.flags, f)
		}
		groups = append(groups, rest)
	}
	return groups
}

// describeFlags returns the lines about flags, in the order given, in at most width columns; 0 gives each flag one line.
func describeFlags(flags []*pflag.Flag, width int) string {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.SortFlags = false
	for _, f := range flags {
		described := *f
		described.Usage = strings.Join(strings.Fields(f.Usage), " ")
		if f.Name == "help" {
			described.Shorthand = "h"
		}
		set.AddFlag(&described)
	}
	return set.FlagUsagesWrapped(width)
}

// wrap breaks a text that begins at the column indent into lines that fit helpWidth.
func wrap(text string, indent int) string {
	var b strings.Builder
	column := indent
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case column+1+n > helpWidth:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}
