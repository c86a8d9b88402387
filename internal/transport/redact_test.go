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
			resp, body, err := answered(t, c, portal.URL)
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

// answered makes a call and returns the answer, its body as far as it can be read, and the error of reading it.
func answered(t *testing.T, c config.Config, url string) (resp *http.Response, body []byte, err error) {
	t.Helper()
	client := transport.Portal(c, transport.Options{})
	defer client.CloseIdleConnections()
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if resp, err = client.Do(req); err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(resp.Body)
	return resp, body, err
}

// The body of an error without credentials is passed on as it is; of one with credentials, only they change. One that is
// too large, or breaks off, is an error after what has come.
func TestBodyOfAnError(t *testing.T) {
	const secret = "canary-of-errors"
	long := `["` + strings.Repeat("x", 200_000) + `"]`
	for _, tt := range []struct{ body, want, fails string }{
		{`{ "b": 12345678901234567890, "a": [1.0, 1e5], "a": "\u202e" }`, "", ""},
		{long, "", ""},
		{"<html>no JSON</html>", "", ""},
		{`{"a": 12345678901234567890, "message": "no \u0063anary-of-errors"}`, `{"a":12345678901234567890,"message":"no [redacted]"}` + "\n", ""},
		{`{"a": "\u0063anary-of-errors", "a": 1}`, `{"a":1}` + "\n", ""},
		{`{"a": "\u0063anary-of-errors", "b": `, "", ""},
		{"is canary-of-errors {", "is [redacted] {", ""},
		{strings.Repeat("x", 1<<20), "", "larger than 1 MiB"},
	} {
		portal := record(t, false, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, tt.body)
		})
		c := portalConfig(t, portal.URL, config.PermanentToken)
		config.PermanentToken.Values()[0].Set(&c.Credentials, config.NewSecret(secret))
		_, body, err := answered(t, c, portal.URL)
		want := tt.want
		if want == "" && !strings.Contains(tt.body, "anary") {
			want = tt.body
		}
		if string(body) != want || (tt.fails == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), tt.fails) {
			t.Errorf("%.80q: %.80q, %v", tt.body, body, err)
		}
	}
}
