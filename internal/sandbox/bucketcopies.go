package sandbox

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// copyObject copies an object inside the bucket. The copy has the MD5 of its bytes as ETag, also if the source came in parts.
func (c *bucketCall) copyObject() *s3Error {
	from, refused := c.copySource()
	if refused != nil {
		return refused
	}
	header := from.header
	switch c.r.Header.Get("X-Amz-Metadata-Directive") {
	case "", "COPY":
		if o, _ := c.s.bucket.get(c.key); o == from {
			return &s3Error{
				Status: http.StatusBadRequest, Code: "InvalidRequest",
				Message: "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata",
			}
		}
	case "REPLACE":
		if header, refused = objectHeader(c.r.Header); refused != nil {
			return refused
		}
	default:
		return invalidArgument("Unknown metadata directive.")
	}
	o := *from
	if o.etag, refused = c.copiedETag(io.NewSectionReader(from, 0, from.size)); refused != nil {
		return refused
	}
	if c.active.has("s3-etag") {
		header = header.Clone()
		header.Set("X-Amz-Server-Side-Encryption", "aws:kms")
	}
	o.modified, o.header = c.s.now().Truncate(time.Second), header
	if refused := c.s.bucket.put(c.key, &o, c.conditions()); refused != nil {
		return refused
	}
	c.writeXML(copyResult{ETag: `"` + o.etag + `"`, LastModified: isoTime(o.modified)})
	return nil
}

// copySource returns the object that a call copies.
func (c *bucketCall) copySource() (*stored, *s3Error) {
	source, err := unescapeSource(c.r.Header.Get("X-Amz-Copy-Source"))
	if err != nil {
		return nil, invalidArgument(err.Error())
	}
	from, found := c.s.bucket.get(source)
	if !found {
		return nil, c.noSuchKey()
	}
	if match := c.r.Header.Get("X-Amz-Copy-Source-If-Match"); match != "" && strings.Trim(match, `"`) != from.etag {
		return nil, bucketPrecondition("x-amz-copy-source-If-Match")
	}
	return from, nil
}

// copiedETag returns the ETag of a copy.
func (c *bucketCall) copiedETag(bytes io.Reader) (string, *s3Error) {
	sum := md5.New()
	if _, err := io.Copy(sum, bytes); err != nil {
		return "", &s3Error{Status: http.StatusInternalServerError, Code: "InternalError", Message: err.Error()}
	}
	etag := hex.EncodeToString(sum.Sum(nil))
	if c.active.has("s3-etag") {
		etag = notDigest(etag)
	}
	return etag, nil
}

// unescapeSource returns the key in X-Amz-Copy-Source.
func unescapeSource(header string) (string, error) {
	path, err := url.PathUnescape(header)
	if err != nil {
		return "", fmt.Errorf("invalid copy source encoding")
	}
	name, key, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if name != BucketName || key == "" || strings.Contains(key, "?versionId=") {
		return "", fmt.Errorf("copy source must mention the source bucket and key: /%s/key", BucketName)
	}
	return key, nil
}

// part returns the bytes of a part: the body of the call, or those of an object, all or a range.
func (c *bucketCall) part() (body, *s3Error) {
	if !c.operation.copies {
		return c.store()
	}
	from, refused := c.copySource()
	if refused != nil {
		return body{}, refused
	}
	first, last := int64(0), from.size-1
	if text := c.r.Header.Get("X-Amz-Copy-Source-Range"); text != "" {
		if _, err := fmt.Sscanf(text, "bytes=%d-%d", &first, &last); err != nil || first < 0 || first > last || last >= from.size {
			return body{}, invalidArgument("The x-amz-copy-source-range value must be of the form bytes=first-last, inside the source")
		}
	}
	part := body{SectionReader: io.NewSectionReader(from, first, last+1-first), size: last + 1 - first}
	var err *s3Error
	part.etag, err = c.copiedETag(part.SectionReader)
	return part, err
}
