package bynder

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/location"
)

// APIError is an answer of the portal other than success.
type APIError struct {
	Status  int
	Path    string
	Message string    // the portal's message, untrusted text; "" if there is none
	Date    time.Time // the portal's clock, zero if unknown
	// Signed is this machine's clock at the answer to a request whose signature has the time, else zero.
	Signed time.Time
	// Foreign says that the body is neither JSON nor empty: the page of a firewall or a proxy, and not what the portal says.
	Foreign bool
	// Header has Retry-After, if the answer had it, and nothing else.
	Header http.Header
}

func (e *APIError) Error() string {
	var text string
	number := fmt.Sprintf(" (HTTP %d)", e.Status)
	switch e.Status {
	case http.StatusNotFound:
		text = "not found"
	case http.StatusUnauthorized:
		text = "the portal does not accept the credentials"
	case http.StatusForbidden:
		text = "the portal does not allow it"
	case http.StatusTooManyRequests:
		text = "the portal has blocked this address for a while"
	default:
		text, number = strings.TrimSpace(fmt.Sprintf("the portal answered %d %s", e.Status, http.StatusText(e.Status))), ""
	}
	switch {
	case e.Message == "":
		return text + number
	case number == "" && strings.EqualFold(e.Message, http.StatusText(e.Status)):
		return text
	}
	return text + ": " + e.Message
}

// Hint returns what the user can do about the error, "" if nothing is known.
func (e *APIError) Hint() string {
	switch {
	case e.Foreign && e.Status == http.StatusForbidden:
		return "ask the administrator of this network whether a firewall blocks the portal's API"
	case e.Foreign && e.Status == http.StatusNotFound:
		return HostHint
	}
	switch e.Status {
	case http.StatusUnauthorized:
		return cmp.Or(e.clockHint(), "check the credentials and that they belong to this portal")
	case http.StatusForbidden:
		if !strings.Contains(e.Path, "/download/") {
			return "these credentials lack a role that this call needs; ask the portal's administrator"
		}
		return "originals need the role MEDIAHIGHRES; archived, watermarked and limited assets need ARCHIVEDOWNLOAD, DOWNLOADWATERMARK and KEYVISUALSDOWNLOAD"
	case http.StatusNotFound, http.StatusGone:
		return e.missingHint()
	case http.StatusTooManyRequests:
		return "the portal lifts the block after five minutes without any request from this address"
	default:
		return ""
	}
}

// missingHint returns the hint for something that the portal does not have, "" if it is neither an asset nor its file.
// That an asset itself is missing, the portal says with "Media not found", whichever of its files was requested.
func (e *APIError) missingHint() string {
	call := strings.TrimPrefix(e.Path, "/api/v4/media/")
	id, file, _ := strings.Cut(call, "/")
	if call == e.Path || id == "" {
		return ""
	}
	said := strings.Trim(e.Message, " .")
	if file == "" || strings.EqualFold(said, "Media not found") || said == "" && file == "download/" {
		return "check the id; the asset may be deleted, or your credentials may not have access"
	}
	return "list the files of the asset with `bynder items " + id + "`"
}

// ClockTolerance is how far apart two clocks may be before that is a likely cause of a refusal: an OAuth 1.0a
// signature contains the time, and servers accept it for some minutes (RFC 5849 section 3.3 leaves the number to them).
const ClockTolerance = 4 * time.Minute

// clockHint returns the hint that this machine's clock is wrong, "" if it is not the likely cause.
func (e *APIError) clockHint() string {
	off, where := e.Signed.Sub(e.Date), "ahead of"
	if off < 0 {
		off, where = -off, "behind"
	}
	if e.Signed.IsZero() || e.Date.IsZero() || off <= ClockTolerance {
		return ""
	}
	return fmt.Sprintf("this machine's clock is %s %s the portal's, and OAuth 1.0a signatures contain the time: set the clock",
		strings.TrimSuffix(off.Round(time.Minute).String(), "0s"), where)
}

// ProtocolError is an answer that is not what the API describes.
type ProtocolError struct {
	Path string
	Err  error
}

func (e *ProtocolError) Error() string {
	if e.Path == "" {
		return e.Err.Error()
	}
	return "the portal's answer for " + subject(e.Path) + " is not what its API describes: " + e.Err.Error()
}

func (e *ProtocolError) Unwrap() error { return e.Err }

// subject returns what a request for path asks the portal for, in a reader's words. Messages name the asset already, and -v shows
// the path.
func subject(path string) string {
	call, known := strings.CutPrefix(strings.TrimSuffix(path, "/"), "/api/v4/")
	first, rest, below := strings.Cut(call, "/")
	switch {
	case !known:
	case first == "media" && !below:
		return "the list of assets"
	case first == "media" && strings.Contains(rest, "/"):
		return "the download URL"
	case first == "media":
		return "the asset"
	case first == "metaproperties" && strings.HasSuffix(rest, "/options"):
		return "the list of options"
	case first == "account":
		return "the list of " + rest
	case first == "currentUser":
		return "the current user"
	case !below:
		return "the list of " + first // collections, metaproperties, brands, tags
	}
	return path
}

// newAPIError returns the error that an answer describes. Its body may be JSON with a
// message, HTML, empty, or cut off.
func (c *Client) newAPIError(resp *http.Response, path string, body []byte) *APIError {
	e := &APIError{Status: resp.StatusCode, Path: path, Message: errorMessage(body)}
	e.Foreign = len(bytes.TrimSpace(body)) > 0 && !json.Valid(body)
	if c.Signs {
		e.Signed = time.Now()
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		e.Date = date
	}
	if after := resp.Header.Values("Retry-After"); len(after) > 0 {
		e.Header = http.Header{"Retry-After": after}
	}
	return e
}

// maxMessage is how much of a portal's message is shown, in bytes.
const maxMessage = 300

// errorMessage returns the message in an error's body; "" for an HTML page, whose text
// is not worth showing.
func errorMessage(body []byte) string {
	body = bytes.TrimSpace(body)
	message := ""
	if json.Valid(body) {
		message = messageIn(objectOf(body))
	} else if len(body) > 0 && body[0] != '<' && body[0] != '{' && body[0] != '[' {
		message = string(body)
	}
	return shorten(message)
}

// shorten returns the portal's message without secrets, cut to maxMessage bytes.
func shorten(message string) string {
	// A URL in it may be temporary; its query is then the permission to read.
	message = location.WithoutQueries(message)
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + "…"
	}
	return message
}

// Unauthorized reports whether the portal does not accept the credentials, so that other
// calls would fail too.
func (e *APIError) Unauthorized() bool { return e.Status == http.StatusUnauthorized }
