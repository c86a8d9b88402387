// Package location parses temporary URLs of files: those in answers of the portal, and those
// that storage redirects to. Portals write URLs that do not comply with RFC 3986 (a bare %,
// blanks, backslashes, letters of any alphabet), because browsers accept them. [Parse] and
// [Resolve] parse them as browsers do, by the URL standard (https://url.spec.whatwg.org, "URL
// parsing"), and return a URL of ASCII that net/url does not change. Encoded parts stay as
// they are, byte for byte, because the signature in a presigned URL covers them.
//
// The query of such a URL is the permission to read: no error contains any of it.
package location

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// maxText is the maximum length of a URL's text, in bytes. Presigned URLs have up to 4 KiB.
const maxText = 64 << 10

// Parse parses text as an absolute http or https URL without a user name. scheme is the
// portal's, for text that begins with // and a host.
//
// It differs from the URL standard in what is needed to send the URL: characters that RFC 3986
// does not allow are encoded even if the standard keeps them (such as a bare % and |). The path
// elements . and .. are kept, because a signature covers them and keys may contain them, and a
// number for an IPv4 address is a host name.
func Parse(text, scheme string) (*url.URL, error) {
	text, err := trim(text)
	if err != nil {
		return nil, err
	}
	own, rest, ok := cutScheme(text)
	switch {
	case text == "":
		return nil, errors.New("the location is empty")
	case !ok && slashes(text) < 2:
		return nil, errors.New("the location is not an absolute URL")
	case !ok:
		own, rest = scheme, text
	}
	u, err := absolute(own, rest)
	if err != nil {
		return nil, err
	}
	if err := Check(u, true); err != nil {
		return nil, err
	}
	return u, nil
}

