package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// Options are what both clients share.
type Options struct {
	// UserAgent names the program and its version.
	UserAgent string
	// Connections is how many connections to a host are kept open for reuse.
	Connections int
	// PlainHTTP lets storage be reached without TLS: where the portal itself is on
	// this machine.
	PlainHTTP bool
	// Roots are the certificates to trust; nil for the system's.
	Roots *x509.CertPool
	// Allowance, where set, is asked before each call of the portal's API.
	Allowance Allowance
	// Retries is how often an API call is tried again; Retried, where set, is told.
	Retries int
	Retried func(err error, wait time.Duration)
	// Refusal, where set, reports whether a body of status 200 says that the call failed, and
	// with which status; 0 if it names none.
	Refusal func(body []byte) (status int, refused bool)
	// Trace, where set, is told of each exchange; it is called from many goroutines.
	Trace func(Exchange)
}

// base is a fresh transport: the two clients share no connection and no setting
// that one of them changes. Both speak HTTP/1.1: on the portal's side an empty body cannot be
// told from none there (see sentOnce), on storage's one large stream is cheaper than over HTTP/2.
func (o Options) base() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ForceAttemptHTTP2 = false
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.MaxIdleConnsPerHost = max(o.Connections, 2)
	t.TLSClientConfig = &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12}
	t.ResponseHeaderTimeout = 60 * time.Second
	t.MaxResponseHeaderBytes = maxHeader
	t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
		if resp.StatusCode == http.StatusOK {
			return nil
		}
		return &proxyError{resp.StatusCode, retry.Answer(resp.StatusCode, resp.Header)}
	}
	return t
}

// proxyError is the refusal of a proxy to connect (RFC 9110 section 9.3.6). net/http would give its words
// for the portal's.
type proxyError struct {
	status int
	again  bool // another try may help
}

func (e *proxyError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the proxy answered %d %s", e.status, http.StatusText(e.status)))
}

// WorthRetrying reports whether another try may help (retry.Temporary).
func (e *proxyError) WorthRetrying() bool { return e.again }

// Hint says what to do where the proxy does not know who asks.
func (e *proxyError) Hint() string {
	if e.status != http.StatusProxyAuthRequired {
		return ""
	}
	return "give user and password as in HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT, with % in them as %25 and @ as %40"
}

// Storage returns the client for temporary locations. It sends no Authorization, no
// Cookie and no Referer, whatever a URL or a redirect says: S3 refuses a second way
// of authorising ("Only one auth mechanism allowed"), and the hosts there are not
// the portal. It follows at most five redirects, never from https to http. Bytes
// come as they are stored, not decompressed.
func Storage(o Options) *http.Client {
	base := o.base()
	base.DisableCompression = true
	base.DialContext = dialArrival(base.DialContext)
	base.MaxIdleConns = 0 // no limit but the one per host
	base.ResponseHeaderTimeout = 30 * time.Second
	return &http.Client{
		Transport: &repairing{&bare{agent: o.UserAgent, plain: o.PlainHTTP, next: &traced{next: &redirects{newWires(base)}, trace: o.Trace}}},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			to := req.URL.Scheme + "://" + req.URL.Host
			switch {
			case len(via) > maxRedirects:
				return &RedirectError{to: to, reason: "once too often"}
			case via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https":
				return &RedirectError{to: to, reason: "from https to something less"}
			}
			return nil
		},
	}
}

// bare strips from a request whatever could identify the user.
type bare struct {
	agent string
	plain bool
	next  http.RoundTripper
}

func (b *bare) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && (req.URL.Scheme != "http" || !b.plain) {
		return nil, &RedirectError{to: req.URL.Scheme + "://" + req.URL.Host, reason: "which is not https"}
	}
	req = req.Clone(req.Context())
	req.Header.Del("Authorization")
	req.Header.Del("Cookie")
	req.Header.Del("Referer")
	req.Header.Set("User-Agent", b.agent)
	return b.next.RoundTrip(req)
}

// withoutSecrets is u for display. The query of a temporary URL is the permission to
// read, so only queries that are known to be harmless are shown.
func withoutSecrets(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	kept := url.Values{}
	for key, values := range u.Query() {
		if harmless[key] {
			kept[key] = values
		}
	}
	shown.RawQuery = kept.Encode()
	return shown.String()
}

// harmless are the query keys of the portal's API that say what is asked for and
// hold no secret.
var harmless = map[string]bool{
	"type": true, "hash": true, "versions": true, "limit": true, "page": true, "total": true, "count": true, "orderBy": true,
}
