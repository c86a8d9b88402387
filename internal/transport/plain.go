package transport

import (
	"context"
	"net"
	"sync/atomic"
	"syscall"
)

// plainConn is a connection whose bytes can go another way than through the memory of
// this program. What net/http does of HTTP, it goes on doing: it asks the
// connection to fill the buffer that its caller gave, and is told how many bytes came. Only
// that the buffer does not hold them.
//
// Over TLS nothing of the kind is possible, and nothing is done: crypto/tls reads into
// buffers of its own.
type plainConn struct {
	*net.TCPConn
	diversion atomic.Pointer[diversion]
}

type diversion struct {
	into *byte // the first of the buffer
	take func(conn syscall.RawConn, limit int) (int, error)
}

// Divert has take called for each read into exactly the buffer into, instead of the
// read; with a nil take, reads are reads again. take returns what Read would.
func (c *plainConn) Divert(into []byte, take func(conn syscall.RawConn, limit int) (int, error)) {
	if take == nil || len(into) == 0 {
		c.diversion.Store(nil)
		return
	}
	c.diversion.Store(&diversion{&into[0], take})
}

func (c *plainConn) Read(p []byte) (int, error) {
	d := c.diversion.Load()
	if d == nil || len(p) == 0 || &p[0] != d.into {
		return c.TCPConn.Read(p)
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return 0, err
	}
	return d.take(raw, len(p))
}

// dialPlain makes the connections that dial opens plainConns, where they can be.
func dialPlain(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if tcp, ok := c.(*net.TCPConn); ok {
			return &plainConn{TCPConn: tcp}, nil
		}
		return c, err
	}
}
