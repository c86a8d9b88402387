package location

import (
	"errors"
	"net/url"
	"regexp"
)

// Redacted returns u for display: without its query, which is the permission to read, its
// fragment and its user information. It returns "" for nil.
func Redacted(u *url.URL) string {
	if u == nil {
		return ""
	}
	shown := url.URL{Scheme: u.Scheme, Opaque: u.Opaque, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return shown.String()
}

// query matches the query of a URL within text, and the rest of one after a blank or a
// quote.
var query = regexp.MustCompile(`[?&][^\s"'<>]*=[^\s"'<>]*`)

// WithoutQueries returns text, such as a server's message, without the queries of URLs in it.
func WithoutQueries(text string) string { return query.ReplaceAllString(text, "") }

// WithoutURL returns an error of net/http without the URL that *url.Error puts before it, and
// without queries in the rest: net/http quotes a redirect that it cannot parse. The result wraps
// what err wraps.
func WithoutURL(err error) error {
	for {
		wrapped, ok := errors.AsType[*url.Error](err)
		if !ok {
			break
		}
		err = wrapped.Err
	}
	if text := WithoutQueries(err.Error()); text != err.Error() {
		return &redacted{text: text, err: err}
	}
	return err
}

// redacted is an error whose text has no queries.
type redacted struct {
	text string
	err  error
}

func (r *redacted) Error() string { return r.text }
func (r *redacted) Unwrap() error { return r.err }
