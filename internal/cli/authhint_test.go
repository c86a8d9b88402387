package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

func TestEachProblemOfAuthStatusHasAHint(t *testing.T) {
	connection := func(op string, err error) error { return &net.OpError{Op: op, Net: "tcp", Err: err} }
	status := func(n int) error { return &bynder.APIError{Status: n, Path: "/api/v4/currentUser/"} }
	odd := &bynder.ProtocolError{Path: "/api/v4/currentUser/", Err: errors.New("it is not JSON")}
	const host, network, later, details = "check the host", "check this machine's network", "in a few minutes", "with -v"
	for _, tt := range []struct {
		err         error
		first, then string // before and after the host has answered as a portal
	}{
		{connection("dial", syscall.ECONNREFUSED), host, host},
		{connection("dial", &net.DNSError{IsTemporary: true}), network, network},
		{connection("read", syscall.ECONNRESET), network, network},
		{context.DeadlineExceeded, network, network},
		{io.ErrUnexpectedEOF, network, network},
		{io.EOF, network, network},
		{status(http.StatusInternalServerError), later, later},
		{status(http.StatusServiceUnavailable), later, later},
		{status(530), later, later},
		{status(http.StatusAccepted), later, later},
		{status(http.StatusProxyAuthRequired), "password of the proxy", "password of the proxy"},
		{status(http.StatusBadRequest), host, details},
		{status(http.StatusNotFound), host, details},
		{status(http.StatusNoContent), host, details},
		{status(http.StatusGone), host, details},
		{status(http.StatusUnavailableForLegalReasons), host, details},
		{status(http.StatusUnauthorized), "check the credentials", "check the credentials"},
		{odd, host, details},
		{errors.New("anything else"), details, details},
	} {
		wrapped := fmt.Errorf("cannot find out: %w", tt.err)
		for isPortal, want := range map[bool]string{false: tt.first, true: tt.then} {
			if hint := statusHint(wrapped, isPortal); !strings.Contains(hint, want) {
				t.Errorf("%v, a portal %t: hint %q, want one with %q", tt.err, isPortal, hint, want)
			}
		}
	}
}
