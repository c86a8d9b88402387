package cli

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/sandbox"
)

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
