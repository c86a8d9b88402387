package config

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Config is what a command needs to call a portal.
type Config struct {
	Portal      *url.URL // an origin, see ParsePortal
	Credentials Credentials
	Profile     string // its name, "default" unless another was chosen
	From        string // the source of the credentials, for people; with the path if it is a file
	// Roots are the certificates to trust, nil for the system's.
	Roots *x509.CertPool
	// Warnings are messages for the user, one per line.
	Warnings []string
}

// Flags are the settings of the command line. None is a secret.
type Flags struct {
	Profile    string // --profile
	Domain     string // --domain
	ConfigFile string // --config
	CACert     string // --ca-cert
}

// Sources are the sources of settings, in the order in which they are looked up.
type Sources struct {
	Flags    Flags
	Getenv   func(string) string
	Keychain Keychain // nil for none
	Files    *Files   // nil if the config file may be read several times
	Silent   bool     // no token_command is run, since it may ask something: its profile has no credentials then
}

// DefaultProfile is the profile that is used unless another is chosen.
const DefaultProfile = "default"

// Load returns the portal and the credentials for it. An invalid setting is an *Error, which
// wraps ErrNoCredentials if none are found. The config file and the keychain are not read if
// flags and environment are sufficient. Load may run a token_command and wait for the
// keychain, until ctx ends.
func Load(ctx context.Context, s Sources) (Config, error) {
	roots, err := LoadRoots(ctx, s.Flags.CACert)
	if err == nil {
		err = checkProxy(s.Getenv)
	}
	if err != nil {
		return Config{}, err
	}
	l := loading{Sources: s, config: Config{Roots: roots}}
	if l.config.Profile, l.named = s.profile(); len(l.config.Profile) > maxProfileName {
		return Config{}, &Error{Err: fmt.Errorf("%s: the name is longer than %d bytes", l.named, maxProfileName), Advice: "specify the name of a profile"}
	}
	if err := l.environment(); err != nil {
		return Config{}, err
	}
	if err := l.profileOfFile(ctx); err != nil {
		return Config{}, err
	}
	switch {
	case l.config.Credentials.Kind != "":
		err = l.useEnvironment(ctx)
	case l.profile.holdsCredentials():
		err = l.useProfile(ctx)
	default:
		err = l.useKeychain(ctx)
	}
	return l.config, err
}

// profile returns the name of the profile and the flag or variable that chose it, "" for the default.
func (s Sources) profile() (name, by string) {
	switch {
	case s.Flags.Profile != "":
		return s.Flags.Profile, "--profile"
	case s.Getenv("BYNDER_PROFILE") != "":
		return s.Getenv("BYNDER_PROFILE"), "BYNDER_PROFILE"
	}
	return DefaultProfile, ""
}

// Portal returns the portal of --domain or BYNDER_DOMAIN, nil if neither is set, and the name
// of the one that is.
func (s Sources) Portal() (portal *url.URL, by string, err error) {
	domain, by := s.Flags.Domain, "--domain"
	if domain == "" {
		domain, by = s.Getenv("BYNDER_DOMAIN"), "BYNDER_DOMAIN"
	}
	if domain == "" {
		return nil, "", nil
	}
	portal, err = ParsePortal(domain)
	if err != nil {
		return nil, by, &Error{Err: fmt.Errorf("%s: %w", by, err), Advice: portalAdvice}
	}
	return portal, by, nil
}

// Scopes returns the scopes that environment or profile set for ClientCredentials, nil for DefaultScopes.
func (s Sources) Scopes(ctx context.Context) ([]string, error) {
	f, err := s.readConfig(ctx)
	name, _ := s.profile()
	return firstOf(strings.Fields(s.Getenv("BYNDER_SCOPES")), f.profiles[name].scopes), err
}

// Defaults returns the [defaults] of the config file, and its path. They apply to flags that
// are not on the command line. A file in the default location that cannot be opened has none.
func (s Sources) Defaults(ctx context.Context) (path string, all []Default, err error) {
	f, err := s.readConfig(ctx)
	if _, named := s.configFile(); !named && errors.Is(err, fs.ErrPermission) {
		return "", nil, nil // Load complains if it needs the file
	}
	return f.path, f.defaults, err
}

// ProfileNames returns the names of at most ten profiles in both files, sorted; none of a file that cannot be read.
func (s Sources) ProfileNames(ctx context.Context) []string {
	written, _ := s.readConfig(ctx)
	stored, _ := s.readCredentials(ctx)
	return names(written, stored)
}

const portalAdvice = "give the portal's host, such as brand.getbynder.com"

// loading is the state of one Load.
type loading struct {
	Sources
	config   Config  // Credentials are the environment's until others are used
	portalBy string  // the flag or variable that set config.Portal
	named    string  // the flag or variable that chose the profile, "" for the default
	file     file    // the config file
	stored   file    // the credentials file
	profile  profile // of both files
	path     string  // of the file with the profile's credentials or, without any, its domain
	found    bool    // the profile is in a file
}

