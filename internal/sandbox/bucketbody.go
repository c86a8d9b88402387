package sandbox

import (
	"bufio"
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const (
	keyContentSHA256 = "X-Amz-Content-Sha256"

	signedChunks   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	signedTrailer  = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	unsignedChunks = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

	// smallestChunk is the least size of a chunk that is not the last one.
	smallestChunk = 8 << 10
	// largestPut is the most that one request brings.
	largestPut = 5 << 30
)

// payload returns the bytes that a request brings, and their number. Reading fails with an *s3Error if the bytes are
// not those that the client has announced.
func (c *bucketCall) payload() (io.Reader, int64, *s3Error) {
	var chunks *chunkReader
	length := c.r.ContentLength
	body := io.Reader(c.r.Body)
	declared := c.r.Header.Get(keyContentSHA256)
	switch declared {
	case signedChunks, signedTrailer, unsignedChunks:
		n, err := strconv.ParseInt(c.r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
		if err != nil || n < 0 {
			return nil, 0, &s3Error{Status: http.StatusLengthRequired, Code: "MissingContentLength", Message: "X-Amz-Decoded-Content-Length is required"}
		}
		chunks = newChunkReader(body, c.signed, declared)
		if c.r.ContentLength == 0 && n == 0 { // clients send no chunk then
			chunks.ended = true
		}
		body, length = chunks, n
	}
	switch {
	case length < 0:
		return nil, 0, &s3Error{Status: http.StatusLengthRequired, Code: "MissingContentLength", Message: "You must provide the Content-Length HTTP header."}
	case length > largestPut:
		return nil, 0, &s3Error{Status: http.StatusBadRequest, Code: "EntityTooLarge", Message: "Your proposed upload exceeds the maximum allowed object size."}
	}
	checked := &checkedReader{r: body, left: length, chunks: chunks, sums: map[string]hash.Hash{}, want: map[string]string{}}
	if refused := checked.expect(c.r.Header, declared); refused != nil {
		return nil, 0, refused
	}
	return checked, length, nil
}

// checkedReader reads exactly left bytes, and compares their digests with those that the client sent.
type checkedReader struct {
	r      io.Reader
	left   int64
	chunks *chunkReader // nil: the body has none
	sums   map[string]hash.Hash
	want   map[string]string // in base64, by header; "" for one that comes as a trailer
}

// bodyDigests make the digests of bodies, by the header or trailer that has them.
var bodyDigests = map[string]func() hash.Hash{
	"Content-Md5":              md5.New,
	"X-Amz-Checksum-Sha1":      sha1.New,
	"X-Amz-Checksum-Sha256":    sha256.New,
	"X-Amz-Checksum-Crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"X-Amz-Checksum-Crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"X-Amz-Checksum-Crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5)) },
}

// expect reads from the header which digests the body has.
func (r *checkedReader) expect(h http.Header, declared string) *s3Error {
	add := func(name, want string) bool {
		made, known := bodyDigests[http.CanonicalHeaderKey(name)]
		if known {
			r.sums[http.CanonicalHeaderKey(name)], r.want[http.CanonicalHeaderKey(name)] = made(), want
		}
		return known
	}
	for name := range bodyDigests {
		if want := h.Get(name); want != "" {
			if b, err := base64.StdEncoding.DecodeString(want); err != nil || len(b) != bodyDigests[name]().Size() {
				return &s3Error{Status: http.StatusBadRequest, Code: "InvalidDigest", Message: "The " + name + " you specified is not valid."}
			}
			add(name, want)
		}
	}
	for _, name := range h.Values("X-Amz-Trailer") {
		if !add(name, "") {
			return invalidArgument("X-Amz-Trailer must name a checksum")
		}
	}
	switch digest, err := hex.DecodeString(declared); {
	case declared == "UNSIGNED-PAYLOAD" || r.chunks != nil:
	case err != nil || len(digest) != sha256.Size:
		return invalidArgument("x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a known STREAMING value or a valid sha256 value.")
	default:
		r.sums[keyContentSHA256], r.want[keyContentSHA256] = sha256.New(), base64.StdEncoding.EncodeToString(digest)
	}
	return nil
}

func (r *checkedReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, r.finish()
	}
	n, err := r.r.Read(p[:min(int64(len(p)), r.left)])
	for _, sum := range r.sums {
		_, _ = sum.Write(p[:n])
	}
	r.left -= int64(n)
	switch {
	case err == io.EOF && r.left > 0:
		return n, incompleteBody()
	case err == io.EOF:
		err = nil // finish returns it
	}
	return n, err
}

// finish returns io.EOF after all bytes that were announced, if they end there and are the right ones.
func (r *checkedReader) finish() error {
	if n, err := io.ReadFull(r.r, make([]byte, 1)); n > 0 {
		return incompleteBody()
	} else if err != io.EOF {
		return err
	}
	for name, sum := range r.sums {
		want := r.want[name]
		if want == "" {
			want = r.chunks.trailer(name)
		}
		if got := base64.StdEncoding.EncodeToString(sum.Sum(nil)); got == want {
			continue
		}
		if name == keyContentSHA256 {
			return &s3Error{
				Status: http.StatusBadRequest, Code: "XAmzContentSHA256Mismatch",
				Message: "The provided 'x-amz-content-sha256' header does not match what was computed.",
			}
		}
		return &s3Error{Status: http.StatusBadRequest, Code: "BadDigest", Message: "The " + name + " you specified did not match what we received."}
	}
	return io.EOF
}

func incompleteBody() *s3Error {
	return &s3Error{
		Status: http.StatusBadRequest, Code: "IncompleteBody",
		Message: "You did not provide the number of bytes specified by the Content-Length HTTP header",
	}
}

// chunkReader undoes the framing aws-chunked. The source is "Signature Calculations for the Authorization Header:
// Transferring Payload in Multiple Chunks" in the S3 API reference.
type chunkReader struct {
	r        *bufio.Reader
	signed   bool // each chunk is
	trailers bool // there may be some
	request  signedRequest
	previous string    // the signature before that of this chunk
	want     string    // the signature of this chunk
	sum      hash.Hash // of this chunk
	left     int64     // bytes of this chunk
	began    bool      // a chunk has been read
	short    bool      // one that must be the last
	ended    bool
	fields   map[string]string // trailers
}

func newChunkReader(body io.Reader, request signedRequest, declared string) *chunkReader {
	return &chunkReader{
		r: bufio.NewReaderSize(body, 64<<10), signed: declared != unsignedChunks, trailers: declared != signedChunks,
		request: request, previous: request.signature, sum: sha256.New(), fields: map[string]string{},
	}
}

// trailer returns a trailer by the name of a header.
func (r *chunkReader) trailer(name string) string { return r.fields[strings.ToLower(name)] }

func (r *chunkReader) Read(p []byte) (int, error) {
	for r.left == 0 {
		if r.ended {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n, err := r.r.Read(p[:min(int64(len(p)), r.left)])
	r.sum.Write(p[:n])
	r.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = incompleteBody()
	}
	return n, err
}

// next ends a chunk and reads the header of the one after it; after the last chunk, the trailers.
func (r *chunkReader) next() error {
	if r.began {
		if err := r.endChunk(); err != nil {
			return err
		}
	}
	line, err := r.line()
	if err != nil {
		return err
	}
	size, signature, _ := strings.Cut(line, ";")
	r.left, err = strconv.ParseInt(size, 16, 64)
	var named bool
	r.want, named = strings.CutPrefix(signature, "chunk-signature=")
	if err != nil || r.left < 0 || r.left > largestPut || named != r.signed {
		return incompleteBody()
	}
	if r.short && r.left > 0 {
		return signatureError("InvalidChunkSizeError", "Only the last chunk is allowed to have a size less than 8192 bytes")
	}
	r.began, r.short = true, r.left < smallestChunk
	if r.left > 0 {
		return nil
	}
	r.ended = true
	if err := r.checkChunk(); err != nil {
		return err
	}
	return r.end()
}

// endChunk reads the end of a line after a chunk and checks its signature.
func (r *chunkReader) endChunk() error {
	if line, err := r.line(); err != nil {
		return err
	} else if line != "" {
		return incompleteBody()
	}
	return r.checkChunk()
}

func (r *chunkReader) checkChunk() error {
	digest := hex.EncodeToString(r.sum.Sum(nil))
	r.sum.Reset()
	empty := sha256.Sum256(nil)
	return r.check("AWS4-HMAC-SHA256-PAYLOAD", r.want, hex.EncodeToString(empty[:])+"\n"+digest)
}

// check compares a signature with that of what follows the one before.
func (r *chunkReader) check(kind, signature, what string) error {
	if !r.signed {
		return nil
	}
	want := r.request.sign(kind + "\n" + r.request.date + "\n" + r.request.scope + "\n" + r.previous + "\n" + what)
	if r.previous = want; !sameSecret(signature, want) {
		return signatureError("SignatureDoesNotMatch", "The signature of a chunk does not match")
	}
	return nil
}

// end reads what follows the last chunk: trailers and their signature. Clients differ in the blank lines between them.
func (r *chunkReader) end() error {
	var all bytes.Buffer
	signature := ""
	for range 16 {
		if _, err := r.r.Peek(1); err == io.EOF {
			if !r.signed || !r.trailers {
				return nil
			}
			digest := sha256.Sum256(all.Bytes())
			return r.check("AWS4-HMAC-SHA256-TRAILER", signature, hex.EncodeToString(digest[:]))
		}
		line, err := r.line()
		name, value, found := strings.Cut(line, ":")
		switch {
		case err != nil:
			return err
		case line == "":
		case !found || !r.trailers:
			return incompleteBody()
		case name == "x-amz-trailer-signature":
			signature = value
		default:
			r.fields[name] = strings.TrimSpace(value)
			all.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
		}
	}
	return incompleteBody()
}

// line reads a line of the framing, without its end.
func (r *chunkReader) line() (string, error) {
	line, err := r.r.ReadSlice('\n')
	switch {
	case err == io.EOF, errors.Is(err, bufio.ErrBufferFull):
		return "", incompleteBody()
	case err != nil:
		return "", err
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}
