package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/bynder-cli/bynder/internal/config"
)

// fakeKeychain holds items by profile; all methods return err if it is not nil.
type fakeKeychain struct {
	items map[string]string
	err   error
	asked int
}

func (k *fakeKeychain) Get(_, user string) (string, error) {
	k.asked++
	if item, ok := k.items[user]; ok && k.err == nil {
		return item, nil
	}
	return "", k.missing()
}

func (k *fakeKeychain) Set(_, user, secret string) error {
	if k.err != nil {
		return k.err
	}
	if k.items == nil {
		k.items = map[string]string{}
	}
	k.items[user] = secret
	return nil
}

func (k *fakeKeychain) Delete(_, user string) error {
	if _, ok := k.items[user]; !ok || k.err != nil {
		return k.missing()
	}
	delete(k.items, user)
	return nil
}

func (k *fakeKeychain) missing() error {
	if k.err != nil {
		return k.err
	}
	return keyring.ErrNotFound
}

// home makes a home folder with a config file in it, none for "", and returns an
// environment that leads there.
func home(t *testing.T, text string) map[string]string {
	t.Helper()
	dir := t.TempDir()
	env := map[string]string{"HOME": dir, "XDG_CONFIG_HOME": filepath.Join(dir, "conf"), "AppData": filepath.Join(dir, "conf")}
	if text != "" {
		write(t, defaultFile(env), text)
	}
	return env
}

