package transport_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/transport"
)

// A portal that quotes the credentials in what it says of a failure, as some do with the
// base string of a signature, does not bring them to the screen.
func TestPortalEchoesNoCredentials(t *testing.T) {
	const value = "canary&+= é\"<>"
	for _, status := range []int{400, 401, 403, 500} {
		for _, kind := range config.Kinds() {
			portal := record(t, false, func(w http.ResponseWriter, req *http.Request) {
				escaped := strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
				quoted, _ := json.Marshal(value)
				w.WriteHeader(status)
				_, _ = io.WriteString(w, strings.Join([]string{"before", value, url.QueryEscape(value), escaped, url.QueryEscape(escaped), string(quoted), "after"}, " | "))
			})
			c := portalConfig(t, portal.URL, kind)
			for i, v := range kind.Values() {
				secret := value
				if i == 0 && len(kind.Values()) > 1 {
					secret = "canary" // a prefix of the other secrets
				}
				v.Set(&c.Credentials, config.NewSecret(secret))
			}
			client := transport.Portal(c, transport.Options{})
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, portal.URL, nil)
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			client.CloseIdleConnections()
			text := string(body)
			const want = `before | [redacted] | [redacted] | [redacted] | [redacted] | "[redacted]" | after`
			if err != nil || text != want {
				t.Errorf("%s, %d: %v\n got %q\nwant %q", kind, status, err, text, want)
			}
			if resp.ContentLength != int64(len(body)) {
				t.Errorf("%s, %d: length %d of %d bytes", kind, status, resp.ContentLength, len(body))
			}
		}
	}
}
