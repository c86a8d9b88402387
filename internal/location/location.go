// Package location reads the URLs where files can be had for a while: those that a portal
// gives in its answers, and those that storage redirects to. Browsers open what is
// written there without regard to RFC 3986 (a bare %, blanks, backslashes, letters of
// any alphabet), so portals write it; [Parse] and [Resolve] understand it as browsers do,
// by the URL standard (https://url.spec.whatwg.org, "URL parsing"), and return what can
// be sent: a URL of ASCII that net/url reads without a change. What is encoded already
// stays byte for byte, because the signature in a presigned URL covers it.
//
// The query of such a URL is the permission to read: no error repeats any of it.
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

// maxText is the longest text that is read, in bytes. Presigned URLs have up to 4 KiB.
const maxText = 64 << 10

// Parse reads text as an absolute http or https URL without a user name. scheme is the
// portal's, for text that begins with // and a host.
//
// It differs from the URL standard where a URL could not be sent otherwise: what RFC 3986
// allows nowhere is encoded even where the standard leaves it (such as a bare % and |). The
// path elements . and .. stay, because a signature covers them and keys may hold them, and
// numbers in place of an IPv4 address are a host name.
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

// Resolve reads the Location header of an answer from base, which may be relative to it
// (RFC 9110, section 10.2.2). A user name in it is kept, so that others can refuse it.
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

// Check refuses a URL from which no file must be fetched: anything but http and https,
// http unless plain allows it, no host, a user name (which net/http would send as
// Authorization).
func Check(u *url.URL, plain bool) error {
	switch {
	case u == nil:
		return errors.New("the portal gave no location")
	case u.Hostname() == "":
		return errors.New("the location has no host")
	case u.User != nil:
		return errors.New("the location holds a user name")
	case u.Scheme == "http" && !plain:
		return fmt.Errorf("the location %s is not encrypted (http)", Redacted(u))
	case u.Scheme != "https" && u.Scheme != "http":
		return otherScheme(u.Scheme)
	}
	return nil
}

func otherScheme(scheme string) error {
	return fmt.Errorf("the location is no http(s) URL but begins with %.20q", scheme+":")
}

// trim removes what the standard removes before it looks at a URL: control characters and
// blanks around it, tabs and line breaks anywhere.
func trim(text string) (string, error) {
	if len(text) > maxText {
		return "", fmt.Errorf("the location is longer than %d KiB", maxText>>10)
	}
	text = strings.TrimFunc(text, func(r rune) bool { return r <= ' ' })
	return strings.NewReplacer("\t", "", "\n", "", "\r", "").Replace(text), nil
}

// cutScheme splits text behind the colon of its scheme, which is returned in lower case.
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

// slashes is the number of slashes of either kind that s begins with.
func slashes(s string) int { return len(s) - len(strings.TrimLeft(s, `/\`)) }

// absolute makes a URL of a scheme and what follows its colon.
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

// hostBytes are what a host name may consist of. Underscores are in the names of buckets.
const hostBytes = "abcdefghijklmnopqrstuvwxyz0123456789-._"

// names writes names of hosts in ASCII ("domain to ASCII" in the URL standard).
var names = idna.New(
	idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.BidiRule(),
	idna.CheckHyphens(false), idna.CheckJoiners(true), idna.VerifyDNSLength(false),
)

// parseHost checks and writes a host with its port, which is left out where it is the
// scheme's own.
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

// cutQuery splits what follows a host into path and query, without a fragment. The query
// begins with its question mark.
func cutQuery(rest string) (path, query string) {
	rest, _, _ = strings.Cut(rest, "#")
	if i := strings.IndexByte(rest, '?'); i >= 0 {
		return rest[:i], rest[i:]
	}
	return rest, ""
}

// assemble makes a URL of parts of which path and query are as somebody wrote them.
func assemble(scheme, host, path, query string) (*url.URL, error) {
	path = "/" + strings.TrimPrefix(strings.ReplaceAll(path, `\`, "/"), "/")
	u, err := url.Parse(scheme + "://" + host + encode(path, pathBytes) + encode(query, queryBytes))
	if err != nil { // its text repeats the URL
		return nil, errors.New("the location is not a valid URL")
	}
	return u, nil
}

// withoutDots resolves the path elements . and .., which may be encoded.
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
	// pathBytes may stand in a path (RFC 3986, section 3.3). Brackets may not, but net/url,
	// as browsers do, sends them as they are.
	pathBytes = unreserved + "!$&'()*+,;=:@/[]"
	// queryBytes may stand in a query (section 3.4), and brackets as in a path.
	queryBytes = pathBytes + "?"
)

// encode percent-encodes the bytes of s that are not allowed. A % that begins no triplet
// is one of them.
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

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}
