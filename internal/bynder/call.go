package bynder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/spelling"
)

// apiPrefix begins the paths of the documented API.
const apiPrefix = "/api/v4/"

// Call is a GET call of the API that a user has written.
type Call struct {
	Path   string   // escaped
	Query  []string // key=value, not escaped, in their order
	Origin *url.URL // of the portal, if the user has written a whole URL, else nil
}

// ParseCall parses a call as people write it: a path below /api/v4/, a path from the root, or a URL. It refuses a path that
// could lead elsewhere, and blanks at the beginning or end of the call or of an element of its path. A slash is added at
// the end of a path below /api/v4/: without it the portal redirects.
func ParseCall(text string) (Call, error) {
	var c Call
	path, query, hasQuery := strings.Cut(text, "?")
	switch scheme, _, isURL := strings.Cut(path, "://"); {
	case strings.TrimSpace(text) != text:
		return Call{}, errors.New("it begins or ends with a blank")
	case strings.Contains(text, "#"):
		return Call{}, errors.New("it has a fragment (#)")
	case isURL && !strings.EqualFold(scheme, "https") && !strings.EqualFold(scheme, "http"):
		return Call{}, fmt.Errorf("%.40q is not https", scheme+"://")
	case isURL:
		u, err := url.Parse(path)
		if err != nil || u.Host == "" {
			return Call{}, errors.New("it is not a valid URL")
		}
		if u.User != nil {
			return Call{}, errors.New("it has a user name")
		}
		c.Origin, path = &url.URL{Scheme: strings.ToLower(u.Scheme), Host: u.Host}, u.EscapedPath()
	case strings.HasPrefix(path, "api/"):
		path = "/" + path
	case !strings.HasPrefix(path, "/"):
		path = apiPrefix + path
	}
	if strings.HasPrefix(path, apiPrefix) && !strings.HasSuffix(path, "/") {
		path += "/"
	}
	var err error
	if c.Path, err = cleanPath(path); err != nil {
		return Call{}, err
	}
	for pair := range strings.SplitSeq(query, "&") {
		if !hasQuery || pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(key)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil {
			return Call{}, fmt.Errorf("invalid escape in the query: %.80q", pair)
		}
		c.Query = append(c.Query, key+"="+value)
	}
	return c, nil
}

// cleanPath checks an absolute path element by element, and escapes each.
func cleanPath(path string) (string, error) {
	elements := strings.Split(path, "/")[1:]
	for i, element := range elements {
		decoded, err := url.PathUnescape(element)
		switch {
		case err != nil:
			return "", fmt.Errorf("invalid escape in the path: %.80q", element)
		case decoded == "." || decoded == "..":
			return "", fmt.Errorf("the path contains %q", decoded)
		case decoded == "" && i < len(elements)-1:
			return "", errors.New("the path contains //")
		case strings.ContainsAny(decoded, "{}"):
			return "", fmt.Errorf("the path contains %.80q: write an id in its place", decoded)
		case strings.ContainsAny(decoded, `/\`):
			return "", fmt.Errorf("the path contains an encoded slash or a backslash: %.80q", decoded)
		case strings.TrimSpace(decoded) != decoded:
			return "", fmt.Errorf("an element of the path begins or ends with a blank: %.80q", decoded)
		case spelling.Unseen(decoded) != "" || !utf8.ValidString(decoded):
			return "", fmt.Errorf("the path contains characters that cannot be seen: %.80q", decoded)
		}
		elements[i] = url.PathEscape(decoded)
	}
	return "/" + strings.Join(elements, "/"), nil
}

// Parameters returns the query of pairs key=value. A key may come once: a signature covers only the first of repeated keys.
func Parameters(pairs []string) (url.Values, error) {
	query := url.Values{}
	for _, pair := range pairs {
		key, value, ok := strings.Cut(pair, "=")
		switch {
		case !ok || key == "":
			return nil, fmt.Errorf("%.80q is not KEY=VALUE", pair)
		case strings.HasPrefix(strings.ToLower(key), "oauth_"):
			return nil, fmt.Errorf("%.80q is a part of the signature", key)
		case query.Has(key):
			return nil, fmt.Errorf("the key %.80q comes twice: join its values with commas", key)
		}
		query.Set(key, value)
	}
	return query, nil
}

// Answer is what the portal has answered to a call.
type Answer struct {
	Body io.ReadCloser
	// Refused is an *APIError with the status, or the one that the body of an answer of status 200 names; nil if the
	// call succeeded.
	Refused error
}

// Get makes a call and returns its answer of any status. The error is that there is none.
func (c *Client) Get(ctx context.Context, path string, query url.Values) (Answer, error) {
	resp, err := c.send(ctx, path, query) //nolint:bodyclose // Answer.Body is closed by the caller
	if err != nil {
		return Answer{}, err
	}
	start, whole := peek(resp)
	answer := Answer{Body: resp.Body}
	if resp.StatusCode < http.StatusOK || resp.StatusCode >= http.StatusMultipleChoices {
		answer.Refused = c.newAPIError(resp, path, start)
	} else if _, status, refused := parseRefusal(start); whole && refused && status > 0 {
		failed := c.newAPIError(resp, path, start)
		failed.Status = status
		answer.Refused = failed
	}
	return answer, nil
}

// Pages lists the elements of all pages of a call that answers a list, as they were sent. Elements of one page may be alike.
// One that a later page repeats is listed once: pages overlap if the portal's data changes while they are requested.
func (c *Client) Pages(path string, query url.Values, limit int) *Listing[json.RawMessage] {
	return &Listing[json.RawMessage]{
		client: c, path: path, query: query, limit: limit, most: -1, counted: -1, onePage: true, repeats: true,
		asksTotal: map[string]string{apiPrefix + "media/": "total", apiPrefix + "collections/": "count"}[path],
		parse: func(raw json.RawMessage) (json.RawMessage, error) {
			if err := validate(raw); err != nil {
				return nil, malformed("an element of the list", err)
			}
			return raw, nil
		},
		id: func(raw json.RawMessage) string {
			if f, err := readFields(raw); err == nil && f.text("id") != "" {
				return f.text("id")
			}
			return string(raw)
		},
	}
}
