package sandbox

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Operations by the right that they need, in the groups of the fault s3-denied.
var bucketRights = map[string][]string{
	"list":   {"HeadBucket", "ListObjectsV2", "ListMultipartUploads"},
	"get":    {"HeadObject", "GetObject"},
	"put":    {"PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload"},
	"delete": {"DeleteObject"},
	"abort":  {"AbortMultipartUpload", "ListParts"},
}

// deniable returns the operations that a variant of s3-denied affects: without the right to list, S3 does not say
// that an object does not exist.
func deniable(text string) []string {
	if text == "list" {
		return slices.Concat(bucketRights["list"], bucketRights["get"])
	}
	return bucketRights[text]
}

// only returns the same operations for each variant.
func only(operations ...string) func(string) []string {
	return func(string) []string { return operations }
}

// Groups of operations: those that make or remove an object, and those that bring or answer the bytes of one.
var (
	bucketWrites = only("PutObject", "CopyObject", "CompleteMultipartUpload", "DeleteObject")
	bucketBodies = only("PutObject", "UploadPart", "GetObject")
)

// bucketFaultKinds are the faults of the bucket.
var bucketFaultKinds = []FaultKind{
	{Name: "s3-500", Side: OnBucket, Doc: "the bucket: 500 InternalError"},
	{Name: "s3-503", Side: OnBucket, Doc: "the bucket: 503 SlowDown, Retry-After: N (left out for 0)"},
	{Name: "s3-409", Side: OnBucket, operations: bucketWrites, Doc: "the bucket: 409 ConditionalRequestConflict in place of a new object, or of a deletion with If-Match"},
	{Name: "s3-412", Side: OnBucket, operations: bucketWrites, Doc: "the bucket: 412 PreconditionFailed in place of a new object, even if the key is free, or of a deletion with If-Match"},
	{
		Name: "s3-lost", Side: OnBucket, operations: bucketWrites,
		Doc: "the bucket has the new object, or has removed one, but the connection closes without an answer",
	},
	{
		Name: "s3-complete-200", Side: OnBucket, operations: only("CompleteMultipartUpload"),
		Doc: "CompleteMultipartUpload: 200 with an error in its body, and no object",
	},
	{
		Name: "s3-no-upload", Side: OnBucket, operations: only("UploadPart", "UploadPartCopy", "ListParts", "CompleteMultipartUpload", "AbortMultipartUpload"),
		Doc: "the bucket: 404 NoSuchUpload, as after an upload in parts was removed",
	},
	{Name: "s3-no-key", Side: OnBucket, operations: only("GetObject"), Doc: "the bucket: 404 NoSuchKey, as after another process removed the object"},
	{
		Name: "s3-no-conditions", Side: OnBucket, operations: bucketWrites, Texts: []string{"ignored", "unknown"},
		Doc: "the bucket ignores If-None-Match and If-Match; unknown: 501 NotImplemented for them",
	},
	{Name: "s3-cut", Side: OnBucket, Default: 64 << 10, operations: bucketBodies, Doc: "the connection to the bucket closes after N bytes of a body, sent or received"},
	{Name: "s3-slow", Side: OnBucket, Default: 256 << 10, operations: bucketBodies, Doc: "the bucket sends and receives N bytes of bodies per second and request"},
	{Name: "s3-stall", Side: OnBucket, Doc: "the bucket never answers"},
	{Name: "s3-flip", Side: OnBucket, operations: bucketBodies, Doc: "one bit of a body is stored or sent wrong; ETags of new objects are of the wrong bytes"},
	{Name: "s3-etag", Side: OnBucket, operations: only("PutObject", "UploadPart", "UploadPartCopy", "CopyObject"), Doc: "ETags of new objects are not digests, as with SSE-KMS"},
	{
		Name: "s3-page", Side: OnBucket, Default: 2, operations: only("ListObjectsV2", "ListParts", "ListMultipartUploads"),
		Doc: "pages of the bucket's lists have at most N entries",
	},
	{Name: "s3-old", Side: OnBucket, Default: 600, operations: only("HeadObject", "GetObject"), Doc: "objects were changed N seconds earlier than they were"},
	{
		Name: "s3-no-part", Side: OnBucket, Default: 2, operations: only("ListParts"),
		Doc: "ListParts: the bucket has lost part N of the upload",
	},
	{
		Name: "s3-denied", Side: OnBucket, operations: deniable, Texts: []string{"put", "list", "get", "delete", "abort"},
		Doc: "the bucket: 403 AccessDenied for operations with the right TEXT; without list, also in place of 404",
	},
	{Name: "s3-no-bucket", Side: OnBucket, Doc: "404 NoSuchBucket"},
	{
		Name: "s3-region", Side: OnBucket, Texts: []string{"malformed", "redirect"},
		Doc: "the bucket is in us-west-2: 400 AuthorizationHeaderMalformed for other regions; redirect: 301",
	},
	{Name: "s3-quota", Side: OnBucket, Default: 1 << 20, operations: only("PutObject", "UploadPart"), Doc: "the bucket: 403 QuotaExceeded for bodies beyond N bytes in all"},
	{
		Name: "s3-keys", Side: OnBucket, Texts: []string{"unknown", "secret", "expired"},
		Doc: "the bucket does not accept the keys: InvalidAccessKeyId, SignatureDoesNotMatch or ExpiredToken",
	},
}

