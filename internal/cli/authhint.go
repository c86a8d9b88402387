package cli

import (
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// statusError is an error of auth status, which always has a hint.
type statusError struct {
	err  error
	hint string
}

func (e *statusError) Error() string { return e.err.Error() }
func (e *statusError) Unwrap() error { return e.err }

// Hint returns what the user can do about it.
func (e *statusError) Hint() string { return e.hint }

// statusHint returns what to do about an error of auth status: the error's own hint, or else one for its kind. isPortal
// says that the host has answered as a portal before; until then an odd answer is most likely that of a wrong host.
func statusHint(err error, isPortal bool) string {
	const (
		later   = "run the same command again in a few minutes"
		details = "run the same command again with -v, and show the portal's administrator what it prints"
		network = "check this machine's network and its firewall, then run the same command again"
	)
	if own := hintOf(err); own != "" {
		return own
	}
	if api, ok := errors.AsType[*bynder.APIError](err); ok {
		switch {
		case api.Status == http.StatusProxyAuthRequired:
			return "check the user and password of the proxy"
		case api.Status >= 500 || api.Status == http.StatusAccepted:
			return later
		case !isPortal:
			return bynder.HostHint
		}
		return details
	}
	if _, ok := errors.AsType[*bynder.ProtocolError](err); ok {
		if isPortal {
			return details
		}
		return bynder.HostHint
	}
	op, isNetwork := errors.AsType[*net.OpError](err)
	lookup, isLookup := errors.AsType[*net.DNSError](err)
	switch late := net.Error(nil); {
	case isLookup && !lookup.IsNotFound:
		return network
	case isNetwork && op.Op == "dial" && !op.Timeout():
		return bynder.HostHint
	case isNetwork, errors.As(err, &late), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return network
	}
	return details
}
