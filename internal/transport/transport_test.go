package transport_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a server that remembers the headers of what it was sent.
type recorder struct {
	*httptest.Server
	mu   sync.Mutex
	seen []http.Header
}

func record(t *testing.T, tls bool, handle http.HandlerFunc) *recorder {
	t.Helper()
	r := &recorder{}
	handler := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.mu.Lock()
		r.seen = append(r.seen, req.Header.Clone())
		r.mu.Unlock()
		handle(w, req)
	})
	if tls {
		r.Server = httptest.NewTLSServer(handler)
	} else {
		r.Server = httptest.NewServer(handler)
	}
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) headers() []http.Header {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen
}

func ok(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }

func portalConfig(t *testing.T, origin string, kind config.Kind) config.Config {
	t.Helper()
	u, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	return config.Config{Portal: u, Credentials: config.Credentials{
		Kind:        kind,
		ConsumerKey: config.NewSecret("ck"), ConsumerSecret: config.NewSecret("cs"),
		Token: config.NewSecret("t"), TokenSecret: config.NewSecret("ts"),
		PermanentToken: config.NewSecret("pt"),
	}}
}

func get(t *testing.T, c *http.Client, target string) (*http.Response, error) {
	t.Helper()
	defer c.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	return resp, err
}

func TestPortalAuthorisesEachKind(t *testing.T) {
	for kind, prefix := range map[config.Kind]string{config.OAuth1: "OAuth ", config.PermanentToken: "Bearer pt"} {
		t.Run(string(kind), func(t *testing.T) {
			portal := record(t, false, ok)
			client := transport.Portal(portalConfig(t, portal.URL, kind), transport.Options{UserAgent: "agent/1"})
			if _, err := get(t, client, portal.URL+"/api/v4/media/x/"); err != nil {
				t.Fatal(err)
			}
			h := portal.headers()[0]
			if !strings.HasPrefix(h.Get("Authorization"), prefix) || h.Get("User-Agent") != "agent/1" {
				t.Errorf("headers %v; want Authorization %q… and the user agent", h, prefix)
			}
		})
	}
}

// A redirect within the portal is followed and signed afresh; one to another host,
// port or scheme gets no request at all, let alone credentials.
func TestPortalIsPinned(t *testing.T) {
	for _, kind := range []config.Kind{config.OAuth1, config.PermanentToken} {
		t.Run(string(kind), func(t *testing.T) {
			other := record(t, false, ok)
			secure := record(t, true, ok)
			var portal *recorder
			portal = record(t, false, func(w http.ResponseWriter, req *http.Request) {
				u, _ := url.Parse(portal.URL)
				to := map[string]string{
					"/port":     other.URL + "/api/v4/",
					"/host":     strings.Replace(other.URL, "127.0.0.1", "localhost", 1) + "/",
					"/name":     "http://localhost:" + u.Port() + "/here",
					"/scheme":   secure.URL + "/",
					"/sub":      "http://sub." + u.Host + "/",
					"/userinfo": "http://user:pass@" + u.Host + "/here",
					"/within":   "/here",
					"/loop":     "/loop",
				}[req.URL.Path]
				if to != "" {
					http.Redirect(w, req, to, http.StatusFound)
					return
				}
				ok(w, req)
			})
			client := transport.Portal(portalConfig(t, portal.URL, kind), transport.Options{})
			for _, path := range []string{"/port", "/host", "/name", "/scheme", "/sub", "/userinfo", "/loop"} {
				_, err := get(t, client, portal.URL+path)
				var refused *transport.RedirectError
				if !errors.As(err, &refused) {
					t.Errorf("%s: error %v, want a *RedirectError", path, err)
				} else if strings.Contains(refused.Error(), "pass") {
					t.Errorf("%s: the error repeats a password: %v", path, refused)
				}
			}
			if n := len(other.headers()) + len(secure.headers()); n != 0 {
				t.Errorf("%d requests reached other hosts", n)
			}
			before := len(portal.headers())
			resp, err := get(t, client, portal.URL+"/within")
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Fatalf("a redirect within the portal: %v", err)
			}
			hops := portal.headers()[before:]
			if len(hops) != 2 || hops[1].Get("Authorization") == "" {
				t.Fatalf("hops %v, want two with credentials", hops)
			}
			if kind == config.OAuth1 && hops[0].Get("Authorization") == hops[1].Get("Authorization") {
				t.Error("the second hop repeats the signature of the first")
			}
			if hops[1].Get("Referer") != "" {
				t.Error("the second hop has a Referer")
			}
		})
	}
}

func TestStorageSendsNoCredentials(t *testing.T) {
	storage := record(t, false, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/from" {
			http.SetCookie(w, &http.Cookie{Name: "c", Value: "v"})
			http.Redirect(w, req, "/to", http.StatusFound)
			return
		}
		ok(w, req)
	})
	client := transport.Storage(transport.Options{PlainHTTP: true})
	defer client.CloseIdleConnections()
	withUser := strings.Replace(storage.URL, "http://", "http://user:pass@", 1)
	for _, target := range []string{storage.URL + "/to?X-Amz-Signature=secret", storage.URL + "/from?X-Amz-Signature=secret", withUser + "/to"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer stray")
		req.Header.Set("Cookie", "stray=1")
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	if len(storage.headers()) != 4 {
		t.Fatalf("%d requests, want 4", len(storage.headers()))
	}
	for _, h := range storage.headers() {
		for _, name := range []string{"Authorization", "Cookie", "Referer"} {
			if v := h.Get(name); v != "" {
				t.Errorf("storage was sent %s: %s", name, v)
			}
		}
	}
}

