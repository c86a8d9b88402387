package transfer

import (
	"io"
	"net"
	"syscall"
)

// Bytes that nobody looks at on their way, because no digest is asked for and there is no
// TLS, need not come into this program at all: the kernel moves them from the socket to a pipe
// without copying them, and copies them from there to the file. That is for portals
// on this machine, such as a cache or a tunnel, for which alone locations without TLS are allowed.

// PipeWriter is a destination of Copy that takes bytes out of a Pipe. WriteFrom empties the
// pipe, and returns how many bytes are written, as Write does.
type PipeWriter interface {
	io.Writer
	WriteFrom(p *Pipe) (int, error)
}

// diverter is a connection that calls take where it would have read into the buffer
// into, until Divert is called with nil. It reads after all where take returns
// errors.ErrUnsupported.
type diverter interface {
	net.Conn
	Divert(into []byte, take func(conn syscall.RawConn, limit int) (int, error))
}

// usePipe has bytes pass by memory where that can be, until the function that it returns is
// called.
func (s *Stream) usePipe() (end func()) {
	s.piping = true
	return func() {
		s.pipe.close()
		s.piping, s.pipe = false, nil
	}
}

// readAnswer reads once: into p or, where they are new bytes and that can be, into the pipe,
// which is empty. The n bytes are all here or all there.
func (s *Stream) readAnswer(a *answer, p []byte, repeated bool) (n int, err error) {
	if !s.piping || repeated || a.plain == nil {
		return a.read(p)
	}
	if s.pipe == nil {
		s.pipe = newPipe()
	}
	if !s.pipe.usable() {
		s.piping = false
		return a.read(p)
	}
	a.plain.Divert(p, s.pipe.fill)
	defer a.plain.Divert(nil, nil)
	return a.readOnce(p)
}
