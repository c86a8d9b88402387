package transport

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
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
		} else if hint := refused.Hint(); (hint != "") != (status == http.StatusProxyAuthRequired) {
			t.Errorf("%d: the hint is %q", status, hint)
		}
		base.CloseIdleConnections()
		proxy.Close()
	}
}
