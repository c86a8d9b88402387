package config

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
)

// LoadRoots returns the system's certificates with those of a PEM file added, nil if
// file is "". Failure is an *Error. The system's come from where Go finds them, SSL_CERT_FILE and
// SSL_CERT_DIR included (package crypto/x509).
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
		err = errors.New("it contains no certificate")
	}
	return roots, explained(ctx, err, "--ca-cert "+file, "give a file of certificates in PEM form")
}