// Resolve parses the Location header of an answer from base, which may be relative to base
// (RFC 9110, section 10.2.2). A user name is kept, so that the caller can refuse it.
func Resolve(base *url.URL, text string) (*url.URL, error) {
	text, err := trim(text)
	if err != nil {
		return nil, err
	}
	scheme, rest, ok := cutScheme(text)
	switch {
	case !ok:
		scheme, rest = base.Scheme, text
	case scheme != base.Scheme:
		return absolute(scheme, rest)
	}
	// "https:path" is relative to an https URL.
	path := base.EscapedPath()
	var query string
	switch {
	case slashes(rest) >= 2:
		return absolute(scheme, rest)
	case slashes(rest) == 1:
		path, query = cutQuery(rest)
	case rest == "" || rest[0] == '#':
		_, query = cutQuery(base.RequestURI())
	case rest[0] == '?':
		_, query = cutQuery(rest)
	default:
		path, query = cutQuery(path[:strings.LastIndexByte(path, '/')+1] + rest)
	}
	return assemble(scheme, base.Host, withoutDots(strings.ReplaceAll(path, `\`, "/")), query)
}

// Check returns an error for a URL that must not be requested: one with another scheme than
// http and https, http unless plain is set, no host, or a user name (which net/http would
// send as Authorization).
func Check(u *url.URL, plain bool) error {
	switch {
	case u == nil:
		return errors.New("the portal gave no location")
	case u.Hostname() == "":
		return errors.New("the location has no host")
	case u.User != nil:
		return errors.New("the location contains a user name")
	case u.Scheme == "http" && !plain:
		return fmt.Errorf("the location %s is not encrypted (http)", Redacted(u))
	case u.Scheme != "https" && u.Scheme != "http":
		return otherScheme(u.Scheme)
	}
	return nil
}

// otherScheme returns the error for a scheme that is not http or https.
func otherScheme(scheme string) error {
	return fmt.Errorf("the location is not an http(s) URL: it begins with %.20q", scheme+":")
}

// trim removes what the URL standard removes before parsing: control characters and blanks
// around the URL, tabs and line breaks anywhere.
func trim(text string) (string, error) {
	if len(text) > maxText {
		return "", fmt.Errorf("the location is longer than %d KiB", maxText>>10)
	}
	text = strings.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	return withoutBreaks.Replace(text), nil
}

// withoutBreaks removes tabs and line breaks. It is made once: that takes longer than its use.
var withoutBreaks = strings.NewReplacer("\t", "", "\n", "", "\r", "")

// cutScheme splits text after the colon of its scheme. The scheme is in lower case.
func cutScheme(text string) (scheme, rest string, ok bool) {
	for i := range len(text) {
		c := text[i]
		switch {
		case 'a' <= c|0x20 && c|0x20 <= 'z':
		case i > 0 && c == ':':
			return strings.ToLower(text[:i]), text[i+1:], true
		case i > 0 && ('0' <= c && c <= '9' || strings.IndexByte("+-.", c) >= 0):
		default:
			return "", text, false
		}
	}
	return "", text, false
}

// slashes returns the number of slashes of either kind at the beginning of s.
func slashes(s string) int { return len(s) - len(strings.TrimLeft(s, `/\`)) }

// absolute parses a URL from its scheme and the text after the colon.
func absolute(scheme, rest string) (*url.URL, error) {
	if scheme != "https" && scheme != "http" {
		return nil, otherScheme(scheme)
	}
	rest = strings.TrimLeft(rest, `/\`)
	end := strings.IndexAny(rest, `/\?#`)
	if end < 0 {
		end = len(rest)
	}
	authority, rest := rest[:end], rest[end:]
	at := strings.LastIndexByte(authority, '@')
	host, err := parseHost(authority[at+1:], scheme)
	if err != nil {
		return nil, err
	}
	path, query := cutQuery(rest)
	u, err := assemble(scheme, host, path, query)
	if err == nil && at >= 0 {
		u.User = url.User(authority[:at])
	}
	return u, err
}

// hostBytes are the bytes of a host name. Underscores occur in the names of buckets.
const hostBytes = "abcdefghijklmnopqrstuvwxyz0123456789-._"

// names converts host names to ASCII ("domain to ASCII" in the URL standard).
var names = idna.New(
	idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.BidiRule(),
	idna.CheckHyphens(false), idna.CheckJoiners(true), idna.VerifyDNSLength(false),
)

// parseHost checks a host with its port, and returns it without the default port of the
// scheme.
func parseHost(text, scheme string) (string, error) {
	host, port := text, ""
	if i := strings.LastIndexByte(text, ':'); i >= 0 && !strings.Contains(text[i:], "]") {
		host, port = text[:i], text[i+1:]
	}
	if host == "" {
		return "", errors.New("the location has no host")
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		address, err := netip.ParseAddr(strings.TrimSuffix(inner, "]"))
		if err != nil || !address.Is6() || address.Zone() != "" || !strings.HasSuffix(inner, "]") {
			return "", errors.New("the location has an invalid IPv6 address for a host")
		}
		host = "[" + address.String() + "]"
	} else {
		decoded, err := url.PathUnescape(host)
		if err == nil {
			host, err = names.ToASCII(decoded)
		}
		if err != nil || !utf8.ValidString(decoded) || host == "" || strings.Trim(host, hostBytes) != "" {
			return "", errors.New("the location has an invalid host name")
		}
	}
	if port == "" {
		return host, nil
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return "", errors.New("the location has an invalid port")
	}
	if scheme == "https" && number == 443 || scheme == "http" && number == 80 {
		return host, nil
	}
	return host + ":" + strconv.FormatUint(number, 10), nil
}

// cutQuery splits the text after a host into path and query, and drops the fragment. The
// query includes its question mark.
func cutQuery(rest string) (path, query string) {
	rest, _, _ = strings.Cut(rest, "#")
	if i := strings.IndexByte(rest, '?'); i >= 0 {
		return rest[:i], rest[i:]
	}
	return rest, ""
}

// assemble returns the URL of the parts. It encodes path and query.
func assemble(scheme, host, path, query string) (*url.URL, error) {
	path = "/" + strings.TrimPrefix(strings.ReplaceAll(path, `\`, "/"), "/")
	u, err := url.Parse(scheme + "://" + host + encode(path, pathBytes) + encode(query, queryBytes))
	if err != nil { // its text contains the URL
		return nil, errors.New("the location is not a valid URL")
	}
	return u, nil
}

// withoutDots resolves the path elements . and .., encoded or not.
func withoutDots(path string) string {
	var kept []string
	for elements := strings.Split(strings.TrimPrefix(path, "/"), "/"); len(elements) > 0; elements = elements[1:] {
		dots := strings.ReplaceAll(strings.ToLower(elements[0]), "%2e", ".")
		if dots != "." && dots != ".." {
			kept = append(kept, elements[0])
			continue
		}
		if dots == ".." {
			kept = kept[:max(len(kept)-1, 0)]
		}
		if len(elements) == 1 {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}

const (
	unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
	// pathBytes are the bytes of a path (RFC 3986, section 3.3), and brackets, which net/url
	// sends unencoded, as browsers do.
	pathBytes = unreserved + "!$&'()*+,;=:@/[]"
	// queryBytes are the bytes of a query (section 3.4), and brackets.
	queryBytes = pathBytes + "?"
)

// encode percent-encodes the bytes of s that are not allowed, including a % that does not
// begin a triplet.
func encode(s, allowed string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if strings.IndexByte(allowed, c) >= 0 || c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", c)
	}
	return b.String()
}

// isHex reports whether c is a hexadecimal digit.
func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}
