package sandbox

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
)

// putCode stores an object and returns the code of the error.
func (c client) putCode(t *testing.T, key string) string {
	t.Helper()
	_, err := c.s3().PutObject(t.Context(), BucketName, key, strings.NewReader("abc"), 3, "", "", minio.PutObjectOptions{})
	return code(err)
}

// putFails returns a test of a fault with which the first new object fails with a code, and the second is stored.
func putFails(want string) func(*testing.T, client, Object) {
	return func(t *testing.T, c client, _ Object) {
		check(t, "first", c.putCode(t, "a"), want)
		check(t, "objects", len(c.Stats().BucketObjects), 0)
		check(t, "second", c.putCode(t, "a"), "")
		check(t, "objects", len(c.Stats().BucketObjects), 1)
	}
}

// removeFails returns a test of a fault with which a condition of the first deletion does not hold. A deletion without one succeeds.
func removeFails(name, want string) func(*testing.T, client, Object) {
	return func(t *testing.T, c client, o Object) {
		putFails(want)(t, c, o)
		mustSet(t, c, Fault{Name: name, Times: 1})
		check(t, "delete the ETag", c.deleteCode(t, "a", md5Hex([]byte("abc"))), want)
		check(t, "objects", len(c.Stats().BucketObjects), 1)
		check(t, "delete any", code(c.s3().RemoveObject(t.Context(), BucketName, "b", minio.RemoveObjectOptions{})), "")
		check(t, "delete again", c.deleteCode(t, "a", md5Hex([]byte("abc"))), "")
		check(t, "objects", len(c.Stats().BucketObjects), 0)
	}
}

// failedPut returns whether storing an object fails without an answer.
func (c client) failedPut(t *testing.T, key string, size int) bool {
	t.Helper()
	return c.signedDo(t, http.MethodPut, "/sandbox/"+key, make([]byte, size)).err != nil
}

