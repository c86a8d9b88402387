package config_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/config"
)

// Logins of earlier versions are used as they are, from files and from the keychain.
func TestConfigsOfEarlierVersions(t *testing.T) {
	folders, err := filepath.Glob("testdata/versions/[0-9]*")
	if err != nil || len(folders) < 2 {
		t.Fatalf("%q, %v", folders, err)
	}
	type login struct {
		kind   config.Kind
		values []string // as in Kind.Values
	}
	want := map[string]login{
		"default":      {config.PermanentToken, []string{`token "of" default`}},
		"press":        {config.ClientCredentials, []string{"id-of-press", "secret/of+press="}},
		"archive":      {config.OAuth1, []string{"key-of-archive", "secret%of&archive", "token-of-archive", "token'secret"}},
		"kept-default": {config.PermanentToken, []string{"token <in> keychain"}},
		"kept-press":   {config.ClientCredentials, []string{"id-in-keychain", "secret-in-keychain"}},
		"kept-archive": {config.OAuth1, []string{"key-in-keychain", "secret-in-keychain", "token-in-keychain", "token-secret-in-keychain"}},
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			s := earlierLogins(t, folder)
			for profile, login := range want {
				s.Flags.Profile = profile
				c, err := config.Load(t.Context(), s)
				if err != nil || c.Portal.String() != "https://"+profile+".example" || c.Credentials.Kind != login.kind {
					t.Errorf("%s: %v with %q, %v", profile, c.Portal, c.Credentials.Kind, err)
					continue
				}
				for i, v := range login.kind.Values() {
					if got := v.Of(&c.Credentials).Reveal(); got != login.values[i] {
						t.Errorf("%s: %s is %q, want %q", profile, v.Key, got, login.values[i])
					}
				}
				if profile == "press" && strings.Join(c.Credentials.Scopes, " ") != "asset:read collection:read" {
					t.Errorf("the scopes are %q", c.Credentials.Scopes)
				}
				if len(c.Warnings) > 0 {
					t.Errorf("%s: %q", profile, c.Warnings)
				}
			}
		})
	}
}

// A login replaces what an earlier version has stored in the keychain, and comes before what it has in the config
// file, which stays as it is. A logout names what it leaves there.
func TestLoginOverAnEarlierVersion(t *testing.T) {
	s := earlierLogins(t, "testdata/versions/1")
	before := read(t, s.Flags.ConfigFile)
	for _, profile := range []string{"default", "kept-press"} {
		s.Flags.Profile = profile
		save := func() error {
			_, err := s.SaveInFile(t.Context(), tokenLogin(t, profile+".example", "new"))
			return err
		}
		if strings.HasPrefix(profile, "kept") {
			save = func() error { return s.SaveInKeychain(t.Context(), tokenLogin(t, profile+".example", "new")) }
		}
		if err := save(); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(t.Context(), s)
		if err != nil || c.Credentials.PermanentToken.Reveal() != "new" {
			t.Errorf("%s: %v, %v", profile, c.Credentials.Kind, err)
		}
		removed, err := s.Remove(t.Context())
		if byHand := profile == "default"; err != nil || (len(removed.ByHand) > 0) != byHand {
			t.Errorf("logout of %s: %+v, %v", profile, removed, err)
		}
	}
	if read(t, s.Flags.ConfigFile) != before {
		t.Error("the config file was edited")
	}
}

// A token_command as a command line was valid in the first version. The error is what to write.
func TestTokenCommandOfAnEarlierVersion(t *testing.T) {
	env := home(t, "[profiles.default]\ndomain = \"brand.example\"\ntoken_command = \"pass show bynder\"\n")
	_, err := config.Load(t.Context(), config.Sources{Getenv: getenv(env), Keychain: &fakeKeychain{}})
	wantError(t, err, `line 3: token_command must be a list: write token_command = ["pass", "show", "bynder"]`, false)
}

// earlierLogins returns sources with a copy of the files and keychain entries that an earlier version wrote.
func earlierLogins(t *testing.T, folder string) config.Sources {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"config.toml", "credentials.toml"} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil && name == "credentials.toml" {
			continue
		}
		write(t, filepath.Join(dir, name), string(text))
		if err := os.Chmod(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var entries map[string]string
	if err := json.Unmarshal([]byte(read(t, filepath.Join(folder, "keychain.json"))), &entries); err != nil {
		t.Fatal(err)
	}
	return config.Sources{
		Flags: config.Flags{ConfigFile: filepath.Join(dir, "config.toml")}, Getenv: getenv(nil),
		Keychain: &fakeKeychain{items: maps.Clone(entries)},
	}
}
