package transport

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dghubble/oauth1"

	"github.com/bynder-cli/bynder/internal/config"
)

// maxRedirects bounds how far a client follows redirects before it gives up.
const maxRedirects = 5

// Portal returns the client for API calls to c.Portal. Each request, a redirect's
// next hop included, waits for the allowance, is pinned to the portal's scheme, host
// and port and then signed; anything else fails with a *RedirectError before a byte
// leaves. What broke on the way, and what retry.Answer allows, is tried again with a signature of its own.
func Portal(c config.Config, o Options) *http.Client {
	base := o.base()
	wire := &traced{next: &watched{&redirects{&sentOnce{newWires(base)}}}, trace: o.Trace}
	signed := authorise(c, o, newEcholess(c.Credentials, o, wire))
	pin := &pinned{origin: c.Portal, agent: o.UserAgent, next: signed}
	return &http.Client{
		Transport: &repairing{&retried{next: &allowed{next: pin, allowance: o.Allowance}, limit: o.Retries, notify: o.Retried}},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if !sameOrigin(req.URL, c.Portal) {
				return &RedirectError{to: req.URL.Scheme + "://" + req.URL.Host, reason: "which is not the portal"}
			}
			if len(via) > maxRedirects {
				return &RedirectError{to: req.URL.Scheme + "://" + req.URL.Host, reason: "once too often"}
			}
			// net/http carries the signature of the first hop over; this hop gets its own.
			req.Header.Del("Authorization")
			req.Header.Del("Referer")
			return nil
		},
	}
}

// sentOnce keeps net/http from sending a request again by itself, as it does with a GET when
// a kept connection turns out to be closed: with the same signature, whose nonce the portal
// may have seen, and past the allowance. A body that cannot be had twice prevents that;
// being empty, it leaves no trace on the wire.
type sentOnce struct{ next http.RoundTripper }

func (s *sentOnce) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body == nil || req.Body == http.NoBody {
		req = req.Clone(req.Context())
		req.Body, req.GetBody = io.NopCloser(strings.NewReader("")), nil
	}
	return s.next.RoundTrip(req)
}

// RedirectError is a redirect that was not followed.
type RedirectError struct {
	to     string // scheme and host only; "" for what is no URL
	reason string
}

// RedirectedTo is the scheme and host that were not gone to.
func (e *RedirectError) RedirectedTo() string { return e.to }

func (e *RedirectError) Error() string {
	if e.to == "" {
		return "redirected to a location that cannot be used: " + e.reason
	}
	return fmt.Sprintf("redirected to %s, %s", e.to, e.reason)
}

// authorise returns next with the credentials put on each request.
func authorise(c config.Config, o Options, next http.RoundTripper) http.RoundTripper {
	switch c.Credentials.Kind {
	case config.PermanentToken:
		return &bearer{token: c.Credentials.PermanentToken, next: next}
	case config.ClientCredentials:
		return newGrant(c, o, next)
	default:
		return sign(c.Credentials, next)
	}
}

// sign returns next with each request signed as OAuth 1.0a has it (RFC 5849).
func sign(c config.Credentials, next http.RoundTripper) http.RoundTripper {
	// The library takes its base transport from a context value only.
	ctx := context.WithValue(context.Background(), oauth1.HTTPClient, &http.Client{Transport: next})
	consumer := oauth1.NewConfig(c.ConsumerKey.Reveal(), c.ConsumerSecret.Reveal())
	return consumer.Client(ctx, oauth1.NewToken(c.Token.Reveal(), c.TokenSecret.Reveal())).Transport
}

// bearer authorises requests with a permanent token (RFC 6750 section 2.1).
type bearer struct {
	token config.Secret
	next  http.RoundTripper
}

func (b *bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+b.token.Reveal())
	return b.next.RoundTrip(req)
}

// pinned lets requests to one origin through and no others. It stands above
// signing, so that nothing is signed for anybody else.
type pinned struct {
	origin *url.URL
	agent  string
	next   http.RoundTripper
}

func (p *pinned) RoundTrip(req *http.Request) (*http.Response, error) {
	if !sameOrigin(req.URL, p.origin) {
		return nil, &RedirectError{to: req.URL.Scheme + "://" + req.URL.Host, reason: "which is not the portal"}
	}
	if req.URL.User != nil {
		return nil, &RedirectError{to: req.URL.Scheme + "://" + req.URL.Host, reason: "with a user name in the URL"}
	}
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", p.agent)
	return p.next.RoundTrip(req)
}

// sameOrigin compares scheme, host and port; an origin's own port may be spelled out.
func sameOrigin(u, origin *url.URL) bool {
	return u.Scheme == origin.Scheme && u.Hostname() == origin.Hostname() && port(u) == port(origin)
}

func port(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	default:
		return "80"
	}
}

// Exchange is one request and what came of it, for people who watch with -v. URL has
// no query where that is a secret.
type Exchange struct {
	Method string
	URL    string
	Try    int // of a call to the portal's API, from 1
	Status int // 0 when there was no answer
	Err    error
	Took   time.Duration // until the answer's headers
}

// traced reports each exchange, after redirects were taken apart into hops.
type traced struct {
	next  http.RoundTripper
	trace func(Exchange)
}

func (t *traced) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.trace == nil {
		return t.next.RoundTrip(req)
	}
	start := time.Now()
	resp, err := t.next.RoundTrip(req)
	e := Exchange{Method: req.Method, URL: withoutSecrets(req.URL), Try: try(req.Context()), Err: readable(err), Took: time.Since(start)}
	if resp != nil {
		e.Status = resp.StatusCode
	}
	t.trace(e)
	return resp, err
}
