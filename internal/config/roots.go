package config

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
)

// LoadRoots returns the system's certificates and those of a PEM file, nil if file is "". The
// error is an *Error. Package crypto/x509 finds the system's, and honors SSL_CERT_FILE and
// SSL_CERT_DIR.
func LoadRoots(ctx context.Context, file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, _, err := readWhole(ctx, file, maxRoots)
	var roots *x509.CertPool
	if err == nil {
		if roots, err = x509.SystemCertPool(); err != nil {
			err = fmt.Errorf("reading the system's certificates: %w", err)
		}
	}
	if err == nil && !roots.AppendCertsFromPEM([]byte(text)) {
		err = errors.New("no certificate found")
	}
	return roots, explained(ctx, err, "--ca-cert "+file, "specify a file of certificates in PEM format")
}