// environment reads portal and credentials from flags and environment.
func (l *loading) environment() (err error) {
	variable := func(v Value) string { return v.Variable }
	l.config.Credentials, err = readCredentials("the environment", "export the missing variables too", variable, l.Getenv)
	if err != nil {
		return err
	}
	l.config.Credentials.Scopes = strings.Fields(l.Getenv("BYNDER_SCOPES"))
	l.config.Portal, l.portalBy, err = l.Portal()
	return err
}

// profileOfFile reads the profile from both files, unless nothing in them can be used.
func (l *loading) profileOfFile(ctx context.Context) (err error) {
	_, fileNamed := l.configFile()
	if l.config.Credentials.Kind != "" && l.config.Portal != nil && l.named == "" && !fileNamed {
		return nil
	}
	if err := l.checkNamed(ctx); err != nil {
		return err
	}
	if l.file, err = l.readConfig(ctx); err != nil {
		return err
	}
	if l.stored, err = l.readCredentials(ctx); err != nil {
		return err
	}
	l.config.Warnings = slices.Concat(l.config.Warnings, l.file.exposed(), l.stored.exposed())
	l.mergeProfile()
	return nil
}

// mergeProfile merges the profile of the two files. Credentials that a login stored take
// precedence, with the domain that they were stored for.
func (l *loading) mergeProfile() {
	l.profile, l.found = l.file.profiles[l.config.Profile]
	l.path = l.file.path
	stored := l.stored.profiles[l.config.Profile]
	if !stored.holdsCredentials() {
		return
	}
	if l.config.Credentials.Kind == "" && (l.profile.holdsCredentials() || !samePortal(l.profile.domain, stored.domain)) {
		l.config.Warnings = append(l.config.Warnings, fmt.Sprintf(
			"profile %q is in %s and in %s: the credentials and the domain in %[3]s are used", l.config.Profile, l.file.path, l.stored.path))
	}
	l.found, l.path = true, l.stored.path
	stored.scopes = l.profile.scopes
	l.profile = stored
}

// samePortal reports whether two domains of one profile are the same portal, or a is "".
func samePortal(a, b string) bool {
	one, errOne := ParsePortal(a)
	other, errOther := ParsePortal(b)
	return a == "" || errOne == nil && errOther == nil && one.String() == other.String()
}

// useEnvironment uses the credentials of the environment.
func (l *loading) useEnvironment(ctx context.Context) error {
	l.config.From = "the environment"
	if l.named != "" {
		if !l.found {
			// It may be in the keychain, unless that says otherwise.
			if _, found, err := askKeychain(ctx, l.Keychain, l.config.Profile); err == nil && !found {
				return l.unknownProfile()
			}
		}
		l.config.Warnings = append(l.config.Warnings, fmt.Sprintf(
			"credentials are taken from the environment, which comes before profile %q (%s)", l.config.Profile, l.named))
	}
	if l.config.Portal == nil && l.profile.domain != "" {
		portal, err := l.profilePortal(l.profile.domain)
		if err != nil {
			return err
		}
		l.config.Portal = portal
	}
	if l.config.Portal == nil {
		return &Error{
			Err:    errors.New("BYNDER_DOMAIN is not set"),
			Advice: "export BYNDER_DOMAIN=brand.getbynder.com (your portal's host)",
		}
	}
	return nil
}

// useProfile uses the credentials of the profile in a file.
func (l *loading) useProfile(ctx context.Context) error {
	what := fmt.Sprintf("profile %q in %s", l.config.Profile, l.path)
	credentials, err := l.profile.credentials(what, "add the missing values")
	switch {
	case err != nil:
		return err
	case len(l.profile.command) > 0 && credentials.Kind != "":
		return &Error{
			Err:    fmt.Errorf("%s has two kinds of credentials: %s and token_command", what, credentials.Kind),
			Advice: keepOneKind,
		}
	case l.profile.domain == "":
		return &Error{
			Err:    fmt.Errorf("%s has credentials but no domain", what),
			Advice: `add the portal's host to the profile: domain = "brand.getbynder.com"`,
		}
	}
	if err := l.usePortalOf(l.profile.domain); err != nil {
		return err
	}
	if len(l.profile.command) > 0 && l.Silent {
		return l.notFound(nil)
	}
	if len(l.profile.command) > 0 {
		token, err := runTokenCommand(ctx, l.profile.command, commandPatience)
		switch {
		case ctx.Err() != nil:
			return err
		case err != nil:
			return &Error{Err: fmt.Errorf("%s: %w", what, err), Advice: "run the command by hand: it must print the permanent token and nothing else"}
		}
		credentials = Credentials{Kind: PermanentToken, PermanentToken: token}
		what = "the token_command of " + what
	}
	l.use(credentials, what)
	return nil
}

