//go:build unix

package cli

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/input"
)

// readPage returns the text of a page of the repository.
func readPage(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// exampleOf returns the one example of a config file on a page.
func exampleOf(t *testing.T, page string) string {
	t.Helper()
	found := regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(readPage(t, page), -1)
	if len(found) != 1 {
		t.Fatalf("%s has %d examples of a config file, want 1", page, len(found))
	}
	return found[0][1]
}

// The config file on the page is valid, and each of its profiles gives the credentials that it has.
func TestConfigFileOnPage(t *testing.T) {
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "pass"), []byte("#!/bin/sh\necho \"printed by pass $*\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	stored := &memoryKeychain{items: map[string]string{"shared": `{"domain":"https://shared.example.com","permanent_token":"stored"}`}}

	type loaded struct {
		kind         config.Kind
		host, secret string
		scopes       string
	}
	const page = "docs/configuration.md"
	profiles := map[string]loaded{
		"default": {kind: config.PermanentToken, host: "brand.getbynder.com", secret: "printed by pass show bynder"},
		"press":   {kind: config.ClientCredentials, host: "press.example.com", secret: "...", scopes: "asset:read collection:read"},
		"archive": {kind: config.OAuth1, host: "archive.example.com", secret: "..."},
		"build":   {kind: config.PermanentToken, host: "brand.getbynder.com", secret: "..."},
		"shared":  {kind: config.PermanentToken, host: "shared.example.com", secret: "stored"},
	}
	text := exampleOf(t, page)
	o, err := defaultsOf(t, text)
	if err != nil || o.jobs != 16 || o.limitRate != "50M" {
		t.Errorf("%s: defaults: %v, jobs %d, limit-rate %q", page, err, o.jobs, o.limitRate)
	}
	file := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, heading := range regexp.MustCompile(`(?m)^\[profiles\.(\w+)\]`).FindAllStringSubmatch(text, -1) {
		names = append(names, heading[1])
	}
	if !slices.Equal(slices.Sorted(slices.Values(names)), slices.Sorted(maps.Keys(profiles))) {
		t.Errorf("%s has the profiles %q", page, names)
	}
	for name, want := range profiles {
		c, err := config.Load(t.Context(), config.Sources{
			Flags: config.Flags{ConfigFile: file, Profile: name}, Getenv: func(string) string { return "" }, Keychain: stored,
		})
		if err != nil {
			t.Errorf("%s: profile %s: %v", page, name, err)
			continue
		}
		values := c.Credentials.Kind.Values()
		got := loaded{
			kind: c.Credentials.Kind, host: c.Portal.Host, scopes: strings.Join(c.Credentials.Scopes, " "),
			secret: values[len(values)-1].Of(&c.Credentials).Reveal(),
		}
		if got != want || len(c.Warnings) > 0 {
			t.Errorf("%s: profile %s gives %+v with warnings %q, want %+v", page, name, got, c.Warnings, want)
		}
	}
}

// docs/configuration.md has every variable, every key, and the default of every flag that [defaults] may set.
func TestConfigurationPageIsComplete(t *testing.T) {
	page := readPage(t, "docs/configuration.md")
	names := []string{"BYNDER_DOMAIN", "BYNDER_PROFILE", "BYNDER_CONFIG", "BYNDER_SCOPES", input.ShardCount, "domain", "scopes", "token_command"}
	for _, kind := range config.Kinds() {
		for _, v := range kind.Values() {
			names = append(names, v.Variable, v.Key)
		}
	}
	for _, name := range names {
		if !regexp.MustCompile("(?m)^\\| [^|]*`" + name + "`").MatchString(page) {
			t.Errorf("no table of the page has a row for %s", name)
		}
	}
	var o transferFlags
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	o.add(flags)
	addImageFlag(flags, new(string))
	for _, key := range config.DefaultKeys() {
		row := regexp.MustCompile("(?m)^\\| `" + key + "` \\|.*\\| (.*) ?\\|$").FindStringSubmatch(page)
		if row == nil {
			t.Errorf("the page has no row for the key %s of [defaults]", key)
			continue
		}
		want := "`" + flags.Lookup(key).DefValue + "`"
		if want == "``" {
			want = "no limit"
		}
		if got := strings.TrimSpace(row[1]); got != want {
			t.Errorf("the page has the default %s for %s, want %s", got, key, want)
		}
	}
}
