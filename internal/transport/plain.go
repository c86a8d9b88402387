package transport

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
)

// plainConn is a connection whose bytes can go another way than through the memory of
// this program. net/http goes on doing all that is HTTP: it asks the connection to fill
// the buffer that its caller gave, and is told how many bytes came, only that the buffer does
// not hold them.
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

// Divert has take called, instead of the read, for each read into a buffer that begins where
// into does; with a nil take, reads are reads again. take returns what Read would, or
// errors.ErrUnsupported where it takes nothing and the read is to be done after all.
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
	n, err := d.take(raw, len(p))
	if errors.Is(err, errors.ErrUnsupported) {
		return c.TCPConn.Read(p)
	}
	return n, err
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
