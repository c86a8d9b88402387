package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
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
//
// An answer of status 200 whose body says that the call failed is such a failure, too: it gets
// the status that the body names, so that allowance, retries and everybody above see one kind of
// failure.
type echoless struct {
	next    http.RoundTripper
	hidden  []string // spellings of credentials
	refusal func(body []byte) (status int, refused bool)
}

func newEcholess(c config.Credentials, o Options, next http.RoundTripper) *echoless {
	var hidden []string
	for _, v := range c.Kind.Values() {
		for _, spelling := range spellings(v.Of(&c).Reveal()) {
			if len(spelling) >= shortestSecret {
				hidden = append(hidden, spelling)
			}
		}
	}
	return &echoless{next: next, hidden: hidden, refusal: o.Refusal}
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
	if err != nil || resp.StatusCode == http.StatusOK && !e.refused(resp) {
		return resp, err
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) // what came of it has to do
	resp.Body.Close()
	hidden := slices.Clone(e.hidden)
	if token, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer "); ok {
		hidden = append(hidden, spellings(token)...)
	}
	shown := redact(canonical(body), hidden)
	resp.Body = io.NopCloser(strings.NewReader(shown))
	resp.ContentLength = int64(len(shown))
	resp.Header.Del("Content-Length")
	return resp, nil
}

// refused reports whether an answer of status 200 says that the call failed, and then gives it
// the status that it names. Its body can be read from the beginning afterwards.
func (e *echoless) refused(resp *http.Response) bool {
	if e.refusal == nil {
		return false
	}
	start, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	rest := io.Reader(resp.Body)
	if err != nil {
		rest = brokenReader{err}
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), rest), resp.Body}
	if err != nil || len(start) == maxErrorBody {
		return false
	}
	status, refused := e.refusal(start)
	if refused && status != 0 {
		resp.StatusCode, resp.Status = status, fmt.Sprintf("%d %s", status, http.StatusText(status))
	}
	return refused
}

// brokenReader is what remains of a body that broke off.
type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

// redact hides what is in the list. One secret may begin with another: the longest is hidden as a whole.
func redact(text string, hidden []string) string {
	slices.SortFunc(hidden, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(hidden))
	for _, secret := range hidden {
		pairs = append(pairs, secret, "[redacted]")
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// canonical is JSON with as few escapes as it can have, and any other text as it is.
func canonical(body []byte) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return string(body)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return string(body)
	}
	return b.String()
}
