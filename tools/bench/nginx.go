package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"text/template"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// nginx serves a folder on two ports of loopback.
type nginx struct {
	plain, tls string // addresses
	cmd        *exec.Cmd
	ended      chan struct{}
}

// nginxConfig is what storage would be set to: files go out by sendfile, connections are
// kept. Access logs cost time and say nothing here.
var nginxConfig = template.Must(template.New("nginx.conf").Parse(`
{{if .User}}user {{.User}};{{end}}
worker_processes {{.Workers}};
daemon off;
pid {{.Dir}}/nginx.pid;
error_log {{.Dir}}/nginx.log warn;
events { worker_connections 2048; }
http {
	access_log off;
	default_type application/octet-stream;
	sendfile on;
	tcp_nopush on;
	keepalive_requests 1000000;
	client_body_temp_path {{.Dir}}/nginx-body;
	proxy_temp_path {{.Dir}}/nginx-proxy;
	fastcgi_temp_path {{.Dir}}/nginx-fastcgi;
	uwsgi_temp_path {{.Dir}}/nginx-uwsgi;
	scgi_temp_path {{.Dir}}/nginx-scgi;
	server {
		listen {{.Plain}};
		listen {{.TLS}} ssl;
		ssl_certificate {{.Dir}}/cert.pem;
		ssl_certificate_key {{.Dir}}/key.pem;
		ssl_protocols TLSv1.2 TLSv1.3;
		root {{.Root}};
	}
}
`))

// startNginx serves root; what it needs beside that is in dir.
func startNginx(ctx context.Context, program, dir, root string) (*nginx, error) {
	if err := writeCertificate(dir); err != nil {
		return nil, err
	}
	// A port that is free now may be taken in a moment.
	var err error
	for range 3 {
		var n *nginx
		if n, err = tryNginx(ctx, program, dir, root); err == nil || ctx.Err() != nil {
			return n, err
		}
	}
	return nil, err
}

func tryNginx(ctx context.Context, program, dir, root string) (*nginx, error) {
	n := &nginx{ended: make(chan struct{})}
	for _, addr := range []*string{&n.plain, &n.tls} {
		l, err := listen(ctx)
		if err != nil {
			return nil, err
		}
		*addr = l.Addr().String()
		defer l.Close() // not before both are chosen
	}
	user := ""
	if os.Geteuid() == 0 { // else its workers would be somebody who may not read root
		user = "root"
	}
	var conf bytes.Buffer
	err := nginxConfig.Execute(&conf, map[string]any{
		"User": user, "Workers": runtime.NumCPU(), "Dir": dir, "Root": root, "Plain": n.plain, "TLS": n.tls,
	})
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, conf.Bytes(), 0o600); err != nil {
		return nil, err
	}
	return n, n.start(ctx, program, dir, file)
}

// start starts nginx and returns when it answers, or has ended.
func (n *nginx) start(ctx context.Context, program, dir, file string) error {
	// It is ended by close, after those who use it, and not with ctx.
	n.cmd = exec.CommandContext(context.WithoutCancel(ctx), program, "-p", dir, "-e", filepath.Join(dir, "nginx.log"), "-c", file)
	endTogether(n.cmd) // Ctrl-C is for us alone
	var said bytes.Buffer
	n.cmd.Stdout, n.cmd.Stderr = &said, &said
	if err := n.cmd.Start(); err != nil {
		return fmt.Errorf("starting nginx: %w", err)
	}
	go func() {
		_ = n.cmd.Wait()
		close(n.ended)
	}()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		select {
		case <-n.ended:
			return fmt.Errorf("nginx ended at once: %s%s", said.Bytes(), tail(filepath.Join(dir, "nginx.log")))
		default:
		}
		if answers(ctx, n.plain) && answers(ctx, n.tls) {
			return nil
		}
		if err := retry.Sleep(ctx, 20*time.Millisecond); err != nil {
			n.close()
			return fmt.Errorf("nginx does not answer: %w", err)
		}
	}
}

func answers(ctx context.Context, addr string) bool {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}

// close ends nginx and its workers.
func (n *nginx) close() {
	_ = n.cmd.Process.Signal(os.Interrupt) // nginx: a fast shutdown
	select {
	case <-n.ended:
	case <-time.After(5 * time.Second):
		_ = n.cmd.Cancel()
		<-n.ended
	}
}

// writeCertificate writes cert.pem and key.pem, which are good for loopback and a day.
func writeCertificate(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	c := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bench"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:        true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	cert, err := x509.CreateCertificate(rand.Reader, &c, &c, key.Public(), key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "cert.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600),
		os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600),
	)
}
