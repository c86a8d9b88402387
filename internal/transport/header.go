package transport

import (
	"fmt"
	"net/http"
	"strings"
)

// maxHeader is how large the header of an answer may be, in bytes, those of 1xx answers before it
// included: what curl allows. A field of a few bytes takes some 180 in memory.
const maxHeader = 300 << 10

// headerError is an answer whose header is larger than maxHeader.
type headerError struct{ err error }

func (e *headerError) Error() string {
	return fmt.Sprintf("the header of the answer is larger than %d KiB", maxHeader>>10)
}

func (e *headerError) Unwrap() error { return e.err }

// WorthRetrying reports that another try does not help (retry.Temporary).
func (e *headerError) WorthRetrying() bool { return false }

// Nonsense marks an answer that no server should give.
func (e *headerError) Nonsense() bool { return true }

// headerCapped names the error of net/http, which has no type, about a header that is too large
// (http.Transport.MaxResponseHeaderBytes).
type headerCapped struct{ next http.RoundTripper }

func (h *headerCapped) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := h.next.RoundTrip(req)
	if err != nil && strings.Contains(err.Error(), "server response headers exceeded") {
		return nil, &headerError{err}
	}
	return resp, err
}
