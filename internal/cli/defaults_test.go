package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/config"
)

// defaultsOf applies a config file to the flags of download, of which args are given.
func defaultsOf(t *testing.T, text string, args ...string) (o transferFlags, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	o.add(flags)
	if err := flags.Parse(append([]string{"--config", file}, args...)); err != nil {
		t.Fatal(err)
	}
	err = applyDefaults(t.Context(), flags, Streams{Err: new(bytes.Buffer), Getenv: func(string) string { return "" }})
	if flags.Changed("jobs") && !strings.Contains(strings.Join(args, " "), "-j") {
		t.Error("a default counts as given")
	}
	return o, err
}

func TestDefaults(t *testing.T) {
	const all = "[defaults]\njobs = 7\nconnections = '3'\napi-rate = 2.5\nlimit-rate = '10M'\nretries = 0\nprogress = 'never'\nimage = 'auto'\n"
	shown := func(o transferFlags) string {
		return fmt.Sprintf("%s %d %g %s %d %s", &o.jobs, o.connections, o.apiRate, o.limitRate, o.retries, o.progress)
	}
	for _, tt := range []struct {
		text string
		args string
		want string
	}{
		{"", "", "auto 8 10  5 auto"},
		{all, "", "7 3 2.5 10M 0 never"},
		{"[defaults]\njobs = 'auto'\n", "", "auto 8 10  5 auto"},
		{all, "-j auto", "auto 3 2.5 10M 0 never"},
		{all, "-j 2 --progress always", "2 3 2.5 10M 0 always"},
		{all, "--connections=1 --api-rate 0 --limit-rate 1K --retries 9", "7 1 0 1K 9 never"},
		{"[defaults]\njobs = 1_0\napi-rate = 1\nlimit-rate = 5_000\n", "", "10 8 1 5000 5 auto"},
		{"[defaults]\njobs = 0x10\n", "", "16 8 10  5 auto"},
		{"[profiles.default]\ndomain = 'x'\n[defaults]\n", "", "auto 8 10  5 auto"},
	} {
		o, err := defaultsOf(t, tt.text, strings.Fields(tt.args)...)
		if err != nil || shown(o) != tt.want {
			t.Errorf("%q with %q: %s, %v; want %s", tt.text, tt.args, shown(o), err, tt.want)
		}
	}
}

// A value is refused as the flag refuses it, also if the flag is given; an error has its line.
func TestDefaultsAreChecked(t *testing.T) {
	const secret = "0123456789abcdef0123456789abcdef"
	for setting, want := range map[string]string{
		"jobs = 0":        `jobs: invalid value "0": must be auto or a whole number from 1 to 1024`,
		"jobs = 1025":     `jobs: invalid value "1025": must be auto or a whole number from 1 to 1024`,
		"jobs = -1":       `jobs: invalid value "-1": must be auto or a whole number from 1 to 1024`,
		"jobs = 'many'":   `jobs: invalid value "many": must be auto or a whole number from 1 to 1024`,
		"jobs = 1.5":      `jobs: invalid value "1.5": must be auto or a whole number from 1 to 1024`,
		"jobs = true":     `jobs: invalid value "true": must be auto or a whole number from 1 to 1024`,
		"connections = 0": "connections is 0, and must be from 1 to 64", "connections = 65": "connections is 65, and must be from 1 to 64",
		"api-rate = 15":      "api-rate is 15, and must be 0 or from 0.1 to 14",
		"api-rate = 0.01":    "api-rate is 0.01, and must be 0 or from 0.1 to 14",
		"api-rate = nan":     "api-rate is NaN, and must be 0 or from 0.1 to 14",
		"api-rate = 'fast'":  `api-rate: invalid value "fast": must be a number`,
		"limit-rate = 'x'":   `limit-rate: invalid rate "x" (examples: 500K, 10M)`,
		"limit-rate = 0":     `limit-rate: invalid rate "0" (examples: 500K, 10M)`,
		"limit-rate = -1":    `limit-rate: invalid rate "-1" (examples: 500K, 10M)`,
		"retries = -1":       "retries is -1, and must not be negative",
		"progress = 'maybe'": `progress: invalid value "maybe": must be auto, always or never`,
		"progress = true":    `progress: invalid value "true": must be auto, always or never`,

		"retries = 99999999999999999999": `retries: invalid value "99999999999999999999": the number is too large`,
		"jobs = '" + secret + "'":        "invalid value for jobs (not shown): it is longer than any valid value",
		"progress = '" + secret + "'":    "invalid value for progress (not shown): it is longer than any valid value",
		"limit-rate = '" + secret + "'":  "invalid value for limit-rate (not shown): it is longer than any valid value",
	} {
		key, _, _ := strings.Cut(setting, " ")
		_, err := defaultsOf(t, "# mine\n[defaults]\n"+setting+"\n", "-j", "1")
		wrong, ok := errors.AsType[*config.Error](err)
		if !ok || !strings.HasSuffix(err.Error(), "config.toml: line 3: "+want) {
			t.Errorf("%s: error %v, want %s", setting, err, want)
			continue
		}
		if !strings.Contains(wrong.Hint(), "--"+key) {
			t.Errorf("%s: hint %q", setting, wrong.Hint())
		}
	}
}

// Every key of [defaults] is the name of a flag, but for those of commands to come.
func TestDefaultsAreFlags(t *testing.T) {
	var o transferFlags
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	o.add(flags)
	for _, key := range config.DefaultKeys() {
		if flags.Lookup(key) == nil && key != "image" {
			t.Errorf("no flag is called --%s", key)
		}
	}
}