func accessDenied() *s3Error {
	return &s3Error{Status: http.StatusForbidden, Code: "AccessDenied", Message: "Access Denied"}
}

func internalError() *s3Error {
	return &s3Error{
		Status: http.StatusInternalServerError, Code: "InternalError",
		Message: "We encountered an internal error. Please try again.",
	}
}

func slowDown() *s3Error {
	return &s3Error{Status: http.StatusServiceUnavailable, Code: "SlowDown", Message: "Please reduce your request rate."}
}

// refusal returns the error that a fault wants in place of an answer.
func (c *bucketCall) refusal() *s3Error {
	for _, f := range c.active {
		switch f.Name {
		case "s3-500":
			return internalError()
		case "s3-503":
			if f.Value > 0 {
				c.w.Header().Set("Retry-After", strconv.FormatInt(f.Value, 10))
			}
			return slowDown()
		case "s3-no-conditions":
			if f.Text == "unknown" && c.sentConditions() != (conditions{}) {
				return notImplemented()
			}
		case "s3-409":
			if c.removesAny() {
				break
			}
			return &s3Error{
				Status: http.StatusConflict, Code: "ConditionalRequestConflict",
				Message: "The conditional request cannot succeed due to a conflicting operation against this resource.",
			}
		case "s3-no-key":
			return c.noSuchKey()
		case "s3-412":
			if c.removesAny() {
				break
			}
			return bucketPrecondition("If-None-Match")
		case "s3-keys":
			switch f.Text {
			case "unknown":
				return signatureError("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
			case "expired":
				return &s3Error{Status: http.StatusBadRequest, Code: "ExpiredToken", Message: "The provided token has expired."}
			}
			return signatureError("SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
		}
	}
	if c.denied(c.operation.name) {
		return accessDenied()
	}
	return nil
}

// removesAny reports whether the call removes an object without a condition, which thus cannot fail.
func (c *bucketCall) removesAny() bool {
	return c.operation.name == "DeleteObject" && c.sentConditions() == (conditions{})
}

// denied reports whether the fault s3-denied takes the right to an operation away.
func (c *bucketCall) denied(operation string) bool {
	return slices.ContainsFunc(c.active, func(f activeFault) bool {
		return f.Name == "s3-denied" && slices.Contains(bucketRights[f.Text], operation)
	})
}

// region returns where the bucket is.
func (c *bucketCall) region() string {
	if c.active.has("s3-region") {
		return "us-west-2"
	}
	return bucketRegion
}

// breakAnswer returns the faults of the bucket that affect the body of an answer, as the faults of files
// that do the same.
func (c *bucketCall) breakAnswer() activeFaults {
	var broken activeFaults
	for _, f := range c.active {
		switch f.Name {
		case "s3-cut", "s3-slow", "s3-flip":
			f.Name = strings.TrimPrefix(f.Name, "s3-")
			broken = append(broken, f)
		}
	}
	return broken
}

// breakBody returns the body of a request as the faults let it arrive.
func (c *bucketCall) breakBody(body io.ReadCloser) io.ReadCloser {
	if f, ok := c.active.get("s3-cut"); ok && c.r.ContentLength > f.Value {
		body = &cutBody{ReadCloser: body, left: f.Value}
	}
	if f, ok := c.active.get("s3-slow"); ok {
		body = &slowBody{ReadCloser: body, c: c, pace: f.Value, began: time.Now()}
	}
	return body
}

// cutBody closes the connection after left bytes.
type cutBody struct {
	io.ReadCloser
	left int64
}

func (b *cutBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		panic(http.ErrAbortHandler)
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// slowBody reads pace bytes per second.
type slowBody struct {
	io.ReadCloser
	c     *bucketCall
	pace  int64
	began time.Time
	read  int64
}

func (b *slowBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), max(b.pace/20, 1024))])
	b.read += int64(n)
	due := b.began.Add(time.Duration(float64(b.read) / float64(b.pace) * float64(time.Second)))
	if wait(b.c.r.Context(), time.Until(due)) != nil {
		panic(http.ErrAbortHandler)
	}
	return n, err
}

// flippingReader has a wrong bit in its first byte.
type flippingReader struct {
	r    io.Reader
	done bool
}

func (r *flippingReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if n > 0 && !r.done {
		p[0] ^= 0x10
		r.done = true
	}
	return n, err
}

// lostAnswer is where an answer goes that the client does not get.
type lostAnswer struct{}

func (lostAnswer) Header() http.Header         { return http.Header{} }
func (lostAnswer) Write(p []byte) (int, error) { return len(p), nil }
func (lostAnswer) WriteHeader(int)             {}
