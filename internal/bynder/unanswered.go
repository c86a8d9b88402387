package bynder

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
)

// unansweredError is a call that the portal has not answered.
type unansweredError struct {
	origin *url.URL // of the portal
	of     string   // what was asked for
	err    error
}

func (e *unansweredError) Error() string {
	dial, ok := errors.AsType[*net.OpError](e.err)
	lookup, isLookup := errors.AsType[*net.DNSError](e.err)
	switch {
	case !ok || dial.Op != "dial" || isLookup && lookup.Name != e.origin.Hostname(): // a proxy that cannot be reached is not the portal
		return "asking the portal for " + e.of + ": " + e.err.Error()
	case isLookup && lookup.IsNotFound:
		return fmt.Sprintf("cannot find the portal %q: no such host", e.origin.Host)
	}
	why := dial.Err
	if call, ok := errors.AsType[*os.SyscallError](e.err); ok {
		why = call.Err
	}
	return fmt.Sprintf("cannot connect to the portal %q: %v", e.origin.Host, why)
}

func (e *unansweredError) Unwrap() error { return e.err }

// Hint returns what the user can do about the error, "" if nothing is known.
func (e *unansweredError) Hint() string {
	const (
		host  = "check the host of the portal, in --domain, BYNDER_DOMAIN or the profile"
		proxy = "check the proxy in HTTPS_PROXY; for a portal that is reached without one, add its host to NO_PROXY"
	)
	if known := (interface{ Hint() string })(nil); errors.As(e.err, &known) && known.Hint() != "" {
		return known.Hint()
	}
	if op, ok := errors.AsType[*net.OpError](e.err); ok && op.Op == "proxyconnect" { // net/http's name for it
		return proxy
	}
	if dns, ok := errors.AsType[*net.DNSError](e.err); ok && dns.IsNotFound {
		return host
	}
	if _, ok := errors.AsType[x509.HostnameError](e.err); ok {
		return host
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](e.err); ok {
		return "if this is the certificate of your organization, add it with --ca-cert FILE"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](e.err); ok && invalid.Reason == x509.Expired {
		return "check this machine's clock; if it is right, the portal's certificate has expired"
	}
	return ""
}
