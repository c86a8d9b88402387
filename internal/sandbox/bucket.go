package sandbox

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// BucketName is the name of the bucket of the sandbox, the only one.
const BucketName = "sandbox"

// bucketRegion is where the bucket is: another region than the one that clients use if none is set.
const bucketRegion = "eu-central-1"

// BucketURL returns the address of the S3 server, with the bucket at /sandbox, without a trailing slash.
func (s *Sandbox) BucketURL() string { return s.opts.BucketURL }

// bucketOperation is an operation of the S3 API, under the name that its documentation gives it.
type bucketOperation struct {
	name   string
	method string
	onKey  bool     // about an object, not the bucket
	copies bool     // has the header X-Amz-Copy-Source
	needs  []string // query keys by which it differs from other operations
	takes  []string // other query keys that it understands
	serve  func(*bucketCall) *s3Error
}

// bucketOperations are the operations that the bucket has, those with more query keys first.
var bucketOperations []bucketOperation

func init() { // the functions refer to the table
	bucketOperations = []bucketOperation{
		{name: "GetBucketLocation", method: http.MethodGet, needs: []string{"location"}, serve: (*bucketCall).getLocation},
		{
			name: "ListMultipartUploads", method: http.MethodGet, needs: []string{"uploads"}, serve: (*bucketCall).listUploads,
			takes: []string{"prefix", "delimiter", "key-marker", "upload-id-marker", "max-uploads", "encoding-type"},
		},
		{
			name: "ListObjectsV2", method: http.MethodGet, needs: []string{"list-type"}, serve: (*bucketCall).listObjects,
			takes: []string{"prefix", "delimiter", "start-after", "continuation-token", "max-keys", "encoding-type", "fetch-owner"},
		},
		{name: "HeadBucket", method: http.MethodHead, serve: func(*bucketCall) *s3Error { return nil }},
		{
			name: "ListParts", method: http.MethodGet, onKey: true, needs: []string{"uploadId"}, serve: (*bucketCall).listParts,
			takes: []string{"max-parts", "part-number-marker", "encoding-type"},
		},
		{name: "GetObject", method: http.MethodGet, onKey: true, serve: (*bucketCall).getObject},
		{name: "HeadObject", method: http.MethodHead, onKey: true, serve: (*bucketCall).getObject},
		{
			name: "UploadPartCopy", method: http.MethodPut, onKey: true, copies: true, needs: []string{"partNumber", "uploadId"},
			serve: (*bucketCall).uploadPart,
		},
		{name: "UploadPart", method: http.MethodPut, onKey: true, needs: []string{"partNumber", "uploadId"}, serve: (*bucketCall).uploadPart},
		{name: "CopyObject", method: http.MethodPut, onKey: true, copies: true, serve: (*bucketCall).copyObject},
		{name: "PutObject", method: http.MethodPut, onKey: true, serve: (*bucketCall).putObject},
		{name: "CreateMultipartUpload", method: http.MethodPost, onKey: true, needs: []string{"uploads"}, serve: (*bucketCall).createUpload},
		{name: "CompleteMultipartUpload", method: http.MethodPost, onKey: true, needs: []string{"uploadId"}, serve: (*bucketCall).completeUpload},
		{name: "AbortMultipartUpload", method: http.MethodDelete, onKey: true, needs: []string{"uploadId"}, serve: (*bucketCall).abortUpload},
		{name: "DeleteObject", method: http.MethodDelete, onKey: true, serve: (*bucketCall).deleteObject},
	}
}

// bucketOperationNames returns the names of the operations.
func bucketOperationNames() []string {
	var names []string
	for _, o := range bucketOperations {
		names = append(names, o.name)
	}
	return names
}

// bucketCall is a request to the bucket.
type bucketCall struct {
	s         *Sandbox
	w         http.ResponseWriter
	r         *http.Request
	bucket    string
	key       string
	query     url.Values
	operation bucketOperation
	active    activeFaults
	signed    signedRequest
}

// Bucket returns the handler of the S3 API: one bucket, with its name in the path, whose objects last as long
// as the sandbox. Requests must be signed (Signature Version 4, in the header).
func (s *Sandbox) Bucket() http.Handler { return s.handler(s.serveBucket) }

