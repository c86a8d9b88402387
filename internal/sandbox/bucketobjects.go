package sandbox

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// bucket is the content of the bucket. It may be used by several goroutines at once.
type bucket struct {
	bodies bodies

	mu      sync.Mutex
	keys    []string // of the objects, sorted
	objects map[string]*stored
	uploads []*upload // by key, then by age
	began   uint64    // uploads
}

// stored is an object. It is not changed any more.
type stored struct {
	parts    []body
	size     int64
	etag     string // without quotes
	modified time.Time
	header   http.Header // what was sent with it
}

// ReadAt implements io.ReaderAt.
func (o *stored) ReadAt(p []byte, off int64) (int, error) {
	done := 0
	for _, part := range o.parts {
		if off >= part.size || done == len(p) {
			off = max(off-part.size, 0)
			continue
		}
		n, err := part.ReadAt(p[done:], off)
		if done += n; err != nil && !errors.Is(err, io.EOF) {
			return done, err
		}
		off = 0
	}
	if done < len(p) {
		return done, io.EOF
	}
	return done, nil
}

// body is what one request has brought.
type body struct {
	*io.SectionReader
	size int64
	etag string // without quotes: its MD5
}

// bodies is a temporary file with the bytes of all bodies, one after the other. The place of a deleted one is not used again.
type bodies struct {
	mu   sync.Mutex
	file *os.File
	end  int64
}

// reserve returns the file, with the place for size bytes.
func (b *bodies) reserve(size int64) (*os.File, int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		file, err := os.CreateTemp("", "bynder-sandbox-bucket-*")
		if err != nil {
			return nil, 0, err
		}
		_ = os.Remove(file.Name()) // so that nothing is left after a kill; Windows does it in close
		b.file = file
	}
	off := b.end
	b.end += size
	return b.file, off, nil
}

// store reads a body of size bytes.
func (b *bodies) store(r io.Reader, size int64) (body, error) {
	file, off, err := b.reserve(size)
	if err != nil {
		return body{}, err
	}
	sum := md5.New()
	n, err := io.Copy(io.MultiWriter(io.NewOffsetWriter(file, off), sum), r)
	if err == nil && n != size {
		err = incompleteBody()
	}
	return body{io.NewSectionReader(file, off, size), size, hex.EncodeToString(sum.Sum(nil))}, err
}

// close removes the file.
func (b *bodies) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file != nil {
		_ = b.file.Close()
		_ = os.Remove(b.file.Name()) // on other systems than Windows it has gone before
		b.file = nil
	}
}

func (b *bucket) get(key string) (*stored, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, found := b.objects[key]
	return o, found
}

// put makes an object visible under a key, if the conditions hold.
func (b *bucket) put(key string, o *stored, on conditions) *s3Error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.putLocked(key, o, on)
}

func (b *bucket) putLocked(key string, o *stored, on conditions) *s3Error {
	if refused := on.check(b.objects[key]); refused != nil {
		return refused
	}
	if b.objects == nil {
		b.objects = map[string]*stored{}
	}
	if at, found := slices.BinarySearch(b.keys, key); !found {
		b.keys = slices.Insert(b.keys, at, key)
	}
	b.objects[key] = o
	return nil
}

// remove removes an object if there is one and the conditions hold.
func (b *bucket) remove(key string, on conditions) *s3Error {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, found := b.objects[key]
	if refused := on.check(o); refused != nil {
		return refused
	}
	if !found {
		return nil
	}
	delete(b.objects, key)
	at, _ := slices.BinarySearch(b.keys, key)
	b.keys = slices.Delete(b.keys, at, at+1)
	return nil
}

// conditions are those under which a key is written or removed.
type conditions struct{ ifMatch, ifNoneMatch string }

func (c *bucketCall) conditions() conditions {
	if c.active.has("s3-no-conditions") {
		return conditions{}
	}
	return c.sentConditions()
}

func (c *bucketCall) sentConditions() conditions {
	return conditions{c.r.Header.Get("If-Match"), c.r.Header.Get("If-None-Match")}
}

// check returns the error for conditions that an existing object, or nil, does not fulfill.
func (on conditions) check(o *stored) *s3Error {
	switch {
	case on.ifNoneMatch != "" && on.ifNoneMatch != "*":
		return notImplemented()
	case on.ifNoneMatch == "*" && o != nil:
		return bucketPrecondition("If-None-Match")
	case on.ifMatch != "" && o == nil:
		return &s3Error{Status: http.StatusNotFound, Code: "NoSuchKey", Message: "The specified key does not exist."}
	case on.ifMatch != "" && on.ifMatch != "*" && strings.Trim(on.ifMatch, `"`) != o.etag:
		return bucketPrecondition("If-Match")
	}
	return nil
}

func bucketPrecondition(name string) *s3Error {
	e := preconditionFailed()
	e.Condition = name
	return e
}

