package transport_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/transport"
)

// countedAllowance lets two calls through and counts what is blocked.
type countedAllowance struct{ calls, blocked atomic.Int64 }

func (a *countedAllowance) Wait(context.Context) error {
	if a.calls.Add(1) > 2 {
		return errors.New("the allowance is used up")
	}
	return nil
}
func (a *countedAllowance) Blocked(time.Duration) { a.blocked.Add(1) }
func (a *countedAllowance) Succeeded()            {}

// A 200 whose body names another status is that status for allowance, retries and callers, and
// what it says of the credentials is hidden.
func TestPortalTakesARefusalOfStatus200ForWhatItSays(t *testing.T) {
	for _, tt := range []struct {
		name, body     string
		status         int
		tries, blocked int64
	}{
		{"gone", `{"message":"unknown token pt-secret","statuscode":"404"}`, 404, 1, 0},
		{"later", `{"message":"unknown token pt-secret","statuscode":503}`, 503, 2, 0},
		{"blocked", `{"message":"unknown token pt-secret","statuscode":429}`, 429, 2, 2},
		{"words alone", `{"message":"unknown token pt-secret"}`, 200, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var tries atomic.Int64
			server := record(t, false, func(w http.ResponseWriter, _ *http.Request) {
				tries.Add(1)
				_, _ = io.WriteString(w, tt.body)
			})
			c := portalConfig(t, server.URL, config.PermanentToken)
			c.Credentials.PermanentToken = config.NewSecret("pt-secret")
			counted := &countedAllowance{}
			o := transport.Options{Retries: 1, Allowance: counted, Refusal: bynder.Refusal}
			resp, err := get(t, transport.Portal(c, o), server.URL)
			if err != nil && tt.status != 429 {
				t.Fatal(err)
			}
			if err == nil {
				body, _ := io.ReadAll(resp.Body)
				if resp.StatusCode != tt.status || strings.Contains(string(body), "pt-secret") {
					t.Errorf("status %d and body %s, want %d without the token", resp.StatusCode, body, tt.status)
				}
			}
			if tries.Load() != tt.tries || counted.blocked.Load() != tt.blocked {
				t.Errorf("%d tries and %d blocks, want %d and %d", tries.Load(), counted.blocked.Load(), tt.tries, tt.blocked)
			}
		})
	}
}
