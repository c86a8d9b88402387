package transport

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/bynder-cli/bynder/internal/config"
)

const (
	// maxErrorBody is how much of an error's answer is passed on, in bytes.
	maxErrorBody = 64 << 10
	// shortestSecret is the length below which a value is too common a text to look for.
	shortestSecret = 6
)

// echoless takes the credentials out of what the portal says of a failure. Portals
// quote what they were sent (a signature's base string with the consumer key, a
// token that they do not know), and their words end up on screens and in logs.
type echoless struct {
	next   http.RoundTripper
	hidden *strings.Replacer
}

func newEcholess(c config.Credentials, next http.RoundTripper) *echoless {
	var pairs []string
	for _, v := range c.Kind.Values() {
		for _, spelling := range spellings(v.Of(&c).Reveal()) {
			if len(spelling) >= shortestSecret {
				pairs = append(pairs, spelling, "[redacted]")
			}
		}
	}
	return &echoless{next: next, hidden: strings.NewReplacer(pairs...)}
}

// spellings are the forms in which a value may stand in an answer: as it is, escaped
// for a URL once or twice (RFC 5849 section 3.4.1 does), escaped for JSON.
func spellings(value string) []string {
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
	forms := []string{value, url.QueryEscape(value), escape(value), escape(escape(value))}
	for _, html := range []bool{true, false} {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(html)
		if e.Encode(value) == nil {
			forms = append(forms, strings.Trim(strings.TrimSpace(b.String()), `"`))
		}
	}
	return forms
}

func (e *echoless) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := e.next.RoundTrip(req)
	if err != nil || resp.StatusCode < http.StatusBadRequest {
		return resp, err
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // what came of it has to do
	resp.Body.Close()
	shown := e.hidden.Replace(string(body))
	resp.Body = io.NopCloser(strings.NewReader(shown))
	resp.ContentLength = int64(len(shown))
	resp.Header.Del("Content-Length")
	return resp, nil
}
