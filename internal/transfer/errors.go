package transfer

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/bynder-cli/bynder/internal/coding"
	"github.com/bynder-cli/bynder/internal/location"
	"github.com/bynder-cli/bynder/internal/retry"
)

// Kind is what went wrong, as far as scripts can act on it.
type Kind string

// The kinds. They carry the names of the error codes in results.
const (
	Network   Kind = "network"   // a connection failed or kept ending early
	Timeout   Kind = "timeout"   // nothing came
	Storage   Kind = "storage"   // storage answered an error, or ran out of new locations
	Integrity Kind = "integrity" // the digest or the length of the whole is wrong
	Protocol  Kind = "protocol"  // an invalid location or answer
)

// Error is a transfer that failed, by storage's fault or the network's. Errors of a
// Source, of a destination and of a context are not of this type.
type Error struct {
	Kind Kind
	// Status is storage's HTTP status if the failure is one, else 0.
	Status int
	// Retryable is set if the same command may succeed later.
	Retryable bool
	// Err says what happened. It shows no secret part of a URL.
	Err error

	remedy remedy
	after  time.Duration // what Retry-After asked for, or 0; of a failure that a queue tried again, the pause
	again  bool          // the answer may turn out differently (retry.Answer)
	whole  string        // the Content-Range of a status 416, "bytes */N" (RFC 9110, section 14.4)
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// remedy is what may help against an Error.
type remedy int

const (
	nothing           remedy = iota
	wait                     // ask again after a pause
	relocate                 // ask again at a new location
	dropCondition            // ask again without If-Match
	startOver                // give up what was delivered and begin again: see Stream.Restart
	startOverOnChange        // the same, but a second time would be once too often
)

// Changed is the cause of an Error that says that storage has another object now than the one whose bytes were delivered so far.
type Changed struct {
	Was, Now Object
}

func (c *Changed) Error() string {
	if c.Was.Size != c.Now.Size && c.Was.Size >= 0 && c.Now.Size >= 0 {
		return fmt.Sprintf("the file changed while it was transferred: from %d to %d bytes", c.Was.Size, c.Now.Size)
	}
	return "the file changed while it was transferred"
}

// Hint returns what the user can do about it.
func (c *Changed) Hint() string { return "run the same command again to get the file as it is now" }

// failure returns the Error of a request to u, against which help may help.
func failure(u *url.URL, kind Kind, help remedy, format string, args ...any) *Error {
	err := fmt.Errorf("get %s: %w", location.Redacted(u), fmt.Errorf(format, args...))
	return &Error{Kind: kind, Retryable: help != nothing, Err: err, remedy: help}
}

// errEarly is what is said in place of io.EOF.
var errEarly = errors.New("the connection ended early")

// unanswered returns the Error of a request to u that brought no answer. resp is what
// http.Client.Do returned beside err: not nil if a redirect was refused.
func unanswered(u *url.URL, resp *http.Response, err error) *Error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		// io.EOF itself would mean to readers that all is well.
		err = errEarly
	}
	kind, help, status := Storage, nothing, 0
	timeout, timed := errors.AsType[net.Error](err)
	switch {
	case timed && timeout.Timeout():
		kind, help = Timeout, wait
	case errors.Is(err, errEarly) || retry.Temporary(err):
		kind, help = Network, wait
	case resp != nil:
		status = resp.StatusCode
	case malformedAnswer(err):
		kind = Protocol
	case isNetwork(err):
		kind = Network
	}
	failed := failure(u, kind, help, "%w", location.WithoutURL(err))
	failed.Status = status
	return failed
}

