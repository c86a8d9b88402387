package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/spelling"
	"github.com/bynder-cli/bynder/internal/terminal"
)

// loginOptions are the options of `bynder auth login`.
type loginOptions struct {
	authOptions

	withToken bool
	insecure  bool
}

// newAuthLogin returns the command auth login.
func newAuthLogin(shared authOptions) *cobra.Command {
	o := loginOptions{authOptions: shared}
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Store the credentials for a portal",
		Long: `Prompt for a portal and its credentials, check them with one API call, and store
them in the system's keychain. Secrets are not shown as you type them.

Without a keychain (on many servers and in containers), nothing is stored unless
you pass --insecure-storage: the secrets are then stored in a file only you can
read, credentials.toml beside the config file; anyone with access to your files
or backups can read it too.`,
		Example: `  # Log in; asks for the portal and the credentials
  bynder auth login

  # Log in to a second portal, as the profile "press"
  bynder auth login --profile press --domain press.example.com

  # Log in with a permanent token from a password manager
  pass show bynder |
    bynder auth login --with-token --domain brand.getbynder.com`,
		Args: noArgsUnquoted,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.login(cmd.Context()) },
	}
	f := cmd.Flags()
	o.add(f)
	f.BoolVar(&o.withToken, "with-token", false, "read a permanent token from standard input; requires --domain")
	f.BoolVar(&o.insecure, "insecure-storage", false, "store the secrets in credentials.toml beside the config file")
	return cmd
}

// notSavedError is a login that failed, so that nothing was stored.
type notSavedError struct {
	what string // what failed
	err  error
	why  string // "" for the text of err
	hint string // "" for the hint of err
}

func (e *notSavedError) Error() string {
	return fmt.Sprintf("%s: %s. Nothing was saved.", e.what, cmp.Or(e.why, e.err.Error()))
}
func (e *notSavedError) Unwrap() error { return e.err }

// Hint returns what the user can do about it.
func (e *notSavedError) Hint() string { return cmp.Or(e.hint, hintOf(e.err)) }

// withStorageHint returns err, an error of storing credentials, with a hint if it has none.
func withStorageHint(ctx context.Context, err error) error {
	var known *config.Error
	if err == nil || ctx.Err() != nil || errors.As(err, &known) {
		return err
	}
	return &notSavedError{
		what: "cannot store the credentials", err: err,
		hint: "use --insecure-storage to store the secrets in a file only you can read",
	}
}

// failed returns the error of a login whose credentials could not be checked.
func failed(conf config.Config, err error) error {
	login := &notSavedError{what: "login failed", err: err}
	if api, ok := errors.AsType[*bynder.APIError](err); ok && api.Unauthorized() {
		login.why = "the portal rejected the " + string(conf.Credentials.Kind)
		if conf.Credentials.Kind == config.OAuth1 {
			login.why += " credentials"
		}
		if api.Message != "" {
			login.why += " (" + api.Message + ")"
		}
	}
	return login
}

// login runs the command.
func (o *loginOptions) login(ctx context.Context) error {
	if err := o.check(); err != nil {
		return err
	}
	sources := o.sources(o.streams)
	portal, _, err := sources.Portal()
	if err != nil {
		return err
	}
	person := terminal.New(o.streams.In, o.streams.Err)
	switch {
	case person == nil && !o.withToken:
		return &usageError{
			err:  errors.New("cannot prompt for credentials: standard input is not a terminal"),
			hint: "pipe a permanent token to --with-token",
		}
	case portal == nil && o.withToken:
		return &usageError{err: errors.New("--with-token requires a portal"), hint: "add --domain brand.getbynder.com (your portal's host)"}
	}
	// Checked before the user types a secret that cannot be stored.
	if err := sources.Ready(ctx, o.insecure, portal); err != nil {
		return withStorageHint(ctx, err)
	}
	conf := config.Config{Portal: portal}
	if conf.Roots, err = config.LoadRoots(ctx, o.CACert); err != nil {
		return err
	}
	if o.withToken {
		conf.Credentials, err = o.readToken(ctx, person)
	} else {
		err = askCredentials(ctx, person, &conf)
	}
	if err != nil {
		return err
	}
	if conf.Credentials.Scopes, err = sources.Scopes(ctx); err != nil {
		return err
	}
	var user bynder.User
	client, err := o.client(conf)
	if err == nil {
		user, err = currentUser(ctx, client)
	}
	if err != nil {
		return failed(conf, err)
	}
	return o.store(ctx, sources, conf, userText(user))
}

