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

// maxHeader is the maximum size of an answer's header, in bytes, including those of 1xx answers
// before it: as in curl. A field of a few bytes takes some 180 in memory.
const maxHeader = 300 << 10

// net/http refuses an answer as a whole for a control character in a header's value, a header without
// a colon or an invalid name. Browsers and curl do not: they use the rest. So such a request is
// repeated over a connection that repairs the header of the answer.

// repairing repeats a request whose answer net/http has refused for its header. It is above signing and
// allowance, which count the second request like any other.
type repairing struct{ next http.RoundTripper }

// repairKey is the context key of a request whose answer's header must be repaired.
type repairKey struct{}

func (r *repairing) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.next.RoundTrip(req)
	if _, malformed := errors.AsType[textproto.ProtocolError](err); malformed {
		resp, err = r.next.RoundTrip(req.WithContext(context.WithValue(req.Context(), repairKey{}, true)))
	}
	return readableAnswer(resp, err)
}

// transports sends requests over usual or, if their context has repairKey, over repaired, whose connections
// repair the headers of answers.
type transports struct{ usual, repaired *http.Transport }

// newTransports returns transports with a copy of usual for repaired, which keeps no connection open.
func newTransports(usual *http.Transport) *transports {
	t := usual.Clone()
	t.DisableKeepAlives = true
	dial := t.DialContext
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		return repaired(dial(ctx, network, address))
	}
	// TLS directly to the host, and TLS through a proxy: for the latter, net/http makes the connection and
	// calls TLSNextProto after both sides have agreed on HTTP/1.1.
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
	return &transports{usual, t}
}

func (w *transports) RoundTrip(req *http.Request) (*http.Response, error) {
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

// repairedConn is a connection for one answer, whose header it repairs.
type repairedConn struct {
	net.Conn
	r      *bufio.Reader
	begun  bool
	header []byte // repaired, the part that was not read yet
	err    error  // that of reading the header
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
// It reads nothing if the answer does not begin as HTTP does, for example with TLS.
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

// repairBlock reads and repairs one header. informational reports whether another one follows (RFC 9110,
// section 15.2).
func repairBlock(r *bufio.Reader) (block []byte, informational bool, err error) {
	dropped := true
	for first := true; len(block) <= maxHeader; first = false {
		line, err := r.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return append(block, line...), false, nil // the rest is not repaired
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

// repairLine replaces the control characters in a header's value: in a Location by their percent-encoding,
// elsewhere by a tab, which neither file names nor ETags retain (RFC 9110, section 5.5, permits a blank for
// CR, LF and NUL). ok is false for a line that is not a header.
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

// isToken reports whether name is valid for a header (RFC 9110, section 5.6.2).
func isToken(name []byte) bool {
	const tchar = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return len(name) > 0 && len(bytes.Trim(name, tchar)) == 0
}