// interrupted returns the Error of an answer from u that ended before its end.
func interrupted(u *url.URL, err error) *Error {
	switch damaged := corrupt("get %s: %w", location.Redacted(u), err); {
	case errors.Is(err, coding.ErrCorrupt):
		return damaged
	case errors.Is(err, coding.ErrTooLarge):
		return &Error{Kind: Integrity, Err: damaged.Err}
	case errors.Is(err, coding.ErrUnknown):
		return &Error{Kind: Protocol, Err: damaged.Err}
	}
	failed := unanswered(u, nil, err)
	if failed.Kind == Protocol {
		return failed
	}
	failed.Retryable, failed.remedy = true, wait
	if failed.Kind != Timeout {
		failed.Kind = Network
	}
	return failed
}

// corrupt returns the Error of bytes that are not those of the object.
func corrupt(format string, args ...any) *Error {
	return &Error{Kind: Integrity, Retryable: true, Err: fmt.Errorf(format, args...), remedy: startOver}
}

// malformedAnswer reports whether err says that the answer, not the connection, is what is wrong.
// internal/transport knows the words of net/http for that.
func malformedAnswer(err error) bool {
	var malformed interface{ MalformedAnswer() }
	return errors.As(err, &malformed)
}

// isNetwork reports whether err arose below HTTP.
func isNetwork(err error) bool {
	_, op := errors.AsType[*net.OpError](err)
	_, dns := errors.AsType[*net.DNSError](err)
	return op || dns || strings.Contains(err.Error(), "tls: ") || strings.Contains(err.Error(), "x509: ")
}

// refused returns the Error of an answer to req with a status that a transfer cannot use. It reads what storage says about it. A
// status that has a meaning of its own here comes before retry.Answer; the time that Retry-After asks for is waited in any case.
func refused(u *url.URL, req *http.Request, resp *http.Response) *Error {
	said := readStorageError(coding.Decoded(resp))
	text := strings.TrimSpace(fmt.Sprintf("storage answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode)))
	if said := said.String(); said != "" {
		text += ": " + said
	}
	help, whole, again := nothing, "", retry.Answer(resp.StatusCode, resp.Header)
	switch {
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden, said.expired():
		help = relocate
	case resp.StatusCode == http.StatusPreconditionFailed:
		help = dropCondition
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable && req.Header.Get("Range") != "":
		help, whole = startOver, resp.Header.Get("Content-Range")
	case again:
		help = wait
	}
	failed := failure(u, Storage, help, "%s", text)
	failed.Status, failed.again, failed.whole = resp.StatusCode, again, whole
	failed.after, _ = retry.After(resp.Header, time.Now())
	return failed
}

// maxErrorBody caps how much of an error body is read, in bytes.
const maxErrorBody = 64 << 10

// storageError is the part of an S3 error document that says what happened; see "Error responses" in the Amazon S3
// API reference. Other parts are not shown: of a bad signature, S3 tells all that was signed.
type storageError struct {
	XMLName xml.Name `xml:"Error"`
	Code    string   `xml:"Code"`
	Message string   `xml:"Message"`
}

// readStorageError reads an error body, which may as well be HTML, cut off or empty: then nothing is known.
func readStorageError(body io.Reader) storageError {
	var said storageError
	body = io.LimitReader(body, maxErrorBody)
	err := xml.NewDecoder(body).Decode(&said)
	_, _ = io.Copy(io.Discard, body) // so that the connection is kept
	if err != nil {
		return storageError{}
	}
	said.Code, said.Message = legible(said.Code, 60), legible(said.Message, 200)
	return said
}

// expired reports whether the location was good once. With temporary credentials of its own, S3 says so with status 400.
func (e storageError) expired() bool {
	return e.Code == "ExpiredToken" || e.Code == "TokenRefreshRequired" || e.Code == "RequestExpired"
}

func (e storageError) String() string { return strings.Trim(e.Code+": "+e.Message, ": ") }

// legible returns foreign text in one line of at most limit characters, without
// characters that control a terminal and without the queries of URLs.
func legible(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsPrint(r) {
			return r
		}
		return -1 // control and format characters, bidi among them
	}, strings.ToValidUTF8(text, ""))
	text = location.WithoutQueries(strings.Join(strings.Fields(text), " "))
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit]) + "…"
	}
	return text
}