// store stores the checked credentials, and prints where.
func (o *loginOptions) store(ctx context.Context, sources config.Sources, conf config.Config, user string) error {
	name, err := sources.ProfileName()
	if err != nil {
		return err
	}
	login := config.Login{Portal: conf.Portal, Credentials: conf.Credentials}
	where := "the system's keychain"
	if o.insecure {
		where, err = sources.SaveInFile(ctx, login)
	} else {
		err = sources.SaveInKeychain(ctx, login)
	}
	if err != nil {
		return withStorageHint(ctx, err)
	}
	as := " as " + user
	if user == unknownUser {
		as = "; the user is " + user
	}
	o.streams.screen().Say("logged in to %s%s", conf.Portal.Host, as)
	o.streams.screen().Say("saved the credentials of profile %q in %s", name, where)
	o.warnOfEnvironment("the environment has credentials, which take precedence; to use the saved ones, unset %s")
	return nil
}

// readToken reads a permanent token from the first line of stdin, without echo if that is a
// terminal.
func (o *loginOptions) readToken(ctx context.Context, person *terminal.Prompter) (config.Credentials, error) {
	var text string
	var err error
	if person != nil {
		text, err = person.Secret(ctx, "Permanent token (not shown): ")
	} else {
		text, err = terminal.ReadLine(ctx, o.streams.In)
	}
	if ctx.Err() != nil {
		return config.Credentials{}, context.Cause(ctx)
	}
	token, wrong := config.ReadSecret(spelling.Trim(text))
	switch {
	case wrong != nil:
		return config.Credentials{}, usagef("--with-token: the token %w", wrong)
	case token.IsZero():
		return config.Credentials{}, &usageError{err: errors.New("--with-token: no token on standard input"), hint: "pass the token on one line"}
	}
	return config.Credentials{Kind: config.PermanentToken, PermanentToken: token}, err
}

// loginKinds are the kinds of credentials, those that portals issue most often first.
var loginKinds = []config.Kind{config.PermanentToken, config.ClientCredentials, config.OAuth1}

// valueNames are the names of the values in prompts, by key.
var valueNames = map[string]string{
	"permanent_token": "Permanent token",
	"client_id":       "Client ID",
	"client_secret":   "Client secret",
	"consumer_key":    "Consumer key",
	"consumer_secret": "Consumer secret",
	"token":           "Token",
	"token_secret":    "Token secret",
}

// askCredentials prompts for the portal, unless conf has one, the kind of credentials and the
// values.
func askCredentials(ctx context.Context, p *terminal.Prompter, conf *config.Config) error {
	if conf.Portal == nil {
		portal, err := askPortal(ctx, p)
		if err != nil {
			return err
		}
		conf.Portal = portal
	} else {
		p.Printf("Portal: %s\n", conf.Portal.Host)
	}
	kind, err := askKind(ctx, p)
	if err != nil {
		return err
	}
	conf.Credentials.Kind = kind
	for _, v := range kind.Values() {
		question := valueNames[v.Key] + " (not shown): "
		var value config.Secret
		for value.IsZero() {
			answer, err := p.Secret(ctx, question)
			if err != nil {
				return err
			}
			if value, err = config.ReadSecret(answer); err != nil {
				p.Printf("%s %v.\n", valueNames[v.Key], err)
			} else if value.IsZero() {
				p.Printf("Type or paste it, or press Ctrl-C to stop.\n")
			}
		}
		v.Set(&conf.Credentials, value)
	}
	return nil
}

// askPortal prompts for a portal until the answer is valid.
func askPortal(ctx context.Context, p *terminal.Prompter) (*url.URL, error) {
	for {
		answer, err := p.Line(ctx, "Portal (such as brand.getbynder.com): ")
		if err != nil {
			return nil, err
		}
		if answer == "" {
			continue
		}
		portal, err := config.ParsePortal(answer)
		if err == nil {
			return portal, nil
		}
		p.Printf("%v.\n", err)
	}
}

// askKind prompts for a kind until the answer is one of loginKinds.
func askKind(ctx context.Context, p *terminal.Prompter) (config.Kind, error) {
	p.Printf("Which credentials do you have?\n")
	for i, kind := range loginKinds {
		p.Printf("  %d  %s\n", i+1, kind)
	}
	for {
		answer, err := p.Line(ctx, "1, 2 or 3 [1]: ")
		if err != nil {
			return "", err
		}
		switch answer {
		case "", "1":
			return loginKinds[0], nil
		case "2":
			return loginKinds[1], nil
		case "3":
			return loginKinds[2], nil
		}
	}
}
