package location

import (
	"errors"
	"net"
	"net/url"
	"os"
	"regexp"
	"strings"
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
// without queries in the rest: net/http quotes a redirect that it cannot parse. Of a connection that
// failed, it has the reason, without the names of Go's operations and this machine's address. The
// result wraps what err wraps.
func WithoutURL(err error) error {
	for {
		wrapped, ok := errors.AsType[*url.Error](err)
		if !ok {
			break
		}
		err = wrapped.Err
	}
	text := err.Error()
	if op, ok := errors.AsType[*net.OpError](err); ok {
		text = strings.Replace(text, op.Error(), reason(op), 1)
	}
	if text = WithoutQueries(text); text != err.Error() {
		return &redacted{text: text, err: err}
	}
	return err
}

// reason returns why a connection failed or could not be made. Errors of a name server or a proxy say themselves what
// they are about.
func reason(op *net.OpError) string {
	why := op.Err
	if inner, ok := why.(*net.OpError); ok { //nolint:errorlint // net wraps the write of a body so
		return reason(inner)
	}
	if call, ok := errors.AsType[*os.SyscallError](why); ok {
		why = call.Err
	}
	_, isLookup := errors.AsType[*net.DNSError](op)
	switch {
	case why == nil || isLookup:
	case op.Op == "read", op.Op == "write":
		return why.Error()
	case op.Op == "dial" && op.Addr != nil:
		return "cannot connect to " + op.Addr.String() + ": " + why.Error()
	}
	return op.Error()
}

// redacted is an error whose text has no queries.
type redacted struct {
	text string
	err  error
}

func (r *redacted) Error() string { return r.text }
func (r *redacted) Unwrap() error { return r.err }
