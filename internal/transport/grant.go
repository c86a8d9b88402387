package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/location"
	"github.com/bynder-cli/bynder/internal/retry"
)

// tokenPath is where a portal issues tokens (the portal's documentation of OAuth 2).
const tokenPath = "/v6/authentication/oauth2/token"

// renewBefore is how long before its end a token is replaced, so that none expires on
// the way; a tenth of its life where that is shorter.
const renewBefore = time.Minute

// grant authorises requests with tokens of OAuth 2 client credentials (RFC 6749 section
// 4.4). A token is kept in memory and serves all requests until shortly before its end,
// or until the portal refuses it; then one request renews it, while the others wait for
// that. Asking for a token counts on the allowance like any other call.
type grant struct {
	next      http.RoundTripper
	allowance Allowance // may be nil
	client    *http.Client
	config    clientcredentials.Config

	mu      sync.Mutex
	current *oauth2.Token // nil before the first and after a refusal
	renewAt time.Time     // when current is to be replaced, zero for never
	renewal *renewal      // nil unless one is under way
}

// renewal is a call for a token. Its fields are set before done is closed.
type renewal struct {
	done      chan struct{}
	token     *oauth2.Token
	err       error
	abandoned bool // the request that made the call was given up, which says nothing
}

func newGrant(c config.Config, o Options, next http.RoundTripper) *grant {
	scopes := c.Credentials.Scopes
	if len(scopes) == 0 {
		scopes = config.DefaultScopes
	}
	return &grant{
		next:      next,
		allowance: o.Allowance,
		client: &http.Client{
			Transport: &unreadyAsError{&pinned{origin: c.Portal, agent: o.UserAgent, next: next}},
			CheckRedirect: func(req *http.Request, _ []*http.Request) error {
				// The body holds the secret, and nobody but the token endpoint is to have it.
				return &RedirectError{to: req.URL.Scheme + "://" + req.URL.Host, reason: "where a token was asked for"}
			},
		},
		config: clientcredentials.Config{
			ClientID: c.Credentials.ClientID.Reveal(), ClientSecret: c.Credentials.ClientSecret.Reveal(),
			TokenURL:  (&url.URL{Scheme: c.Portal.Scheme, Host: c.Portal.Host, Path: tokenPath}).String(),
			Scopes:    scopes,
			AuthStyle: oauth2.AuthStyleInParams, // the portal's documentation; trying both costs calls
		},
	}
}

// RoundTrip sends the request with a token. Where the portal refuses that with 401, the
// token is renewed and the request repeated, once. Where no token can be had, the answer is
// what the token endpoint said, as if it had been said to the request.
func (g *grant) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := g.token(req.Context())
	if err != nil {
		return refusal(req, err)
	}
	resp, err := g.send(req, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	discard(resp)
	g.forget(token)
	if token, err = g.token(req.Context()); err != nil {
		return refusal(req, err)
	}
	if err := g.wait(req.Context()); err != nil {
		return nil, err
	}
	return g.send(req, token)
}

func (g *grant) send(req *http.Request, token *oauth2.Token) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+token.AccessToken)
	return g.next.RoundTrip(req)
}

// wait holds a call back that the allowance above does not know of. What the portal
// answers to it is told up there, with the answer to the request.
func (g *grant) wait(ctx context.Context) error {
	if g.allowance == nil {
		return nil
	}
	return g.allowance.Wait(ctx)
}

// forget drops a token that was refused, unless another request has renewed it already.
func (g *grant) forget(refused *oauth2.Token) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.current == refused {
		g.current = nil
	}
}

// token returns a token that is good for a while. A call for one that others wait for
// ends with the request that makes it; then the next of them makes it again.
func (g *grant) token(ctx context.Context) (*oauth2.Token, error) {
	for {
		g.mu.Lock()
		if g.current != nil && (g.renewAt.IsZero() || time.Now().Before(g.renewAt)) {
			defer g.mu.Unlock()
			return g.current, nil
		}
		r := g.renewal
		if r == nil {
			r = &renewal{done: make(chan struct{})}
			g.renewal = r
			g.mu.Unlock()
			g.renew(ctx, r)
			return r.token, r.err
		}
		g.mu.Unlock()
		select {
		case <-r.done:
			if !r.abandoned {
				return r.token, r.err
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// renew makes the call for a token.
func (g *grant) renew(ctx context.Context, r *renewal) {
	if r.err = g.wait(ctx); r.err == nil {
		r.token, r.err = g.config.Token(context.WithValue(ctx, oauth2.HTTPClient, g.client))
	}
	r.abandoned = ctx.Err() != nil
	g.mu.Lock()
	g.renewal = nil
	if r.err == nil {
		g.current, g.renewAt = r.token, renewalTime(r.token, time.Now())
	}
	g.mu.Unlock()
	close(r.done)
}

// renewalTime is when a token that came now is to be replaced. One without a life time
// lasts until it is refused.
func renewalTime(t *oauth2.Token, now time.Time) time.Time {
	if t.Expiry.IsZero() {
		return time.Time{}
	}
	return t.Expiry.Add(-min(renewBefore, t.Expiry.Sub(now)/10))
}

// unreadyAsError makes an error of an answer of the token endpoint that may turn out differently
// (retry.Answer), so that it is tried again like every other call. The library would take a 202 for a
// token without a value, and a 400 for credentials that are not accepted.
type unreadyAsError struct{ next http.RoundTripper }

func (u *unreadyAsError) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := u.next.RoundTrip(req)
	if err != nil || !retry.Answer(resp.StatusCode, resp.Header) {
		return resp, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if err != nil {
		return nil, err
	}
	return nil, &unready{resp, body}
}

// unready is an answer to a request for a token that another try may change.
type unready struct {
	answer *http.Response
	body   []byte
}

func (u *unready) Error() string { return "the portal answered " + u.answer.Status }

// refusal makes the answer to a request of why there is no token for it.
func refusal(req *http.Request, err error) (*http.Response, error) {
	if u := (*unready)(nil); errors.As(err, &u) {
		return answerTo(req, u.answer.StatusCode, u.answer, u.body), nil
	}
	answer := (*oauth2.RetrieveError)(nil)
	if !errors.As(err, &answer) {
		return nil, fmt.Errorf("asking for a token: %w", location.WithoutURL(err))
	}
	status := answer.Response.StatusCode
	switch {
	case status < http.StatusMultipleChoices, status == http.StatusBadRequest, status == http.StatusForbidden:
		// RFC 6749 section 5.2 has 400 for credentials and scopes that are not accepted.
		status = http.StatusUnauthorized
	}
	return answerTo(req, status, answer.Response, answer.Body), nil
}

// answerTo is an answer of the token endpoint as if it had been given to req.
func answerTo(req *http.Request, status int, given *http.Response, body []byte) *http.Response {
	return &http.Response{
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status,
		Proto: given.Proto, ProtoMajor: given.ProtoMajor, ProtoMinor: given.ProtoMinor,
		Header: given.Header.Clone(), Request: req,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
	}
}

// discard reads a little of a body, so that the connection can be used again.
func discard(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	resp.Body.Close()
}
