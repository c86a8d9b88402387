package bynder

import (
	"errors"
	"io"
	"net"
	"net/url"
	"os"
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
			"asking the portal for the asset: proxyconnect tcp: dial tcp: " + refused.Error()},
		{"the name of a proxy", dial(&net.DNSError{Name: "proxy.example", Err: "no such host", IsNotFound: true}),
			"asking the portal for the asset: dial tcp: lookup proxy.example: no such host"},
		{"later", io.ErrUnexpectedEOF, "asking the portal for the asset: unexpected EOF"},
	} {
		err := &unansweredError{origin: &url.URL{Scheme: "https", Host: "brand.example"}, of: "the asset", err: tt.err}
		if err.Error() != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %q, want %q", tt.name, err, tt.want)
		}
	}
}