func defaultFile(env map[string]string) string {
	if runtime.GOOS == "darwin" {
		return filepath.Join(env["HOME"], "Library", "Application Support", "bynder", "config.toml")
	}
	return filepath.Join(env["XDG_CONFIG_HOME"], "bynder", "config.toml")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func getenv(env map[string]string) func(string) string {
	return func(name string) string { return env[name] }
}

const twoProfiles = `
[profiles.default]
domain = "a.example"
permanent_token = "file-a"

[profiles.press]
domain = "https://press.example/"
client_id = "id"
client_secret = "file-press"
scopes = "asset:read meta.assetbank:read"

[profiles.bare]
domain = "bare.example"
`

func TestLoadOrder(t *testing.T) {
	for _, tt := range []struct {
		name     string
		flags    config.Flags
		env      map[string]string
		file     string
		keychain map[string]string

		portal, secret, from string // secret is the last value of the credentials
		profile              string
		warns                string
		fails                string // what the error says
		none                 bool   // the error is ErrNoCredentials
		asked                int    // of the keychain
	}{
		{name: "the default profile", file: twoProfiles, portal: "a.example", secret: "file-a", from: `profile "default" in `, profile: "default"},
		{name: "a profile by flag", flags: config.Flags{Profile: "press"}, file: twoProfiles,
			portal: "press.example", secret: "file-press", from: `profile "press" in `, profile: "press"},
		{name: "a profile by environment", env: map[string]string{"BYNDER_PROFILE": "press"}, file: twoProfiles, portal: "press.example", secret: "file-press", profile: "press"},
		{name: "the flag before the environment", flags: config.Flags{Profile: "default"}, env: map[string]string{"BYNDER_PROFILE": "press"},
			file: twoProfiles, portal: "a.example", secret: "file-a", profile: "default"},
		{name: "the same domain, spelled in another way", flags: config.Flags{Domain: "HTTPS://A.example:443/"}, file: twoProfiles, portal: "a.example", secret: "file-a"},
		{name: "the environment before the profile", env: map[string]string{"BYNDER_DOMAIN": "e.example", "BYNDER_PERMANENT_TOKEN": "env"},
			file: twoProfiles, portal: "e.example", secret: "env", from: "the environment"},
		{name: "a broken file that is not needed", env: map[string]string{"BYNDER_DOMAIN": "e.example", "BYNDER_PERMANENT_TOKEN": "env"},
			file: "broken", portal: "e.example", secret: "env"},
		{name: "the flag before BYNDER_DOMAIN", flags: config.Flags{Domain: "f.example"},
			env:    map[string]string{"BYNDER_DOMAIN": "e.example", "BYNDER_PERMANENT_TOKEN": "env"},
			portal: "f.example", secret: "env"},
		{name: "the profile's domain for the environment's credentials", env: map[string]string{"BYNDER_PERMANENT_TOKEN": "env"},
			file: twoProfiles, portal: "a.example", secret: "env"},
		{name: "a profile that the environment comes before", flags: config.Flags{Profile: "press"},
			env:  map[string]string{"BYNDER_DOMAIN": "e.example", "BYNDER_PERMANENT_TOKEN": "env"},
			file: twoProfiles, portal: "e.example", secret: "env", warns: `before profile "press" (--profile)`},
		{name: "client credentials of the environment",
			env:    map[string]string{"BYNDER_DOMAIN": "e.example", "BYNDER_CLIENT_ID": "i", "BYNDER_CLIENT_SECRET": "env"},
			portal: "e.example", secret: "env"},

		{name: "the keychain", keychain: map[string]string{"default": `{"domain":"https://k.example","permanent_token":"chain"}`},
			portal: "k.example", secret: "chain", from: `the keychain (profile "default")`, asked: 1},
		{name: "the keychain for a profile of its own", flags: config.Flags{Profile: "k"},
			keychain: map[string]string{"k": `{"domain":"k.example","permanent_token":"chain"}`}, portal: "k.example", secret: "chain", asked: 1},
		{name: "the keychain for a profile of the file", flags: config.Flags{Profile: "bare"}, file: twoProfiles,
			keychain: map[string]string{"bare": `{"domain":"bare.example","permanent_token":"chain"}`}, portal: "bare.example", secret: "chain", asked: 1},
		{name: "the file before the keychain", file: twoProfiles,
			keychain: map[string]string{"default": `{"domain":"k.example","permanent_token":"chain"}`}, portal: "a.example", secret: "file-a"},

		{name: "nothing", none: true, fails: "no credentials", asked: 1},
		{name: "a profile without credentials", flags: config.Flags{Profile: "bare"}, file: twoProfiles, none: true, asked: 1},
		{name: "other profiles only", file: "[profiles.press]\ndomain = 'x'", none: true, asked: 1},
		{name: "an unknown profile", flags: config.Flags{Profile: "pres"}, file: twoProfiles, fails: `profile "pres" not found (--profile)`, asked: 1},
		{name: "an unknown profile beside the environment",
			env:  map[string]string{"BYNDER_PROFILE": "pres", "BYNDER_DOMAIN": "e.example", "BYNDER_PERMANENT_TOKEN": "env"},
			file: twoProfiles, fails: `profile "pres" not found (BYNDER_PROFILE)`, asked: 1},
		{name: "another domain by flag", flags: config.Flags{Domain: "e.example"}, file: twoProfiles,
			fails: `profile "default" belong to a.example, not to e.example (--domain)`},
		{name: "another domain by environment", env: map[string]string{"BYNDER_DOMAIN": "e.example"}, file: twoProfiles,
			fails: `profile "default" belong to a.example, not to e.example (BYNDER_DOMAIN)`},
		{name: "another port", flags: config.Flags{Domain: "a.example:8443"}, file: twoProfiles, fails: "belong to a.example, not to a.example:8443"},
		{name: "another domain than the keychain's", flags: config.Flags{Domain: "e.example"}, asked: 1,
			keychain: map[string]string{"default": `{"domain":"k.example","permanent_token":"chain"}`}, fails: "belong to k.example, not to e.example"},
		{name: "file and keychain disagree", flags: config.Flags{Profile: "bare"}, file: twoProfiles, asked: 1,
			keychain: map[string]string{"bare": `{"domain":"k.example","permanent_token":"chain"}`}, fails: "belong to k.example, not to bare.example"},
		{name: "credentials of no domain", file: "[profiles.default]\npermanent_token = 'x'", fails: "but no domain"},
		{name: "half a set in the file", file: "[profiles.default]\ndomain = 'x'\nclient_id = 'x'", fails: "client_secret is not set"},
		{name: "two kinds in the file", file: "[profiles.default]\ndomain = 'x'\nclient_id = 'x'\nclient_secret = 'y'\npermanent_token = 'z'",
			fails: "two kinds of credentials: permanent token and OAuth 2 client credentials"},
		{name: "a token and a token_command", file: "[profiles.default]\ndomain = 'x'\npermanent_token = 'z'\ntoken_command = ['x']", fails: "permanent token and token_command"},
		{name: "half a set in the environment before a profile", env: map[string]string{"BYNDER_CLIENT_ID": "x"}, file: twoProfiles, fails: "BYNDER_CLIENT_SECRET is not set"},
		{name: "half a set in the keychain", asked: 1, keychain: map[string]string{"default": `{"domain":"k.example","token":"chain"}`}, fails: "consumer_key"},
		{name: "an item of something else", asked: 1, keychain: map[string]string{"default": `canary9f3a`}, fails: "auth login"},
		{name: "a line end in a secret", env: map[string]string{"BYNDER_DOMAIN": "e.example", "BYNDER_PERMANENT_TOKEN": "canary9f3a\rcanary"}, fails: "BYNDER_PERMANENT_TOKEN contains U+000D CARRIAGE RETURN (a control character)"},
		{name: "a character that cannot be seen in a secret", env: map[string]string{"BYNDER_DOMAIN": "e.example", "BYNDER_CLIENT_ID": "x", "BYNDER_CLIENT_SECRET": "canary9f3a\u200bx"}, fails: "BYNDER_CLIENT_SECRET contains U+200B ZERO WIDTH SPACE, which cannot be seen"},
		{name: "such characters alone are nothing", env: map[string]string{"BYNDER_DOMAIN": "e.example", "BYNDER_CLIENT_ID": "x", "BYNDER_CLIENT_SECRET": "\ufeff\n"}, fails: "BYNDER_CLIENT_SECRET is not set"},
		{name: "one in a profile", file: "[profiles.default]\ndomain = 'x'\npermanent_token = \"canary\u00a09f3a\"", fails: "permanent_token contains U+00A0 NO-BREAK SPACE"},
		{name: "one in a domain", flags: config.Flags{Domain: "e.exam\u200bple"}, fails: "--domain: the portal's domain contains U+200B ZERO WIDTH SPACE"},
		{name: "a value without end", env: map[string]string{"BYNDER_DOMAIN": "e.example", "BYNDER_PERMANENT_TOKEN": strings.Repeat(canary, 10_000)}, fails: "BYNDER_PERMANENT_TOKEN is longer than 64 KiB"},
		{name: "a domain without end", flags: config.Flags{Domain: strings.Repeat(canary, 100)}, fails: "--domain: the portal's domain is longer than 300 bytes"},
		{name: "a profile name without end", env: map[string]string{"BYNDER_PROFILE": strings.Repeat(canary, 100)}, fails: "BYNDER_PROFILE: the name is longer than 64 bytes"},
		{name: "an item without end", asked: 1, keychain: map[string]string{"default": `{"domain":"k.example","permanent_token":"` + strings.Repeat(canary, 10_000) + `"}`}, fails: "auth login"},
		{name: "a deep item", asked: 1, keychain: map[string]string{"default": strings.Repeat(`{"a":`, 10_000)}, fails: "auth login"},
		{name: "a secret for a domain", file: "[profiles.default]\ndomain = 'canary9f3a/x+y='\npermanent_token = 'x'", fails: "must not contain a path"},
		{name: "a secret with signs for a domain", file: "[profiles.default]\ndomain = 'canary9f3a&x'\npermanent_token = 'x'", fails: "not a valid host name"},
		{name: "a broken file", file: "[profiles.default]\ntoken = canary9f3a", fails: "line 2"},
		{name: "a bad domain in the file", file: "[profiles.default]\ndomain = 'http://x.example'\npermanent_token = 'x'", fails: "https://x.example"},
		{name: "a bad domain by flag", flags: config.Flags{Domain: "http://x.example"}, fails: "--domain: "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := home(t, tt.file)
			for name, value := range tt.env {
				env[name] = value
			}
			k := &fakeKeychain{items: tt.keychain}
			c, err := config.Load(t.Context(), config.Sources{Flags: tt.flags, Getenv: getenv(env), Keychain: k})
			if k.asked != tt.asked {
				t.Errorf("the keychain was asked %d times, want %d", k.asked, tt.asked)
			}
			if tt.fails != "" || tt.none {
				wantError(t, err, tt.fails, tt.none)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			values := c.Credentials.Kind.Values()
			secret := map[config.Kind]config.Secret{
				config.OAuth1: c.Credentials.TokenSecret, config.PermanentToken: c.Credentials.PermanentToken, config.ClientCredentials: c.Credentials.ClientSecret,
			}[c.Credentials.Kind]
			if len(values) == 0 || c.Portal.Host != tt.portal || secret.Reveal() != tt.secret {
				t.Errorf("%s with %q, want %s with %q", c.Portal, secret.Reveal(), tt.portal, tt.secret)
			}
			if !strings.HasPrefix(c.From, tt.from) || tt.profile != "" && c.Profile != tt.profile {
				t.Errorf("from %q, profile %q; want %q, %q", c.From, c.Profile, tt.from, tt.profile)
			}
			if got := strings.Join(c.Warnings, "\n"); !strings.Contains(got, tt.warns) || tt.warns == "" && got != "" {
				t.Errorf("warnings %q, want %q", got, tt.warns)
			}
		})
	}
}

// wantError holds what every error of Load has to be.
func wantError(t *testing.T, err error, says string, none bool) {
	t.Helper()
	var ce *config.Error
	if !errors.As(err, &ce) || ce.Hint() == "" {
		t.Fatalf("error %v, want an *Error with a hint", err)
	}
	if !strings.Contains(err.Error(), says) {
		t.Errorf("error %q does not say %q", err, says)
	}
	if errors.Is(err, config.ErrNoCredentials) != none {
		t.Errorf("errors.Is(%v, ErrNoCredentials) = %t", err, !none)
	}
	if strings.Contains(err.Error()+ce.Hint(), canary) {
		t.Errorf("error %q shows a value", err)
	}
}

func TestLoadHints(t *testing.T) {
	for _, tt := range []struct {
		name  string
		flags config.Flags
		file  string
		want  string
	}{
		{"nothing", config.Flags{}, "", "`bynder auth login`"},
		{"nothing for a profile", config.Flags{Profile: "bare"}, twoProfiles, "`bynder auth login --profile bare`"},
		{"other profiles", config.Flags{}, "[profiles.b]\n[profiles.a]\n", "--profile: a, b"},
		{"unknown", config.Flags{Profile: "x"}, twoProfiles, "bare, default, press"},
		{"names that need quotes", config.Flags{Profile: "x"}, "[profiles.a]\n[profiles.'canary 9f3a']\n", "choose one of: a"},
		{"a domain that another profile has", config.Flags{Domain: "press.example"}, twoProfiles, "use --profile press"},
		{"a domain that no profile has", config.Flags{Domain: "new.example"}, twoProfiles, "--domain new.example"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := config.Load(t.Context(), config.Sources{Flags: tt.flags, Getenv: getenv(home(t, tt.file)), Keychain: &fakeKeychain{}})
			var ce *config.Error
			if !errors.As(err, &ce) || !strings.Contains(ce.Hint(), tt.want) || strings.Contains(ce.Hint(), "canary") {
				t.Errorf("%v with hint %q, want %q", err, ce.Hint(), tt.want)
			}
		})
	}
}

