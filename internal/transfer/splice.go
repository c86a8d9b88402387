package transfer

import (
	"io"
	"net"
	"syscall"
)

// A file of which nothing is to be looked at on its way (no digest is asked for, and
// the connection is not encrypted) need not come into this program at all: the kernel
// moves its bytes from the socket to a pipe without copying them, and copies them
// from there to the file.

// PipeWriter is a destination of Copy that takes bytes out of a Pipe. WriteFrom empties the
// pipe, and returns how many bytes are written, as Write does.
type PipeWriter interface {
	io.Writer
	WriteFrom(p *Pipe) (int, error)
}

// diverter is a connection that calls take where it would have read into the buffer
// into, until Divert is called with nil.
type diverter interface {
	net.Conn
	Divert(into []byte, take func(conn syscall.RawConn, limit int) (int, error))
}

// readPast reads as read does, but leaves bytes in the pipe, which is empty, where that can
// be: the first ones of the n, and almost always all of them. A body in chunks may
// have others behind those, which net/http had read already.
func (a *answer) readPast(p []byte, pipe *Pipe) (n int, err error) {
	conn, ok := a.conn.(diverter)
	if !ok || !pipe.usable() {
		return a.read(p)
	}
	conn.Divert(p, pipe.fill)
	defer conn.Divert(nil, nil)
	return a.readOnce(p)
}
