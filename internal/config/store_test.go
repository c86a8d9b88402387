package config_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/filelock"
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
	const mine = "# mine\n[profiles.press]\nscopes = 'x'\n"
	env := home(t, mine)
	s := config.Sources{Flags: config.Flags{Profile: "press"}, Getenv: getenv(env), Keychain: &fakeKeychain{}}
	path, err := s.SaveInFile(t.Context(), tokenLogin(t, "a.example", "first"))
	if err != nil || path != storedIn(env) {
		t.Fatalf("%q, %v", path, err)
	}
	wantMode(t, path, 0o600)
	wantMode(t, filepath.Dir(path), fs.ModeDir|0o700)

	// A second login to it, and one to another profile. What a killed login left is removed.
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Dir(path)
	write(t, filepath.Join(folder, ".credentials-ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "# Written by bynder auth login and logout. Edit config.toml instead.\n[profiles")
	write(t, filepath.Join(folder, ".credentials-22222222222222222222222222"), "# Writ")
	others := []string{".credentials-", ".credentials-ABCDEFGHIJKLMNOPQRSTUVWXY2", ".credentials-22222222222222222222222222.ids", "credentials.new"}
	for _, name := range others {
		write(t, filepath.Join(folder, name), "ids")
	}
	if _, err := s.SaveInFile(t.Context(), tokenLogin(t, "b.example", "second")); err != nil {
		t.Fatal(err)
	}
	s.Flags.Profile = ""
	if _, err := s.SaveInFile(t.Context(), tokenLogin(t, "http://127.0.0.1:80", "third")); err != nil {
		t.Fatal(err)
	}
	wantMode(t, path, 0o600)
	all, err := config.ReadCredentials(read(t, path))
	want := map[string]map[string]string{
		"press":   {"domain": "https://b.example", "permanent_token": "second"},
		"default": {"domain": "http://127.0.0.1", "permanent_token": "third"},
	}
	if err != nil || !maps.EqualFunc(all, want, maps.Equal) {
		t.Errorf("the file has %v, %v", all, err)
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	left = slices.DeleteFunc(left, func(name string) bool { return filepath.Base(name) == ".bynder-lock" }) // of Windows
	if len(left) != 2+len(others) || read(t, defaultFile(env)) != mine {
		t.Errorf("the folder holds %q, and the config file is\n%s", left, read(t, defaultFile(env)))
	}
	for _, name := range others {
		if got := read(t, filepath.Join(folder, name)); got != "ids" {
			t.Errorf("%s has %q", name, got)
		}
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
	target := filepath.Join(t.TempDir(), "vault")
	write(t, target, storedFile)
	path := storedIn(env)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Skip(err)
	}
	s := config.Sources{Flags: config.Flags{Profile: "other"}, Getenv: getenv(env)}
	if _, err := s.SaveInFile(t.Context(), tokenLogin(t, "a.example", "x")); err != nil {
		t.Fatal(err)
	}
	if all, err := config.ReadCredentials(read(t, target)); err != nil || len(all) != 2 {
		t.Errorf("the target has %v, %v", all, err)
	}
	if info, err := os.Lstat(path); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("the symlink is gone: %v, %v", info, err)
	}
}

// The credentials file comes before the keychain, so a login to the keychain takes the profile
// out of it.
func TestSaveInKeychainTakesSecretsOutOfTheFile(t *testing.T) {
	env := home(t, "[profiles.default]\nscopes = 'x'\n")
	k := &fakeKeychain{}
	s := config.Sources{Getenv: getenv(env), Keychain: k}
	for _, profile := range []string{"press", "default"} {
		s.Flags.Profile = profile
		if _, err := s.SaveInFile(t.Context(), tokenLogin(t, "a.example", "old")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SaveInKeychain(t.Context(), tokenLogin(t, "new.example", "chain")); err != nil {
		t.Fatal(err)
	}
	if all, err := config.ReadCredentials(read(t, storedIn(env))); err != nil || len(all) != 1 || all["press"] == nil {
		t.Errorf("the file has %v, %v", all, err)
	}
	c, err := config.Load(t.Context(), s)
	if err != nil || c.Portal.Host != "new.example" || c.Credentials.PermanentToken.Reveal() != "chain" {
		t.Errorf("loaded again: %v, %v", c, err)
	}
}

// Where the file cannot be changed its credentials are used still, which the error says.
func TestSaveInKeychainWhereTheFileIsBroken(t *testing.T) {
	env := home(t, "")
	write(t, storedIn(env), "broken")
	k := &fakeKeychain{}
	err := config.Sources{Getenv: getenv(env), Keychain: k}.SaveInKeychain(t.Context(), tokenLogin(t, "a.example", "x"))
	wantError(t, err, "the credentials are in the keychain, but those in "+storedIn(env)+" take precedence", false)
	if len(k.items) != 1 {
		t.Errorf("the keychain holds %v", k.items)
	}
}

func TestSaveStoresNothingWhere(t *testing.T) {
	t.Run("the config file comes before the keychain", func(t *testing.T) {
		for text, wants := range map[string]string{
			"[profiles.default]\ndomain = 'a.example'\nclient_id = 'x'\nclient_secret = 'y'\n": "has credentials, which take precedence",
			"[profiles.default]\ndomain = 'a.example'\ntoken_command = ['x']\n":                "has credentials, which take precedence",
			"profiles = {default = {domain = 'b.example'}}\n":                                  "is for another portal than a.example",
		} {
			env, k := home(t, text), &fakeKeychain{}
			s := config.Sources{Getenv: getenv(env), Keychain: k}
			login := tokenLogin(t, "a.example", "y")
			wantError(t, s.Ready(t.Context(), false, login.Portal), wants, false)
			wantError(t, s.SaveInKeychain(t.Context(), login), wants, false)
			if len(k.items) != 0 || read(t, defaultFile(env)) != text {
				t.Errorf("keychain %v, file %q", k.items, read(t, defaultFile(env)))
			}
			// The credentials file comes first.
			if _, err := s.SaveInFile(t.Context(), login); err != nil || s.Ready(t.Context(), true, login.Portal) != nil {
				t.Errorf("in the file: %v", err)
			}
		}
	})
	t.Run("the credentials file is broken", func(t *testing.T) {
		env, k := home(t, ""), &fakeKeychain{}
		write(t, storedIn(env), "permanent_token = canary9f3a\n")
		s := config.Sources{Getenv: getenv(env), Keychain: k}
		wantError(t, s.Ready(t.Context(), true, nil), "line 1: ", false)
		wantError(t, s.Ready(t.Context(), false, nil), "line 1: ", false)
		_, err := s.SaveInFile(t.Context(), tokenLogin(t, "a.example", "y"))
		wantError(t, err, "line 1: ", false)
		if text := read(t, storedIn(env)); text != "permanent_token = canary9f3a\n" {
			t.Errorf("the file is %q", text)
		}
	})
	t.Run("the credentials file is full", func(t *testing.T) {
		env := home(t, "")
		full := strings.Replace(storedFile, "stored", strings.Repeat("x", config.MaxFile-200), 1)
		write(t, storedIn(env), full)
		s := config.Sources{Flags: config.Flags{Profile: "other"}, Getenv: getenv(env)}
		_, err := s.SaveInFile(t.Context(), tokenLogin(t, "a.example", strings.Repeat("y", 200)))
		if err == nil || !strings.Contains(err.Error(), "larger than 64 KiB") || read(t, storedIn(env)) != full {
			t.Errorf("error %v", err)
		}
	})
	t.Run("another login holds the lock", func(t *testing.T) {
		env := home(t, "[profiles.other]\n")
		folder, err := filelock.OpenFolder(filepath.Dir(defaultFile(env)))
		if err != nil {
			t.Fatal(err)
		}
		defer folder.Close()
		if err := filelock.Try(folder); err != nil {
			t.Skip(err)
		}
		stopped := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(stopped)
		_, err = config.Sources{Getenv: getenv(env)}.SaveInFile(ctx, tokenLogin(t, "a.example", "y"))
		if !errors.Is(err, stopped) {
			t.Errorf("after Ctrl-C: %v", err)
		}
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			_, err := config.Sources{Getenv: getenv(env)}.SaveInFile(t.Context(), tokenLogin(t, "a.example", "y"))
			if took := time.Since(start); took != 30*time.Second || err == nil || !strings.Contains(err.Error(), "another process holds the lock") {
				t.Errorf("after %s: %v", took, err)
			}
		})
		if _, err := os.Stat(storedIn(env)); err == nil {
			t.Error("the file was written")
		}
	})
	t.Run("there is no keychain", func(t *testing.T) {
		env := home(t, "[profiles.other]\n")
		s := config.Sources{Getenv: getenv(env)}
		if err := s.Ready(t.Context(), false, nil); !errors.Is(err, config.ErrNoKeychain) {
			t.Errorf("ready: %v", err)
		}
		if err := s.SaveInKeychain(t.Context(), tokenLogin(t, "a.example", "y")); !errors.Is(err, config.ErrNoKeychain) {
			t.Errorf("save: %v", err)
		}
		if _, err := os.Stat(storedIn(env)); err == nil {
			t.Error("there is a credentials file")
		}
	})
	t.Run("there is no HOME", func(t *testing.T) {
		s := config.Sources{Getenv: getenv(nil), Keychain: &fakeKeychain{}}
		_, err := s.SaveInFile(t.Context(), tokenLogin(t, "a.example", "y"))
		wantError(t, err, "HOME is not set", false)
		wantError(t, s.Ready(t.Context(), true, nil), "HOME is not set", false)
		if err := s.Ready(t.Context(), false, nil); err != nil {
			t.Errorf("for the keychain: %v", err)
		}
	})
	t.Run("the profile has a strange name", func(t *testing.T) {
		for _, name := range []string{"a b", "a.b", "é", "../x", strings.Repeat("x", 65)} {
			s := config.Sources{Flags: config.Flags{Profile: name}, Getenv: getenv(nil), Keychain: &fakeKeychain{}}
			wantError(t, s.Ready(t.Context(), false, nil), "not a valid profile name", false)
		}
	})
}

func TestRemove(t *testing.T) {
	env := home(t, "[profiles.press]\nscopes = 'x'\n")
	k := &fakeKeychain{items: map[string]string{"default": "{}", "press": "{}"}}
	s := config.Sources{Getenv: getenv(env), Keychain: k}
	for _, profile := range []string{"press", "default"} {
		s.Flags.Profile = profile
		if _, err := s.SaveInFile(t.Context(), tokenLogin(t, "a.example", profile)); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := s.Remove(t.Context())
	if err != nil || !removed.Keychain || removed.File != storedIn(env) || removed.ByHand != nil {
		t.Errorf("removed %+v, %v", removed, err)
	}
	if all, err := config.ReadCredentials(read(t, storedIn(env))); err != nil || len(all) != 1 || all["press"] == nil {
		t.Errorf("the file has %v, %v", all, err)
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
	removed, err = s.Remove(t.Context())
	if err != nil || removed.File != "" {
		t.Errorf("without a keychain: removed %+v, %v", removed, err)
	}
}

// What a person wrote is not edited.
func TestRemoveLeavesTheConfigFile(t *testing.T) {
	const text = "[profiles.default]\nclient_id = 'x' # mine\ndomain = 'a.example'\ntoken_command = ['y']\nclient_secret = ''\n"
	env := home(t, text)
	s := config.Sources{Getenv: getenv(env), Keychain: &fakeKeychain{}}
	removed, err := s.Remove(t.Context())
	if err != nil || removed.File != "" || removed.HandFile != defaultFile(env) || !slices.Equal(removed.ByHand, []string{"client_id", "token_command"}) {
		t.Errorf("removed %+v, %v", removed, err)
	}
	if got := read(t, defaultFile(env)); got != text {
		t.Errorf("the file is\n%s", got)
	}
	if _, err := os.Stat(storedIn(env)); err == nil {
		t.Error("there is a credentials file")
	}

	// A file that was named by mistake is not taken for one without credentials.
	absent := s
	absent.Flags.ConfigFile = filepath.Join(t.TempDir(), "absent.toml")
	_, err = absent.Remove(t.Context())
	wantError(t, err, "absent.toml: ", false)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v", err)
	}

	// A config file that cannot be read does not keep the rest from being removed.
	write(t, defaultFile(env), "broken")
	write(t, storedIn(env), storedFile)
	removed, err = s.Remove(t.Context())
	if removed.File == "" {
		t.Errorf("removed %+v, %v", removed, err)
	}
	wantError(t, err, "line 1: expected key = value", false)
}

// Logins at the same moment, into one file, lose nothing of each other.
func TestLoginsAtTheSameMoment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "config.toml") // which need not exist
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
