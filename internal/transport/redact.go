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
	// maxErrorBody is how much of an error's body is read for its meaning, in bytes.
	maxErrorBody = 64 << 10
	// maxRedacted is the maximum size of an error's body, in bytes. Reading more of it fails.
	maxRedacted = 1 << 20
	// shortestSecret is the minimum length of a value to search for, in bytes: shorter ones
	// are common text.
	shortestSecret = 6
)

// redactErrors removes the credentials from the bodies of failed calls. Portals quote what
// they receive (a signature's base string with the consumer key, an unknown token), and
// their messages are shown on screens and in logs. A body without credentials stays as it is.
//
// An answer of status 200 whose body says that the call failed is a failure as well: it gets
// the status that the body has, so that allowance and retries handle it like any other.
type redactErrors struct {
	next    http.RoundTripper
	hidden  []string // encodings of credentials
	refusal func(body []byte) (status int, refused bool)
}

func newRedactErrors(c config.Credentials, o Options, next http.RoundTripper) *redactErrors {
	var hidden []string
	for _, v := range c.Kind.Values() {
		for _, text := range encodings(v.Of(&c).Reveal()) {
			if len(text) >= shortestSecret {
				hidden = append(hidden, text)
			}
		}
	}
	return &redactErrors{next: next, hidden: hidden, refusal: o.Refusal}
}

// encodings returns the encodings of a value that an answer may contain: none, percent-encoding
// once or twice (as in RFC 5849, section 3.4.1), JSON escapes.
func encodings(value string) []string {
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

func (e *redactErrors) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := e.next.RoundTrip(req)
	if err != nil || resp.StatusCode == http.StatusOK && !e.refused(resp) {
		return resp, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxRedacted))
	if err == nil && len(body) == maxRedacted {
		err = fmt.Errorf("it is larger than %d MiB", maxRedacted>>20)
	}
	resp.Body.Close()
	hidden := slices.Clone(e.hidden)
	if token, ok := strings.CutPrefix(req.Header.Get("Authorization"), "Bearer "); ok {
		hidden = append(hidden, encodings(token)...)
	}
	shown := redacted(body, hidden)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(shown)), int64(len(shown))
	if err != nil {
		resp.Body, resp.ContentLength = io.NopCloser(io.MultiReader(bytes.NewReader(shown), brokenReader{err})), -1
	}
	resp.Header.Del("Content-Length")
	return resp, nil
}

// redacted returns the body of an error without the secrets in hidden. JSON with strings that have any is written anew,
// because escapes may hide them; any other body is unchanged but for them.
func redacted(body []byte, hidden []string) []byte {
	text := string(body)
	if hasSecret(body, hidden) {
		text = canonical(body)
	}
	return []byte(redact(text, hidden))
}

// hasSecret reports whether a string of JSON has a secret.
func hasSecret(body []byte, hidden []string) bool {
	d := json.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if err != nil {
			return false
		}
		if text, isText := token.(string); isText && slices.ContainsFunc(hidden, func(s string) bool { return strings.Contains(text, s) }) {
			return true
		}
	}
}

// refused reports whether an answer of status 200 says that the call failed, and then sets its
// status to the one in the body. The body can be read from the beginning afterwards.
func (e *redactErrors) refused(resp *http.Response) bool {
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

// brokenReader returns the error of a body that broke off.
type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

// redact replaces the secrets in hidden. The longest come first, because one secret may be a prefix of another.
func redact(text string, hidden []string) string {
	slices.SortFunc(hidden, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(hidden))
	for _, secret := range hidden {
		pairs = append(pairs, secret, "[redacted]")
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// canonical returns JSON with as few escapes as possible, and "" for what is not JSON.
func canonical(body []byte) string {
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // a float64 would change large ones
	if !json.Valid(body) || d.Decode(&v) != nil {
		return ""
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return ""
	}
	return b.String()
}
