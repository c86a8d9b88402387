package sandbox

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// afterSeconds are the faults whose value is the seconds of Retry-After.
var afterSeconds = map[string]bool{"api-202": true, "api-403": true, "api-404": true, "api-503": true}

// refusals are the faults that are a status with a message.
var refusals = map[string]struct {
	status  int
	message string
}{
	"api-202": {http.StatusAccepted, "Not ready"},
	"api-403": {http.StatusForbidden, "You do not have permission to access this resource"},
	"api-404": {http.StatusNotFound, "Media not found"},
	"api-500": {http.StatusInternalServerError, "Internal server error"},
	"api-503": {http.StatusServiceUnavailable, "Service unavailable"},
}

// breakAPI answers a call as a fault wants it.
func (s *Sandbox) breakAPI(w http.ResponseWriter, r *http.Request, e endpoint, f activeFault) {
	if afterSeconds[f.Name] && f.Value > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(f.Value, 10))
	}
	if refusal, ok := refusals[f.Name]; ok {
		writeError(w, refusal.status, refusal.message)
		return
	}
	switch f.Name {
	case "api-401":
		s.counters.refuse("fault")
		writeError(w, http.StatusUnauthorized, "Unauthorized")
	case "api-429":
		s.limit.block(s.now())
		s.tooManyCalls(w, f.Value)
	case "api-52x":
		writePage(w, int(f.Value), "The origin had trouble")
	case "api-502":
		writePage(w, http.StatusBadGateway, "Bad Gateway")
	case "api-504":
		writePage(w, http.StatusGatewayTimeout, "Gateway Time-out")
	case "api-html":
		writePage(w, int(f.Value), "Something went wrong")
	case "said":
		writeJSON(w, http.StatusOK, object{"message": "Original file not available", "statuscode": strconv.FormatInt(f.Value, 10)})
	case "said-as":
		writeJSON(w, http.StatusOK, sayings[f.Text])
	case "api-control":
		w.Header().Set("X-Note", "a\x01b\x1b")
		e.serve(w, r, e)
	case "api-empty":
		w.WriteHeader(http.StatusOK)
	case "api-garbage":
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"s3_file": "http://`+"\x00\xff\xfe"+`[{{`)
	case "api-huge":
		writeHuge(w, e.name, f.Value)
	case "api-cut":
		s.cutAnswer(w, r, e, f.Value)
	case "api-headers":
		fillHeader(w.Header(), f.Value)
		e.serve(w, r, e)
	case "api-reset":
		resetConnection(w)
		panic(http.ErrAbortHandler)
	case "api-stall":
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case "api-redirect":
		w.Header().Set("Location", s.redirectTarget(r, f.Text))
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
}

// sayings are bodies of status 200 that say that a call failed.
var sayings = map[string]object{
	"message":     {"message": "The asset is being processed"},
	"number":      {"message": "Original file not available", "statuscode": 404},
	"strange":     {"message": "The asset is being processed", "statuscode": "later"},
	"empty":       {"s3_file": "", "message": "Original file not available", "statuscode": "404"},
	"error":       {"error": "The asset is being processed"},
	"errors":      {"errors": []object{{"message": "The asset is being processed"}, {"message": "try later"}}},
	"description": {"error": "invalid_request", "error_description": "The asset is being processed"},
	"url":         {"message": "The asset is at https://files.invalid/a?X-Amz-Signature=secret\x1b[2J"},
}

// redirectTarget leads, where it leaves the portal, to storage, which counts the
// credentials that arrive there.
func (s *Sandbox) redirectTarget(r *http.Request, how string) string {
	uri := r.URL.RequestURI()
	switch how {
	case "host":
		return otherHost(s.opts.StorageURL) + uri
	case "port":
		return s.opts.StorageURL + uri
	case "path":
		return "/moved" + uri
	case "loop":
		return uri
	case "userinfo":
		return strings.Replace(s.opts.PortalURL, "://", "://user:secret@", 1) + uri
	default:
		return how + uri
	}
}

// writeHuge writes size bytes of JSON: the endpoint's shape with one string in it.
func writeHuge(w http.ResponseWriter, endpoint string, size int64) {
	w.Header().Set("Content-Type", "application/json")
	head, tail := `{"id":"`, `"}`
	switch endpoint {
	case "download":
		head = `{"s3_file":"`
	case "collectionMedia":
		head, tail = `["`, `"]`
	case "list", "collections", "brands", "tags", "derivatives":
		head, tail = `[{"id":"`, `"}]`
	}
	_, err := io.WriteString(w, head)
	filler := bytes.Repeat([]byte("x"), 64<<10)
	for left := size - int64(len(head)+len(tail)); left > 0 && err == nil; left -= int64(len(filler)) {
		_, err = w.Write(filler[:min(left, int64(len(filler)))])
	}
	if err == nil {
		_, _ = io.WriteString(w, tail)
	}
}

// cutAnswer serves the call, but closes the connection after n bytes of the body.
func (s *Sandbox) cutAnswer(w http.ResponseWriter, r *http.Request, e endpoint, n int64) {
	e.serve(&cutWriter{w, n}, r, e)
}

type cutWriter struct {
	http.ResponseWriter
	left int64
}

func (c *cutWriter) Write(p []byte) (int, error) {
	if int64(len(p)) < c.left {
		c.left -= int64(len(p))
		return c.ResponseWriter.Write(p)
	}
	_, _ = c.ResponseWriter.Write(p[:c.left])
	_ = http.NewResponseController(c.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}
