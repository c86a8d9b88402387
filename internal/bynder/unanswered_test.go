package bynder_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// hintedError is an error of the transport that has a hint of its own.
type hintedError struct{ error }

func (hintedError) Hint() string { return "its own hint" }

// failingTransport fails each request.
type failingTransport struct{ err error }

func (f failingTransport) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

// A call that the portal has not answered comes with what the user can do about it.
func TestHintsOfUnansweredCalls(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	untrusted := func(err error) error { return &tls.CertificateVerificationError{Err: err} }
	for _, tt := range []struct {
		name string
		err  error
		hint string // the beginning
	}{
		{"an unknown host", &net.OpError{Op: "dial", Err: &net.DNSError{Name: "nosuch.example", IsNotFound: true}}, "check the host of the portal"},
		{"a name server that fails", &net.OpError{Op: "dial", Err: &net.DNSError{Name: "brand.example", IsTemporary: true}}, ""},
		{"a proxy that is not there", &net.OpError{Op: "proxyconnect", Net: "tcp", Err: refused}, "check the proxy in HTTPS_PROXY"},
		{"a proxy of an unknown host", &net.OpError{Op: "proxyconnect", Net: "tcp", Err: &net.DNSError{IsNotFound: true}}, "check the proxy in HTTPS_PROXY"},
		{"a proxy that wants a password", hintedError{errors.New("the proxy answered 407")}, "its own hint"},
		{"a certificate of another time", untrusted(x509.CertificateInvalidError{Reason: x509.Expired}), "check this machine's clock"},
		{"a certificate that is not for servers", untrusted(x509.CertificateInvalidError{Reason: x509.IncompatibleUsage}), ""},
		{"a certificate of another host", untrusted(x509.HostnameError{Certificate: &x509.Certificate{}, Host: "brand.example"}), "check the host of the portal"},
		{"a certificate of an organization", untrusted(x509.UnknownAuthorityError{}), "if this is the certificate of your organization, add it with --ca-cert"},
		{"a connection that is refused", refused, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			origin := &url.URL{Scheme: "https", Host: "brand.example"}
			_, err := bynder.New(origin, &http.Client{Transport: failingTransport{tt.err}}).CurrentUser(t.Context())
			if err == nil || !errors.Is(err, tt.err) && !strings.Contains(err.Error(), tt.err.Error()) {
				t.Fatalf("the error is %v", err)
			}
			var hinted interface{ Hint() string }
			if !errors.As(err, &hinted) || !strings.HasPrefix(hinted.Hint(), tt.hint) || tt.hint == "" && hinted.Hint() != "" {
				t.Errorf("the hint is %q, want %q", hinted.Hint(), tt.hint)
			}
		})
	}
}
