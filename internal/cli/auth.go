package cli

import (
	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/config"
)

func newAuth(s Streams) *cobra.Command { return newAuthWith(s, nil) }

// newAuthWith makes the commands with a keychain of the caller's; nil is the system's.
func newAuthWith(s Streams, k config.Keychain) *cobra.Command {
	options := func() authOptions {
		return authOptions{portalFlags{configFlags: configFlags{keychain: k}, streams: s}}
	}
	cmd := &cobra.Command{
		Use:   "auth <command>",
		Short: "Log in to a portal, show who you are there, log out",
		Long: `Keep the credentials for a portal in the system's keychain, or in a file.

Several portals, or several users of one, each have a profile: --profile NAME
chooses it, here and in every other command. Credentials of a profile are sent
to that profile's portal only. BYNDER_* variables come before any profile.`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return noCommand("auth "+args[0], "bynder auth login, status or logout")
		},
	}
	cmd.AddCommand(newAuthLogin(options()), newAuthStatus(options()), newAuthLogout(options()))
	return cmd
}
