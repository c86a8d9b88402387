package location

import (
	"errors"
	"net/url"
	"regexp"
)

// Redacted returns u for display: without its query, which is the permission to read,
// without a fragment and without user information. It is "" for nil.
func Redacted(u *url.URL) string {
	if u == nil {
		return ""
	}
	shown := url.URL{Scheme: u.Scheme, Opaque: u.Opaque, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return shown.String()
}

// query matches what may be the query of a URL in running text, and the rest of one that a
// blank or a quote interrupts.
var query = regexp.MustCompile(`[?&][^\s"'<>]*=[^\s"'<>]*`)

// WithoutQueries returns running text, such as a server's message, without the queries of URLs in it.
func WithoutQueries(text string) string { return query.ReplaceAllString(text, "") }

// WithoutURL returns an error of net/http without the URL that *url.Error puts before it, query
// and all, and without queries in what remains: a redirect that cannot be parsed is
// quoted in full. What err wraps can still be found in it.
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

// redacted is an error whose text shows no query.
type redacted struct {
	text string
	err  error
}

func (r *redacted) Error() string { return r.text }
func (r *redacted) Unwrap() error { return r.err }
