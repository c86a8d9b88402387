package transport

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"strings"
)

// AnswerError is an answer that cannot be read as HTTP.
type AnswerError struct{ text string }

func (e *AnswerError) Error() string { return e.text }

// MalformedAnswer marks the answer, not the connection, as what is wrong.
func (e *AnswerError) MalformedAnswer() {}

// WorthRetrying reports that another try does not help (retry.Temporary).
func (e *AnswerError) WorthRetrying() bool { return false }

// unreadable are the words of net/http, which has no types for them, about answers that it does not read, and ours,
// which repeat no byte of the answer. A chunk without a length is not among them: it is as if the connection had broken, so
// another one may be right.
var unreadable = []struct{ theirs, ours string }{
	{"server response headers exceeded", fmt.Sprintf("the header of the answer is larger than %d KiB", maxHeader>>10)},
	{"malformed HTTP", "the answer is not HTTP"},
	{"Content-Length", "the header of the answer tells no sensible Content-Length"},
	{"unsupported transfer encoding", "the answer has an unknown Transfer-Encoding"},
	{"too many transfer encodings", "the answer has an unknown Transfer-Encoding"},
	{"suspiciously long trailer after chunked body", "the trailer of the answer does not end"},
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
	if err != nil {
		return nil, readable(err)
	}
	resp.Body = readableBody{resp.Body}
	return resp, nil
}
