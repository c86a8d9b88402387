package transport

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
)

// SetRootsForTest makes a storage client trust roots.
func SetRootsForTest(c *http.Client, roots *x509.CertPool) {
	base := c.Transport.(*bare).next.(*traced).next.(*http.Transport)
	base.TLSClientConfig = &tls.Config{RootCAs: roots}
}
