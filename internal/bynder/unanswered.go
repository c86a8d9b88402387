package bynder

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
)

// HostHint is the hint if something other than the portal may be at its address.
const HostHint = "check the host of the portal, in --domain, BYNDER_DOMAIN or the profile"

// unansweredError is a call that the portal has not answered.
type unansweredError struct {
	origin *url.URL // of the portal
	of     string   // what was asked for
	err    error
}

func (e *unansweredError) Error() string {
	dial, ok := errors.AsType[*net.OpError](e.err)
	lookup, isLookup := errors.AsType[*net.DNSError](e.err)
	proxied := ok && dial.Op == "proxyconnect" || isLookup && lookup.Name != e.origin.Hostname()
	switch {
	case proxied && isLookup:
		return fmt.Sprintf("cannot find the proxy %q: %s", lookup.Name, lookup.Err)
	case proxied:
		if inner, ok := errors.AsType[*net.OpError](dial.Err); ok && inner.Addr != nil {
			return fmt.Sprintf("cannot connect to the proxy %q: %s", inner.Addr, plainCause(e.err))
		}
		return "cannot connect to the proxy: " + plainCause(e.err)
	case !ok && !isLookup || ok && dial.Op != "dial":
		return "asking the portal for " + e.of + ": " + plainCause(e.err)
	case isLookup && lookup.IsNotFound:
		return fmt.Sprintf("cannot find the portal %q: no such host", e.origin.Host)
	case isLookup:
		return fmt.Sprintf("cannot connect to the portal %q: %v", e.origin.Host, lookup)
	}
	return fmt.Sprintf("cannot connect to the portal %q: %s", e.origin.Host, plainCause(e.err))
}

// plainCause returns the reason of a network's error, without the names of Go's calls and the addresses of this machine.
func plainCause(err error) string {
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		return call.Err.Error()
	}
	if errors.Is(err, context.DeadlineExceeded) && err.Error() == context.DeadlineExceeded.Error() {
		return "no answer in time"
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Net != "" { // TLS alerts have none
		if _, nested := errors.AsType[*net.OpError](op.Err); nested {
			return plainCause(op.Err)
		}
		if op.Timeout() {
			return "no answer in time"
		}
		return op.Err.Error()
	}
	return err.Error()
}

func (e *unansweredError) Unwrap() error { return e.err }

// Hint returns what the user can do about the error, "" if nothing is known.
func (e *unansweredError) Hint() string {
	const proxy = "check the proxy in HTTPS_PROXY; for a portal that is reached without one, add its host to NO_PROXY"
	if known := (interface{ Hint() string })(nil); errors.As(e.err, &known) && known.Hint() != "" {
		return known.Hint()
	}
	if op, ok := errors.AsType[*net.OpError](e.err); ok && op.Op == "proxyconnect" { // net/http's name for it
		return proxy
	}
	if dns, ok := errors.AsType[*net.DNSError](e.err); ok && dns.IsNotFound {
		return HostHint
	}
	if _, ok := errors.AsType[x509.HostnameError](e.err); ok {
		return HostHint
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](e.err); ok {
		return "if this is the certificate of your organization, add it with --ca-cert FILE"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](e.err); ok && invalid.Reason == x509.Expired {
		return "check this machine's clock; if it is right, the portal's certificate has expired"
	}
	return ""
}
