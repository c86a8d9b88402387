package retry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"
	"strings"
)

// Temporary reports whether a request that failed with err, without an answer or within
// one, is worth repeating: a connection that was refused, reset or cut short, a timeout, a
// name server that does not answer, an HTTP/2 connection that the server closed. It is false
// for errors that another try does not change: a certificate that is not trusted, a host that
// does not exist, a scheme that is not supported, a redirect that was refused, a context that
// was canceled.
//
// A deadline counts as a timeout: a caller that sets one on the context checks the context
// first.
func Temporary(err error) bool {
	switch {
	case err == nil, errors.Is(err, context.Canceled), untrusted(err):
		return false
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return true
	}
	if own, ok := errors.AsType[classified](err); ok {
		return own.WorthRetrying()
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return dns.IsTemporary || dns.IsTimeout
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return true
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return connectionBroke(op)
	}
	return connectionClosed(err)
}

// classified is an error that reports itself whether another try may help.
type classified interface {
	error
	WorthRetrying() bool
}

// untrusted reports whether err is about a certificate that is not trusted, or a server that
// does not speak TLS.
func untrusted(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return true
	}
	_, ok := errors.AsType[x509.CertificateInvalidError](err)
	return ok
}

// connectionBroke reports whether the operating system ended a connection. The error
// numbers differ between systems (a reset is 10054 on Windows), so the operation decides:
// TLS alerts have the operations "remote error" and "local error", and a peer that refuses
// our parameters will do so again.
func connectionBroke(op *net.OpError) bool {
	switch op.Op {
	case "dial", "read", "write", "readfrom", "proxyconnect", "socks connect": // readfrom is a write of a request's body
	default:
		return false
	}
	if _, ok := errors.AsType[*net.AddrError](op); ok {
		return false
	}
	if _, ok := errors.AsType[net.UnknownNetworkError](op); ok {
		return false
	}
	return !errors.Is(op, fs.ErrPermission) // of a firewall on this machine
}

// connectionClosed reports whether err is one of the errors of net/http that have no exported
// type, by its text: that of an HTTP/2 server that restarts or sheds load, and that of an idle
// connection that was closed just as it was used again.
func connectionClosed(err error) bool {
	text := err.Error()
	for _, words := range [...]string{
		"server sent GOAWAY",
		"stream error: stream ID",
		"client connection lost",
		"client connection force closed",
		"server closed idle connection",
	} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}