func (s *Sandbox) serveBucket(w http.ResponseWriter, r *http.Request) {
	c := &bucketCall{s: s, w: w, r: r, query: r.URL.Query()}
	c.bucket, c.key, _ = strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	c.operation = c.route()
	s.counters.bucketRequest(c.operation.name)
	what := c.key
	setDefault(&what, c.operation.name)
	c.active = s.faults.match(OnBucket, c.operation.name, "", what)
	w.Header().Set("Server", "AmazonS3")
	if c.active.has("s3-stall") {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
	if c.active.has("s3-lost") {
		c.w = lostAnswer{}
	}
	c.r.Body = c.breakBody(r.Body)
	if refused := c.answer(); refused != nil {
		// Read to its end, so that the client reads this answer and not an error of the connection.
		_, _ = io.Copy(io.Discard, c.r.Body)
		refused.write(c.w, r)
	}
	if c.active.has("s3-lost") {
		panic(http.ErrAbortHandler) // the server closes the connection
	}
}

// route returns the operation that is asked for, without serve if there is none.
func (c *bucketCall) route() bucketOperation {
	for _, o := range bucketOperations {
		missing := func(key string) bool { return !c.query.Has(key) }
		if o.method != c.r.Method || o.onKey != (c.key != "") || slices.ContainsFunc(o.needs, missing) {
			continue
		}
		if o.copies && c.r.Header.Get("X-Amz-Copy-Source") == "" {
			continue
		}
		for key := range c.query {
			if key != "x-id" && !slices.Contains(o.needs, key) && !slices.Contains(o.takes, key) {
				return bucketOperation{name: "unknown"}
			}
		}
		return o
	}
	return bucketOperation{name: "unknown"}
}

// answer serves the call, or returns the error to answer with.
func (c *bucketCall) answer() *s3Error {
	if refused := c.refusal(); refused != nil {
		return refused
	}
	var refused *s3Error
	if c.signed, refused = c.authorize(); refused != nil {
		c.s.counters.bucketRefusal(refused.Code)
		return refused
	}
	switch {
	case c.bucket != BucketName || c.active.has("s3-no-bucket"):
		return &s3Error{
			Status: http.StatusNotFound, Code: "NoSuchBucket", BucketName: c.bucket, Message: "The specified bucket does not exist",
		}
	case c.operation.serve == nil:
		return notImplemented()
	case len(c.key) > 1024:
		return &s3Error{Status: http.StatusBadRequest, Code: "KeyTooLongError", Message: "Your key is too long"}
	}
	return c.operation.serve(c)
}

func notImplemented() *s3Error {
	return &s3Error{
		Status: http.StatusNotImplemented, Code: "NotImplemented",
		Message: "A header or query you provided implies functionality that is not implemented",
	}
}

func invalidArgument(message string) *s3Error {
	return &s3Error{Status: http.StatusBadRequest, Code: "InvalidArgument", Message: message}
}

func (c *bucketCall) getLocation() *s3Error {
	type location struct {
		XMLName xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ LocationConstraint"`
		Region  string   `xml:",chardata"`
	}
	c.writeXML(location{Region: c.region()})
	return nil
}

// getObject answers with an object, or its header.
func (c *bucketCall) getObject() *s3Error {
	o, found := c.s.bucket.get(c.key)
	if !found {
		return c.noSuchKey()
	}
	h := c.w.Header()
	for name, values := range o.header {
		h[name] = values
	}
	h.Set("ETag", `"`+o.etag+`"`)
	h.Set("Content-Length", strconv.FormatInt(o.size, 10)) // ServeContent sets none beside a Content-Encoding
	if strings.Contains(c.r.Header.Get("Range"), ",") {
		c.r.Header.Del("Range") // S3 has no multiple ranges
	}
	answer := c.s.newAnswer(c.w, c.r, c.breakAnswer())
	answer.count = func(int64) {}
	modified := o.modified
	if f, ok := c.active.get("s3-old"); ok {
		modified = modified.Add(-time.Duration(f.Value) * time.Second)
	}
	http.ServeContent(answer, c.r, "", modified, io.NewSectionReader(o, 0, o.size))
	answer.finish()
	return nil
}

// noSuchKey returns the error for an object that does not exist: without the right to list, S3 does not say so.
func (c *bucketCall) noSuchKey() *s3Error {
	if c.denied("ListObjectsV2") {
		return accessDenied()
	}
	return &s3Error{Status: http.StatusNotFound, Code: "NoSuchKey", Message: "The specified key does not exist."}
}

func (c *bucketCall) deleteObject() *s3Error {
	if refused := c.s.bucket.remove(c.key, c.conditions()); refused != nil {
		return refused
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

// isoTime returns a time as XML answers of S3 have it.
func isoTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
