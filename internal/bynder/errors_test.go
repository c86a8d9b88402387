package bynder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestSubject(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v4/media/":                      "the list of assets",
		"/api/v4/media/D4AC0B41/":             "the asset",
		"/api/v4/media/D4AC0B41/download/":    "the download URL",
		"/api/v4/media/D4AC0B41/3/download/":  "the download URL",
		"/api/v4/media/D4AC/download/1364B4/": "the download URL",
		"/api/v4/collections/":                "the list of collections",
		"/api/v4/metaproperties/":             "the list of metaproperties",
		"/api/v4/account/derivatives/":        "the list of derivatives",
		"/api/v4/currentUser/":                "the current user",
		"/api/v4/collections/id/media/":       "/api/v4/collections/id/media/",
		"/v6/authentication/oauth2/token":     "/v6/authentication/oauth2/token",
	} {
		if got := subject(path); got != want {
			t.Errorf("subject(%q) = %q, want %q", path, got, want)
		}
	}
}

func TestTextsOfUnansweredCalls(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	refused := os.NewSyscallError("connect", syscall.ECONNREFUSED)
	for _, tt := range []struct {
		name string
		err  error
		want string
	}{
		{"no such host", dial(&net.DNSError{Name: "brand.example", Err: "no such host", IsNotFound: true}),
			`cannot find the portal "brand.example": no such host`},
		{"no answer of DNS", dial(&net.DNSError{Name: "brand.example", Err: "server misbehaving"}),
			`cannot connect to the portal "brand.example": lookup brand.example: server misbehaving`},
		{"refused", dial(refused), `cannot connect to the portal "brand.example": ` + syscall.ECONNREFUSED.Error()},
		{"a proxy", &net.OpError{Op: "proxyconnect", Net: "tcp", Err: dial(refused)},
			"cannot connect to the proxy: " + syscall.ECONNREFUSED.Error()},
		{"a proxy with an address", &net.OpError{Op: "proxyconnect", Net: "tcp", Err: &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}, Err: refused}},
			`cannot connect to the proxy "127.0.0.1:9": ` + syscall.ECONNREFUSED.Error()},
		{"reset", &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)},
			"asking the portal for the asset: " + syscall.ECONNRESET.Error()},
		{"no answer", context.DeadlineExceeded, "asking the portal for the asset: no answer in time"},
		{"no connection in time", dial(os.ErrDeadlineExceeded), `cannot connect to the portal "brand.example": no answer in time`},
		{"a broken pipe, wrapped", fmt.Errorf("writing: %w", &net.OpError{Op: "write", Net: "tcp", Err: os.NewSyscallError("write", syscall.EPIPE)}),
			"asking the portal for the asset: " + syscall.EPIPE.Error()},
		{"the name of a proxy", dial(&net.DNSError{Name: "proxy.example", Err: "no such host", IsNotFound: true}),
			`cannot find the proxy "proxy.example": no such host`},
		{"later", io.ErrUnexpectedEOF, "asking the portal for the asset: unexpected EOF"},
	} {
		err := &unansweredError{origin: &url.URL{Scheme: "https", Host: "brand.example"}, of: "the asset", err: tt.err}
		if err.Error() != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %q, want %q", tt.name, err, tt.want)
		}
	}
}

// A page of a firewall says nothing about roles, nor one of another server about ids.
func TestHintsOfForeignPages(t *testing.T) {
	for _, path := range []string{"/api/v4/currentUser/", "/api/v4/media/", "/api/v4/media/A/", "/api/v4/media/A/download/"} {
		for status, want := range map[int]string{403: "firewall", 404: "check the host of the portal"} {
			hint := (&APIError{Status: status, Path: path, Foreign: true}).Hint()
			if !strings.Contains(hint, want) || strings.Contains(hint, "role") {
				t.Errorf("%d of %s: hint %q, want one with %q", status, path, hint, want)
			}
			if own := (&APIError{Status: status, Path: path}).Hint(); own == hint {
				t.Errorf("%d of %s: the portal's own answer has the hint %q", status, path, own)
			}
		}
	}
}
