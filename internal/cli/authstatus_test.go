package cli

import (
	"bytes"
	"context"
	"maps"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/sandbox"
	"github.com/bynder-cli/bynder/internal/transport"
)

func TestAuthStatusOfEachKind(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	base := maps.Clone(b.env)
	for kind, name := range map[sandbox.Kind]config.Kind{
		sandbox.OAuth1: config.OAuth1, sandbox.PermanentToken: config.PermanentToken, sandbox.ClientCredentials: config.ClientCredentials,
	} {
		t.Run(string(kind), func(t *testing.T) {
			b.env = maps.Clone(base)
			var last string // a value of this kind
			for _, pair := range b.portal.Env(kind) {
				variable, value, _ := strings.Cut(pair, "=")
				if b.env[variable] = value; strings.HasPrefix(variable, "BYNDER_") {
					last = variable
				}
			}
			status, stdout, stderr := b.auth(t.Context(), nil, "status", "-v")
			if status != exitOK {
				t.Fatalf("status %d, stderr %q", status, stderr)
			}
			want(t, "stdout", stdout, string(name), "the environment", "Sandbox User")
			want(t, "stderr", stderr, "GET "+b.portal.PortalURL()+"/api/v4/currentUser/ 200")

			b.env[last] = "wrong-canary"
			status, stdout, stderr = b.auth(t.Context(), nil, "status", "-v")
			if status != exitUnauthorized || strings.Contains(stdout, "user ") {
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

// A status that was stopped does not read as healthy.
func TestAuthStatusThatIsStopped(t *testing.T) {
	b := newBench(t, sandbox.Options{})
	maps.Copy(b.env, map[string]string{"BYNDER_DOMAIN": b.portal.PortalURL(), "BYNDER_PERMANENT_TOKEN": b.credentials["BYNDER_PERMANENT_TOKEN"]})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(&interrupted{syscall.SIGTERM})
	status, stdout, stderr := b.auth(ctx, nil, "status", "--json")
	if status != 128+int(syscall.SIGTERM) || strings.Count(stderr, "bynder: ") != 1 {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
	want(t, "stdout", stdout, `"problems":[{"message":"stopped by `+syscall.SIGTERM.String()+`","hint":"run the same command again"}]}`+"\n")
}

// A portal that does not answer is waited for once, not for each original and each try.
func TestAuthStatusOfAPortalThatStalls(t *testing.T) {
	for _, tt := range []struct {
		on     string
		status int
		want   []string // in stderr
	}{
		{"download", exitOK, []string{"cannot find out whether originals can be downloaded: no answer in 2 s\n", "whether archived originals can be downloaded: no answer in 2 s\n"}},
		{"list", exitOK, []string{"cannot find out whether originals can be downloaded: no answer in 2 s\n"}},
		{"currentUser", exitFailed, []string{"cannot ask the portal for the current user: no answer in 2 s\n"}},
	} {
		t.Run(tt.on, func(t *testing.T) {
			b := newBench(t, sandbox.Options{Faults: []sandbox.Fault{{Name: "api-stall", On: tt.on}}})
			maps.Copy(b.env, map[string]string{"BYNDER_DOMAIN": b.portal.PortalURL(), "BYNDER_PERMANENT_TOKEN": b.credentials["BYNDER_PERMANENT_TOKEN"]})
			var out, errOut bytes.Buffer
			s := Streams{Out: &out, Err: &errOut, Getenv: func(name string) string { return b.env[name] }}
			cmd := newAuthStatus(authOptions{portalFlags: portalFlags{configFlags: configFlags{keychain: b.keychain}, streams: s}, answer: 2 * time.Second})
			cmd.SilenceErrors, cmd.SilenceUsage = true, true
			cmd.SetArgs([]string{})
			err := cmd.ExecuteContext(t.Context())
			explain(t.Context(), s.screen(), err)
			if status := exitStatus(t.Context(), err); status != tt.status {
				t.Errorf("status %d, error %v", status, err)
			}
			want(t, "stderr", errOut.String(), append(tt.want, "hint: run the same command again with -v")...)
		})
	}
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

func TestAuthStatusBlamesTheClock(t *testing.T) {
	b := newBench(t, sandbox.Options{Clock: func() time.Time { return time.Now().Add(time.Hour) }})
	for _, pair := range b.portal.Env(sandbox.OAuth1) {
		name, value, _ := strings.Cut(pair, "=")
		b.env[name] = value
	}
	status, _, stderr := b.auth(t.Context(), nil, "status")
	if status != exitUnauthorized {
		t.Errorf("status %d", status)
	}
	want(t, "stderr", stderr, "hint: this machine's clock is", "behind the portal's")
}

// The clocks are compared by the exchange that took least, half a second after its Date and halfway through it.
func TestClockComparison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c clockComparison
		if c.ahead() != nil || clockText(nil) != "" {
			t.Error("the clock is known without an answer")
		}
		add := func(ahead, took time.Duration) {
			c.add(transport.Exchange{Date: time.Now().Add(-took / 2).Add(-ahead).Add(-time.Second / 2), Took: took})
		}
		c.add(transport.Exchange{Status: 200, Took: time.Millisecond}) // which has no Date
		for _, step := range []struct{ ahead, took, want time.Duration }{
			{90 * time.Second, time.Minute, 90 * time.Second},
			{10 * time.Minute, time.Second, 10 * time.Minute},
			{time.Hour, time.Second, 10 * time.Minute},
			{-10 * time.Minute, time.Millisecond, -10 * time.Minute},
			{time.Second, 2 * time.Second, -10 * time.Minute},
		} {
			add(step.ahead, step.took)
			if got := c.ahead(); got == nil || *got != step.want {
				t.Errorf("after %v in %v: %v, want %v", step.ahead, step.took, got, step.want)
			}
		}
	})
	for seconds, want := range map[float64]string{
		0: "like the portal's", 1: "like the portal's", -1: "like the portal's", 2: "2 s ahead of the portal's", -90: "1 min 30 s behind the portal's",
		-3600: "1 h behind the portal's", 1e9: "11574 d 1 h ahead of the portal's",
	} {
		if got := clockText(&seconds); got != want {
			t.Errorf("%g s: %q, want %q", seconds, got, want)
		}
	}
}
