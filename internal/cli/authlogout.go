package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// newAuthLogout returns the command auth logout.
func newAuthLogout(o authOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "logout",
		Short: "Remove the stored credentials of a profile",
		Long: `Remove the credentials of a profile from the keychain and from credentials.toml,
in which --insecure-storage stores them. The config file is not edited: if it
has credentials of the profile, the keys to remove are listed and the exit
status is 1.

The credentials stay valid; to end that, revoke them in the portal.`,
		Args: noArgsUnquoted,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.logout(cmd.Context()) },
	}
	o.configFlags.add(cmd.Flags())
	return cmd
}

// logout runs the command.
func (o *authOptions) logout(ctx context.Context) error {
	sources := o.sources(o.streams)
	name, err := sources.ProfileName()
	if err != nil {
		return err
	}
	removed, err := sources.Remove(ctx)
	if removed.Keychain {
		o.streams.screen().Say("removed the credentials of profile %q from the keychain", name)
	}
	if removed.File != "" {
		o.streams.screen().Say("removed the credentials of profile %q from %s", name, removed.File)
	}
	if err == nil && !removed.Keychain && removed.File == "" && len(removed.ByHand) == 0 {
		o.streams.screen().Say("nothing to remove: profile %q has no saved credentials", name)
	}
	o.warnOfEnvironment("the environment still has credentials; to stop using them, unset %s")
	if len(removed.ByHand) > 0 {
		return errors.Join(err, &leftError{profile: name, file: removed.HandFile, keys: removed.ByHand})
	}
	return err
}

// leftError means that the config file has credentials of a profile, which are not removed.
type leftError struct {
	profile, file string
	keys          []string
}

func (e *leftError) Error() string {
	return fmt.Sprintf("%s has credentials of profile %q; bynder does not edit this file", e.file, e.profile)
}

// Hint returns what the user can do about it.
func (e *leftError) Hint() string {
	return fmt.Sprintf("remove %s of [profiles.%s] from %s", strings.Join(e.keys, ", "), e.profile, e.file)
}