// bucketFaultTests are those of the bucket, see faultTests.
var bucketFaultTests = map[string]faultTest{
	"s3-500": {Fault{Times: 1}, putFails("InternalError")},
	"s3-503": {Fault{Times: 1, Value: 7, On: "PutObject"}, func(t *testing.T, c client, _ Object) {
		a := c.signedDo(t, http.MethodPut, "/sandbox/a", nil)
		check(t, "code", s3Code(t, a), "SlowDown")
		check(t, "Retry-After", a.Header.Get("Retry-After"), "7")
		check(t, "another object", c.putCode(t, "b"), "SlowDown")
		check(t, "again", c.putCode(t, "a"), "")
	}},
	"s3-409":          {Fault{Times: 1}, removeFails("s3-409", "ConditionalRequestConflict")},
	"s3-412":          {Fault{Times: 1}, removeFails("s3-412", "PreconditionFailed")},
	"s3-lost":         {Fault{Times: 1}, testLost},
	"s3-complete-200": {Fault{Times: 1}, testComplete200},
	"s3-no-upload":    {Fault{}, testNoUpload},
	"s3-no-key": {Fault{Times: 1}, func(t *testing.T, c client, _ Object) {
		check(t, "put", c.putCode(t, "a"), "")
		_, _, err := got(t, c.s3(), "a", minio.GetObjectOptions{})
		check(t, "gone", code(err), "NoSuchKey")
		_, _, err = got(t, c.s3(), "a", minio.GetObjectOptions{})
		check(t, "again", err, nil)
	}},
	"s3-no-conditions": {Fault{}, testNoConditions},
	"s3-cut": {Fault{Value: 1000, Times: 1}, func(t *testing.T, c client, _ Object) {
		check(t, "below", c.failedPut(t, "small", 1000), false)
		check(t, "cut", c.failedPut(t, "a", 1001), true)
		check(t, "objects", len(c.Stats().BucketObjects), 1)
		check(t, "again", c.failedPut(t, "a", 1001), false)
		mustSet(t, c, Fault{Name: "s3-cut", Value: 1000})
		body, _, err := got(t, c.s3(), "a", minio.GetObjectOptions{})
		check(t, "read", len(body), 1000)
		check(t, "ends", err != nil, true)
	}},
	"s3-slow": {Fault{Value: 1 << 20}, func(t *testing.T, c client, _ Object) {
		began := time.Now()
		check(t, "put", c.failedPut(t, "a", 100<<10), false)
		if took := time.Since(began); took < 90*time.Millisecond {
			t.Errorf("took %v", took)
		}
	}},
	"s3-stall": {Fault{}, func(t *testing.T, c client, _ Object) {
		c.http.Timeout = 20 * time.Millisecond
		check(t, "fails", c.failedPut(t, "a", 3), true)
	}},
	"s3-flip": {Fault{}, func(t *testing.T, c client, _ Object) {
		info, err := c.s3().PutObject(t.Context(), BucketName, "a", strings.NewReader("abc"), 3, "", "", minio.PutObjectOptions{})
		check(t, "put", err, nil)
		check(t, "ETag", info.ETag, md5Hex([]byte("qbc")))
		mustSet(t, c)
		body, _, _ := got(t, c.s3(), "a", minio.GetObjectOptions{})
		check(t, "stored", string(body), "qbc")
		mustSet(t, c, Fault{Name: "s3-flip"})
		body, _, _ = got(t, c.s3(), "a", minio.GetObjectOptions{})
		check(t, "sent", string(body), "abc")
	}},
	"s3-etag": {Fault{}, func(t *testing.T, c client, _ Object) {
		info, err := c.s3().PutObject(t.Context(), BucketName, "a", strings.NewReader("abc"), 3, "", "", minio.PutObjectOptions{})
		check(t, "put", err, nil)
		wantOther(t, "ETag", info.ETag, md5Hex([]byte("abc")))
		check(t, "length", len(info.ETag), 32)
		head, err := c.s3().StatObject(t.Context(), BucketName, "a", minio.StatObjectOptions{})
		check(t, "head", err, nil)
		check(t, "encryption", head.Metadata.Get("X-Amz-Server-Side-Encryption"), "aws:kms")
		check(t, "parts", putParts(t, c.s3(), "b", minio.PutObjectOptions{}, []byte("abc")), nil)
		_, err = c.s3().Client.CopyObject(t.Context(), minio.CopyDestOptions{Bucket: BucketName, Object: "c"}, minio.CopySrcOptions{Bucket: BucketName, Object: "b"})
		check(t, "copy", err, nil)
		head, err = c.s3().StatObject(t.Context(), BucketName, "c", minio.StatObjectOptions{})
		check(t, "head", err, nil)
		check(t, "encryption of the copy", head.Metadata.Get("X-Amz-Server-Side-Encryption"), "aws:kms")
	}},
	"s3-page": {Fault{Value: 1}, func(t *testing.T, c client, _ Object) {
		check(t, "put", c.putCode(t, "a")+c.putCode(t, "b"), "")
		page, err := c.s3().ListObjectsV2(BucketName, "", "", "", "", 1000)
		check(t, "list", err, nil)
		check(t, "entries", len(page.Contents), 1)
		check(t, "truncated", page.IsTruncated, true)
	}},
	"s3-no-part": {Fault{Value: 2}, testNoPart},
	"s3-old": {Fault{Value: 600}, func(t *testing.T, c client, _ Object) {
		check(t, "put", c.putCode(t, "a"), "")
		head, err := c.s3().StatObject(t.Context(), BucketName, "a", minio.StatObjectOptions{})
		check(t, "head", err, nil)
		if age := time.Since(head.LastModified); age < 600*time.Second || age > time.Hour {
			t.Errorf("it was changed %v ago", age)
		}
	}},
	"s3-denied":    {Fault{}, testDenied},
	"s3-no-bucket": {Fault{Times: 1}, putFails("NoSuchBucket")},
	"s3-region": {Fault{}, func(t *testing.T, c client, _ Object) {
		a := c.signedDo(t, http.MethodPut, "/sandbox/a", nil)
		check(t, "code", s3Code(t, a), "AuthorizationHeaderMalformed")
		check(t, "region", bytes.Contains(a.body, []byte("<Region>us-west-2</Region>")), true)
		there := c.s3(func(o *minio.Options) { o.Region = "us-west-2" })
		put(t, there, "a", nil)
		mustSet(t, c, Fault{Name: "s3-region", Text: "redirect"})
		a = c.signedDo(t, http.MethodHead, "/sandbox/a", nil)
		check(t, "status", a.StatusCode, 301)
		check(t, "region", a.Header.Get("X-Amz-Bucket-Region"), "us-west-2")
	}},
	"s3-quota": {Fault{Value: 5}, func(t *testing.T, c client, _ Object) {
		check(t, "first", c.putCode(t, "a"), "")
		check(t, "second", c.putCode(t, "b"), "QuotaExceeded")
	}},
	"s3-keys": {Fault{}, func(t *testing.T, c client, _ Object) {
		check(t, "unknown", c.putCode(t, "a"), "InvalidAccessKeyId")
		mustSet(t, c, Fault{Name: "s3-keys", Text: "secret"})
		check(t, "secret", c.putCode(t, "a"), "SignatureDoesNotMatch")
		mustSet(t, c, Fault{Name: "s3-keys", Text: "expired"})
		check(t, "expired", c.putCode(t, "a"), "ExpiredToken")
	}},
}

