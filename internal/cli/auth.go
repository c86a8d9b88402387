package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/report"
)

// authOptions are what the auth commands share.
type authOptions struct {
	portalFlags
}

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

func newAuthStatus(o authOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the portal, the kind of credentials, where they are from, and who you are",
		Long: `Show the portal, the kind of credentials, where they are from, and the user you
are logged in as (makes one API call). Secrets are never shown. The exit status
is 4 if the portal does not accept the credentials, or if there are none.`,
		Args: noArgsUnquoted,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.status(cmd.Context()) },
	}
	o.add(cmd.Flags())
	return cmd
}

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

// status prints what is known first, also if the call fails.
func (o *authOptions) status(ctx context.Context) error {
	if err := o.check(); err != nil {
		return err
	}
	conf, err := o.load(ctx, o.streams)
	if err != nil {
		return err
	}
	user, err := o.currentUser(ctx, conf)
	rows := [][2]string{
		{"portal", conf.Portal.String()},
		{"credentials", string(conf.Credentials.Kind)},
		{"from", conf.From},
	}
	if err == nil {
		rows = append(rows, [2]string{"user", user})
	}
	table := tabwriter.NewWriter(o.streams.Out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintf(table, "%s\t%s\n", row[0], report.Clean(row[1]))
	}
	if printed := table.Flush(); printed != nil {
		return errors.Join(err, printed)
	}
	return err
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

// warnOfEnvironment says that the environment has credentials, which come first.
func (o *authOptions) warnOfEnvironment(effect string) {
	var names []string
	for _, kind := range config.Kinds() {
		for _, v := range kind.Values() {
			if o.streams.Getenv(v.Variable) != "" {
				names = append(names, v.Variable)
			}
		}
	}
	if len(names) > 0 {
		slices.Sort(names)
		o.streams.screen().Say("credentials in the environment %s: %s", effect, strings.Join(names, ", "))
	}
}

// currentUser asks the portal who the credentials belong to, in words for people. Some
// credentials may not ask that; then they work all the same.
func (o *authOptions) currentUser(ctx context.Context, conf config.Config) (string, error) {
	screen := o.streams.screen()
	portal, err := o.portal(conf, screen, sayHolds(screen), 1)
	if err != nil {
		return "", err
	}
	user, err := portal.client.CurrentUser(ctx)
	if api := (*bynder.APIError)(nil); errors.As(err, &api) && api.Status == http.StatusForbidden && api.Message != "" { // not a firewall's page
		return "unknown: these credentials are valid but may not read the current user", nil
	}
	if err != nil {
		return "", blameClock(err, conf.Credentials.Kind, time.Now())
	}
	return user.String(), nil
}