// use sets the credentials and their source.
func (l *loading) use(c Credentials, from string) {
	c.Scopes = firstOf(l.config.Credentials.Scopes, l.profile.scopes)
	l.config.Credentials, l.config.From = c, from
}

// firstOf returns the first list that is not empty, nil if all are.
func firstOf(lists ...[]string) []string {
	for _, list := range lists {
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

// useKeychain uses the profile's entry in the keychain.
func (l *loading) useKeychain(ctx context.Context) error {
	stored, found, err := askKeychain(ctx, l.Keychain, l.config.Profile)
	if mistake := (*Error)(nil); errors.As(err, &mistake) || ctx.Err() != nil {
		return err
	}
	if !found {
		return l.notFound(err)
	}
	what := fmt.Sprintf("the keychain (profile %q)", l.config.Profile)
	credentials, err := stored.credentials(what, "log in again with `bynder auth login`")
	if err != nil {
		return err
	}
	if credentials.Kind == "" || stored.domain == "" {
		return l.notFound(nil)
	}
	if l.config.Portal == nil && l.profile.domain != "" {
		if l.config.Portal, err = l.profilePortal(l.profile.domain); err != nil {
			return err
		}
		l.portalBy = l.path
	}
	if err := l.usePortalOf(stored.domain); err != nil {
		return err
	}
	l.use(credentials, what)
	return nil
}

// usePortalOf sets the portal to domain, which the profile's credentials are for. It is an error
// if the user chose another portal: whatever sets an environment variable must not be able to
// redirect the credentials.
func (l *loading) usePortalOf(domain string) error {
	portal, err := l.profilePortal(domain)
	if err != nil {
		return err
	}
	if l.config.Portal != nil && l.config.Portal.String() != portal.String() {
		advice := fmt.Sprintf("log in to that portal with a profile of its own: bynder auth login --profile NAME --domain %s", l.config.Portal.Host)
		if other := l.profileFor(l.config.Portal); other != "" {
			advice = fmt.Sprintf("use --profile %s, which has that domain", other)
		}
		return &Error{
			Err: fmt.Errorf("the credentials of profile %q belong to %s, not to %s (%s)",
				l.config.Profile, portal.Host, l.config.Portal.Host, l.portalBy),
			Advice: advice,
		}
	}
	l.config.Portal = portal
	return nil
}

// profileFor returns the name of a profile in the files whose domain is portal, "" for none.
func (l *loading) profileFor(portal *url.URL) string {
	for _, f := range []file{l.stored, l.file} {
		for _, name := range slices.Sorted(maps.Keys(f.profiles)) {
			if u, err := ParsePortal(f.profiles[name].domain); err == nil && u.String() == portal.String() {
				return name
			}
		}
	}
	return ""
}

// profilePortal parses a domain of the profile.
func (l *loading) profilePortal(domain string) (*url.URL, error) {
	portal, err := ParsePortal(domain)
	if err != nil {
		return nil, &Error{Err: fmt.Errorf("profile %q: domain: %w", l.config.Profile, err), Advice: portalAdvice}
	}
	return portal, nil
}

// notFound returns the error that no source has credentials. keychainErr is the error of
// reading the keychain, nil if it has no entry.
func (l *loading) notFound(keychainErr error) error {
	unreadable := keychainErr != nil && !errors.Is(keychainErr, ErrNoKeychain)
	if l.named != "" && !l.found && !unreadable {
		return l.unknownProfile()
	}
	login := "bynder auth login"
	if l.config.Profile != DefaultProfile {
		login += " --profile " + l.config.Profile
	}
	err := fmt.Errorf("%w in the environment, the config file or the keychain", ErrNoCredentials)
	advice := "log in with `" + login + "`, or export the variables that `bynder help` lists"
	switch names := names(l.file, l.stored); {
	case unreadable:
		err = fmt.Errorf("%w in the environment or the config file, and %w", ErrNoCredentials, keychainErr)
		advice = "unlock the keychain, or " + advice
	case l.named == "" && !l.found && len(names) > 0:
		advice = "choose a profile with --profile: " + strings.Join(names, ", ")
	}
	return &Error{Err: err, Advice: advice}
}

// unknownProfile returns the error that the chosen profile does not exist.
func (l *loading) unknownProfile() error {
	advice := fmt.Sprintf("log in with `bynder auth login --profile %s`", l.config.Profile)
	if names := names(l.file, l.stored); len(names) > 0 {
		advice = "choose one of: " + strings.Join(names, ", ")
	}
	return &Error{Err: fmt.Errorf("profile %q not found (%s)", l.config.Profile, l.named), Advice: advice}
}
