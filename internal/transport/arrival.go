package transport

import (
	"context"
	"net"
)

// arrivalConn is a connection that also reports how many bytes have arrived on it, so that
// its reader can collect several TLS records for one write without waiting (see Waiting).
type arrivalConn struct{ *net.TCPConn }

// dialArrival returns dial with its TCP connections wrapped in arrivalConns.
func dialArrival(dial func(ctx context.Context, network, address string) (net.Conn, error)) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if tcp, ok := c.(*net.TCPConn); ok {
			return &arrivalConn{tcp}, nil
		}
		return c, err
	}
}
