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

// MalformedAnswer marks errors of the answer, as opposed to those of the connection.
func (e *AnswerError) MalformedAnswer() {}

// WorthRetrying reports false (retry.Temporary).
func (e *AnswerError) WorthRetrying() bool { return false }

// unreadable maps parts of net/http's messages about answers that it cannot read, which have no types, to ours, which
// quote nothing of the answer.
var unreadable = []struct{ theirs, ours string }{
	{"server response headers exceeded", fmt.Sprintf("the header of the answer is larger than %d KiB", maxHeader>>10)},
	{"malformed HTTP", "the answer is not HTTP"},
	{"Content-Length", "the answer has an invalid Content-Length"},
	{"unsupported transfer encoding", "the answer has an unknown Transfer-Encoding"},
	{"too many transfer encodings", "the answer has an unknown Transfer-Encoding"},
	{"suspiciously long trailer after chunked body", "the trailer of the answer is too long"},
	{"chunk length", "a chunk of the answer has an invalid length"},
	{"in chunked line", "a chunk of the answer begins with a malformed line"},
	{"chunked line ends with bare LF", "a chunk of the answer begins with a malformed line"},
	{"header line too long", "a chunk of the answer begins with a line that is too long"},
	{"chunked encoding contains too much non-data", "the chunks of the answer contain almost no data"},
	{"malformed chunked encoding", "a chunk of the answer is not as long as declared"},
}

// readable returns err, which net/http returned for an answer or a part of it, as an *AnswerError if it means that
// the answer cannot be read.
func readable(err error) error {
	if err == nil || err == io.EOF { //nolint:errorlint // a wrapped one is not the end of the body
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

// connectionError is an error of net/http about a connection, with our text.
type connectionError struct {
	text string
	err  error
}

func (e *connectionError) Error() string { return e.text }
func (e *connectionError) Unwrap() error { return e.err }

// WorthRetrying reports whether the wrapped error is temporary (retry.Temporary), which depends on its text.
func (e *connectionError) WorthRetrying() bool { return retry.Temporary(e.err) }

// broken returns err as a *connectionError if net/http's text says that the connection ended.
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

// late returns err as a *connectionError if net/http's text says that a timeout of t has expired.
func late(err error, t *http.Transport) error {
	switch text := err.Error(); {
	case strings.Contains(text, "timeout awaiting response headers"):
		return &connectionError{fmt.Sprintf("no answer in %v", t.ResponseHeaderTimeout), err}
	case strings.Contains(text, "TLS handshake timeout"):
		return &connectionError{fmt.Sprintf("no TLS connection in %v", t.TLSHandshakeTimeout), err}
	}
	return err
}

// readableBody is a body whose errors readable converts.
type readableBody struct{ io.ReadCloser }

func (b readableBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	return n, readable(err)
}

// readableAnswer returns the results of a RoundTripper with errors that readable converts.
func readableAnswer(resp *http.Response, err error) (*http.Response, error) {
	if err == io.EOF { //nolint:errorlint // readable does not convert it, for bodies
		return nil, broken(err)
	}
	if err != nil {
		return nil, readable(err)
	}
	resp.Body = readableBody{resp.Body}
	return resp, nil
}