func testLost(t *testing.T, c client, _ Object) {
	check(t, "answered", c.failedPut(t, "a", 3), true)
	check(t, "stored", c.Stats().BucketObjects["a"], 3)
	check(t, "again", c.failedPut(t, "a", 3), false)
	s3 := c.s3()
	mustSet(t, c, Fault{Name: "s3-lost", Times: 1})
	if err := putParts(t, s3, "b", onlyNew(), []byte("parts")); err == nil || code(err) == "PreconditionFailed" {
		t.Errorf("upload: %v", err)
	}
	check(t, "stored", c.Stats().BucketObjects["b"], 5)
	check(t, "uploads", c.Stats().BucketUploads, 0)
	if err := s3.RemoveObject(t.Context(), BucketName, "a", minio.RemoveObjectOptions{}); err == nil || code(err) == "NoSuchKey" {
		t.Errorf("delete: %v", err)
	}
	check(t, "objects", len(c.Stats().BucketObjects), 1)
}

func testComplete200(t *testing.T, c client, _ Object) {
	check(t, "upload", code(putParts(t, c.s3(), "a", minio.PutObjectOptions{}, []byte("parts"))), "InternalError")
	check(t, "objects", len(c.Stats().BucketObjects), 0)
	check(t, "uploads", c.Stats().BucketUploads, 1)
	check(t, "again", putParts(t, c.s3(), "a", minio.PutObjectOptions{}, []byte("parts")), nil)
}

func testNoUpload(t *testing.T, c client, _ Object) {
	check(t, "upload", code(putParts(t, c.s3(), "a", minio.PutObjectOptions{}, []byte("parts"))), "NoSuchUpload")
	check(t, "put", c.putCode(t, "a"), "")
}

func testNoPart(t *testing.T, c client, _ Object) {
	s3 := c.s3()
	id, err := s3.NewMultipartUpload(t.Context(), BucketName, "a", minio.PutObjectOptions{})
	check(t, "begin", err, nil)
	part := bytes.Repeat([]byte("1"), smallestPart)
	for number := 1; number <= 3; number++ {
		_, err := s3.PutObjectPart(t.Context(), BucketName, "a", id, number, bytes.NewReader(part), smallestPart, minio.PutObjectPartOptions{})
		check(t, "part", err, nil)
	}
	list, err := s3.ListObjectParts(t.Context(), BucketName, "a", id, 0, 1000)
	check(t, "list", err, nil)
	check(t, "parts", len(list.ObjectParts), 2)
	check(t, "the last part", list.ObjectParts[1].PartNumber, 3)
	lost := []minio.CompletePart{{PartNumber: 2, ETag: md5Hex(part)}}
	_, err = s3.CompleteMultipartUpload(t.Context(), BucketName, "a", id, lost, minio.PutObjectOptions{})
	check(t, "completion", code(err), "InvalidPart")
}

func testNoConditions(t *testing.T, c client, _ Object) {
	for range 2 {
		_, err := c.s3().PutObject(t.Context(), BucketName, "a", strings.NewReader("abc"), 3, "", "", onlyNew())
		check(t, "put", err, nil)
	}
	check(t, "upload", putParts(t, c.s3(), "a", onlyNew(), []byte("parts")), nil)
	check(t, "delete", c.deleteCode(t, "a", md5Hex([]byte("other"))), "")
	mustSet(t, c, Fault{Name: "s3-no-conditions", Text: "unknown"})
	_, err := c.s3().PutObject(t.Context(), BucketName, "a", strings.NewReader("abc"), 3, "", "", onlyNew())
	check(t, "put", code(err), "NotImplemented")
	check(t, "put any", c.putCode(t, "a"), "")
	check(t, "delete", c.deleteCode(t, "a", md5Hex([]byte("abc"))), "NotImplemented")
	check(t, "objects", len(c.Stats().BucketObjects), 1)
}

func testDenied(t *testing.T, c client, _ Object) {
	s3 := c.s3()
	tries := map[string]func() string{
		"put":    func() string { return c.putCode(t, "b") },
		"get":    func() string { _, _, err := got(t, s3, "a", minio.GetObjectOptions{}); return code(err) },
		"list":   func() string { _, err := s3.ListObjectsV2(BucketName, "", "", "", "", 10); return code(err) },
		"delete": func() string { return code(s3.RemoveObject(t.Context(), BucketName, "c", minio.RemoveObjectOptions{})) },
		"abort":  func() string { return code(s3.AbortMultipartUpload(t.Context(), BucketName, "c", "1")) },
	}
	mustSet(t, c)
	check(t, "put", c.putCode(t, "a"), "")
	for text := range tries {
		mustSet(t, c, Fault{Name: "s3-denied", Text: text})
		for other, try := range tries {
			want := ""
			switch other {
			case text:
				want = "AccessDenied"
			case "abort":
				want = "NoSuchUpload"
			}
			check(t, text+" denied: "+other, try(), want)
		}
		_, _, err := got(t, s3, "none", minio.GetObjectOptions{})
		check(t, "no object", code(err), map[bool]string{true: "AccessDenied", false: "NoSuchKey"}[text == "list" || text == "get"])
	}
}
