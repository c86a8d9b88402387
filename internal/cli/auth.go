package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/config"
)

// newAuth returns the auth commands.
func newAuth(s Streams) *cobra.Command { return newAuthWith(s, nil) }

// newAuthWith returns the auth commands with a keychain; nil is the system's.
func newAuthWith(s Streams, k config.Keychain) *cobra.Command {
	options := func() authOptions {
		return authOptions{portalFlags: portalFlags{configFlags: configFlags{keychain: k}, streams: s}, answer: 30 * time.Second}
	}
	cmd := &cobra.Command{
		Use:   "auth <command>",
		Short: "Log in to a portal, show the current user, log out",
		Long: `Store the credentials for a portal in the system's keychain or in a file.

Use a profile for each portal, or for each user of one: --profile NAME selects
it, in every command. Credentials of a profile are sent to that profile's portal
only. BYNDER_* variables take precedence over profiles.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		},
	}
	cmd.AddCommand(newAuthLogin(options()), newAuthStatus(options()), newAuthLogout(options()))
	return cmd
}
