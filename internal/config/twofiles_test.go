package config_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/config"
)

const storedFile = "[profiles.default]\ndomain = 'https://s.example'\npermanent_token = 'stored'\n"

// A profile may be in the file of the user, in that of the program, or in both.
func TestLoadFromBothFiles(t *testing.T) {
	for _, tt := range []struct {
		name           string
		config, stored string
		flags          config.Flags
		env            map[string]string
		host, secret   string // "" for an error
		from           string // the file's name
		warns, fails   string
	}{
		{name: "stored alone", stored: storedFile, host: "s.example", secret: "stored", from: "credentials.toml"},
		{name: "by hand alone", config: twoProfiles, stored: "", host: "a.example", secret: "file-a", from: "config.toml"},
		{name: "both", config: twoProfiles, stored: storedFile, host: "s.example", secret: "stored", from: "credentials.toml", warns: "credentials.toml are used"},
		{name: "another profile stored", config: twoProfiles, stored: strings.Replace(storedFile, "default", "other", 1), host: "a.example", secret: "file-a", from: "config.toml"},
		{name: "another profile by hand", config: strings.Replace(twoProfiles, "default", "other", 1), stored: storedFile, host: "s.example", secret: "stored", from: "credentials.toml"},
		{name: "a command by hand", config: "[profiles.default]\ndomain = 's.example'\ntoken_command = ['false']", stored: storedFile,
			host: "s.example", secret: "stored", from: "credentials.toml", warns: "credentials.toml are used"},
		{name: "only scopes by hand", config: "[profiles.default]\nscopes = 'x'", stored: storedFile, host: "s.example", secret: "stored", from: "credentials.toml"},
		{name: "the same domain by hand", config: "[profiles.default]\ndomain = 's.example'", stored: storedFile, host: "s.example", secret: "stored", from: "credentials.toml"},
		{name: "another domain by hand", config: "[profiles.default]\ndomain = 'a.example'", stored: storedFile,
			host: "s.example", secret: "stored", from: "credentials.toml", warns: "the domain in "},
		{name: "where the environment comes first", config: twoProfiles, stored: storedFile, env: map[string]string{"BYNDER_PERMANENT_TOKEN": "env"}, host: "s.example", secret: "env"},
		{name: "for another portal", stored: storedFile, flags: config.Flags{Domain: "e.example"}, fails: `profile "default" belong to s.example, not to e.example (--domain)`},
		{name: "half a set stored", stored: "[profiles.default]\ndomain = 's.example'\nclient_id = 'x'", fails: "client_secret is not set"},
		{name: "defaults stored", stored: "[defaults]\njobs = 1", fails: `line 1: unknown key "defaults" (known: profiles)`},
		{name: "a command stored", stored: "[profiles.default]\ntoken_command = ['x']", fails: `line 2: unknown key "token_command"`},
		{name: "a broken file", stored: "[profiles.default]\npermanent_token = canary9f3a", fails: "line 2: expected the value in quotes"},
		{name: "too large a file", stored: strings.Repeat("#\n", config.MaxFile), fails: "larger than 64 KiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := home(t, tt.config)
			maps.Copy(env, tt.env)
			if tt.stored != "" {
				write(t, storedIn(env), tt.stored)
			}
			c, err := config.Load(t.Context(), config.Sources{Flags: tt.flags, Getenv: getenv(env), Keychain: &fakeKeychain{}})
			if tt.host == "" {
				wantError(t, err, tt.fails, false)
				return
			}
			if err != nil || c.Portal.Host != tt.host || c.Credentials.PermanentToken.Reveal() != tt.secret || !strings.HasSuffix(c.From, tt.from) {
				t.Errorf("%s with %q from %q, %v", c.Portal, c.Credentials.PermanentToken.Reveal(), c.From, err)
			}
			if got := strings.Join(c.Warnings, "\n"); !strings.Contains(got, tt.warns) || tt.warns == "" && got != "" {
				t.Errorf("warnings %q, want %q", got, tt.warns)
			}
		})
	}
}

// storedIn is where logins are stored.
func storedIn(env map[string]string) string {
	return filepath.Join(filepath.Dir(defaultFile(env)), "credentials.toml")
}

// A config file of that name is the user's, as it always was.
func TestLoadAConfigFileCalledCredentials(t *testing.T) {
	path := filepath.Join(t.TempDir(), "credentials.toml")
	write(t, path, "[profiles.default]\ndomain = 'a.example'\ntoken = 't'\ntoken_secret = 't'\nconsumer_key = 'c'\nconsumer_secret = 'c'\nscopes = 'x'\n[defaults]\njobs = 1\n")
	s := config.Sources{Flags: config.Flags{ConfigFile: path}, Getenv: getenv(nil), Keychain: &fakeKeychain{}}
	c, err := config.Load(t.Context(), s)
	if err != nil || c.Credentials.Kind != config.OAuth1 || c.Warnings != nil {
		t.Errorf("%v, %v", c, err)
	}
	wantError(t, s.Ready(t.Context(), true, nil), "the config file in use is "+path, false)
	_, err = s.SaveInFile(t.Context(), tokenLogin(t, "a.example", "x"))
	wantError(t, err, "the config file in use is "+path, false)
}

// A pipe gives its text once, and both the defaults and the profiles are in it.
func TestFilesAreReadOnce(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("for a system with /dev/fd")
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString(twoProfiles + "[defaults]\njobs = 3\n"); err != nil {
		t.Fatal(err)
	}
	w.Close()
	s := config.Sources{
		Flags: config.Flags{ConfigFile: fmt.Sprintf("/dev/fd/%d", r.Fd())}, Getenv: getenv(nil), Keychain: &fakeKeychain{}, Files: new(config.Files),
	}
	_, all, err := s.Defaults(t.Context())
	if err != nil || !slices.Equal(all, []config.Default{{Key: "jobs", Text: "3", Line: 15}}) {
		t.Errorf("defaults %v, %v", all, err)
	}
	c, err := config.Load(t.Context(), s)
	if err != nil || c.Credentials.PermanentToken.Reveal() != "file-a" {
		t.Errorf("%v, %v", c, err)
	}
}

func TestDefaults(t *testing.T) {
	env := home(t, "[defaults]\njobs = 1_0 # ten\nlimit-rate = '10M'\nprogress = \"never\"\napi-rate = 2.5\n")
	path, all, err := config.Sources{Getenv: getenv(env)}.Defaults(t.Context())
	want := []config.Default{{Key: "jobs", Text: "10", Line: 2}, {Key: "limit-rate", Text: "10M", Line: 3}, {Key: "progress", Text: "never", Line: 4}, {Key: "api-rate", Text: "2.5", Line: 5}}
	if err != nil || path != defaultFile(env) || !slices.Equal(all, want) {
		t.Errorf("%s: %v, %v", path, all, err)
	}
	for _, env := range []map[string]string{nil, home(t, "")} {
		if _, all, err := (config.Sources{Getenv: getenv(env)}).Defaults(t.Context()); err != nil || all != nil {
			t.Errorf("without a file: %v, %v", all, err)
		}
	}
	env["BYNDER_CONFIG"] = filepath.Join(t.TempDir(), "mine.toml")
	write(t, env["BYNDER_CONFIG"], "[defaults]\nif-exists = 'canary9f3a'\n")
	_, _, err = config.Sources{Getenv: getenv(env)}.Defaults(t.Context())
	wantError(t, err, "mine.toml: line 2: unknown key \"if-exists\"", false)
}
