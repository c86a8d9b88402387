package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/spelling"
	"github.com/bynder-cli/bynder/internal/terminal"
)

// loginOptions are what `bynder auth login` was asked for.
type loginOptions struct {
	authOptions

	withToken bool
	insecure  bool
}

func newAuthLogin(shared authOptions) *cobra.Command {
	o := loginOptions{authOptions: shared}
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Store the credentials for a portal",
		Long: `Ask for a portal and the credentials for it, try them with one call, and store
them in the system's keychain. Secrets are not shown as they are typed.

If there is no keychain (on many servers and in containers) nothing is stored,
unless --insecure-storage allows a file: the secrets are then stored in
credentials.toml beside the config file, which only you can read; anyone with
access to your files or backups can read it too.`,
		Example: `  bynder auth login
  bynder auth login --profile press --domain press.example.com
  pass show bynder | bynder auth login --with-token --domain brand.getbynder.com`,
		Args: noArgsUnquoted,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.login(cmd.Context()) },
	}
	f := cmd.Flags()
	o.add(f)
	f.BoolVar(&o.withToken, "with-token", false, "read a permanent token from standard input; needs --domain")
	f.BoolVar(&o.insecure, "insecure-storage", false, "store the secrets in credentials.toml beside the config file, not in the keychain")
	return cmd
}

// notSavedError is a login that came to nothing.
type notSavedError struct {
	what string // that failed
	err  error
	hint string // "" for that of err
}

func (e *notSavedError) Error() string {
	return fmt.Sprintf("%s: %v. Nothing was saved.", e.what, e.err)
}
func (e *notSavedError) Unwrap() error { return e.err }

// Hint says what the user can do about it.
func (e *notSavedError) Hint() string { return cmp.Or(e.hint, hintOf(e.err)) }

// notStored adds advice to an error of storing that has none.
func notStored(ctx context.Context, err error) error {
	var known *config.Error
	if err == nil || ctx.Err() != nil || errors.As(err, &known) {
		return err
	}
	return &notSavedError{
		what: "cannot store the credentials", err: err,
		hint: "--insecure-storage stores the secrets in a file that only you can read; or export the BYNDER_* variables that `bynder help` lists",
	}
}

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
			hint: "pass a permanent token with --with-token on standard input, or export the BYNDER_* variables that `bynder help` lists",
		}
	case portal == nil && o.withToken:
		return &usageError{err: errors.New("--with-token needs a portal"), hint: "add --domain brand.getbynder.com (your portal's host)"}
	}
	// Before a secret is typed that has no place to go.
	if err := sources.Ready(ctx, o.insecure, portal); err != nil {
		return notStored(ctx, err)
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
	user, err := o.currentUser(ctx, conf)
	if err != nil {
		return &notSavedError{what: "login failed", err: err}
	}
	return o.store(ctx, sources, conf, user)
}

// store keeps what has been tried, and says where.
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
		return notStored(ctx, err)
	}
	o.streams.screen().Say("logged in to %s; user: %s", conf.Portal.Host, user)
	o.streams.screen().Say("the credentials are in %s, as profile %q", where, name)
	o.warnOfEnvironment("come before what was stored")
	return nil
}

// readToken reads a permanent token from stdin: all of its first line, unseen where
// stdin is a terminal.
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
		return config.Credentials{}, &usageError{err: errors.New("--with-token: no token on standard input"), hint: "print the token on one line"}
	}
	return config.Credentials{Kind: config.PermanentToken, PermanentToken: token}, err
}

// loginKinds are the kinds in the order in which portals hand them out today.
var loginKinds = []config.Kind{config.PermanentToken, config.ClientCredentials, config.OAuth1}

// valueNames are what people call the values.
var valueNames = map[string]string{
	"permanent_token": "Permanent token",
	"client_id":       "Client ID",
	"client_secret":   "Client secret",
	"consumer_key":    "Consumer key",
	"consumer_secret": "Consumer secret",
	"token":           "Token",
	"token_secret":    "Token secret",
}

// askCredentials asks for what conf lacks: the portal, unless it is there, the kind and the
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
			}
		}
		v.Set(&conf.Credentials, value)
	}
	return nil
}

// askPortal asks until the answer can be a portal.
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

// askKind asks until the answer is one of loginKinds.
func askKind(ctx context.Context, p *terminal.Prompter) (config.Kind, error) {
	p.Printf("Kind of credentials:\n")
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
