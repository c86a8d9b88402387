package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/transport"
)

// authOptions are the options of all auth commands.
type authOptions struct {
	portalFlags
	json   bool
	answer time.Duration // how long status waits for the user, and then for the rights
}

// newAuthStatus returns the command auth status.
func newAuthStatus(o authOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the portal, the credentials in use, the user and their rights",
		Long: `Show the portal, the kind of credentials, their source, the proxy, how this
machine's clock compares with the portal's, the user you are logged in as, and
whether originals can be downloaded: of archived assets, and of others. That is
tried with up to three assets each, without a download: 3 to 9 API calls. What
the portal does not answer in 30 seconds is reported as a problem.

Each problem is printed to standard error, with what to do about it. Secrets are
never shown. The exit status is 4 if the portal rejects the credentials, or if
there are none, 1 if it cannot be asked, and otherwise 0.`,
		Args: noArgsUnquoted,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.status(cmd.Context()) },
	}
	o.add(cmd.Flags())
	cmd.Flags().BoolVar(&o.json, "json", false, "print one JSON object")
	return cmd
}

// authStatus is what auth status prints. Fields are left out if they are not known.
type authStatus struct {
	Portal      string      `json:"portal,omitempty"`
	Credentials config.Kind `json:"credentials,omitempty"`
	From        string      `json:"from,omitempty"`
	Proxy       string      `json:"proxy,omitempty"` // "" also for none
	// ClockAhead is by how many seconds this machine's clock is ahead of the portal's.
	ClockAhead *float64      `json:"clockAheadSeconds,omitempty"`
	User       *authUser     `json:"user,omitempty"`
	Originals  access        `json:"originals,omitempty"`
	Archived   access        `json:"archived,omitempty"`
	Problems   []authProblem `json:"problems"`
}

// authUser is the user of the credentials. All fields are empty if the credentials may not read it.
type authUser struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name,omitempty"`
	Username string `json:"username,omitempty"`
	Email    string `json:"email,omitempty"`
}

// authProblem is something that auth status found to be wrong, and what to do about it.
type authProblem struct {
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// problem adds a problem, and prints it to stderr.
func (s *authStatus) problem(screen *report.Screen, message, hint string) {
	s.Problems = append(s.Problems, authProblem{message, hint})
	screen.Fail(message, hint)
}

// status runs the command. It prints what is known even if a call fails; as JSON, also if the configuration cannot be used.
func (o *authOptions) status(ctx context.Context) error {
	if err := o.check(); err != nil {
		return err
	}
	s := authStatus{Problems: []authProblem{}}
	conf, err := o.load(ctx, o.streams)
	if err != nil && !o.json {
		return err
	}
	if conf.Portal != nil {
		s.Portal = conf.Portal.String()
	}
	if err == nil {
		var clock clockComparison
		o.trace = clock.add
		s.Credentials, s.From, s.Proxy = conf.Credentials.Kind, conf.From, proxyText(conf)
		err = o.ask(ctx, conf, &s)
		s.judgeClock(o.streams.screen(), clock.ahead(), err)
	}
	switch {
	case err == nil:
	case ctx.Err() != nil:
		s.Problems = append(s.Problems, authProblem{context.Cause(ctx).Error(), "run the same command again"})
	default:
		err = &statusError{err, statusHint(err, s.User != nil)}
		s.Problems = append(s.Problems, authProblem{err.Error(), hintOf(err)}) // which the caller prints
	}
	return errors.Join(err, o.print(&s))
}

// ask asks the portal for the user and their rights.
func (o *authOptions) ask(ctx context.Context, conf config.Config, s *authStatus) error {
	client, err := o.client(conf)
	if err != nil {
		return err
	}
	asking, cancel := context.WithTimeoutCause(ctx, o.answer, &unansweredInTime{o.answer})
	defer cancel()
	user, err := currentUser(asking, client)
	if late := lateness(asking); err != nil && late != nil {
		return fmt.Errorf("cannot ask the portal for the current user: %w", late)
	}
	if err != nil {
		return err
	}
	s.User = &authUser{user.ID, user.Name, user.Username, user.Email}
	screen := o.streams.screen()
	trying, cancel := context.WithTimeoutCause(ctx, o.answer, &unansweredInTime{o.answer})
	defer cancel()
	if s.Originals, err = s.tryOriginals(trying, client, screen, false); err == nil {
		s.Archived, err = s.tryOriginals(trying, client, screen, true)
	}
	return err
}

// judgeClock records the distance of the clocks, and reports one that makes calls fail. err is that of the calls,
// whose hint may be about the clock already.
func (s *authStatus) judgeClock(screen *report.Screen, ahead *time.Duration, err error) {
	if ahead == nil {
		return
	}
	seconds := ahead.Round(time.Second).Seconds()
	s.ClockAhead = &seconds
	refused, _ := errors.AsType[*bynder.APIError](err)
	if ahead.Abs() <= bynder.ClockTolerance || refused != nil && !refused.Signed.IsZero() && refused.Unauthorized() {
		return
	}
	s.problem(screen, "this machine's clock is "+clockText(s.ClockAhead), "set the clock: signatures, certificates and temporary URLs are valid for a time")
}

// print writes the status to stdout.
func (o *authOptions) print(s *authStatus) error {
	if o.json {
		line, err := report.JSONLine(s)
		if err == nil {
			_, err = o.streams.Out.Write(line)
		}
		return err
	}
	table := tabwriter.NewWriter(o.streams.Out, 0, 0, 2, ' ', 0)
	for _, row := range s.rows() {
		if row[1] != "" {
			fmt.Fprintf(table, "%s\t%s\n", row[0], report.Clean(row[1]))
		}
	}
	return table.Flush()
}

// rows returns the status as names and values; a value is "" if it is not known.
func (s *authStatus) rows() [][2]string {
	proxy := s.Proxy
	if proxy == "" {
		proxy = "none"
	}
	user := ""
	if s.User != nil {
		user = userText(bynder.User{ID: s.User.ID, Name: s.User.Name, Username: s.User.Username, Email: s.User.Email})
	}
	return [][2]string{
		{"portal", s.Portal},
		{"credentials", string(s.Credentials)},
		{"from", s.From},
		{"proxy", proxy},
		{"clock", clockText(s.ClockAhead)},
		{"user", user},
		{"originals", originalsTexts[s.Originals]},
		{"archived", archivedTexts[s.Archived]},
	}
}

// proxyText returns the proxy through which the portal is reached, without user and password; "" for none.
func proxyText(conf config.Config) string {
	proxy, err := transport.Proxy(conf.Portal)
	if err != nil || proxy == nil {
		return ""
	}
	return proxy.Scheme + "://" + proxy.Host
}

// warnOfEnvironment prints format with the variables of the environment that hold credentials, unless there are none.
func (o *authOptions) warnOfEnvironment(format string) {
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
		o.streams.screen().Say(format, strings.Join(names, " "))
	}
}

// client returns a client of the portal, for one call at a time.
func (o *authOptions) client(conf config.Config) (*bynder.Client, error) {
	screen := o.streams.screen()
	portal, err := o.portal(conf, screen, notifyWaits(screen), 1)
	if err != nil {
		return nil, err
	}
	return portal.client, nil
}
