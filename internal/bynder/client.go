// Package bynder is a client of the portal's API: it turns HTTP and JSON into typed
// values. It is strict in what it sends and lenient in what it accepts, because portals
// differ from their documentation in many small ways.
//
// The facts about the API come from the portal's own documentation (API version 4)
// and from real payloads.
package bynder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/bynder-cli/bynder/internal/location"
)

const (
	// maxBody is how much of a successful answer is read, 8 MiB, so that an answer of
	// gigabytes does not fill the memory.
	maxBody = 8 << 20
	// maxErrorBody is how much of an error's answer is read, 64 KiB.
	maxErrorBody = 64 << 10
)

// Client makes calls to one portal. It is safe for concurrent use.
type Client struct {
	// Signs is set if requests are signed with the time (OAuth 1.0a), so that a wrong clock may be why one is refused.
	Signs bool

	origin *url.URL
	http   *http.Client
}

// New returns a Client for the portal at origin. c adds the credentials, keeps to the
// allowance and retries.
func New(origin *url.URL, c *http.Client) *Client {
	return &Client{origin: origin, http: c}
}

// get requests path, whose elements are escaped already, and decodes a successful
// answer into v.
func (c *Client) get(ctx context.Context, path string, query url.Values, v any) error {
	raw, err := c.getRaw(ctx, path, query)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return &ProtocolError{Path: path, Err: err}
	}
	return nil
}

// getRaw requests path and returns the JSON of a successful answer, of at most maxBody bytes
// and maxDepth levels.
func (c *Client) getRaw(ctx context.Context, path string, query url.Values) (json.RawMessage, error) {
	resp, err := c.open(ctx, path, query)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := readCapped(resp.Body, maxBody)
	if err != nil {
		return nil, fmt.Errorf("reading the portal's answer for %s: %w", subject(path), err)
	}
	if err := validate(body); err != nil {
		return nil, &ProtocolError{Path: path, Err: notJSON(resp, body, err)}
	}
	return body, nil
}

// open sends the request and returns the answer if its status is 200 and its body does not
// say that the call failed; the caller closes it. Every other status is an *APIError, and so is
// the status that such a body names; if it names none, the error is a *ProtocolError with its message.
func (c *Client) open(ctx context.Context, path string, query url.Values) (*http.Response, error) {
	resp, err := c.send(ctx, path, query)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		return nil, c.newAPIError(resp, path, body)
	}
	if err := c.refusedIn(resp, path); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// send sends the request and returns the answer of any status; the caller closes it.
func (c *Client) send(ctx context.Context, path string, query url.Values) (*http.Response, error) {
	target := *c.origin
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return nil, fmt.Errorf("path %q: %w", path, err)
	}
	target.Path, target.RawPath, target.RawQuery = decoded, path, encodeQuery(query)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("asking the portal for %s: %w", subject(path), err)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(req)
	elsewhere, malformed := (interface{ RedirectedTo() string })(nil), (interface{ MalformedAnswer() })(nil)
	if errors.As(err, &elsewhere) || errors.As(err, &malformed) {
		return nil, &ProtocolError{Path: path, Err: location.WithoutURL(err)}
	}
	if err != nil {
		return nil, &unansweredError{origin: c.origin, of: subject(path), err: location.WithoutURL(err)}
	}
	return resp, nil
}

// refusedIn returns the failure that the body of an answer of status 200 describes, or nil. The
// body can be read from its beginning afterwards.
func (c *Client) refusedIn(resp *http.Response, path string) error {
	start, whole := peek(resp)
	if !whole {
		return nil
	}
	words, status, refused := parseRefusal(start)
	switch {
	case !refused:
		return nil
	case status == 0:
		return &ProtocolError{Path: path, Err: errors.New("it says: " + shorten(words))}
	}
	failed := c.newAPIError(resp, path, start)
	failed.Status = status
	return failed
}

// peek returns the first maxErrorBody bytes of an answer's body, which can be read from its beginning afterwards. whole
// reports whether they are all of it.
func peek(resp *http.Response) (start []byte, whole bool) {
	start, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	rest := io.Reader(resp.Body)
	if err != nil {
		rest = brokenReader{err}
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), rest), resp.Body}
	return start, err == nil && len(start) < maxErrorBody
}

// brokenReader returns the error with which a body broke off.
type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

// readCapped reads all of r, and fails if that is more than limit bytes.
func readCapped(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, &ProtocolError{Err: fmt.Errorf("the answer is larger than %d MiB", limit>>20)}
	}
	return body, nil
}

// notJSON returns the error of a body that cannot be decoded because of err.
func notJSON(resp *http.Response, body []byte, err error) error {
	switch kind := describe(resp); {
	case len(bytes.TrimSpace(body)) == 0:
		return errors.New("it is empty")
	case json.Valid(body):
		return err
	case kind != "JSON":
		return fmt.Errorf("it is %s, not JSON", kind)
	}
	return errors.New("it is not valid JSON")
}

// describe returns the kind of body that an answer has, for an error.
func describe(resp *http.Response) string {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case err != nil || kind == "":
		return "data of unknown type"
	case kind == "text/html":
		return "an HTML page"
	case kind == "application/json":
		return "JSON"
	default:
		return kind
	}
}

// encodeQuery writes spaces as %20, as the portal's documentation does, and does not escape
// commas, so that more ids fit into a URL. Both sides of a signature decode the query before
// they sign it.
func encodeQuery(query url.Values) string {
	// Encode writes a plus itself as %2B, and a comma as %2C.
	return strings.NewReplacer("+", "%20", "%2C", ",").Replace(query.Encode())
}
