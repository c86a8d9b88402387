package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bynder-cli/bynder/internal/config"
)

// tokenPortal answers for a portal that issues the tokens t1, t2, … each good for an
// hour, and refuses those in revoked.
type tokenPortal struct {
	mu      sync.Mutex
	issued  int
	forms   []url.Values
	calls   []string // the Authorization of each call to the API
	revoked map[string]bool
	latency time.Duration
	token   func(n int) *http.Response // replaces the answer of the token endpoint where not nil
}

func (p *tokenPortal) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	timer := time.NewTimer(p.latency)
	defer timer.Stop()
	select {
	case <-req.Context().Done():
		return nil, req.Context().Err()
	case <-timer.C:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if req.URL.Path == tokenPath {
		form, _ := io.ReadAll(req.Body)
		values, _ := url.ParseQuery(string(form))
		p.forms = append(p.forms, values)
		p.issued++
		if p.token != nil {
			return p.token(p.issued), nil
		}
		return answer(http.StatusOK, fmt.Sprintf(`{"access_token":"t%d","token_type":"bearer","expires_in":3600}`, p.issued)), nil
	}
	authorization := req.Header.Get("Authorization")
	p.calls = append(p.calls, authorization)
	if p.revoked[authorization] {
		return answer(http.StatusUnauthorized, `{}`), nil
	}
	return answer(http.StatusOK, `{}`), nil
}

func answer(status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// counting is an Allowance that lets everything through.
type counting struct{ waits, blocks, successes int }

func (c *counting) Wait(context.Context) error { c.waits++; return nil }
func (c *counting) Blocked(time.Duration)      { c.blocks++ }
func (c *counting) Succeeded()                 { c.successes++ }

// grantFor is the upper half of Portal's chain upon p.
func grantFor(p http.RoundTripper, a Allowance) http.RoundTripper {
	portal := &url.URL{Scheme: "https", Host: "brand.example"}
	c := config.Config{Portal: portal, Credentials: config.Credentials{
		Kind: config.ClientCredentials, ClientID: config.NewSecret("id"), ClientSecret: config.NewSecret("&+= é"),
	}}
	o := Options{Allowance: a, UserAgent: "agent/1"}
	return &rateLimited{next: authorize(c, o, p), allowance: a}
}

func call(ctx context.Context, g http.RoundTripper) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://brand.example/api/v4/media/", nil)
	if err != nil {
		return 0, err
	}
	resp, err := g.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return resp.StatusCode, nil
}

func TestGrantAsksOnceForAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPortal{latency: time.Second}
		g := grantFor(p, nil)
		var workers sync.WaitGroup
		for range 32 {
			workers.Go(func() {
				if status, err := call(t.Context(), g); status != http.StatusOK || err != nil {
					t.Errorf("%d, %v", status, err)
				}
			})
		}
		workers.Wait()
		if p.issued != 1 || len(p.calls) != 32 {
			t.Errorf("%d tokens for %d calls, want 1 for 32", p.issued, len(p.calls))
		}
		want := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {"id"}, "client_secret": {"&+= é"},
			"scope": {"asset:read collection:read meta.assetbank:read"},
		}
		if got := p.forms[0].Encode(); got != want.Encode() {
			t.Errorf("the form is %s, want %s", got, want.Encode())
		}
	})
}

func TestGrantRenewsBeforeTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPortal{}
		g := grantFor(p, nil)
		for _, pause := range []time.Duration{0, 58 * time.Minute, 61 * time.Second, 0} {
			time.Sleep(pause) //nolint:forbidigo // the clock of the bubble, not of the machine
			if status, err := call(t.Context(), g); status != http.StatusOK || err != nil {
				t.Fatal(status, err)
			}
		}
		if got := strings.Join(p.calls, " "); got != "Bearer t1 Bearer t1 Bearer t2 Bearer t2" {
			t.Errorf("the calls carried %s", got)
		}
	})
}

func TestGrantRenewsOnceAfterARefusal(t *testing.T) {
	for _, tt := range []struct {
		name    string
		revoked []string
		status  int
		calls   string
		counts  counting // token calls and repeated ones count, answers are recorded once
	}{
		{"the token was revoked", []string{"Bearer t1"}, http.StatusOK, "Bearer t1 Bearer t2", counting{waits: 4, successes: 1}},
		{"every token is refused", []string{"Bearer t1", "Bearer t2", "Bearer t3"}, http.StatusUnauthorized, "Bearer t1 Bearer t2", counting{waits: 4, successes: 1}},
		{"none is", nil, http.StatusOK, "Bearer t1", counting{waits: 2, successes: 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, counts := &tokenPortal{revoked: map[string]bool{}}, &counting{}
			for _, token := range tt.revoked {
				p.revoked[token] = true
			}
			status, err := call(t.Context(), grantFor(p, counts))
			if err != nil || status != tt.status || strings.Join(p.calls, " ") != tt.calls {
				t.Errorf("%d, %v after %q; want %d after %q", status, err, p.calls, tt.status, tt.calls)
			}
			if *counts != tt.counts {
				t.Errorf("the allowance saw %+v, want %+v", *counts, tt.counts)
			}
		})
	}
}

func TestGrantRenewsOnceForAllAfterARefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPortal{latency: time.Second, revoked: map[string]bool{"Bearer t1": true}}
		g := grantFor(p, nil)
		var workers sync.WaitGroup
		for range 32 {
			workers.Go(func() {
				if status, err := call(t.Context(), g); status != http.StatusOK || err != nil {
					t.Errorf("%d, %v", status, err)
				}
			})
		}
		workers.Wait()
		if p.issued != 2 {
			t.Errorf("%d tokens, want 2", p.issued)
		}
	})
}

// The request that asks for the token is given up; another one that waited for it asks
// again.
func TestGrantOutlivesTheRequestThatAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &tokenPortal{latency: 10 * time.Second}
		g := grantFor(p, nil)
		first, cancel := context.WithCancel(t.Context())
		var workers sync.WaitGroup
		workers.Go(func() {
			if _, err := call(first, g); !errors.Is(err, context.Canceled) {
				t.Errorf("the first: %v", err)
			}
		})
		synctest.Wait()
		workers.Go(func() {
			if status, err := call(t.Context(), g); status != http.StatusOK || err != nil {
				t.Errorf("the second: %d, %v", status, err)
			}
		})
		synctest.Wait()
		cancel()
		workers.Wait()
	})
}

func TestGrantWithoutAToken(t *testing.T) {
	for _, tt := range []struct {
		name     string
		status   int
		header   http.Header
		body     string
		want     int    // the status of the call, 0 for an error
		says     string // the body or the error
		redirect bool
		blocks   int
	}{
		{name: "the secret is wrong", status: 401, body: `{"error":"invalid_client"}`, want: 401, says: "invalid_client"},
		{name: "as RFC 6749 has it", status: 400, body: `{"error":"invalid_scope"}`, want: 401, says: "invalid_scope"},
		{name: "an error with 200", status: 200, body: `{"error":"invalid_client"}`, want: 401, says: "invalid_client"},
		{name: "a page", status: 503, body: `<html>`, want: 503, says: "<html>"},
		{name: "a CDN in trouble", status: 522, body: `<html>`, want: 522, says: "<html>"},
		{name: "not ready", status: 202, body: `{}`, want: 202},
		{name: "not now", status: 400, header: http.Header{"Retry-After": {"7"}}, body: `{"error":"slow_down"}`, want: 400, says: "slow_down"},
		{name: "not now, but the secret is wrong", status: 401, header: http.Header{"Retry-After": {"7"}}, body: `{"error":"invalid_client"}`, want: 401, says: "invalid_client"},
		{name: "blocked", status: 429, body: `{}`, want: 429, blocks: 1},
		{name: "no token", status: 200, body: `{}`, says: "access_token"},
		{name: "no JSON", status: 200, body: `<html>`, says: "requesting a token"},
		{name: "a redirect", status: 307, header: http.Header{"Location": {"https://evil.example/?x=1"}}, redirect: true, says: "https://evil.example:"},
		{name: "a redirect within", status: 307, header: http.Header{"Location": {"/elsewhere"}}, redirect: true, says: "https://brand.example:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, counts := &tokenPortal{}, &counting{}
			p.token = func(int) *http.Response {
				r := answer(tt.status, tt.body)
				for name := range tt.header {
					r.Header.Set(name, tt.header.Get(name))
				}
				return r
			}
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://brand.example/api/v4/media/", nil)
			resp, err := grantFor(p, counts).RoundTrip(req)
			if refused := (*RedirectError)(nil); errors.As(err, &refused) != tt.redirect {
				t.Errorf("error %v", err)
			}
			said := fmt.Sprint(err)
			if err == nil {
				body, _ := io.ReadAll(resp.Body)
				said = string(body)
				if resp.StatusCode != tt.want {
					t.Errorf("status %d, want %d", resp.StatusCode, tt.want)
				}
			}
			if (err == nil) != (tt.want != 0) || !strings.Contains(said, tt.says) {
				t.Errorf("%q, want %q", said, tt.says)
			}
			if strings.Contains(said, "&+=") {
				t.Errorf("%q shows the secret", said)
			}
			if len(p.calls) != 0 || counts.blocks != tt.blocks || p.issued != 1 {
				t.Errorf("%d calls, %d token calls and %+v", len(p.calls), p.issued, *counts)
			}
		})
	}
}
