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

// tokenPath is the path of the token endpoint (the portal's documentation of OAuth 2).
const tokenPath = "/v6/authentication/oauth2/token"

// renewBefore is how long before its expiry a token is replaced, so that none expires in
// transit; a tenth of its lifetime if that is shorter.
const renewBefore = time.Minute

// clientCredentials authorizes requests with tokens of OAuth 2 client credentials (RFC 6749,
// section 4.4). A token is stored in memory and used for all requests until shortly before its
// expiry, or until the portal refuses it; then one request renews it, and concurrent requests
// wait for that. A call for a token counts against the allowance like any other call.
type clientCredentials struct {
	next      http.RoundTripper
	allowance Allowance // may be nil
	client    *http.Client
	config    clientcredentials.Config

	mu      sync.Mutex
	current *oauth2.Token // nil before the first and after a refusal
	renewAt time.Time     // when to replace current, zero for never
	renewal *renewal      // the one in progress, or nil
}

// renewal is a call for a token. Its fields are set before done is closed.
type renewal struct {
	done     chan struct{}
	token    *oauth2.Token
	err      error
	canceled bool // the request that made the call was canceled, so that err is not the endpoint's
}

func newClientCredentials(c config.Config, o Options, next http.RoundTripper) *clientCredentials {
	scopes := c.Credentials.Scopes
	if len(scopes) == 0 {
		scopes = config.DefaultScopes
	}
	return &clientCredentials{
		next:      next,
		allowance: o.Allowance,
		client: &http.Client{
			Transport: &errorForUnready{&pinned{origin: c.Portal, agent: o.UserAgent, next: next}},
			CheckRedirect: func(req *http.Request, _ []*http.Request) error {
				// The body contains the secret, which is for the token endpoint only.
				return &RedirectError{to: req.URL.Scheme + "://" + req.URL.Host, reason: "a request for a token must not be redirected"}
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

// RoundTrip sends the request with a token. If the portal refuses that with 401, the token is
// renewed and the request repeated, once. If there is no token, the answer is that of the
// token endpoint, as if it had been given to the request.
func (g *clientCredentials) RoundTrip(req *http.Request) (*http.Response, error) {
	token, err := g.token(req.Context())
	if err != nil {
		return tokenFailure(req, err)
	}
	resp, err := g.send(req, token)
	if err != nil || resp.StatusCode != http.StatusUnauthorized {
		return resp, err
	}
	discard(resp)
	g.forget(token)
	if token, err = g.token(req.Context()); err != nil {
		return tokenFailure(req, err)
	}
	if err := g.wait(req.Context()); err != nil {
		return nil, err
	}
	return g.send(req, token)
}

func (g *clientCredentials) send(req *http.Request, token *oauth2.Token) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+token.AccessToken)
	return g.next.RoundTrip(req)
}

// wait waits for the allowance, for a call that rateLimited above does not see. The result of
// the call is recorded there, with the answer to the request.
func (g *clientCredentials) wait(ctx context.Context) error {
	if g.allowance == nil {
		return nil
	}
	return g.allowance.Wait(ctx)
}

// forget discards a token that was refused, unless another request has renewed it already.
func (g *clientCredentials) forget(refused *oauth2.Token) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.current == refused {
		g.current = nil
	}
}

// token returns a token that is valid for a while. A renewal ends with the request that makes
// it; if that was canceled, one of the waiting requests starts another.
func (g *clientCredentials) token(ctx context.Context) (*oauth2.Token, error) {
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
			if !r.canceled {
				return r.token, r.err
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// renew makes the call for a token.
func (g *clientCredentials) renew(ctx context.Context, r *renewal) {
	if r.err = g.wait(ctx); r.err == nil {
		r.token, r.err = g.config.Token(context.WithValue(ctx, oauth2.HTTPClient, g.client))
	}
	r.canceled = ctx.Err() != nil
	g.mu.Lock()
	g.renewal = nil
	if r.err == nil {
		g.current, g.renewAt = r.token, renewalTime(r.token, time.Now())
	}
	g.mu.Unlock()
	close(r.done)
}

// renewalTime returns when to replace a token that was issued now. One without an expiry is
// used until it is refused: zero.
func renewalTime(t *oauth2.Token, now time.Time) time.Time {
	if t.Expiry.IsZero() {
		return time.Time{}
	}
	return t.Expiry.Add(-min(renewBefore, t.Expiry.Sub(now)/10))
}

// errorForUnready returns an error for an answer of the token endpoint that another try may change
// (retry.Answer), so that the call is repeated like any other. The library would read a 202 as a
// token without a value, and a 400 as credentials that are not accepted.
type errorForUnready struct{ next http.RoundTripper }

func (u *errorForUnready) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := u.next.RoundTrip(req)
	if err != nil || !retry.Answer(resp.StatusCode, resp.Header) {
		return resp, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if err != nil {
		return nil, err
	}
	return nil, &unreadyError{resp, body}
}

// unreadyError is an answer to a request for a token that another try may change.
type unreadyError struct {
	answer *http.Response
	body   []byte
}

func (u *unreadyError) Error() string { return "the portal answered " + u.answer.Status }

// tokenFailure returns the answer to a request for which there is no token.
func tokenFailure(req *http.Request, err error) (*http.Response, error) {
	if u := (*unreadyError)(nil); errors.As(err, &u) {
		return answerTo(req, u.answer.StatusCode, u.answer, u.body), nil
	}
	answer := (*oauth2.RetrieveError)(nil)
	if !errors.As(err, &answer) {
		return nil, fmt.Errorf("requesting a token: %w", location.WithoutURL(err))
	}
	status := answer.Response.StatusCode
	switch {
	case status < http.StatusMultipleChoices, status == http.StatusBadRequest, status == http.StatusForbidden:
		// RFC 6749, section 5.2: credentials and scopes that are not accepted are a 400.
		status = http.StatusUnauthorized
	}
	return answerTo(req, status, answer.Response, answer.Body), nil
}

// answerTo returns an answer of the token endpoint as if it had been given to req.
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
