package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func newAuthLogout(o authOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "logout",
		Short: "Remove the credentials of a profile from the keychain and from credentials.toml",
		Long: `Remove the credentials of a profile from the keychain and from the file in which
` + "`bynder auth login --insecure-storage`" + ` stores them (credentials.toml beside the
config file). The config file is not edited: if it has credentials of the
profile, the keys to remove are listed, and the exit status is 1.

The portal still accepts the credentials; to end that, revoke them there.`,
		Args: noArgsUnquoted,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.logout(cmd.Context()) },
	}
	o.configFlags.add(cmd.Flags())
	return cmd
}

func (o *authOptions) logout(ctx context.Context) error {
	sources := o.sources(o.streams)
	name, err := sources.ProfileName()
	if err != nil {
		return err
	}
	removed, err := sources.Remove(ctx)
	if removed.Keychain {
		o.streams.screen().Say("the credentials of profile %q are removed from the keychain", name)
	}
	if removed.File != "" {
		o.streams.screen().Say("the credentials of profile %q are removed from %s", name, removed.File)
	}
	if err == nil && !removed.Keychain && removed.File == "" && len(removed.ByHand) == 0 {
		o.streams.screen().Say("profile %q has no credentials to remove", name)
	}
	o.warnOfEnvironment("are still used")
	if len(removed.ByHand) > 0 {
		return errors.Join(err, &leftError{profile: name, file: removed.HandFile, keys: removed.ByHand})
	}
	return err
}

// leftError means that credentials of a profile stay where a person wrote them.
type leftError struct {
	profile, file string
	keys          []string
}

func (e *leftError) Error() string {
	return fmt.Sprintf("%s has credentials of profile %q, and is not edited by this program", e.file, e.profile)
}

// Hint says what the user can do about it.
func (e *leftError) Hint() string {
	return fmt.Sprintf("remove %s of [profiles.%s] from %s", strings.Join(e.keys, ", "), e.profile, e.file)
}
