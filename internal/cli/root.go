// Package cli is the command line: it turns flags into options and runs a command
// with them. It is the only room that wires the others together.
package cli

import (
	"context"
	"io"
	"log"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/config"
)

// Main runs the program with the given arguments and returns its exit status.
func Main(ctx context.Context, args []string, s Streams) int {
	// net/http remarks on odd servers there; what matters of that is an error, too.
	log.SetOutput(io.Discard)
	root := newRoot(s)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	explain(ctx, s.screen(), err)
	return exitStatus(ctx, err)
}

const rootLong = `bynder gets files out of a Bynder portal: originals, versions, derivatives and
media items, one or very many, in a terminal and in scripts.

Results go to standard output, one line for each file that is there; progress,
warnings and errors go to standard error.

Settings come from flags, the environment, a profile of the config file or the system's
keychain (` + "`bynder auth login`" + ` keeps them there); the first that has them wins.
  BYNDER_DOMAIN           the portal: brand.getbynder.com, a custom domain or a URL
                          (http:// for loopback addresses only)
  BYNDER_CONSUMER_KEY     OAuth 1.0a: all four of
  BYNDER_CONSUMER_SECRET  these
  BYNDER_TOKEN
  BYNDER_TOKEN_SECRET
  BYNDER_PERMANENT_TOKEN  or a permanent token alone
  BYNDER_CLIENT_ID        or the two of OAuth 2 client
  BYNDER_CLIENT_SECRET    credentials, with BYNDER_SCOPES where others are wanted
  BYNDER_PROFILE          the profile, "default" unless named
  BYNDER_CONFIG           the config file, bynder/config.toml in the user's config folder;
                          its [defaults] are defaults of flags: jobs, connections,
                          api-rate, limit-rate, retries, progress, image
  HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE, TERM   as everywhere

Exit status:
  0    everything asked for is there
  1    it failed: one file, or all of them
  2    usage or configuration
  3    some of several failed
  4    not authorised: 401, or no credentials
  130, 143, 129   ended by INT, TERM, HUP`

func newRoot(s Streams) *cobra.Command {
	s.files = new(config.Files)
	root := &cobra.Command{
		Use:           "bynder <command>",
		Short:         "Get files out of a Bynder portal",
		Long:          rootLong,
		Example:       "  bynder download D4AC0B41-141B-47D2-98B4FECDA8894CB2\n  bynder sandbox -- bynder download D4AC0B41-141B-47D2-98B4FECDA8894CB2",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			err := noCommand(args[0], "`bynder help` lists the commands")
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				err.hint = "did you mean " + strings.Join(near, " or ") + "?"
			}
			return err
		},
	}
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := refuseEmpty(cmd.Flags()); err != nil {
			return err
		}
		return applyDefaults(cmd.Context(), cmd.Flags(), s)
	}
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return &usageError{err: err, hint: "`" + cmd.CommandPath() + " --help` lists the flags; ids that begin with - come after --"}
	})
	// A command that has others below it is shown by them alone.
	root.SetUsageTemplate(strings.Replace(root.UsageTemplate(), "{{if .Runnable}}", "{{if and .Runnable (not .HasAvailableSubCommands)}}", 1))
	root.SetHelpCommand(newHelp(root))
	root.AddCommand(
		newDownload(s, runDownload), newItems(s, runItems), newFetchItem(s, runFetchItem),
		newSearch(s, runSearch), newCollections(s), newSync(s, runSync), newJournal(s), newVerify(s), newAuth(s), newSandbox(s), newVersion(s),
	)
	root.InitDefaultCompletionCmd()
	for _, each := range root.Commands() {
		if each.Name() == "completion" {
			each.Args, each.RunE = noArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			for _, shell := range each.Commands() {
				shell.Args = noArgs
			}
		}
	}
	return root
}

// newHelp is cobra's help command, but a topic that does not exist is an error.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about a command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, _, err := root.Find(args)
			if err != nil || cmd == root && len(args) > 0 {
				return noCommand(strings.Join(args, " "), "`bynder help` lists the commands")
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
	}
}

// refuseEmpty refuses flags that were given without a value: that is most often a variable
// of a script that is not set, and must not mean "everything".
func refuseEmpty(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		empty := f.Value.String() == "" && f.Value.Type() == "string"
		if list, ok := f.Value.(pflag.SliceValue); ok {
			empty = len(list.GetSlice()) == 0 || slices.Contains(list.GetSlice(), "")
		}
		if empty && err == nil {
			err = usagef("--%s is given without a value", f.Name)
		}
	})
	return err
}
