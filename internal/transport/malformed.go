package transport

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strings"

	"github.com/bynder-cli/bynder/internal/retry"
)

// AnswerError is an answer that cannot be read as HTTP.
type AnswerError struct{ text string }

func (e *AnswerError) Error() string { return e.text }

// MalformedAnswer marks the answer, not the connection, as what is wrong.
func (e *AnswerError) MalformedAnswer() {}

// WorthRetrying reports that another try does not help (retry.Temporary).
func (e *AnswerError) WorthRetrying() bool { return false }

// unreadable are the words of net/http, which has no types for them, about answers that it does not read, and ours,
// which repeat no byte of the answer.
var unreadable = []struct{ theirs, ours string }{
	{"server response headers exceeded", fmt.Sprintf("the header of the answer is larger than %d KiB", maxHeader>>10)},
	{"malformed HTTP", "the answer is not HTTP"},
	{"Content-Length", "the header of the answer tells no sensible Content-Length"},
	{"unsupported transfer encoding", "the answer has an unknown Transfer-Encoding"},
	{"too many transfer encodings", "the answer has an unknown Transfer-Encoding"},
	{"suspiciously long trailer after chunked body", "the trailer of the answer does not end"},
	{"chunk length", "a chunk of the answer tells no sensible length"},
	{"in chunked line", "a chunk of the answer begins with a malformed line"},
	{"chunked line ends with bare LF", "a chunk of the answer begins with a malformed line"},
	{"header line too long", "a chunk of the answer begins with a line that does not end"},
	{"chunked encoding contains too much non-data", "the chunks of the answer hold next to no data"},
	{"malformed chunked encoding", "a chunk of the answer has another length than it tells"},
}

// readable returns err, which net/http gave for an answer or a part of it, as an *AnswerError if it says that the
// answer cannot be read.
func readable(err error) error {
	if err == nil || err == io.EOF { //nolint:errorlint // one that is wrapped is not a proper end
		return err
	}
	if _, plain := errors.AsType[tls.RecordHeaderError](err); plain {
		return &AnswerError{"the server does not speak TLS"}
	}
	if _, malformed := errors.AsType[textproto.ProtocolError](err); malformed {
		return &AnswerError{"the header of the answer is malformed"}
	}
	for _, known := range unreadable {
		if strings.Contains(err.Error(), known.theirs) {
			return &AnswerError{known.ours}
		}
	}
	return broken(err)
}

// connectionError is an error of net/http about a connection, in our words.
type connectionError struct {
	text string
	err  error
}

func (e *connectionError) Error() string { return e.text }
func (e *connectionError) Unwrap() error { return e.err }

// WorthRetrying reports what is known of the error as net/http has it (retry.Temporary), partly by its words.
func (e *connectionError) WorthRetrying() bool { return retry.Temporary(e.err) }

// broken returns err as a *connectionError if it says, in the words of net/http, that the connection ended.
func broken(err error) error {
	const early = "the connection ended early"
	switch text := err.Error(); {
	case strings.Contains(text, "unexpected EOF reading trailer"): // which net/http does not make an io.ErrUnexpectedEOF
		return &connectionError{early, io.ErrUnexpectedEOF}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), strings.Contains(text, "server closed idle connection"):
		return &connectionError{early, err}
	case strings.Contains(text, "transport connection broken"):
		return cmp.Or(errors.Unwrap(err), err)
	}
	return err
}

// late returns err in our words if it says, in those of net/http, that a time-out of t has passed.
func late(err error, t *http.Transport) error {
	switch text := err.Error(); {
	case strings.Contains(text, "timeout awaiting response headers"):
		return &connectionError{fmt.Sprintf("no answer in %v", t.ResponseHeaderTimeout), err}
	case strings.Contains(text, "TLS handshake timeout"):
		return &connectionError{fmt.Sprintf("no TLS connection in %v", t.TLSHandshakeTimeout), err}
	}
	return err
}

// readableBody is a body whose errors are those of readable.
type readableBody struct{ io.ReadCloser }

func (b readableBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	return n, readable(err)
}

// readableAnswer is what a RoundTripper returned, with errors of readable.
func readableAnswer(resp *http.Response, err error) (*http.Response, error) {
	if err == io.EOF { //nolint:errorlint // readable leaves it, for bodies
		return nil, broken(err)
	}
	if err != nil {
		return nil, readable(err)
	}
	resp.Body = readableBody{resp.Body}
	return resp, nil
}
