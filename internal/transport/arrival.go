package transport

import (
	"context"
	"net"
)

// arrivalBuffer is how many bytes are read at once from a connection to storage. crypto/tls reads one record of 16 KiB
// at a time: to let it read from memory takes less CPU time than a system call for each, and for how much has arrived.
// 128 connections then take 8 MiB; larger buffers gain next to nothing.
const arrivalBuffer = 64 << 10

// arrivalConn is a connection that reads ahead what has arrived, and reports how much that is, so that its reader can
// collect several TLS records for one write without waiting (see Waiting). Only net.Conn's methods are promoted: those
// of *net.TCPConn would read past the buffer.
type arrivalConn struct {
	net.Conn
	buf   []byte // nil before the first read
	ahead []byte // the part of buf that was not read yet
}

// dialArrival returns dial with its connections wrapped in arrivalConns.
func dialArrival(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &arrivalConn{Conn: c}, nil
	}
}

// Read returns bytes that have been read ahead or, if there are none, reads from the connection: into p, if that is at
// least as large as the buffer.
func (c *arrivalConn) Read(p []byte) (int, error) {
	if len(c.ahead) == 0 {
		if len(p) >= arrivalBuffer {
			return c.Conn.Read(p)
		}
		if c.buf == nil {
			c.buf = make([]byte, arrivalBuffer)
		}
		n, err := c.Conn.Read(c.buf)
		if n == 0 {
			return 0, err // one that comes with bytes comes again
		}
		c.ahead = c.buf[:n]
	}
	n := copy(p, c.ahead)
	c.ahead = c.ahead[n:]
	return n, nil
}

// Waiting returns how many bytes have been read ahead.
func (c *arrivalConn) Waiting() int { return len(c.ahead) }