func TestStorageRedirects(t *testing.T) {
	plain := record(t, false, ok)
	hops := 0
	secure := record(t, true, func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/down":
			http.Redirect(w, req, plain.URL, http.StatusFound)
		case "/userinfo":
			http.Redirect(w, req, "https://user:pass@"+req.Host+"/here", http.StatusFound)
		case "/loop":
			hops++
			http.Redirect(w, req, "/loop", http.StatusFound)
		default:
			ok(w, req)
		}
	})
	client := transport.Storage(transport.Options{PlainHTTP: true, Roots: roots(secure)})
	var refused *transport.RedirectError
	if _, err := get(t, client, secure.URL+"/down"); !errors.As(err, &refused) || len(plain.headers()) != 0 {
		t.Errorf("https to http: error %v and %d requests, want a *RedirectError and none", err, len(plain.headers()))
	}
	if _, err := get(t, client, secure.URL+"/loop"); !errors.As(err, &refused) || hops != 6 {
		t.Errorf("a loop: error %v after %d requests, want a *RedirectError after 6", err, hops)
	}
	if _, err := get(t, client, secure.URL+"/userinfo"); err != nil {
		t.Errorf("a user in a Location: %v", err)
	}
	for _, h := range secure.headers() {
		if h.Get("Authorization")+h.Get("Referer")+h.Get("Cookie") != "" {
			t.Errorf("a hop has headers %v", h)
		}
	}
}

func TestStorageRefusesPlainHTTP(t *testing.T) {
	plain := record(t, false, ok)
	_, err := get(t, transport.Storage(transport.Options{}), plain.URL)
	var refused *transport.RedirectError
	if !errors.As(err, &refused) || len(plain.headers()) != 0 {
		t.Errorf("error %v and %d requests, want a *RedirectError and none", err, len(plain.headers()))
	}
}

func TestTraceShowsNoSecrets(t *testing.T) {
	server := record(t, false, ok)
	var exchanges []transport.Exchange
	o := transport.Options{PlainHTTP: true, Trace: func(e transport.Exchange) { exchanges = append(exchanges, e) }}
	if _, err := get(t, transport.Storage(o), server.URL+"/file.jpg?X-Amz-Signature=secret&Signature=secret"); err != nil {
		t.Fatal(err)
	}
	portal := transport.Portal(portalConfig(t, server.URL, config.OAuth1), o)
	if _, err := get(t, portal, server.URL+"/api/v4/media/x/?versions=1&token=secret"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/x", nil)
	if _, err := portal.Do(req); err == nil {
		t.Fatal("a cancelled request succeeded")
	}
	if len(exchanges) != 3 {
		t.Fatalf("%d exchanges, want 3: %v", len(exchanges), exchanges)
	}
	if got, want := exchanges[0].URL, server.URL+"/file.jpg"; got != want {
		t.Errorf("storage is shown as %q, want %q", got, want)
	}
	if got, want := exchanges[1].URL, server.URL+"/api/v4/media/x/?versions=1"; got != want || exchanges[1].Status != 200 {
		t.Errorf("the portal is shown as %q (%d), want %q (200)", got, exchanges[1].Status, want)
	}
	if exchanges[2].Err == nil || exchanges[2].Status != 0 {
		t.Errorf("a failed exchange is shown as %+v", exchanges[2])
	}
}

// roots are what trusts the certificate of server.
func roots(server *recorder) *x509.CertPool {
	return server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
}

// A call whose kept connection breaks is made again with a signature of its own: net/http
// does not repeat the old one.
func TestNoSignatureIsSentTwice(t *testing.T) {
	n := 0
	portal := record(t, false, func(w http.ResponseWriter, req *http.Request) {
		if n++; n == 2 {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				conn.Close() // without an answer
			}
			return
		}
		if req.ContentLength != 0 || len(req.TransferEncoding) != 0 || req.Header.Get("Content-Length") != "" {
			t.Errorf("a GET has a body: length %d, %v", req.ContentLength, req.TransferEncoding)
		}
		ok(w, req)
	})
	client := transport.Portal(portalConfig(t, portal.URL, config.OAuth1), transport.Options{Retries: 1})
	defer client.CloseIdleConnections()
	for range 2 {
		resp, err := client.Get(portal.URL + "/api/v4/media/x/")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	seen := map[string]bool{}
	for _, h := range portal.headers() {
		if a := h.Get("Authorization"); seen[a] {
			t.Errorf("a signature was sent twice: %s", a)
		} else {
			seen[a] = true
		}
	}
	if len(seen) != 3 {
		t.Errorf("%d requests, want 3", len(seen))
	}
}
