package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/zalando/go-keyring"

	"github.com/bynder-cli/bynder/internal/bynder"
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

// A script logs in, sees who it is, and logs out: with the keychain, then with the file.
func TestAuthForScripts(t *testing.T) {
	for _, storage := range []string{"keychain", "file"} {
		t.Run(storage, func(t *testing.T) {
			b := newBench(t, sandbox.Options{})
			token := b.credentials["BYNDER_PERMANENT_TOKEN"]
			login := []string{"login", "--with-token", "--domain", b.portal.PortalURL()}
			where := "the system's keychain"
			if storage == "file" {
				login, where = append(login, "--insecure-storage"), b.stored
			}
			status, stdout, stderr := b.auth(t.Context(), strings.NewReader(token+"\nnot this\n"), login...)
			if status != exitOK || stdout != "" {
				t.Fatalf("login: status %d, stdout %q, stderr %q", status, stdout, stderr)
			}
			want(t, "stderr", stderr, "logged in to "+strings.TrimPrefix(b.portal.PortalURL(), "http://"), "Sandbox User <sandbox@example.com>", where, `profile "default"`)
			if inFile := strings.Contains(b.storedText(), token); inFile != (storage == "file") {
				t.Errorf("the token is in the file: %t", inFile)
			}
			if inKeychain := strings.Contains(b.keychain.items["default"], token); inKeychain != (storage == "keychain") {
				t.Errorf("the token is in the keychain: %t", inKeychain)
			}

			status, stdout, stderr = b.auth(t.Context(), nil, "status")
			if status != exitOK || stderr != "" {
				t.Fatalf("status: %d, stderr %q", status, stderr)
			}
			want(t, "stdout", stdout, "portal       "+b.portal.PortalURL()+"\n", "credentials  permanent token\n", "from         ", path.Base(strings.TrimPrefix(where, "the system's ")), "user         Sandbox User <sandbox@example.com>\n")
			if seen := b.secretsIn(stdout + stderr); seen != nil {
				t.Errorf("status shows %v", seen)
			}

			status, _, stderr = b.auth(t.Context(), nil, "logout")
			if status != exitOK || strings.Contains(b.storedText(), token) || len(b.keychain.items) != 0 || b.configText(t) != "" {
				t.Errorf("logout: status %d, file %q, keychain %v", status, b.storedText(), b.keychain.items)
			}
			want(t, "stderr", stderr, "removed from")
			status, _, stderr = b.auth(t.Context(), nil, "logout")
			want(t, "stderr", stderr, "has no credentials to remove")
			if status != exitOK {
				t.Errorf("logout again: status %d", status)
			}
			status, _, stderr = b.auth(t.Context(), nil, "status")
			want(t, "stderr", stderr, "no credentials", "hint: log in with `bynder auth login`")
			if status != exitUnauthorised {
				t.Errorf("status after logout: %d, want 4", status)
			}
		})
	}
}

func TestAuthStatusOfEachKind(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	base := maps.Clone(b.env)
	for kind, name := range map[sandbox.Kind]config.Kind{
		sandbox.OAuth1: config.OAuth1, sandbox.PermanentToken: config.PermanentToken, sandbox.ClientGrant: config.ClientGrant,
	} {
		t.Run(string(kind), func(t *testing.T) {
			b.env = maps.Clone(base)
			var last string // a value of this kind
			for _, pair := range b.portal.Env(kind) {
				variable, value, _ := strings.Cut(pair, "=")
				b.env[variable], last = value, variable
			}
			status, stdout, stderr := b.auth(t.Context(), nil, "status", "-v")
			if status != exitOK {
				t.Fatalf("status %d, stderr %q", status, stderr)
			}
			want(t, "stdout", stdout, string(name), "the environment", "Sandbox User")
			want(t, "stderr", stderr, "GET "+b.portal.PortalURL()+"/api/v4/currentUser/ 200")

			b.env[last] = "wrong-canary"
			status, stdout, stderr = b.auth(t.Context(), nil, "status", "-v")
			if status != exitUnauthorised || strings.Contains(stdout, "user ") {
				t.Errorf("with a wrong %s: status %d, stdout %q", last, status, stdout)
			}
			want(t, "stdout", stdout, "portal", string(name), "the environment")
			want(t, "stderr", stderr, "does not accept the credentials", "hint: ")
			if seen := b.secretsIn(stdout + stderr); seen != nil || strings.Contains(stdout+stderr, "canary") {
				t.Errorf("it shows %v: %q", seen, stdout+stderr)
			}
		})
	}
}