func (c *bucketCall) putObject() *s3Error {
	header, refused := objectHeader(c.r.Header)
	if refused != nil {
		return refused
	}
	b, refused := c.store()
	if refused != nil {
		return refused
	}
	if c.active.has("s3-etag") {
		header.Set("X-Amz-Server-Side-Encryption", "aws:kms") // as an object whose ETag is not a digest has it
	}
	o := &stored{parts: []body{b}, size: b.size, etag: b.etag, modified: c.s.now().Truncate(time.Second), header: header}
	if refused := c.s.bucket.put(c.key, o, c.conditions()); refused != nil {
		return refused
	}
	c.w.Header().Set("ETag", `"`+o.etag+`"`)
	return nil
}

// store stores the body of a call.
func (c *bucketCall) store() (body, *s3Error) {
	r, size, refused := c.payload()
	if refused != nil {
		return body{}, refused
	}
	if f, ok := c.active.get("s3-quota"); ok && c.s.bucket.used()+size > f.Value {
		return body{}, &s3Error{Status: http.StatusForbidden, Code: "QuotaExceeded", Message: "The quota of the bucket is exceeded."}
	}
	if c.active.has("s3-flip") {
		r = &flippingReader{r: r}
	}
	b, err := c.s.bucket.bodies.store(r, size)
	switch answer, ok := errors.AsType[*s3Error](err); {
	case ok:
		return body{}, answer
	case err != nil:
		return body{}, &s3Error{Status: http.StatusInternalServerError, Code: "InternalError", Message: err.Error()}
	}
	if c.active.has("s3-etag") {
		b.etag = notDigest(b.etag)
		c.w.Header().Set("X-Amz-Server-Side-Encryption", "aws:kms")
	}
	return b, nil
}

// notDigest returns an ETag that looks like an MD5 and is not that of the bytes.
func notDigest(etag string) string {
	sum := md5.Sum([]byte("encrypted " + etag))
	return hex.EncodeToString(sum[:])
}

// used returns the bytes of all objects and uploads.
func (b *bucket) used() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all int64
	for _, o := range b.objects {
		all += o.size
	}
	for _, u := range b.uploads {
		for _, part := range u.parts {
			all += part.size
		}
	}
	return all
}

// storageClasses are the values of X-Amz-Storage-Class.
var storageClasses = []string{
	"STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "GLACIER_IR", "DEEP_ARCHIVE",
}

// objectHeader returns the part of a header that is stored with an object, and answered with it.
func objectHeader(sent http.Header) (http.Header, *s3Error) {
	stored := http.Header{"Content-Type": {"binary/octet-stream"}}
	size := 0
	for name, values := range sent {
		meta, isMeta := strings.CutPrefix(name, "X-Amz-Meta-")
		value := strings.Join(values, ",")
		switch {
		case isMeta:
			size += len(meta) + len(value)
		case name == "Content-Encoding":
			if value = withoutChunked(value); value == "" {
				continue
			}
		case name == "X-Amz-Storage-Class" && !slices.Contains(storageClasses, value):
			return nil, &s3Error{Status: http.StatusBadRequest, Code: "InvalidStorageClass", Message: "The storage class you specified is not valid"}
		case !slices.Contains([]string{
			"Content-Type", "Content-Disposition", "Content-Language", "Cache-Control", "Expires", "X-Amz-Storage-Class",
			"X-Amz-Server-Side-Encryption", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id",
		}, name):
			continue
		}
		stored.Set(name, value)
	}
	if size > 2<<10 {
		return nil, &s3Error{
			Status: http.StatusBadRequest, Code: "MetadataTooLarge",
			Message: "Your metadata headers exceed the maximum allowed metadata size",
		}
	}
	return stored, nil
}

// withoutChunked removes the coding aws-chunked, which is of the request and not of the object.
func withoutChunked(codings string) string {
	var kept []string
	for coding := range strings.SplitSeq(codings, ",") {
		if coding = strings.TrimSpace(coding); coding != "" && coding != "aws-chunked" {
			kept = append(kept, coding)
		}
	}
	return strings.Join(kept, ",")
}

// completed returns the object that parts make.
func completed(parts []body, header http.Header, now time.Time) *stored {
	var digests bytes.Buffer
	o := &stored{parts: parts, header: header, modified: now.Truncate(time.Second)}
	for _, part := range parts {
		digest, _ := hex.DecodeString(part.etag) // our own
		digests.Write(digest)
		o.size += part.size
	}
	o.etag = fmt.Sprintf("%x-%d", md5.Sum(digests.Bytes()), len(parts))
	return o
}

// counts returns the sizes of the objects by key, and the number of unfinished uploads.
func (b *bucket) counts() (map[string]int64, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	sizes := map[string]int64{}
	for key, o := range b.objects {
		sizes[key] = o.size
	}
	return sizes, len(b.uploads)
}
