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

// maxRedirects is the number of redirects that a client follows.
const maxRedirects = 5

// Portal returns the client for API calls to c.Portal. Each request, a redirect's
// next hop included, waits for the allowance, is pinned to the portal's scheme, host
// and port and then signed; any other URL fails with a *RedirectError before a byte is
// sent. A call whose connection breaks, or whose answer retry.Answer allows, is tried again
// with a new signature.
func Portal(c config.Config, o Options) *http.Client {
	base := o.base()
	wire := &traced{next: &idleTimeout{&redirects{&noReplay{newTransports(base)}}}, trace: o.Trace}
	signed := authorize(c, o, newRedactErrors(c.Credentials, o, wire))
	pin := &pinned{origin: c.Portal, agent: o.UserAgent, next: signed}
	return &http.Client{
		Transport: &repairing{&retrying{next: &rateLimited{next: pin, allowance: o.Allowance}, limit: o.Retries, notify: o.Retried}},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if !sameOrigin(req.URL, c.Portal) {
				return &RedirectError{to: req.URL.Scheme + "://" + req.URL.Host, reason: "it is not the portal"}
			}
			if len(via) > maxRedirects {
				return &RedirectError{to: req.URL.Scheme + "://" + req.URL.Host, reason: fmt.Sprintf("there were more than %d redirects", maxRedirects)}
			}
			// net/http copies the signature of the first hop; this hop gets its own.
			req.Header.Del("Authorization")
			req.Header.Del("Referer")
			return nil
		},
	}
}

// noReplay prevents net/http from repeating a request by itself, as it does with a GET when a
// connection that was kept open is closed: with the same signature, whose nonce the portal may
// have seen, and without the allowance. A body that cannot be read twice prevents that; because
// it is empty, nothing of it is sent.
type noReplay struct{ next http.RoundTripper }

func (s *noReplay) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body == nil || req.Body == http.NoBody {
		req = req.Clone(req.Context())
		req.Body, req.GetBody = io.NopCloser(strings.NewReader("")), nil
	}
	return s.next.RoundTrip(req)
}

// RedirectError is a redirect that was not followed.
type RedirectError struct {
	to     string // scheme and host only; "" if the location is not a URL
	reason string
}

// RedirectedTo returns the scheme and host of the redirect.
func (e *RedirectError) RedirectedTo() string { return e.to }

func (e *RedirectError) Error() string {
	if e.to == "" {
		return "invalid redirect: " + e.reason
	}
	return fmt.Sprintf("refused a redirect to %s: %s", e.to, e.reason)
}

// authorize returns next with the credentials added to each request.
func authorize(c config.Config, o Options, next http.RoundTripper) http.RoundTripper {
	switch c.Credentials.Kind {
	case config.PermanentToken:
		return &bearer{token: c.Credentials.PermanentToken, next: next}
	case config.ClientCredentials:
		return newClientCredentials(c, o, next)
	default:
		return sign(c.Credentials, next)
	}
}

// sign returns next with each request signed with OAuth 1.0a (RFC 5849).
func sign(c config.Credentials, next http.RoundTripper) http.RoundTripper {
	// The library reads its base transport from a context value only.
	ctx := context.WithValue(context.Background(), oauth1.HTTPClient, &http.Client{Transport: next})
	consumer := oauth1.NewConfig(c.ConsumerKey.Reveal(), c.ConsumerSecret.Reveal())
	return consumer.Client(ctx, oauth1.NewToken(c.Token.Reveal(), c.TokenSecret.Reveal())).Transport
}

// bearer authorizes requests with a permanent token (RFC 6750, section 2.1).
type bearer struct {
	token config.Secret
	next  http.RoundTripper
}

func (b *bearer) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+b.token.Reveal())
	return b.next.RoundTrip(req)
}

// pinned refuses requests to other origins than one. It is above signing, so that
// nothing is signed for another host.
type pinned struct {
	origin *url.URL
	agent  string
	next   http.RoundTripper
}

func (p *pinned) RoundTrip(req *http.Request) (*http.Response, error) {
	if !sameOrigin(req.URL, p.origin) {
		return nil, &RedirectError{to: req.URL.Scheme + "://" + req.URL.Host, reason: "it is not the portal"}
	}
	if req.URL.User != nil {
		return nil, &RedirectError{to: req.URL.Scheme + "://" + req.URL.Host, reason: "its URL has a user name"}
	}
	req = req.Clone(req.Context())
	req.Header.Set("User-Agent", p.agent)
	return p.next.RoundTrip(req)
}

// sameOrigin reports whether scheme, host and port are equal, default ports included.
func sameOrigin(u, origin *url.URL) bool {
	return u.Scheme == origin.Scheme && u.Hostname() == origin.Hostname() && port(u) == port(origin)
}

// port returns the port of a URL, or the default of its scheme.
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

// Exchange is one request and its result, for the output of -v. Secrets in the query of URL are
// removed.
type Exchange struct {
	Method string
	URL    string
	Try    int // of a call to the portal's API, from 1
	Status int // 0 without an answer
	Err    error
	Took   time.Duration // until the answer's headers
	// Date is the portal's clock at the answer, in seconds (RFC 9110, section 6.6.1); zero if it is not told, or is
	// that of an older answer, which a cache has kept.
	Date time.Time
}

// traced calls trace for each exchange, every hop of a redirect being one.
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
		if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil && resp.Header.Get("Age") == "" {
			e.Date = date
		}
	}
	t.trace(e)
	return resp, err
}
