package config_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/config"
)

func TestLoadFiles(t *testing.T) {
	named := filepath.Join(t.TempDir(), "named.toml")
	write(t, named, "[profiles.default]\ndomain = 'n.example'\npermanent_token = 'named'\n")
	absent := filepath.Join(t.TempDir(), "absent.toml")
	load := func(flags config.Flags, env map[string]string) (config.Config, error) {
		return config.Load(t.Context(), config.Sources{Flags: flags, Getenv: getenv(env), Keychain: &fakeKeychain{}})
	}
	for _, tt := range []struct {
		name  string
		flags config.Flags
		env   map[string]string
		host  string // "" for an error
		fails string
		none  bool
	}{
		{name: "by flag", flags: config.Flags{ConfigFile: named}, env: home(t, twoProfiles), host: "n.example"},
		{name: "by environment", env: map[string]string{"BYNDER_CONFIG": named}, host: "n.example"},
		{name: "the flag first", flags: config.Flags{ConfigFile: named}, env: map[string]string{"BYNDER_CONFIG": absent}, host: "n.example"},
		{name: "absent, by flag", flags: config.Flags{ConfigFile: absent}, fails: absent},
		{name: "absent, by environment", env: map[string]string{"BYNDER_CONFIG": absent}, fails: absent},
		{name: "absent, though the environment has all", flags: config.Flags{ConfigFile: absent},
			env: map[string]string{"BYNDER_DOMAIN": "e.example", "BYNDER_PERMANENT_TOKEN": "x"}, fails: absent},
		{name: "a folder", flags: config.Flags{ConfigFile: t.TempDir()}, fails: "directory"},
		{name: "no HOME", none: true},
		{name: "a HOME that is a file", env: map[string]string{"HOME": named, "XDG_CONFIG_HOME": named, "AppData": named}, none: true},
		{name: "a relative XDG_CONFIG_HOME and no HOME", env: map[string]string{"XDG_CONFIG_HOME": "conf", "AppData": "conf"}, none: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := load(tt.flags, tt.env)
			if tt.host == "" {
				wantError(t, err, tt.fails, tt.none)
			} else if err != nil || c.Portal.Host != tt.host {
				t.Errorf("%v, %v; want %s", c.Portal, err, tt.host)
			}
		})
	}
}

func TestLoadUnreadable(t *testing.T) {
	if runtime.GOOS == "windows" || os.Geteuid() == 0 {
		t.Skip("nothing is unreadable for this user")
	}
	env := home(t, twoProfiles)
	load := func() error {
		_, err := config.Load(t.Context(), config.Sources{Getenv: getenv(env), Keychain: &fakeKeychain{}})
		return err
	}
	path := defaultFile(env)
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	wantError(t, load(), path+": permission denied", false)
	if err := os.Chmod(filepath.Dir(path), 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Dir(path), 0o700)
	wantError(t, load(), "", true)
}

func TestLoadCallsOutAFileThatOthersCanRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("permissions are not in the mode")
	}
	for _, tt := range []struct {
		mode os.FileMode
		text string
		want string
	}{
		{0o600, twoProfiles, ""},
		{0o400, twoProfiles, ""},
		{0o640, twoProfiles, "has credentials and is readable by others"},
		{0o604, twoProfiles, "has credentials and is readable by others"},
		{0o644, "[profiles.default]\ndomain = 'a.example'\n", ""},
		{0o620, twoProfiles, "is writable by others"},
		{0o666, "[profiles.default]\ndomain = 'a.example'\n", "is writable by others"},
	} {
		env := home(t, tt.text)
		env["BYNDER_PERMANENT_TOKEN"] = "x"
		if err := os.Chmod(defaultFile(env), tt.mode); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(t.Context(), config.Sources{Getenv: getenv(env)})
		if err != nil && tt.mode != 0o400 {
			t.Fatal(err)
		}
		got := strings.Join(c.Warnings, "\n")
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("mode %o: warnings %q, want %q", tt.mode, got, tt.want)
		}
	}
}

func TestLoadRoots(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	write(t, empty, "no certificate\n")
	env := map[string]string{"BYNDER_DOMAIN": "e.example", "BYNDER_PERMANENT_TOKEN": "x"}
	for _, file := range []string{empty, filepath.Join(t.TempDir(), "absent.pem")} {
		_, err := config.Load(t.Context(), config.Sources{Flags: config.Flags{CACert: file}, Getenv: getenv(env)})
		wantError(t, err, "--ca-cert "+file, false)
	}
	for name, text := range map[string]string{
		"beginnings":   strings.Repeat("-----BEGIN CERTIFICATE-----\n", 4<<20/29),
		"half lines":   strings.Repeat("-----BEGIN ", 4<<20/12),
		"nothing in":   strings.Repeat("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", 4<<20/60),
		"more than is": strings.Repeat("x", 4<<20+1),
	} {
		file := filepath.Join(t.TempDir(), name)
		write(t, file, text)
		_, err := config.LoadRoots(t.Context(), file)
		wantError(t, err, "--ca-cert "+file, false)
	}
	c, err := config.Load(t.Context(), config.Sources{Getenv: getenv(env)})
	if err != nil || c.Roots != nil {
		t.Errorf("without --ca-cert: roots %v, %v; want the system's", c.Roots, err)
	}
}
