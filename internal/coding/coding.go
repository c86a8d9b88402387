// Package coding decodes the body of an answer that has a content coding (RFC 9110, section 8.4): gzip or deflate, in
// which some servers store files, and which some proxies apply although the request did not ask for it.
package coding

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
)

// The codings that a Reader decodes.
const (
	Gzip    = "gzip"
	Deflate = "deflate"
)

// Of returns the content codings that a header names, in lower case: in the order in which they were applied, separated
// by commas; "" for none.
func Of(h http.Header) string {
	var names []string
	for name := range strings.SplitSeq(strings.Join(h.Values("Content-Encoding"), ","), ",") {
		switch name = strings.ToLower(strings.TrimSpace(name)); name {
		case "", "identity":
		case "aws-chunked": // how a client sent the object to storage, which some storage records by mistake
		case "x-gzip":
			names = append(names, Gzip)
		default:
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// packedExtensions are those of files whose own format is gzip.
var packedExtensions = []string{".gz", ".gzip", ".tgz", ".taz", ".svgz", ".emz", ".wmz"}

// IsFormat reports whether a file called name is itself in the format of a coding, so that it has to stay as it is.
func IsFormat(coding, name string) bool {
	return coding == Gzip && slices.Contains(packedExtensions, strings.ToLower(path.Ext(name)))
}

// The reasons why a Reader fails, apart from errors of the body.
var (
	ErrUnknown  = errors.New("unknown Content-Encoding")
	ErrCorrupt  = errors.New("the bytes are damaged")
	ErrTooLarge = fmt.Errorf("the file unpacks to more than %d times its size", maxRatio)
)

const (
	// maxRatio bounds the bytes that a Reader returns, by those of the body: deflate reaches a ratio of 1,032.
	maxRatio = 1000
	// headSize is how many bytes are looked at to recognize data without a header.
	headSize = 4 << 10
	// maxTrailing is how many bytes may follow the coded data.
	maxTrailing = 64 << 10
)

// Reader decodes a body, and hands on the coded bytes for a digest. It is for one goroutine.
type Reader struct {
	io.Closer // of the body
	coding    string
	length    int64 // of the body in bytes, -1 if it is not known
	coded     body
	decoder   io.Reader // nil before the first Read
	decoded   int64
	failed    error // what all further reads return
}

// body is the coded bytes. It has no ReadByte, so that decoders read them in larger pieces.
type body struct {
	from  *bufio.Reader
	to    io.Writer // nil for none
	count int64
	err   error // of the body itself
}

// NewReader returns a Reader of a body in a coding and of a length in bytes, -1 if that is not known. It waits for the
// first bytes. If they are not in that coding, although the server says so, labelled is false, and the Reader returns
// the body as it is. The error is ErrUnknown or one of the body.
func NewReader(from io.ReadCloser, coding string, length int64) (r *Reader, labelled bool, err error) {
	r = &Reader{Closer: from, coding: coding, length: length, coded: body{from: bufio.NewReaderSize(from, headSize)}}
	switch coding {
	case Gzip:
		labelled, err = beginsGzip(r.coded.from)
	case Deflate:
		labelled, err = beginsDeflate(r.coded.from)
	default:
		err = fmt.Errorf("%w %.40q", ErrUnknown, coding)
	}
	if err == nil && !labelled {
		r.decoder = r.coded.from
	}
	return r, labelled, err
}

// Decoded returns the body of an answer without its content coding, or as it is if that is not possible.
func Decoded(resp *http.Response) io.Reader {
	if name := Of(resp.Header); name == Gzip || name == Deflate {
		r, _, _ := NewReader(resp.Body, name, resp.ContentLength)
		return r
	}
	return resp.Body
}

// beginsGzip reports whether a body begins as gzip data do (RFC 1952, section 2.3).
func beginsGzip(b *bufio.Reader) (bool, error) {
	head, err := peek(b, 3)
	return bytes.Equal(head, []byte{0x1f, 0x8b, 8}), err
}

// beginsDeflate reports whether a body begins as zlib data do (RFC 1950, section 2.2), or, because some servers take
// "deflate" at its word, as deflate data do (RFC 1951), which have no header: then what comes first must be decodable,
// and the data must not end before the body does.
func beginsDeflate(b *bufio.Reader) (bool, error) {
	if zlibs, err := beginsZlib(b); zlibs || err != nil {
		return zlibs, err
	}
	head, err := peek(b, headSize)
	if err != nil || len(head) == 0 {
		return false, err
	}
	rest := bytes.NewReader(head)
	_, err = io.Copy(io.Discard, flate.NewReader(rest))
	return errors.Is(err, io.ErrUnexpectedEOF) || err == nil && rest.Len() == 0 && len(head) < headSize, nil
}

// beginsZlib reports whether a body begins with a header of zlib.
func beginsZlib(b *bufio.Reader) (bool, error) {
	head, err := peek(b, 2)
	return len(head) == 2 && head[0]&0x0f == 8 && head[0]>>4 <= 7 && (int(head[0])<<8+int(head[1]))%31 == 0, err
}

// peek returns the first n bytes of a body, or all of a shorter one.
func peek(b *bufio.Reader, n int) ([]byte, error) {
	head, err := b.Peek(n)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return head, err
}

// Keep makes the Reader return the coded bytes as they are. It is called before Read.
func (r *Reader) Keep() { r.decoder = r.coded.from }

// CopyTo writes all coded bytes, from the first one on, to w as they are read. It is called before Read.
func (r *Reader) CopyTo(w io.Writer) { r.coded.to = w }

// Read reads decoded bytes. It returns io.EOF only after the end of the body, ErrCorrupt, ErrTooLarge, or an error of
// the body as it is, and after an error always the same one.
func (r *Reader) Read(p []byte) (n int, err error) {
	if r.failed == nil {
		n, r.failed = r.read(p)
	}
	return n, r.failed
}

func (r *Reader) read(p []byte) (n int, err error) {
	if r.decoder == nil {
		if r.decoder, err = r.decode(); err != nil {
			return 0, r.explain(err)
		}
	}
	n, err = r.decoder.Read(p)
	if r.decoder == r.coded.from {
		return n, err
	}
	if r.decoded += int64(n); r.decoded > maxRatio*max(r.length, r.coded.count) {
		return 0, ErrTooLarge
	}
	if errors.Is(err, io.EOF) {
		var trailing int64
		if trailing, err = io.CopyN(io.Discard, &r.coded, maxTrailing); trailing == maxTrailing {
			return n, fmt.Errorf("%w: other bytes follow the %s data", ErrCorrupt, r.coding)
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.explain(err)
	}
	return n, err
}

// decode returns the decoder for the coding.
func (r *Reader) decode() (io.Reader, error) {
	if r.coding == Gzip {
		return gzip.NewReader(&r.coded)
	}
	if zlibs, _ := beginsZlib(r.coded.from); zlibs {
		return zlib.NewReader(&r.coded)
	}
	return flate.NewReader(&r.coded), nil
}

// explain returns the error of the body if it has one, or else ErrCorrupt because of err, the decoder's.
func (r *Reader) explain(err error) error {
	if r.coded.err != nil {
		return r.coded.err
	}
	return fmt.Errorf("%w: %w", ErrCorrupt, err)
}

// Read reads coded bytes.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	b.count += int64(n)
	if b.to != nil && n > 0 {
		_, _ = b.to.Write(p[:n]) // a digest, which never fails
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}
