package transport

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"strings"
)

// maxHeader is how large the header of an answer may be, in bytes, those of 1xx answers before it
// included: what curl allows. A field of a few bytes takes some 180 in memory.
const maxHeader = 300 << 10

// net/http refuses an answer as a whole for a control character in any header's value, a header without
// a colon or a name that is none. Browsers and curl do not: they take the rest. So such an answer is
// asked for again over a connection that repairs its header.

// repairing makes a request again whose answer net/http has refused for its header. It stands above
// signing and allowance, which count the second request like any other.
type repairing struct{ next http.RoundTripper }

// repairKey marks, in the context of a request, that the header of its answer is to be repaired.
type repairKey struct{}

func (r *repairing) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.next.RoundTrip(req)
	if _, malformed := errors.AsType[textproto.ProtocolError](err); malformed {
		resp, err = r.next.RoundTrip(req.WithContext(context.WithValue(req.Context(), repairKey{}, true)))
	}
	return readableAnswer(resp, err)
}

// wires sends requests over connections that leave answers as they are, or, for those that are marked
// so, over ones that repair their headers.
type wires struct{ usual, repaired *http.Transport }

// newWires uses usual for the first kind, and for the second a copy of it that keeps no connection open.
func newWires(usual *http.Transport) *wires {
	t := usual.Clone()
	t.DisableKeepAlives = true
	dial := t.DialContext
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		return repaired(dial(ctx, network, address))
	}
	// TLS straight to the host, and TLS through a proxy: there net/http makes the connection, and hands it
	// over once both sides have agreed on HTTP/1.1.
	t.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		raw, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		config := t.TLSClientConfig.Clone()
		config.NextProtos = nil
		if config.ServerName, _, err = net.SplitHostPort(address); err != nil {
			raw.Close()
			return nil, err
		}
		conn := tls.Client(raw, config)
		if err := conn.HandshakeContext(ctx); err != nil {
			raw.Close()
			return nil, err
		}
		return repaired(conn, nil)
	}
	t.TLSClientConfig.NextProtos = []string{"http/1.1"}
	t.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{
		"http/1.1": func(_ string, conn *tls.Conn) http.RoundTripper {
			one := usual.Clone()
			one.DisableKeepAlives, one.Proxy = true, nil
			one.DialTLSContext = func(context.Context, string, string) (net.Conn, error) { return repaired(conn, nil) }
			return one
		},
	}
	return &wires{usual, t}
}

func (w *wires) RoundTrip(req *http.Request) (*http.Response, error) {
	t := w.usual
	if req.Context().Value(repairKey{}) != nil {
		t = w.repaired
	}
	resp, err := t.RoundTrip(req)
	if err != nil {
		return nil, late(err, t)
	}
	return resp, nil
}

// repairedConn repairs the header of the one answer that is read from a connection.
type repairedConn struct {
	net.Conn
	r      *bufio.Reader
	begun  bool
	header []byte // repaired, and not read yet
	err    error  // what ended the connection within the header
}

func repaired(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	return &repairedConn{Conn: conn, r: bufio.NewReaderSize(conn, 64<<10)}, nil
}

func (c *repairedConn) Read(p []byte) (int, error) {
	if !c.begun {
		c.begun = true
		c.header, c.err = repairHeader(c.r)
	}
	switch {
	case len(c.header) > 0:
		n := copy(p, c.header)
		c.header = c.header[n:]
		return n, nil
	case c.err != nil:
		return 0, c.err
	}
	return c.r.Read(p)
}

// repairHeader reads a header, with those of informational answers before it, and returns it repaired.
// What does not begin as HTTP does, such as TLS, is left unread.
func repairHeader(r *bufio.Reader) ([]byte, error) {
	const beginning = "HTTP/"
	if start, _ := r.Peek(len(beginning)); string(start) != beginning {
		return nil, nil
	}
	var header []byte
	for {
		block, informational, err := repairBlock(r)
		header = append(header, block...)
		if err != nil || !informational || len(header) > maxHeader {
			return header, err
		}
	}
}

// repairBlock reads and repairs one header. informational tells that another one follows (RFC 9110,
// section 15.2).
func repairBlock(r *bufio.Reader) (block []byte, informational bool, err error) {
	dropped := true
	for first := true; len(block) <= maxHeader; first = false {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return append(block, line...), false, nil // the rest is left as it is
		}
		if err != nil {
			return append(block, line...), false, err
		}
		text := bytes.TrimRight(line, "\r\n")
		if first {
			_, status, _ := bytes.Cut(text, []byte(" "))
			informational = bytes.HasPrefix(status, []byte("1")) && !bytes.HasPrefix(status, []byte("101"))
		}
		if first || len(text) == 0 {
			block = append(block, line...)
			if len(text) == 0 {
				return block, informational, nil
			}
			continue
		}
		folded := text[0] == ' ' || text[0] == '\t' // belongs to the line before (RFC 9112, section 5.2)
		if folded && dropped {
			continue
		}
		fixed, ok := repairLine(text, folded)
		if dropped = !ok; ok {
			block = append(append(block, fixed...), '\r', '\n')
		}
	}
	return block, false, nil
}

// repairLine replaces the control characters in a header's value: in a URL by what stands for them
// there, elsewhere by a tab, which no name of a file and no ETag keeps (RFC 9110, section 5.5, allows that
// for NUL, too). ok is
// false for what is no header.
func repairLine(text []byte, folded bool) (fixed []byte, ok bool) {
	name, value, colon := bytes.Cut(text, []byte(":"))
	if folded {
		name, value = nil, text
	} else if name = bytes.TrimRight(name, " \t"); !colon || !isToken(name) {
		return nil, false
	} else {
		fixed = append(append(fixed, name...), ':')
	}
	inURL := strings.EqualFold(string(name), "Location")
	for _, c := range value {
		control := c < ' ' && c != '\t' || c == 0x7f
		switch {
		case control && inURL:
			fixed = fmt.Appendf(fixed, "%%%02X", c)
		case control:
			fixed = append(fixed, '\t')
		default:
			fixed = append(fixed, c)
		}
	}
	return fixed, true
}

// isToken reports whether name may be a header's (RFC 9110, section 5.6.2).
func isToken(name []byte) bool {
	const tchar = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return len(name) > 0 && len(bytes.Trim(name, tchar)) == 0
}
