package cli

import (
	"bytes"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/sandbox"
)

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
			want(t, "stderr", stderr, `removed the credentials of profile "default" from `)
			status, _, stderr = b.auth(t.Context(), nil, "logout")
			want(t, "stderr", stderr, "has no saved credentials")
			if status != exitOK {
				t.Errorf("logout again: status %d", status)
			}
			status, _, stderr = b.auth(t.Context(), nil, "status")
			want(t, "stderr", stderr, "no credentials", "hint: log in with `bynder auth login`")
			if status != exitUnauthorized {
				t.Errorf("status after logout: %d, want 4", status)
			}
		})
	}
}

// The environment comes before what was stored, which surprises those who forgot it.
func TestAuthSaysThatTheEnvironmentComesFirst(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	b.env["BYNDER_CLIENT_ID"] = "canary"
	_, _, stderr := b.auth(t.Context(), strings.NewReader(b.credentials["BYNDER_PERMANENT_TOKEN"]), "login", "--with-token", "--domain", b.portal.PortalURL())
	want(t, "stderr", stderr, "logged in", "which take precedence; to use the saved ones, unset BYNDER_CLIENT_ID")
	_, _, more := b.auth(t.Context(), nil, "logout")
	want(t, "stderr", more, `removed the credentials of profile "default" from the keychain`, "to stop using them, unset BYNDER_CLIENT_ID")
	if strings.Contains(stderr+more, "canary") {
		t.Errorf("a value is shown: %q", stderr+more)
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
