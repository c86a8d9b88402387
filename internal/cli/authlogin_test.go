package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/sandbox"
)

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
			[]string{"cannot store the credentials: no keychain in this session. Nothing was saved.", "hint: use --insecure-storage"}},
		{"where the keychain is locked", nil, "", func(b *bench) { b.keychain.err = errors.New("it is locked") }, exitFailed,
			[]string{"cannot store the credentials: it is locked. Nothing was saved.", "hint: use --insecure-storage"}},
		{"that does not work", nil, "wrong", nil, exitUnauthorized, []string{"login failed: the portal rejected the permanent token (", "Nothing was saved."}},
		{"that does not work, in the file", []string{"--insecure-storage"}, "wrong", nil, exitUnauthorized, []string{"Nothing was saved."}},
		{"when the portal cannot be reached", []string{"--domain", "http://127.0.0.1:1", "--retries", "0"}, "", nil, exitFailed, []string{"refused. Nothing was saved."}},
		{"for a profile with a strange name", []string{"--profile", "a b"}, "", nil, exitUsage, []string{`--profile: "a b" is not a valid profile name`}},
		{"without a token", nil, "\n", nil, exitUsage, []string{"no token on standard input"}},
		{"without a domain", []string{"--domain", ""}, "", nil, exitUsage, []string{"requires a portal", "hint: add --domain"}},
		{"with a bad domain", []string{"--domain", "http://brand.example"}, "", nil, exitUsage, []string{"--domain: "}},
		{"with an argument", []string{"secret"}, "", nil, exitUsage, []string{"unexpected argument"}},
		{"with a flag that cannot be", []string{"--retries", "-1"}, "", nil, exitUsage, []string{"--retries is -1"}},
		{"with a rate that cannot be", []string{"--api-rate", "15"}, "", nil, exitUsage, []string{"--api-rate is 15"}},
		{"beside credentials by hand", nil, "",
			func(b *bench) { b.writeConfig(t, "profiles = {default = {scopes = 'x', token = 'x'}}") },
			exitUsage, []string{"has credentials, which take precedence over those of the keychain", "hint: remove token from that file"}},
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

func TestAuthLoginNeedsATerminal(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	status, _, stderr := b.auth(t.Context(), strings.NewReader("x\n"), "login")
	if status != exitUsage {
		t.Errorf("status %d", status)
	}
	want(t, "stderr", stderr, "standard input is not a terminal", "hint: pipe a permanent token to --with-token")
}

// Stdin is a pipe without a writer: Ctrl-C ends the wait all the same.
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
