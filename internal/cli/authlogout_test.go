package cli

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

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
	want(t, "stderr", stderr, `removed the credentials of profile "default" from `+b.stored, "the keychain: it is locked")
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
