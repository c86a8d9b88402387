package sandbox

import (
	"encoding/xml"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

// Storage returns the handler of the files: S3 with CloudFront, as a client with
// a presigned URL sees it. Conditions and ranges follow RFC 9110.
func (s *Sandbox) Storage() http.Handler { return s.handler(s.serveStorage) }

func (s *Sandbox) serveStorage(w http.ResponseWriter, r *http.Request) {
	s.counters.storageRequest(r.Header)
	w.Header().Set("Server", "AmazonS3")
	query := r.URL.Query()
	all, err := s.catalogue()
	if err != nil {
		(&s3Error{Status: http.StatusInternalServerError, Code: "InternalError", Message: err.Error()}).write(w, r)
		return
	}
	escaped, hops := cutHops(r.URL.EscapedPath())
	o, known := objectAt(all, escaped)
	pictured, onDemand := transformable(all, escaped)

	var refused *s3Error
	switch {
	case len(r.Header.Values("Authorization")) > 0:
		refused = &s3Error{
			Status: http.StatusBadRequest, Code: "InvalidArgument",
			Message: "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query " +
				"string parameter or the Authorization header should be specified",
			ArgumentName: "Authorization", ArgumentValue: "redacted",
		}
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		refused = &s3Error{
			Status: http.StatusMethodNotAllowed, Code: "MethodNotAllowed",
			Message: "The specified method is not allowed against this resource.",
		}
	case onDemand:
		if o, err = pictured.transformed(query); err != nil {
			writeError(w, http.StatusBadRequest, err.Error())
			return
		}
	case strings.HasPrefix(escaped, loginPath):
		refused = &s3Error{Status: http.StatusOK, page: true}
	case !known:
		refused = &s3Error{Status: http.StatusNotFound, Code: "NoSuchKey", Message: "The specified key does not exist."}
	}
	if refused != nil {
		refused.write(w, r)
		return
	}
	active := s.faults.match(OnStorage, endpointOf(query), o.mediaID, o.Key) // before the signature: a link without one may be gone as well
	if f, ok := active.get("transform-refused"); ok && onDemand {
		writePage(w, int(f.Value), "No such image")
		return
	}
	if s.goneLink(r, active, o.Key) {
		f, _ := active.get("stale-links")
		writePage(w, int(f.Value), "The link is no longer valid")
		return
	}
	if refused = s.storageRefusal(w, active, o.Key); refused == nil && !onDemand && !s.faults.selectedText("original", o.mediaID, "plain") {
		refused = s.checkSignature(r.Method, escaped, query)
	}
	if refused != nil {
		refused.write(w, r)
		return
	}
	if s.redirectStorage(w, r, o.mediaID, active, hops) {
		return
	}
	s.serveTogether(w, r, o, active)
}

// serveObject answers with the file, or with as much of it as the faults let.
func (s *Sandbox) serveObject(w http.ResponseWriter, r *http.Request, o Object, active activeFaults) {
	if token := tokenOf(r.URL.Query()); active.has("xmp") && token != "" {
		o = o.WithMetadata(token)
	}
	if f, ok := active.get("part-size"); ok {
		o.partSize, o.recorded = f.Value, ""
	}
	if f, ok := active.get("changed"); ok && int64(f.nth) >= f.Value {
		o = o.changed()
	}
	if f, ok := active.get("swap"); ok && f.nth > 1 {
		o = o.changed()
	}
	if f, ok := active.get("image"); ok {
		o = storedImage(o, f.Text)
	}
	if f, ok := active.get("stub"); ok {
		o.Size, o.recorded, o.partSize = min(f.Value, o.Size), "", 0
	}
	if f, ok := active.get("page"); ok {
		s.servePage(w, r, o, f.Text, active)
		return
	}
	h := w.Header()
	o = encodeStored(h, o, active)
	h.Set("ETag", o.ETag())
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Type", contentType(o.Name))
	setDisposition(h, r, active)
	modified := o.LastModified
	r = r.Clone(r.Context())
	if strings.Contains(r.Header.Get("Range"), ",") {
		r.Header.Del("Range") // S3 has no multiple ranges
	}
	modified = breakHeaders(h, r, o, modified, active)
	if f, ok := active.get("control"); ok {
		controlHeader(h, f.Text)
	}
	if answersCondition(w, r, o, active) {
		return
	}
	if f, ok := active.get("truncated"); ok {
		o.Size = max(o.Size-f.Value, 0)
		h.Set("Content-Length", strconv.FormatInt(o.Size, 10))
	}
	sendDigests(h, o, active)
	if f, ok := active.get("hints"); ok {
		for range f.Value {
			w.WriteHeader(http.StatusEarlyHints)
		}
	}
	if f, ok := active.get("headers"); ok {
		fillHeader(h, f.Value)
	}
	o = encodeOnTheWay(h, r, o, active)
	answer := s.newAnswer(w, r, active)
	http.ServeContent(answer, r, "", modified, o.Reader())
	answer.finish()
}

// breakHeaders applies the faults of validators, ranges and names; it returns the
// date to tell.
func breakHeaders(h http.Header, r *http.Request, o Object, modified time.Time, active activeFaults) time.Time {
	for _, f := range active {
		switch f.Name {
		case "no-conditions":
			for _, name := range []string{
				"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range",
			} {
				r.Header.Del(name)
			}
		case "no-ranges":
			r.Header.Del("Range")
			h.Set("Accept-Ranges", "none")
		case "wrong-range":
			if start, ok := rangeStart(r.Header.Get("Range")); ok {
				r.Header.Set("Range", "bytes="+strconv.FormatInt(max(start-f.Value, 0), 10)+"-")
			}
		case "short-range":
			if start, ok := rangeStart(r.Header.Get("Range")); ok {
				r.Header.Set("Range", "bytes="+strconv.FormatInt(start, 10)+"-"+strconv.FormatInt(start+f.Value-1, 10))
			}
		case "kms":
			h.Set("X-Amz-Server-Side-Encryption", "aws:kms")
			h.Set("ETag", strconv.Quote(idHash(o.Key)+idHash(o.Key+"kms")+""))
		case "wrong-etag":
			h.Set("ETag", strconv.Quote(idHash(o.Key)+idHash(o.Key+"wrong")))
		case "no-etag":
			h.Del("ETag")
		case "weak-etag":
			h.Set("ETag", "W/"+o.ETag())
		case "no-last-modified":
			modified = time.Time{}
		case "no-disposition":
			h.Del("Content-Disposition")
		}
	}
	return modified
}

// rangeStart returns n of "bytes=n-...".
func rangeStart(header string) (int64, bool) {
	spec, _ := strings.CutPrefix(header, "bytes=")
	from, _, _ := strings.Cut(spec, "-")
	n, err := strconv.ParseInt(from, 10, 64)
	return n, err == nil
}

// storageRefusal returns the error that a fault wants instead of the file.
func (s *Sandbox) storageRefusal(w http.ResponseWriter, active activeFaults, key string) *s3Error {
	for _, f := range active {
		var e *s3Error
		switch f.Name {
		case "storage-403":
			e = accessDenied()
		case "storage-403-for":
			if !s.faults.within(key, time.Duration(f.Value)*time.Millisecond) {
				continue
			}
			return accessDenied()
		case "storage-404":
			e = &s3Error{Status: http.StatusNotFound, Code: "NoSuchKey", Message: "The specified key does not exist."}
		case "storage-202":
			e = &s3Error{Status: http.StatusAccepted, Code: "NotReady", Message: "The file is being made"}
		case "storage-410":
			e = &s3Error{Status: http.StatusGone, Code: "Gone", Message: "The file was removed"}
		case "storage-52x":
			return &s3Error{Status: int(f.Value), page: true}
		case "storage-429":
			e = &s3Error{Status: http.StatusTooManyRequests, Code: "TooManyRequests", Message: "Too many requests"}
		case "storage-500":
			e = internalError()
		case "storage-503":
			e = slowDown()
		case "storage-expired":
			return s.expiredError(s.now().Add(-time.Second))
		default:
			continue
		}
		if f.Value > 0 {
			w.Header().Set("Retry-After", strconv.FormatInt(f.Value, 10))
		}
		return e
	}
	return nil
}

// goneLink reports whether a request follows the link to a file that was followed first, which the
// fault stale-links wants to be gone.
func (s *Sandbox) goneLink(r *http.Request, active activeFaults, key string) bool {
	return active.has("stale-links") && s.faults.isFirstLink(key, r.URL.RawQuery)
}

// objectAt returns the object of an escaped path. The file name at its end does not matter.
func objectAt(all catalogue, escaped string) (Object, bool) {
	parts := strings.Split(strings.TrimPrefix(escaped, "/"), "/")
	for i := range parts {
		parts[i], _ = url.PathUnescape(parts[i]) // the server's own parser has taken it
	}
	if len(parts) < 3 {
		return Object{}, false
	}
	a, ok := all.find(parts[1])
	if !ok {
		return Object{}, false
	}
	it, ok := a.item(parts[2], false)
	switch {
	case !ok:
		return Object{}, false
	case parts[0] == "media" && len(parts) == 4:
		return a.object(it), true
	case parts[0] == "derivatives" && len(parts) == 5:
		for d, o := range a.derivativesOf(it) {
			if d.name == parts[3] {
				return o, true
			}
		}
	}
	return Object{}, false
}

// Object returns the file of an asset that a selector chooses, spelled as in results:
// original, additional, version/2, item/ID, derivative/NAME,
// item/ID/derivative/NAME or transform/SPEC.
func (s *Sandbox) Object(mediaID, selector string) (Object, bool) {
	all, err := s.catalogue()
	if err != nil {
		return Object{}, false
	}
	a, ok := all.find(mediaID)
	if !ok {
		return Object{}, false
	}
	what, name, _ := strings.Cut(selector, "/")
	var it item
	switch what {
	case "original":
		it, ok = a.original(0)
	case "additional":
		it, ok = a.additional()
	case "version":
		version, err := strconv.Atoi(name)
		if it, ok = a.original(version); err != nil || version < 1 {
			return Object{}, false
		}
	case "item":
		id, rendition, isRendition := strings.Cut(name, "/derivative/")
		if it, ok = a.item(id, false); ok && isRendition {
			return a.findDerivative(it, rendition)
		}
	case "transform":
		query, err := url.ParseQuery("io=transform:" + name)
		if err != nil {
			return Object{}, false
		}
		o, err := a.transformed(query)
		return o, err == nil
	case "derivative":
		if it, ok = a.original(0); ok {
			return a.findDerivative(it, name)
		}
	default:
		return Object{}, false
	}
	if !ok {
		return Object{}, false
	}
	return a.object(it), true
}

func (a *asset) findDerivative(it item, name string) (Object, bool) {
	for d, o := range a.derivativesOf(it) {
		if d.name == name {
			return o, true
		}
	}
	return Object{}, false
}

func contentType(name string) string {
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

// s3Error is an error as S3 answers it.
type s3Error struct {
	XMLName       xml.Name `xml:"Error"`
	Status        int      `xml:"-"`
	Code          string
	Message       string
	Condition     string `xml:",omitempty"`
	ArgumentName  string `xml:",omitempty"`
	ArgumentValue string `xml:",omitempty"`
	Expires       string `xml:",omitempty"`
	ServerTime    string `xml:",omitempty"`
	BucketName    string `xml:",omitempty"`
	Region        string `xml:",omitempty"`
	Endpoint      string `xml:",omitempty"`
	RequestID     string `xml:"RequestId"`
	HostID        string `xml:"HostId"`
	page          bool   // for browsers, in place of XML
}

func preconditionFailed() *s3Error {
	return &s3Error{
		Status: http.StatusPreconditionFailed, Code: "PreconditionFailed", Condition: "If-Match",
		Message: "At least one of the pre-conditions you specified did not hold",
	}
}

func (e *s3Error) Error() string { return e.Code + ": " + e.Message }

func (e *s3Error) write(w http.ResponseWriter, r *http.Request) {
	e.RequestID, e.HostID = "SANDBOX00000000", "sandbox"
	text, err := xml.Marshal(e)
	if err != nil {
		panic(err) // our own type: it cannot fail
	}
	h := w.Header()
	for _, name := range []string{
		"ETag", "Last-Modified", "Accept-Ranges", "Content-Disposition", "Content-Length", "Content-Encoding",
		"X-Amz-Server-Side-Encryption",
	} {
		h.Del(name)
	}
	if e.page {
		writePage(w, e.Status, "The server had trouble")
		return
	}
	h.Set("Content-Type", "application/xml")
	w.WriteHeader(e.Status)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, xml.Header+string(text))
	}
}
