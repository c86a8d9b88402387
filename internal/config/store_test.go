package config_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/bynder-cli/bynder/internal/config"
)

func containsAll(text string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

func tokenLogin(t *testing.T, domain, token string) config.Login {
	t.Helper()
	portal, err := config.ParsePortal(domain)
	if err != nil {
		t.Fatal(err)
	}
	return config.Login{Portal: portal, Credentials: config.Credentials{Kind: config.PermanentToken, PermanentToken: config.NewSecret(token)}}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSaveInFile(t *testing.T) {
	env := home(t, "")
	s := config.Sources{Flags: config.Flags{Profile: "press"}, Getenv: getenv(env), Keychain: &fakeKeychain{}}
	path, err := s.SaveInFile(t.Context(), tokenLogin(t, "a.example", "first"))
	if err != nil || path != defaultFile(env) {
		t.Fatalf("%q, %v", path, err)
	}
	wantMode(t, path, 0o600)
	wantMode(t, filepath.Dir(path), fs.ModeDir|0o700)

	// A second profile, and a second login to the first, leave the rest as it is.
	write(t, path, "# mine\n"+read(t, path)+"client_id = \"old\"\nclient_secret = \"old\"\n")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.SaveInFile(t.Context(), tokenLogin(t, "b.example", "second")); err != nil {
		t.Fatal(err)
	}
	s.Flags.Profile = ""
	if _, err := s.SaveInFile(t.Context(), tokenLogin(t, "http://127.0.0.1:80", "third")); err != nil {
		t.Fatal(err)
	}
	wantMode(t, path, 0o600)
	const want = `# mine
[profiles.press]
domain = "https://b.example"
permanent_token = "second"

[profiles.default]
domain = "http://127.0.0.1"
permanent_token = "third"
`
	if got := read(t, path); got != want {
		t.Errorf("the file is\n%s\nwant\n%s", got, want)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
		t.Errorf("the folder holds %q", left)
	}
	c, err := config.Load(t.Context(), s)
	if err != nil || c.Credentials.PermanentToken.Reveal() != "third" {
		t.Errorf("loaded again: %v, %v", c, err)
	}
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS != "windows" && info.Mode() != want {
		t.Errorf("%s has mode %s, want %s", path, info.Mode(), want)
	}
}

func TestSaveInFileKeepsASymlink(t *testing.T) {
	env := home(t, "")
	target := filepath.Join(t.TempDir(), "dotfiles.toml")
	write(t, target, "# mine\n")
	path := defaultFile(env)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Skip(err)
	}
	s := config.Sources{Getenv: getenv(env)}
	if _, err := s.SaveInFile(t.Context(), tokenLogin(t, "a.example", "x")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, target); !containsAll(got, "# mine", `permanent_token = "x"`) {
		t.Errorf("the target is %q", got)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the symlink is gone: %v, %v", info, err)
	}
}

func TestSaveInKeychainTakesSecretsOutOfTheFile(t *testing.T) {
	env := home(t, twoProfiles)
	k := &fakeKeychain{}
	s := config.Sources{Getenv: getenv(env), Keychain: k}
	if err := s.SaveInKeychain(t.Context(), tokenLogin(t, "new.example", "chain")); err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("permanent_token = \"file-a\"\n", "", `domain = "a.example"`, `domain = "https://new.example"`).Replace(twoProfiles)
	if got := read(t, defaultFile(env)); got != want {
		t.Errorf("the file is\n%s\nwant\n%s", got, want)
	}
	c, err := config.Load(t.Context(), s)
	if err != nil || c.Portal.Host != "new.example" || c.Credentials.PermanentToken.Reveal() != "chain" {
		t.Errorf("loaded again: %v, %v", c, err)
	}
}

func TestSaveStoresNothingWhere(t *testing.T) {
	inline := "profiles = {default = {scopes = 'a', domain = 'a.example', permanent_token = 'x'}}\n"
	t.Run("the file cannot be edited", func(t *testing.T) {
		env, k := home(t, inline), &fakeKeychain{}
		s := config.Sources{Getenv: getenv(env), Keychain: k}
		for name, save := range map[string]func() error{
			"ready":    func() error { return s.Ready(t.Context(), false) },
			"keychain": func() error { return s.SaveInKeychain(t.Context(), tokenLogin(t, "a.example", "y")) },
			"file":     func() error { _, err := s.SaveInFile(t.Context(), tokenLogin(t, "a.example", "y")); return err },
		} {
			if err := save(); !errors.Is(err, config.ErrNotEditable) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if len(k.items) != 0 || read(t, defaultFile(env)) != inline {
			t.Errorf("keychain %v, file %q", k.items, read(t, defaultFile(env)))
		}
	})
	t.Run("there is no keychain", func(t *testing.T) {
		env := home(t, twoProfiles)
		s := config.Sources{Getenv: getenv(env)}
		if err := s.Ready(t.Context(), false); !errors.Is(err, config.ErrNoKeychain) {
			t.Errorf("ready: %v", err)
		}
		if err := s.SaveInKeychain(t.Context(), tokenLogin(t, "a.example", "y")); !errors.Is(err, config.ErrNoKeychain) {
			t.Errorf("save: %v", err)
		}
		if read(t, defaultFile(env)) != twoProfiles {
			t.Error("the file has changed")
		}
	})
	t.Run("there is no HOME", func(t *testing.T) {
		s := config.Sources{Getenv: getenv(nil), Keychain: &fakeKeychain{}}
		_, err := s.SaveInFile(t.Context(), tokenLogin(t, "a.example", "y"))
		wantError(t, err, "HOME is not set", false)
		wantError(t, s.Ready(t.Context(), true), "HOME is not set", false)
		if err := s.Ready(t.Context(), false); err != nil {
			t.Errorf("for the keychain: %v", err)
		}
	})
	t.Run("the profile has a strange name", func(t *testing.T) {
		for _, name := range []string{"a b", "a.b", "é", "../x", strings.Repeat("x", 65)} {
			s := config.Sources{Flags: config.Flags{Profile: name}, Getenv: getenv(nil), Keychain: &fakeKeychain{}}
			wantError(t, s.Ready(t.Context(), false), "no name for a profile", false)
		}
	})
}

func TestRemove(t *testing.T) {
	env := home(t, twoProfiles)
	k := &fakeKeychain{items: map[string]string{"default": "{}", "press": "{}"}}
	s := config.Sources{Getenv: getenv(env), Keychain: k}
	removed, err := s.Remove(t.Context())
	if err != nil || !removed.Keychain || removed.File != defaultFile(env) {
		t.Errorf("removed %+v, %v", removed, err)
	}
	if want := strings.Replace(twoProfiles, "permanent_token = \"file-a\"\n", "", 1); read(t, defaultFile(env)) != want {
		t.Errorf("the file is\n%s", read(t, defaultFile(env)))
	}
	if _, left := k.items["press"]; !left || len(k.items) != 1 {
		t.Errorf("the keychain holds %v", k.items)
	}

	// What cannot be reached may still be there: that is an error, after the rest was done.
	s.Flags.Profile, k.err = "press", errors.New("it is locked")
	removed, err = s.Remove(t.Context())
	if err == nil || !strings.Contains(err.Error(), "it is locked") || removed.File == "" {
		t.Errorf("removed %+v, %v", removed, err)
	}
	k.err = config.ErrNoKeychain
	if _, err := s.Remove(t.Context()); err != nil {
		t.Errorf("without a keychain: %v", err)
	}
}

// Logins at the same moment, into one file, lose nothing of each other.
func TestLoginsAtTheSameMoment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "config.toml")
	portal := &url.URL{Scheme: "https", Host: "brand.example"}
	var logins sync.WaitGroup
	for i := range 16 {
		logins.Go(func() {
			s := config.Sources{Flags: config.Flags{Profile: fmt.Sprintf("p%d", i), ConfigFile: file}, Getenv: func(string) string { return "" }}
			_, err := s.SaveInFile(t.Context(), config.Login{Portal: portal, Credentials: config.Credentials{
				Kind: config.PermanentToken, PermanentToken: config.NewSecret(fmt.Sprintf("token-%d", i)),
			}})
			if err != nil {
				t.Error(err)
			}
		})
	}
	logins.Wait()
	for i := range 16 {
		s := config.Sources{Flags: config.Flags{Profile: fmt.Sprintf("p%d", i), ConfigFile: file}, Getenv: func(string) string { return "" }}
		c, err := config.Load(t.Context(), s)
		if err != nil || c.Credentials.PermanentToken.Reveal() != fmt.Sprintf("token-%d", i) {
			t.Errorf("profile p%d: %v", i, err)
		}
	}
}
