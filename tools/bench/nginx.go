package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"text/template"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// nginx serves a folder over TLS on a port of loopback.
type nginx struct {
	addr  string
	cmd   *exec.Cmd
	ended chan struct{}
}

// nginxConfig serves files as storage does: HTTP/1.1 over TLS, and connections are kept. Access logs cost time, and
// nothing reads them.
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
		listen {{.Addr}} ssl;
		ssl_certificate {{.Dir}}/cert.pem;
		ssl_certificate_key {{.Dir}}/key.pem;
		ssl_protocols TLSv1.2 TLSv1.3;
		root {{.Root}};
	}
}
`))

// startNginx serves root with the certificate in dir, where its own files are, too.
func startNginx(ctx context.Context, program, dir, root string) (*nginx, error) {
	// Another process may take the port before nginx does.
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
	l, err := listen(ctx)
	if err != nil {
		return nil, err
	}
	n := &nginx{addr: l.Addr().String(), ended: make(chan struct{})}
	l.Close()
	user := ""
	if os.Geteuid() == 0 { // its workers would run as a user who may not read the files
		user = "root"
	}
	var conf bytes.Buffer
	err = nginxConfig.Execute(&conf, map[string]any{
		"User": user, "Workers": runtime.NumCPU(), "Dir": dir, "Root": root, "Addr": n.addr,
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

// start starts nginx and returns when it accepts connections, or has ended.
func (n *nginx) start(ctx context.Context, program, dir, file string) error {
	// close ends it, after the programs that use it, and not ctx.
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
		if answers(ctx, n.addr) {
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