// Tokens of OAuth 2 may lack the scope for asking who they are. They work all the same.
func TestAuthStatusWhereWhoIsNotTold(t *testing.T) {
	b := newBench(t, sandbox.Options{Faults: []sandbox.Fault{{Name: "api-403", On: "currentUser"}}})
	maps.Copy(b.env, map[string]string{"BYNDER_DOMAIN": b.portal.PortalURL(), "BYNDER_PERMANENT_TOKEN": b.credentials["BYNDER_PERMANENT_TOKEN"]})
	status, stdout, stderr := b.auth(t.Context(), nil, "status")
	if status != exitOK {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
	want(t, "stdout", stdout, "user         unknown: these credentials are valid")
}

func TestAuthLoginStoresNothing(t *testing.T) {
	for _, tt := range []struct {
		name   string
		args   []string // after login --with-token
		input  string   // "" for the right token
		prep   func(*bench)
		status int
		says   []string
	}{
		{"where there is no keychain", nil, "", func(b *bench) { b.keychain.err = config.ErrNoKeychain }, exitFailed,
			[]string{"cannot store the credentials: there is no keychain in this session. Nothing was saved.", "hint: --insecure-storage"}},
		{"where the keychain is locked", nil, "", func(b *bench) { b.keychain.err = errors.New("it is locked") }, exitFailed,
			[]string{"cannot store the credentials: it is locked. Nothing was saved.", "hint: --insecure-storage"}},
		{"that does not work", nil, "wrong", nil, exitUnauthorised, []string{"login failed: the portal does not accept", "Nothing was saved."}},
		{"that does not work, in the file", []string{"--insecure-storage"}, "wrong", nil, exitUnauthorised, []string{"Nothing was saved."}},
		{"when the portal cannot be reached", []string{"--domain", "http://127.0.0.1:1", "--retries", "0"}, "", nil, exitFailed, []string{"refused. Nothing was saved."}},
		{"for a profile with a strange name", []string{"--profile", "a b"}, "", nil, exitUsage, []string{`--profile: "a b" is not a valid profile name`}},
		{"without a token", nil, "\n", nil, exitUsage, []string{"no token on standard input"}},
		{"without a domain", []string{"--domain", ""}, "", nil, exitUsage, []string{"needs a portal", "hint: add --domain"}},
		{"with a bad domain", []string{"--domain", "http://brand.example"}, "", nil, exitUsage, []string{"--domain: "}},
		{"with an argument", []string{"secret"}, "", nil, exitUsage, []string{"takes no arguments"}},
		{"with a flag that cannot be", []string{"--retries", "-1"}, "", nil, exitUsage, []string{"--retries is -1"}},
		{"with a rate that cannot be", []string{"--api-rate", "15"}, "", nil, exitUsage, []string{"--api-rate is 15"}},
		{"beside credentials by hand", nil, "",
			func(b *bench) { b.writeConfig(t, "profiles = {default = {scopes = 'x', token = 'x'}}") },
			exitUsage, []string{"has credentials, which come before those of the keychain", "hint: remove token from that file"}},
		{"in a file that is broken", []string{"--insecure-storage"}, "",
			func(b *bench) { _ = os.WriteFile(b.stored, []byte("x"), 0o600) },
			exitUsage, []string{"credentials file ", "line 1: expected key = value", "hint: correct the file, or remove it"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, sandbox.Options{})
			if tt.prep != nil {
				tt.prep(b)
			}
			before, stored := b.configText(t), b.storedText()
			if tt.input == "" {
				tt.input = b.credentials["BYNDER_PERMANENT_TOKEN"] + "\n"
			}
			args := append([]string{"login", "--with-token", "--domain", b.portal.PortalURL()}, tt.args...)
			status, stdout, stderr := b.auth(t.Context(), strings.NewReader(tt.input), args...)
			if status != tt.status || stdout != "" {
				t.Errorf("status %d, want %d; stdout %q", status, tt.status, stdout)
			}
			want(t, "stderr", stderr, tt.says...)
			if len(b.keychain.items) != 0 || b.configText(t) != before || b.storedText() != stored {
				t.Errorf("the keychain holds %v, the files %q and %q", b.keychain.items, b.configText(t), b.storedText())
			}
			if seen := b.secretsIn(stderr); seen != nil {
				t.Errorf("stderr shows %v", seen)
			}
		})
	}
}

