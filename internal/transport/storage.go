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

// Options are the options of both clients.
type Options struct {
	// UserAgent is the name of the program and its version.
	UserAgent string
	// Connections is the number of idle connections to a host that are kept open. Storage opens no more at all; 0 = no limit.
	Connections int
	// PlainHTTP permits storage without TLS, for a portal on this machine.
	PlainHTTP bool
	// Roots are the trusted certificates; nil for the system's.
	Roots *x509.CertPool
	// Allowance, if not nil, limits the calls of the portal's API.
	Allowance Allowance
	// Retries is the number of retries of an API call; Retried, if not nil, is called before each.
	Retries int
	Retried func(err error, wait time.Duration)
	// Refusal, if not nil, reports whether a body of status 200 says that the call failed, and
	// with which status, 0 for none.
	Refusal func(body []byte) (status int, refused bool)
	// Trace, if not nil, is called for each exchange, from many goroutines.
	Trace func(Exchange)
}

// base returns a new transport: the clients share neither connections nor settings. Both
// use HTTP/1.1: for the portal, because there an empty body is sent like none (see noReplay);
// for storage, because one large stream is cheaper than with HTTP/2.
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

// Proxy returns the proxy through which both clients reach a URL, nil for none: the environment decides
// (http.ProxyFromEnvironment), and is read once in a process.
func Proxy(to *url.URL) (*url.URL, error) {
	return http.ProxyFromEnvironment(&http.Request{URL: to})
}

// proxyError is the refusal of a proxy to connect (RFC 9110, section 9.3.6). net/http would return its status
// text as if it were the portal's.
type proxyError struct {
	status int
	again  bool // another try may help
}

func (e *proxyError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the proxy answered %d %s", e.status, http.StatusText(e.status)))
}

// WorthRetrying reports whether another try may help (retry.Temporary).
func (e *proxyError) WorthRetrying() bool { return e.again }

// Hint returns what to do: about credentials for the proxy, if it requires them, and otherwise to ask those who run it.
func (e *proxyError) Hint() string {
	if e.status != http.StatusProxyAuthRequired {
		return "ask the proxy's administrator why it does not connect to this host"
	}
	return "set HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT with %25 for % and %40 for @"
}

// Storage returns the client for temporary locations. It sends no Authorization, Cookie or
// Referer, whatever a URL or a redirect says: S3 refuses a second authorization ("Only one
// auth mechanism allowed"), and its hosts are not the portal. It follows at most five
// redirects, never from https to http. It does not decompress bodies.
func Storage(o Options) *http.Client {
	base := o.base()
	base.DisableCompression = true
	base.DialContext = dialArrival(base.DialContext)
	base.MaxIdleConns = 0 // only the limits per host apply
	base.MaxConnsPerHost = o.Connections
	base.ResponseHeaderTimeout = 30 * time.Second
	return &http.Client{
		Transport: &repairing{&anonymous{agent: o.UserAgent, plain: o.PlainHTTP, next: &traced{next: &redirects{newTransports(base)}, trace: o.Trace}}},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			to := req.URL.Scheme + "://" + req.URL.Host
			switch {
			case len(via) > maxRedirects:
				return &RedirectError{to: to, reason: "too many redirects"}
			case via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https":
				return &RedirectError{to: to, reason: "it leads from https to " + req.URL.Scheme}
			}
			return nil
		},
	}
}

// anonymous removes everything that identifies the user from requests.
type anonymous struct {
	agent string
	plain bool
	next  http.RoundTripper
}

func (b *anonymous) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && (req.URL.Scheme != "http" || !b.plain) {
		return nil, &RedirectError{to: req.URL.Scheme + "://" + req.URL.Host, reason: "it is not https"}
	}
	req = req.Clone(req.Context())
	req.Header.Del("Authorization")
	req.Header.Del("Cookie")
	req.Header.Del("Referer")
	req.Header.Set("User-Agent", b.agent)
	return b.next.RoundTrip(req)
}

// withoutSecrets returns u for display. The query of a temporary URL is the permission to
// read, so only parameters that are known to be harmless are shown.
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

// harmless are the query parameters of the portal's API that contain no secret.
var harmless = map[string]bool{
	"type": true, "hash": true, "versions": true, "includeVersionNumber": true, "limit": true, "page": true, "total": true, "count": true, "orderBy": true,
}
