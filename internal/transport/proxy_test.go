package transport

import (
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bynder-cli/bynder/internal/retry"
)

func TestProxyThatRefuses(t *testing.T) {
	for status, again := range map[int]bool{
		http.StatusServiceUnavailable: true, http.StatusBadGateway: true, http.StatusProxyAuthRequired: false, http.StatusForbidden: false, 299: false,
	} {
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			if req.Method != http.MethodConnect {
				t.Errorf("the proxy is asked to %s", req.Method)
			}
			w.WriteHeader(status)
		}))
		at, err := url.Parse(proxy.URL)
		if err != nil {
			t.Fatal(err)
		}
		base := Options{}.base()
		base.Proxy = http.ProxyURL(at)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://portal.invalid/", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := base.RoundTrip(req)
		if err == nil {
			resp.Body.Close()
		}
		var refused *proxyError
		if !errors.As(err, &refused) || retry.Temporary(err) != again {
			t.Errorf("%d: %v, worth another try: %t, want %t", status, err, retry.Temporary(err), again)
		} else if hint := refused.Hint(); hint == "" || strings.Contains(hint, "USER:PASSWORD") != (status == http.StatusProxyAuthRequired) {
			t.Errorf("%d: the hint is %q", status, hint)
		}
		base.CloseIdleConnections()
		proxy.Close()
	}
}

// Through a proxy net/http makes the TLS connection itself; headers are repaired inside it all the same.
func TestHeadersAreRepairedThroughAProxy(t *testing.T) {
	host := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Note", "a\x01b")
		_, _ = io.WriteString(w, "ok")
	}))
	host.StartTLS()
	defer host.Close()
	var tunnels atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		tunnels.Add(1)
		tunnel(t, w, req)
	}))
	defer proxy.Close()
	at, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(host.Certificate())
	base := Options{Roots: roots}.base()
	base.Proxy = http.ProxyURL(at)
	defer base.CloseIdleConnections()
	client := http.Client{Transport: &repairing{newTransports(base)}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, host.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	if string(body) != "ok" || err != nil || resp.Header.Get("X-Note") != "a\tb" || tunnels.Load() != 2 {
		t.Errorf("%q, %v, header %q through %d tunnels", body, err, resp.Header.Get("X-Note"), tunnels.Load())
	}
}

// tunnel does what a proxy does for CONNECT, until either side closes.
func tunnel(t *testing.T, w http.ResponseWriter, req *http.Request) {
	there, err := net.Dial("tcp", req.Host)
	if err != nil {
		t.Error(err)
		return
	}
	defer there.Close()
	w.WriteHeader(http.StatusOK)
	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer here.Close()
	back := make(chan struct{})
	go func() {
		defer close(back)
		_, _ = io.Copy(here, there)
		here.Close()
	}()
	_, _ = io.Copy(there, buffered)
	there.Close()
	<-back
}
