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

// Temporary tells whether a request that ended in err, without an answer or in the
// middle of one, is worth making again: connections that are refused, reset or cut
// short, time-outs, name servers that do not answer, HTTP/2 connections that the
// server gives up. It is false for what another try cannot mend: a certificate that
// is not trusted, a host that does not exist, a scheme that is not supported, a
// redirect that was refused, a context that was cancelled.
//
// A deadline counts as a time-out: who sets one on the context asks the context first.
func Temporary(err error) bool {
	switch {
	case err == nil, errors.Is(err, context.Canceled), untrusted(err):
		return false
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return true
	}
	if told, ok := errors.AsType[verdict](err); ok {
		return told.WorthRetrying()
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
	return connectionGivenUp(err)
}

// verdict is an error that knows itself whether another try may help.
type verdict interface {
	error
	WorthRetrying() bool
}

// untrusted tells whether err says that the other side is not who it should be, or
// does not speak TLS at all.
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

// connectionBroke tells whether the operating system gave up on a connection.
// The error numbers differ from system to system (a reset is 10054 on Windows), so
// the operation decides: TLS alerts come as "remote error" and "local error", and a
// peer that refuses our parameters will do so again.
func connectionBroke(op *net.OpError) bool {
	switch op.Op {
	case "dial", "read", "write", "proxyconnect", "socks connect":
	default:
		return false
	}
	if _, ok := errors.AsType[*net.AddrError](op); ok {
		return false
	}
	if _, ok := errors.AsType[net.UnknownNetworkError](op); ok {
		return false
	}
	return !errors.Is(op, fs.ErrPermission) // a firewall of this machine
}

// connectionGivenUp recognises by their words the errors of net/http that have no
// exported type: what an HTTP/2 server sends when it restarts or sheds load, and a
// kept connection that was closed just as it was used again.
func connectionGivenUp(err error) bool {
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
