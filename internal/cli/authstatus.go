package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/report"
)

// authOptions are the options of all auth commands.
type authOptions struct {
	portalFlags
}

// newAuthStatus returns the command auth status.
func newAuthStatus(o authOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the portal, the credentials in use and the current user",
		Long: `Show the portal, the kind of credentials, their source, and the user you are
logged in as (makes one API call). Secrets are never shown. The exit status is 4
if the portal rejects the credentials, or if there are none.`,
		Args: noArgsUnquoted,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.status(cmd.Context()) },
	}
	o.add(cmd.Flags())
	return cmd
}

// status runs the command. It prints what is known even if the call fails.
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

// warnOfEnvironment prints that the environment has credentials, and their effect.
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

// currentUser returns the user of the credentials, as text. Some credentials are valid but may
// not read the current user; that is not an error.
func (o *authOptions) currentUser(ctx context.Context, conf config.Config) (string, error) {
	screen := o.streams.screen()
	portal, err := o.portal(conf, screen, notifyWaits(screen), 1)
	if err != nil {
		return "", err
	}
	user, err := portal.client.CurrentUser(ctx)
	if api := (*bynder.APIError)(nil); errors.As(err, &api) && api.Status == http.StatusForbidden && api.Message != "" { // not a firewall's page
		return "unknown: these credentials are valid but may not read the current user", nil
	}
	if err != nil {
		return "", err
	}
	return user.String(), nil
}