func TestAuthLoginNeedsSomebodyToAsk(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	status, _, stderr := b.auth(t.Context(), strings.NewReader("x\n"), "login")
	if status != exitUsage {
		t.Errorf("status %d", status)
	}
	want(t, "stderr", stderr, "standard input is not a terminal", "hint: pass a permanent token with --with-token")
}

// Stdin is a pipe that nobody writes to: Ctrl-C ends the wait all the same.
func TestAuthLoginWithTokenCanBeStopped(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	in, hold := io.Pipe()
	defer hold.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(&interrupted{2})
	status, _, stderr := b.auth(ctx, in, "login", "--with-token", "--domain", b.portal.PortalURL())
	if status != 130 || len(b.keychain.items) != 0 {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
}

// The environment comes before what was stored, which surprises those who forgot it.
func TestAuthSaysThatTheEnvironmentComesFirst(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	b.env["BYNDER_CLIENT_ID"] = "canary"
	_, _, stderr := b.auth(t.Context(), strings.NewReader(b.credentials["BYNDER_PERMANENT_TOKEN"]), "login", "--with-token", "--domain", b.portal.PortalURL())
	want(t, "stderr", stderr, "logged in", "credentials in the environment come before what was stored: BYNDER_CLIENT_ID")
	_, _, more := b.auth(t.Context(), nil, "logout")
	want(t, "stderr", more, "removed from the keychain", "are still used: BYNDER_CLIENT_ID")
	if strings.Contains(stderr+more, "canary") {
		t.Errorf("a value is shown: %q", stderr+more)
	}
}

func TestAuthLogoutTellsWhatMayBeLeft(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	b.keychain.err = errors.New("it is locked")
	if err := os.WriteFile(b.stored, []byte("[profiles.default]\ndomain = 'a.example'\npermanent_token = 'x'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, stderr := b.auth(t.Context(), nil, "logout")
	if status != exitFailed {
		t.Errorf("status %d, want 1", status)
	}
	want(t, "stderr", stderr, "removed from "+b.stored, "the keychain: it is locked")
}

// What a person wrote stays, and is named.
func TestAuthLogoutNamesWhatIsWrittenByHand(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	const text = "[profiles.default]\ndomain = 'a.example'\nclient_id = 'canary'\nclient_secret = 'canary' # mine\n"
	b.writeConfig(t, text)
	status, _, stderr := b.auth(t.Context(), nil, "logout")
	if status != exitFailed || b.configText(t) != text || strings.Contains(stderr, "canary") {
		t.Errorf("status %d, stderr %q, file %q", status, stderr, b.configText(t))
	}
	want(t, "stderr", stderr, b.config+` has credentials of profile "default"`, "hint: remove client_id, client_secret of [profiles.default] from "+b.config)
}

// A profile in both files is named once, and the one that a login stored is used.
func TestAuthStatusOfAProfileInBothFiles(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	b.writeConfig(t, "[profiles.default]\ndomain = '"+b.portal.PortalURL()+"'\npermanent_token = 'canary'\n")
	token := b.credentials["BYNDER_PERMANENT_TOKEN"]
	if status, _, stderr := b.auth(t.Context(), strings.NewReader(token), "login", "--with-token", "--insecure-storage", "--domain", b.portal.PortalURL()); status != exitOK {
		t.Fatalf("login: %d, %q", status, stderr)
	}
	status, stdout, stderr := b.auth(t.Context(), nil, "status")
	if status != exitOK || strings.Count(stderr, b.config) != 1 || strings.Count(stderr, "\n") != 1 || strings.Contains(stdout+stderr, "canary") {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	want(t, "stdout", stdout, `from         profile "default" in `+b.stored+"\n")
	want(t, "stderr", stderr, b.stored+" are used")
}

func TestAuthStatusChecksItsFlags(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	for _, args := range [][]string{{"--retries", "-1"}, {"--api-rate", "0.01"}, {"--api-rate", "NaN"}} {
		status, stdout, stderr := b.auth(t.Context(), nil, append([]string{"status"}, args...)...)
		if status != exitUsage || stdout != "" {
			t.Errorf("%q: status %d, stdout %q", args, status, stdout)
		}
		want(t, "stderr", stderr, args[0]+" is ")
	}
}

// Whatever happens to a login, the secrets are where it says and nowhere else.
func TestAuthLeaksNothing(t *testing.T) {
	for _, fault := range []sandbox.Fault{
		{}, {Name: "api-401"}, {Name: "api-403"}, {Name: "api-404"}, {Name: "api-500"}, {Name: "api-503"}, {Name: "api-html"}, {Name: "api-empty"},
		{Name: "api-garbage"}, {Name: "api-cut"}, {Name: "api-reset"},
		{Name: "api-redirect"}, {Name: "api-redirect", Text: "loop"}, {Name: "api-redirect", Text: "userinfo"},
	} {
		t.Run(fault.Name+fault.Text, func(t *testing.T) {
			o := sandbox.Options{}
			if fault.Name != "" {
				o.Faults = []sandbox.Fault{fault}
			}
			b := newBench(t, o)
			token := b.credentials["BYNDER_PERMANENT_TOKEN"]
			_, stdout, stderr := b.auth(t.Context(), strings.NewReader(token), "login", "--with-token", "-v", "--retries", "0", "--domain", b.portal.PortalURL())
			_, statusOut, statusErr := b.auth(t.Context(), nil, "status", "-v", "--retries", "0")
			if text := stdout + stderr + statusOut + statusErr; strings.Contains(text, token) {
				t.Errorf("the output shows the token: %q", text)
			}
			_ = filepath.WalkDir(b.home, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				if text, _ := os.ReadFile(path); bytes.Contains(text, []byte(token)) {
					t.Errorf("%s holds the token", path)
				}
				return nil
			})
		})
	}
}

func TestBlameClock(t *testing.T) {
	now := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	refused := func(date time.Time) error { return &bynder.APIError{Status: 401, Date: date} }
	for _, tt := range []struct {
		name string
		err  error
		kind config.Kind
		want string // "" for the error as it is
	}{
		{"behind", refused(now.Add(10 * time.Minute)), config.OAuth1, "behind the portal's"},
		{"ahead", refused(now.Add(-2 * time.Hour)), config.OAuth1, "ahead of the portal's"},
		{"near", refused(now.Add(4 * time.Minute)), config.OAuth1, ""},
		{"no date", refused(time.Time{}), config.OAuth1, ""},
		{"another kind", refused(now.Add(time.Hour)), config.PermanentToken, ""},
		{"another answer", &bynder.APIError{Status: 403, Date: now.Add(time.Hour)}, config.OAuth1, ""},
		{"no answer", io.EOF, config.OAuth1, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := blameClock(tt.err, tt.kind, now)
			if !errors.Is(err, tt.err) || err.Error() != tt.err.Error() {
				t.Errorf("the error became %v", err)
			}
			hint := ""
			var blamed *clockError
			if errors.As(err, &blamed) {
				hint = blamed.Hint()
			}
			if !strings.Contains(hint, tt.want) || (tt.want == "") != (hint == "") {
				t.Errorf("the hint is %q, want %q", hint, tt.want)
			}
		})
	}
}

func TestAuthStatusBlamesTheClock(t *testing.T) {
	b := newBench(t, sandbox.Options{Clock: func() time.Time { return time.Now().Add(time.Hour) }})
	for _, pair := range b.portal.Env(sandbox.OAuth1) {
		name, value, _ := strings.Cut(pair, "=")
		b.env[name] = value
	}
	status, _, stderr := b.auth(t.Context(), nil, "status")
	if status != exitUnauthorised {
		t.Errorf("status %d", status)
	}
	want(t, "stderr", stderr, "hint: this machine's clock is", "behind the portal's")
}

// What stands on a command line is in the process list and in the shell's history.
func TestNoSecretIsAFlag(t *testing.T) {
	var check func(cmd *cobra.Command)
	seen := 0
	check = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			seen++
			if f.Value.Type() == "bool" {
				return // --with-token says where to read it
			}
			for _, word := range []string{"token", "secret", "key", "password", "client-id"} {
				if strings.Contains(f.Name, word) && f.Name != "keyword" {
					t.Errorf("%s has a flag --%s", cmd.CommandPath(), f.Name)
				}
			}
		})
		for _, sub := range cmd.Commands() {
			check(sub)
		}
	}
	check(newRoot(Streams{}))
	if seen < 20 {
		t.Errorf("only %d flags were looked at", seen)
	}
}