func TestLoadScopes(t *testing.T) {
	s := config.Sources{Flags: config.Flags{Profile: "press"}, Getenv: getenv(home(t, twoProfiles))}
	c, err := config.Load(t.Context(), s)
	if want := []string{"asset:read", "meta.assetbank:read"}; err != nil || !slices.Equal(c.Credentials.Scopes, want) {
		t.Errorf("scopes %q, %v; want %q", c.Credentials.Scopes, err, want)
	}
	env := home(t, twoProfiles)
	env["BYNDER_SCOPES"] = "asset:read current.user:read"
	s.Getenv = getenv(env)
	c, err = config.Load(t.Context(), s)
	if want := []string{"asset:read", "current.user:read"}; err != nil || !slices.Equal(c.Credentials.Scopes, want) {
		t.Errorf("scopes %q, %v; want %q", c.Credentials.Scopes, err, want)
	}
}

func TestLoadRunsTheTokenCommand(t *testing.T) {
	quoted := func(args ...string) string {
		return "['" + strings.Join(command(args...), "', '") + "']"
	}
	profile := func(args ...string) string {
		return "[profiles.default]\ndomain = 'a.example'\ntoken_command = " + quoted(args...)
	}
	load := func(flags config.Flags, text string) (config.Config, error) {
		return config.Load(t.Context(), config.Sources{Flags: flags, Getenv: getenv(home(t, text))})
	}
	t.Setenv("GORACE", "atexit_sleep_ms=0")
	c, err := load(config.Flags{}, profile("print", "from-command"))
	if err != nil || c.Credentials.Kind != config.PermanentToken || c.Credentials.PermanentToken.Reveal() != "from-command" {
		t.Errorf("%+v, %v", c, err)
	}
	if !strings.HasPrefix(c.From, `the token_command of profile "default" in `) {
		t.Errorf("from %q", c.From)
	}
	_, err = load(config.Flags{}, profile("fail"))
	wantError(t, err, "the store is locked", false)

	marker := filepath.Join(t.TempDir(), "ran")
	_, err = load(config.Flags{Domain: "b.example"}, "[profiles.default]\ndomain = 'a.example'\ntoken_command = ['touch', '"+marker+"']")
	wantError(t, err, "belong to a.example", false)
	if _, err := os.Stat(marker); err == nil {
		t.Error("the command ran although its token was not to be used")
	}
}
