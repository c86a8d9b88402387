// Package cli is the command line: it parses flags into options and runs a command
// with them. It is the only package that connects the other packages.
package cli

import (
	"context"
	"errors"
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
	// net/http logs protocol oddities here; those that matter are returned as errors as well.
	log.SetOutput(io.Discard)
	s.helpErr = new(error)
	root := newRoot(s)
	if len(args) > 0 && strings.HasPrefix(args[0], cobra.ShellCompRequestCmd) {
		setCompletions(root, valueCompletions(s), argumentCompletions(s))
	}
	root.SetArgs(args)
	err := errors.Join(root.ExecuteContext(ctx), *s.helpErr)
	explain(ctx, s.screen(), err)
	return exitStatus(ctx, err)
}

const rootLong = `bynder gets files out of a Bynder portal: originals, versions, derivatives and
media items, from one file to millions, in a terminal and in scripts.

Results go to standard output, one line per completed file; progress, warnings
and errors go to standard error.

Settings are looked up in this order: flags, environment variables, config-file
profile, system keychain (` + "`bynder auth login`" + ` stores credentials there).

Environment variables:
  BYNDER_DOMAIN           the portal: brand.getbynder.com, a custom domain or a
                          URL (http:// for loopback addresses only)
  BYNDER_CONSUMER_KEY     OAuth 1.0a consumer key (set all four)
  BYNDER_CONSUMER_SECRET  OAuth 1.0a consumer secret
  BYNDER_TOKEN            OAuth 1.0a token
  BYNDER_TOKEN_SECRET     OAuth 1.0a token secret
  BYNDER_PERMANENT_TOKEN  a permanent token
  BYNDER_CLIENT_ID        OAuth 2 client id (set both)
  BYNDER_CLIENT_SECRET    OAuth 2 client secret
  BYNDER_SCOPES           OAuth 2 scopes to request in place of the default
  BYNDER_SHARD_COUNT      the number of tasks, for --shard auto in Kubernetes
  BYNDER_PROFILE          the profile (default "default")
  BYNDER_CONFIG           the config file (default bynder/config.toml in your
                          config folder); its [defaults] set defaults of flags:
                          jobs, connections, api-rate, limit-rate, retries,
                          progress, image
  HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE, TERM
                          honored as usual; NO_COLOR turns off the pictures of
                          bynder show, the only output with colors
  AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL_S3, ...
                          the bucket of s3:// destinations, as for the AWS CLI

Exit status:
  0    success: every requested file is in place
  1    it failed: one file, or all files
  2    usage or configuration error
  3    some files failed
  4    not authorized: the portal rejects the credentials, or there are none
  130, 143, 129   interrupted by INT, TERM, HUP`

// newRoot returns the command bynder with all others below it.
func newRoot(s Streams) *cobra.Command {
	s.files = new(config.Files)
	root := &cobra.Command{
		Use:   "bynder <command>",
		Short: "Get files out of a Bynder portal",
		Long:  rootLong,
		Example: `  # Download the original of an asset
  bynder download D4AC0B41-141B-47D2-98B4FECDA8894CB2

  # Download all images with a tag
  bynder search --tag logo --type image | bynder download -d logos -

  # Try a command against the built-in portal, without an account
  bynder sandbox -- bynder download D4AC0B41-141B-47D2-98B4FECDA8894CB2`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
	}
	printVersion := root.Flags().Bool("version", false, "print the version")
	root.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > 0:
			return unknownCommand(cmd, args[0])
		case *printVersion:
			return writeVersion(s.Out)
		}
		return cmd.Help()
	}
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := refuseEmpty(cmd.Flags()); err != nil {
			return err
		}
		if err := refuseURLs(cmd.Flags()); err != nil {
			return err
		}
		return applyDefaults(cmd.Context(), cmd.Flags(), s)
	}
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SetFlagErrorFunc(flagError)
	setHelp(root, s)
	root.SetHelpCommand(newHelp(root))
	root.AddCommand(
		newDownload(s, runDownload), newItems(s, runItems), newFetchItem(s, runFetchItem),
		newSearch(s, runSearch), newCollections(s), newShow(s, runShow), newOpen(s, runOpen), newSync(s, runSync), newJournal(s), newVerify(s), newAuth(s), newSandbox(s), newVersion(s), newMan(s),
		newProperties(s), newDerivatives(s), newTags(s), newBrands(s), newAPI(s),
	)
	setDecimals(root)
	root.InitDefaultCompletionCmd()
	for _, each := range root.Commands() {
		if each.Name() == "completion" {
			each.Args, each.RunE = noArgs, func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			for _, shell := range each.Commands() {
				shell.Args = noArgs
				setCompletionScript(shell, s.Out)
				shell.Long = strings.NewReplacer("it via your", "it via\nyour", "#### ", "", "\t", "  ").Replace(shell.Long)
			}
		}
	}
	return root
}

// newHelp returns cobra's help command, but with an error for an unknown topic.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about a command",

		ValidArgsFunction: completeHelp,
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			switch {
			case err != nil:
				return &usageError{err: err}
			case len(rest) > 0:
				return unknownCommand(cmd, rest[0], rest[1:]...)
			}
			return cmd.Help()
		},
	}
}

// refuseEmpty rejects flags with an empty value, which is usually a variable that a script
// did not set, and must not select everything.
func refuseEmpty(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		empty := f.Value.String() == "" && f.Value.Type() == "string"
		if list, ok := f.Value.(pflag.SliceValue); ok {
			empty = len(list.GetSlice()) == 0 || slices.Contains(list.GetSlice(), "")
		}
		if empty && err == nil {
			err = usagef("--%s has an empty value", f.Name)
		}
	})
	return err
}
