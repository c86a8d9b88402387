package bynder_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
)

func TestClockHint(t *testing.T) {
	now := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name         string
		signed, date time.Time
		status       int
		want         string // "" for none about the clock
	}{
		{"behind", now, now.Add(10 * time.Minute), 401, "clock is 10m behind the portal's"},
		{"ahead", now, now.Add(-2*time.Hour - 20*time.Second), 401, "clock is 2h0m ahead of the portal's"},
		{"near", now, now.Add(4 * time.Minute), 401, ""},
		{"no date", now, time.Time{}, 401, ""},
		{"not signed", time.Time{}, now, 401, ""},
		{"another answer", now, now.Add(time.Hour), 403, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			hint := (&bynder.APIError{Status: tt.status, Signed: tt.signed, Date: tt.date}).Hint()
			if !strings.Contains(hint, tt.want) || strings.Contains(hint, "clock") != (tt.want != "") {
				t.Errorf("the hint is %q, want %q", hint, tt.want)
			}
		})
	}
}

// Only a client that signs blames the clock, for a status as for a refusal of status 200.
func TestSignedRefusalsHoldBothClocks(t *testing.T) {
	for _, body := range []string{"", `{"statuscode":401,"message":"no"}`} {
		for _, signs := range []bool{false, true} {
			c := portal(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
				if body == "" {
					w.WriteHeader(http.StatusUnauthorized)
				}
				_, _ = w.Write([]byte(body))
			})
			c.Signs = signs
			_, err := c.CurrentUser(t.Context())
			api, ok := errors.AsType[*bynder.APIError](err)
			if !ok || api.Status != http.StatusUnauthorized {
				t.Fatalf("%q: %v", body, err)
			}
			if blamed := strings.Contains(api.Hint(), "clock is 1h0m behind"); blamed != signs {
				t.Errorf("signs %t, %q: the hint is %q", signs, body, api.Hint())
			}
		}
	}
}
