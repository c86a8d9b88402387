package config

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
)

// LoadRoots returns the system's certificates with those of a PEM file added, nil if
// file is "". Failure is an *Error. The system's come from where Go finds them, SSL_CERT_FILE and
// SSL_CERT_DIR included (package crypto/x509).
func LoadRoots(ctx context.Context, file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	fail := func(err error) (*x509.CertPool, error) {
		return nil, &Error{Err: fmt.Errorf("--ca-cert %s: %w", file, err), Advice: "give a file of certificates in PEM form"}
	}
	text, _, err := readWhole(ctx, file, maxRoots)
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		err = e.Err
	}
	if err != nil {
		return fail(err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return fail(fmt.Errorf("reading the system's certificates: %w", err))
	}
	if !roots.AppendCertsFromPEM([]byte(text)) {
		return fail(errors.New("it contains no certificate"))
	}
	return roots, nil
}
