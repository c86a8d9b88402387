package cli

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/sandbox"
)

// memoryKeychain holds secrets by profile; err, where set, is its only answer.
type memoryKeychain struct {
	items map[string]string
	err   error
}

func (k *memoryKeychain) Get(_, user string) (string, error) {
	item, ok := k.items[user]
	switch {
	case k.err != nil:
		return "", k.err
	case !ok:
		return "", keyring.ErrNotFound
	}
	return item, nil
}

func (k *memoryKeychain) Set(_, user, secret string) error {
	if k.err == nil {
		k.items[user] = secret
	}
	return k.err
}

func (k *memoryKeychain) Delete(service, user string) error {
	_, err := k.Get(service, user)
	if err == nil {
		delete(k.items, user)
	}
	return err
}

// bench is a user's machine with a portal in reach.
type bench struct {
	portal      *sandbox.Sandbox
	credentials map[string]string // BYNDER_* of all kinds
	keychain    *memoryKeychain
	env         map[string]string
	home        string
	config      string // the config file
	stored      string // the credentials file beside it
}

func newBench(t *testing.T, o sandbox.Options) *bench {
	t.Helper()
	portal, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	stop, err := portal.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	home := t.TempDir()
	t.Setenv("HOME", home) // for the state of the allowance
	t.Setenv("XDG_STATE_HOME", filepath.Join(home, "state"))
	b := &bench{
		portal: portal, home: home, credentials: map[string]string{}, keychain: &memoryKeychain{items: map[string]string{}},
		env:    map[string]string{"HOME": home, "XDG_CONFIG_HOME": filepath.Join(home, "conf"), "AppData": filepath.Join(home, "conf")},
		config: filepath.Join(home, "bench.toml"),
	}
	b.env["BYNDER_CONFIG"], b.stored = b.config, filepath.Join(home, "credentials.toml")
	if err := os.WriteFile(b.config, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, kind := range sandbox.Kinds() {
		for _, pair := range portal.Env(kind) {
			name, value, _ := strings.Cut(pair, "=")
			b.credentials[name] = value
		}
	}
	return b
}

// auth runs an auth command and returns its exit status and what it wrote.
func (b *bench) auth(ctx context.Context, in io.Reader, args ...string) (status int, stdout, stderr string) {
	var out, errOut bytes.Buffer
	status = runAuth(ctx, Streams{In: in, Out: &out, Err: &errOut, Getenv: func(name string) string { return b.env[name] }}, b.keychain, args)
	return status, out.String(), errOut.String()
}

// runAuth is what Main does, with a keychain of the test's.
func runAuth(ctx context.Context, s Streams, k config.Keychain, args []string) int {
	root := newAuthWith(s, k)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	explain(ctx, s.screen(), err)
	return exitStatus(ctx, err)
}

// secretsIn are the portal's secrets that text shows.
func (b *bench) secretsIn(text string) []string {
	var seen []string
	for name, value := range b.credentials {
		if name != "BYNDER_DOMAIN" && strings.Contains(text, value) {
			seen = append(seen, name)
		}
	}
	return seen
}

// storedText is what the credentials file holds, "" if there is none.
func (b *bench) storedText() string {
	text, _ := os.ReadFile(b.stored)
	return string(text)
}

// writeConfig makes the config file, as a person would.
func (b *bench) writeConfig(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(b.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) configText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(b.config)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func want(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s is %q, which lacks %q", what, text, part)
		}
	}
}
