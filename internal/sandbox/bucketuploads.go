package sandbox

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// smallestPart is the least size of a part that is not the last one, and mostParts the greatest number of one.
	smallestPart = 5 << 20
	mostParts    = 10_000
	// largestCompletion bounds the list of the parts of an upload, in bytes.
	largestCompletion = 4 << 20
)

// upload is an object that comes in parts.
type upload struct {
	id, key string
	began   time.Time
	header  http.Header
	parts   map[int]uploadedPart
}

type uploadedPart struct {
	body
	modified time.Time
}

func compareUploads(a, b *upload) int {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id))
}

func noSuchUpload() *s3Error {
	return &s3Error{
		Status: http.StatusNotFound, Code: "NoSuchUpload",
		Message: "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
	}
}

// upload returns where the upload of a call is among the uploads; the caller holds the lock of the bucket.
func (c *bucketCall) upload() (int, *s3Error) {
	id := c.query.Get("uploadId")
	at := slices.IndexFunc(c.s.bucket.uploads, func(u *upload) bool { return u.id == id && u.key == c.key })
	if at < 0 || c.active.has("s3-no-upload") {
		return 0, noSuchUpload()
	}
	return at, nil
}

func (c *bucketCall) createUpload() *s3Error {
	header, refused := objectHeader(c.r.Header)
	if refused != nil {
		return refused
	}
	b := &c.s.bucket
	b.mu.Lock()
	defer b.mu.Unlock()
	b.began++
	u := &upload{
		id: fmt.Sprintf("%08d%016x", b.began, mix64(b.began)), key: c.key, began: c.s.now(), header: header,
		parts: map[int]uploadedPart{},
	}
	at, _ := slices.BinarySearchFunc(b.uploads, u, compareUploads)
	b.uploads = slices.Insert(b.uploads, at, u)
	c.writeXML(createdUpload{Bucket: BucketName, Key: c.key, UploadID: u.id})
	return nil
}

func (c *bucketCall) uploadPart() *s3Error {
	number, err := strconv.Atoi(c.query.Get("partNumber"))
	if err != nil || number < 1 || number > mostParts {
		return invalidArgument("Part number must be an integer between 1 and 10000, inclusive")
	}
	b := &c.s.bucket
	b.mu.Lock()
	_, refused := c.upload()
	b.mu.Unlock()
	if refused != nil {
		return refused
	}
	part, refused := c.part()
	if refused != nil {
		return refused
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	at, refused := c.upload() // it may have ended meanwhile
	if refused != nil {
		return refused
	}
	b.uploads[at].parts[number] = uploadedPart{part, c.s.now()}
	if c.operation.copies {
		c.writeXML(copiedPart{ETag: `"` + part.etag + `"`, LastModified: isoTime(c.s.now())})
		return nil
	}
	c.w.Header().Set("ETag", `"`+part.etag+`"`)
	return nil
}

// completion is the body of CompleteMultipartUpload.
type completion struct {
	XMLName xml.Name `xml:"CompleteMultipartUpload"`
	Parts   []struct {
		PartNumber int
		ETag       string
	} `xml:"Part"`
}

func (c *bucketCall) completeUpload() *s3Error {
	list, refused := c.completion()
	if refused != nil {
		return refused
	}
	b := &c.s.bucket
	b.mu.Lock()
	defer b.mu.Unlock()
	at, refused := c.upload()
	if refused != nil {
		return refused
	}
	u := b.uploads[at]
	parts, refused := u.chosen(list)
	if refused != nil {
		return refused
	}
	if c.active.has("s3-complete-200") { // S3 has sent its header by the time at which it fails
		c.writeXML(&s3Error{Code: "InternalError", Message: internalError().Message})
		return nil
	}
	o := completed(parts, u.header, c.s.now())
	if refused := b.putLocked(c.key, o, c.conditions()); refused != nil {
		return refused
	}
	b.uploads = slices.Delete(b.uploads, at, at+1)
	c.writeXML(completedUpload{
		Location: c.s.opts.BucketURL + "/" + BucketName + "/" + c.key, Bucket: BucketName, Key: c.key, ETag: `"` + o.etag + `"`,
	})
	return nil
}

// completion reads the list of parts that a call has.
func (c *bucketCall) completion() (completion, *s3Error) {
	var list completion
	r, size, refused := c.payload()
	if refused != nil {
		return list, refused
	}
	malformed := &s3Error{Status: http.StatusBadRequest, Code: "MalformedXML", Message: "The XML you provided was not well-formed"}
	if size > largestCompletion {
		return list, malformed
	}
	text, err := io.ReadAll(r)
	if answer, ok := err.(*s3Error); ok { //nolint:errorlint // io.ReadAll returns errors as they are
		return list, answer
	}
	if err != nil || xml.Unmarshal(text, &list) != nil || len(list.Parts) == 0 || len(list.Parts) > mostParts {
		return list, malformed
	}
	return list, nil
}

// chosen returns the bodies of the parts of a list, in its order.
func (u *upload) chosen(list completion) ([]body, *s3Error) {
	var parts []body
	for i, p := range list.Parts {
		part, found := u.parts[p.PartNumber]
		switch {
		case i+1 < len(list.Parts) && p.PartNumber >= list.Parts[i+1].PartNumber:
			return nil, &s3Error{Status: http.StatusBadRequest, Code: "InvalidPartOrder", Message: "The list of parts was not in ascending order."}
		case !found || strings.Trim(p.ETag, `"`) != part.etag:
			return nil, &s3Error{
				Status: http.StatusBadRequest, Code: "InvalidPart",
				Message: "One or more of the specified parts could not be found, or its entity tag does not match.",
			}
		case i < len(list.Parts)-1 && part.size < smallestPart:
			return nil, &s3Error{
				Status: http.StatusBadRequest, Code: "EntityTooSmall",
				Message: "Your proposed upload is smaller than the minimum allowed size",
			}
		}
		parts = append(parts, part.body)
	}
	return parts, nil
}

func (c *bucketCall) abortUpload() *s3Error {
	b := &c.s.bucket
	b.mu.Lock()
	defer b.mu.Unlock()
	at, refused := c.upload()
	if refused != nil {
		return refused
	}
	b.uploads = slices.Delete(b.uploads, at, at+1)
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}
