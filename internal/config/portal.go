package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"github.com/bynder-cli/bynder/internal/spelling"
)

// maxDomain is the maximum length of a portal's domain or URL, in bytes. A host name has at
// most 253 (RFC 1035, section 2.3.4).
const maxDomain = 300

// ParsePortal parses a portal as people write it: a host such as brand.getbynder.com or a
// custom domain, with or without a port, or its URL. The result is an origin: scheme and
// host, without a trailing slash and without the scheme's default port. Plain http is valid
// for loopback addresses only. Errors do not show text that is not a host name, because it
// may be a secret in the wrong place.
func ParsePortal(domain string) (*url.URL, error) {
	text := spelling.Trim(domain)
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	if len(text) > maxDomain {
		return nil, fmt.Errorf("the portal's domain is longer than %d bytes", maxDomain)
	}
	if unseen := spelling.Unseen(text); unseen != "" {
		return nil, fmt.Errorf("the portal's domain contains %s, which cannot be seen", unseen)
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("the portal's domain is not a host name or URL")
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("the portal's URL must begin with https://")
	case u.User != nil:
		return nil, errors.New("the portal's URL must not contain a user name or password")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(text, "#"):
		return nil, errors.New("the portal's URL must not contain a query or a fragment")
	case u.Path != "" && u.Path != "/":
		return nil, errors.New("the portal's URL must not contain a path")
	case !validHost(u):
		return nil, errors.New("the portal's domain is not a valid host name")
	case u.Scheme == "http" && !IsLoopback(u.Hostname()):
		return nil, fmt.Errorf("credentials must not be sent over plain http: use https://%s", u.Host)
	}
	return &url.URL{Scheme: u.Scheme, Host: originHost(u)}, nil
}

// validHost reports whether the host is an IP literal or a name of letters, digits, dots,
// hyphens and underscores; anything else is a typing error.
func validHost(u *url.URL) bool {
	name := u.Hostname()
	if name == "" || strings.HasSuffix(u.Host, ":") {
		return false
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	ok := func(r rune) bool {
		return r == '.' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 127
	}
	return strings.IndexFunc(name, func(r rune) bool { return !ok(r) }) < 0
}

// originHost returns the host in lower case without the scheme's default port, as signatures
// have it (RFC 5849, section 3.4.1.2).
func originHost(u *url.URL) string {
	name, port := strings.ToLower(u.Hostname()), u.Port()
	if u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		port = ""
	}
	if port != "" {
		return net.JoinHostPort(name, port)
	}
	if strings.Contains(name, ":") {
		return "[" + name + "]"
	}
	return name
}

// IsLoopback reports whether host is this machine: an address in 127.0.0.0/8, ::1 or the
// name localhost.
func IsLoopback(host string) bool {
	if strings.ToLower(host) == "localhost" { // EqualFold would accept other letters as well
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
