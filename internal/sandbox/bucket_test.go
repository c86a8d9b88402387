package sandbox

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// s3 returns a client of another make for the bucket of c. It does not try again.
func (c client) s3(change ...func(*minio.Options)) *minio.Core {
	c.t.Helper()
	keys := c.opts.Credentials
	o := &minio.Options{
		Creds:      credentials.NewStaticV4(keys.BucketKey, keys.BucketSecret, ""),
		Region:     bucketRegion,
		Transport:  c.http.Transport,
		MaxRetries: 1,
	}
	for _, each := range change {
		each(o)
	}
	core, err := minio.NewCore(strings.TrimPrefix(c.BucketURL(), "http://"), o)
	if err != nil {
		c.t.Fatal(err)
	}
	return core
}

// inTrailers makes a client send the digests of bodies after them.
func inTrailers(o *minio.Options) { o.TrailingHeaders = true }

// onlyNew is the condition that the key is free.
func onlyNew() minio.PutObjectOptions {
	var o minio.PutObjectOptions
	o.SetMatchETagExcept("*")
	return o
}

// code returns the code of an error of S3; "" for none.
func code(err error) string {
	if err == nil {
		return ""
	}
	if c := minio.ToErrorResponse(err).Code; c != "" {
		return c
	}
	return err.Error()
}

func md5Hex(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

// put stores an object, and fails the test if that fails.
func put(t testing.TB, s3 *minio.Core, key string, text []byte) {
	t.Helper()
	if _, err := s3.PutObject(t.Context(), BucketName, key, bytes.NewReader(text), int64(len(text)), "", "", minio.PutObjectOptions{}); err != nil {
		t.Fatalf("%s: %v", key, err)
	}
}

// got reads an object.
func got(t testing.TB, s3 *minio.Core, key string, o minio.GetObjectOptions) ([]byte, minio.ObjectInfo, error) {
	t.Helper()
	body, info, _, err := s3.GetObject(t.Context(), BucketName, key, o)
	if err != nil {
		return nil, info, err
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	return text, info, err
}

func TestBucketObjects(t *testing.T) {
	for name, change := range map[string]func(*minio.Options){"signed chunks": func(*minio.Options) {}, "trailers": inTrailers} {
		t.Run(name, func(t *testing.T) {
			c := start(t, Options{Assets: -1})
			s3 := c.s3(change)
			for _, size := range []int{0, 1, 8191, 64 << 10, 200_000} {
				text := bytes.Repeat([]byte{'a' + byte(size%7)}, size)
				key := fmt.Sprintf("folder/%d ü+&=%%~'().bin", size)
				o := minio.PutObjectOptions{
					ContentType: "image/png", ContentEncoding: "gzip", UserMetadata: map[string]string{"bynder-size": "7"},
				}
				info, err := s3.PutObject(t.Context(), BucketName, key, bytes.NewReader(text), int64(size), "", "", o)
				check(t, "put", err, nil)
				check(t, "ETag", info.ETag, md5Hex(text))
				body, read, err := got(t, s3, key, minio.GetObjectOptions{})
				check(t, "get", err, nil)
				check(t, "bytes", bytes.Equal(body, text), true)
				check(t, "ETag", read.ETag, md5Hex(text))
				head, err := s3.StatObject(t.Context(), BucketName, key, minio.StatObjectOptions{})
				check(t, "head", err, nil)
				check(t, "size", head.Size, int64(size))
				check(t, "type", head.ContentType, "image/png")
				check(t, "encoding", head.Metadata.Get("Content-Encoding"), "gzip")
				check(t, "metadata", head.UserMetadata["Bynder-Size"], "7")
			}
			check(t, "bodies", c.Stats().BucketObjects["folder/200000 ü+&=%~'().bin"], 200_000)
			check(t, "refused", len(c.Stats().BucketRefusals), 0)
		})
	}
}

func TestBucketRanges(t *testing.T) {
	c := start(t, Options{Assets: -1})
	s3 := c.s3()
	put(t, s3, "a", []byte("0123456789"))
	var o minio.GetObjectOptions
	check(t, "set", o.SetRange(3, 5), nil)
	body, _, err := got(t, s3, "a", o)
	check(t, "error", err, nil)
	check(t, "bytes", string(body), "345")
	check(t, "set", o.SetRange(10, 12), nil)
	_, _, err = got(t, s3, "a", o)
	check(t, "beyond", code(err), "InvalidRange")
	var other minio.GetObjectOptions
	check(t, "set", other.SetMatchETag("x"), nil)
	_, _, err = got(t, s3, "a", other)
	check(t, "If-Match", code(err), "PreconditionFailed")
	_, _, err = got(t, s3, "b", minio.GetObjectOptions{})
	check(t, "no object", code(err), "NoSuchKey")
	check(t, "storage", c.Stats().StorageBytes, 0)
}

// An object that appeared is never replaced by one that had to be new, by whichever way and at whatever moment.
func TestBucketConditions(t *testing.T) {
	c := start(t, Options{Assets: -1})
	s3 := c.s3()
	var won int
	var mu sync.Mutex
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			text := fmt.Sprint(i)
			_, err := s3.PutObject(t.Context(), BucketName, "a", strings.NewReader(text), int64(len(text)), "", "", onlyNew())
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if code(err) != "PreconditionFailed" {
				t.Error(err)
			}
		})
	}
	all.Wait()
	check(t, "winners", won, 1)

	head, err := s3.StatObject(t.Context(), BucketName, "a", minio.StatObjectOptions{})
	check(t, "head", err, nil)
	var same, other minio.PutObjectOptions
	same.SetMatchETag(head.ETag)
	other.SetMatchETag(md5Hex([]byte("other")))
	replace := func(key string, o minio.PutObjectOptions) string {
		_, err := s3.PutObject(t.Context(), BucketName, key, strings.NewReader("new"), 3, "", "", o)
		return code(err)
	}
	check(t, "another ETag", replace("a", other), "PreconditionFailed")
	check(t, "the ETag", replace("a", same), "")
	check(t, "the ETag of before", replace("a", same), "PreconditionFailed")
	check(t, "no object", replace("b", same), "NoSuchKey")
	check(t, "in parts", code(putParts(t, s3, "a", onlyNew(), []byte("x"))), "PreconditionFailed")
	check(t, "uploads", c.Stats().BucketUploads, 1)
	body, _, _ := got(t, s3, "a", minio.GetObjectOptions{})
	check(t, "bytes", string(body), "new")

	check(t, "delete another ETag", c.deleteCode(t, "a", head.ETag), "PreconditionFailed")
	check(t, "objects", len(c.Stats().BucketObjects), 1)
	check(t, "delete no object", c.deleteCode(t, "b", head.ETag), "NoSuchKey")
	check(t, "delete the ETag", c.deleteCode(t, "a", md5Hex([]byte("new"))), "")
	check(t, "objects", len(c.Stats().BucketObjects), 0)
}

// deleteCode removes the object with an ETag and returns the code of the error. The signature does not cover the condition.
func (c client) deleteCode(t *testing.T, key, etag string) string {
	t.Helper()
	a := c.signedDo(t, http.MethodDelete, "/sandbox/"+key, nil, func(r *http.Request, signed bool) {
		if signed {
			r.Header.Set("If-Match", `"`+etag+`"`)
		}
	})
	check(t, "error", a.err, nil)
	if a.StatusCode == http.StatusNoContent {
		return ""
	}
	return s3Code(t, a)
}

// putParts stores an object in parts.
func putParts(t testing.TB, s3 *minio.Core, key string, o minio.PutObjectOptions, parts ...[]byte) error {
	t.Helper()
	id, err := s3.NewMultipartUpload(t.Context(), BucketName, key, o)
	if err != nil {
		return err
	}
	var list []minio.CompletePart
	for i, part := range parts {
		p, err := s3.PutObjectPart(t.Context(), BucketName, key, id, i+1, bytes.NewReader(part), int64(len(part)), minio.PutObjectPartOptions{})
		if err != nil {
			return err
		}
		list = append(list, minio.CompletePart{PartNumber: i + 1, ETag: p.ETag})
	}
	_, err = s3.CompleteMultipartUpload(t.Context(), BucketName, key, id, list, o)
	return err
}

func TestBucketUploads(t *testing.T) {
	for name, change := range map[string]func(*minio.Options){"signed chunks": func(*minio.Options) {}, "trailers": inTrailers} {
		t.Run(name, func(t *testing.T) {
			c := start(t, Options{Assets: -1})
			s3 := c.s3(change)
			one, two := bytes.Repeat([]byte("1"), smallestPart), []byte("two")
			check(t, "upload", putParts(t, s3, "a", minio.PutObjectOptions{ContentType: "text/plain"}, one, two), nil)
			body, info, err := got(t, s3, "a", minio.GetObjectOptions{})
			check(t, "get", err, nil)
			check(t, "bytes", bytes.Equal(body, slices.Concat(one, two)), true)
			first, second := md5.Sum(one), md5.Sum(two)
			check(t, "ETag", info.ETag, md5Hex(slices.Concat(first[:], second[:]))+"-2")
			check(t, "type", info.ContentType, "text/plain")
			check(t, "uploads", c.Stats().BucketUploads, 0)

			// A copy is one object, with another ETag.
			copied, err := s3.CopyObject(t.Context(), BucketName, "a", BucketName, "copy/ü", nil, minio.CopySrcOptions{}, minio.PutObjectOptions{})
			check(t, "copy", err, nil)
			check(t, "ETag", copied.ETag, md5Hex(slices.Concat(one, two)))
			_, err = s3.CopyObject(t.Context(), BucketName, "none", BucketName, "c", nil, minio.CopySrcOptions{}, minio.PutObjectOptions{})
			check(t, "copy of nothing", code(err), "NoSuchKey")
			id, err := s3.NewMultipartUpload(t.Context(), BucketName, "b", minio.PutObjectOptions{})
			check(t, "create", err, nil)
			part, err := s3.CopyObjectPart(t.Context(), BucketName, "a", BucketName, "b", id, 1, smallestPart-2, 4, nil)
			check(t, "copy of a part", err, nil)
			check(t, "ETag", strings.Trim(part.ETag, `"`), md5Hex([]byte("11tw")))
			_, err = s3.CompleteMultipartUpload(t.Context(), BucketName, "b", id, []minio.CompletePart{part}, minio.PutObjectOptions{})
			check(t, "complete", err, nil)
			body, _, err = got(t, s3, "b", minio.GetObjectOptions{})
			check(t, "get", err, nil)
			check(t, "bytes", string(body), "11tw")
			check(t, "delete", s3.RemoveObject(t.Context(), BucketName, "a", minio.RemoveObjectOptions{}), nil)
			check(t, "delete again", s3.RemoveObject(t.Context(), BucketName, "a", minio.RemoveObjectOptions{}), nil)
			check(t, "objects", len(c.Stats().BucketObjects), 2)
		})
	}
}

// What S3 does not accept of an upload in parts.
func TestBucketUploadsRefused(t *testing.T) {
	c := start(t, Options{Assets: -1})
	s3, ctx := c.s3(), t.Context()
	small := bytes.Repeat([]byte("1"), smallestPart-1)
	check(t, "small part", code(putParts(t, s3, "a", minio.PutObjectOptions{}, small, small)), "EntityTooSmall")
	id, err := s3.NewMultipartUpload(ctx, BucketName, "b", minio.PutObjectOptions{})
	check(t, "create", err, nil)
	part := func(number int, id string) (string, error) {
		p, err := s3.PutObjectPart(ctx, BucketName, "b", id, number, bytes.NewReader(small), int64(len(small)), minio.PutObjectPartOptions{})
		return p.ETag, err
	}
	_, err = part(1, "unknown")
	check(t, "unknown upload", code(err), "NoSuchUpload")
	_, err = part(10_001, id)
	check(t, "part number", code(err), "InvalidArgument")
	etag, err := part(3, id)
	check(t, "part", err, nil)
	_, err = part(2, id)
	check(t, "part", err, nil)
	complete := func(parts ...minio.CompletePart) string {
		_, err := s3.CompleteMultipartUpload(ctx, BucketName, "b", id, parts, minio.PutObjectOptions{})
		return code(err)
	}
	check(t, "no parts", complete(), "MalformedXML")
	check(t, "missing", complete(minio.CompletePart{PartNumber: 1, ETag: etag}), "InvalidPart")
	check(t, "another ETag", complete(minio.CompletePart{PartNumber: 3, ETag: md5Hex(nil)}), "InvalidPart")
	check(t, "order", complete(minio.CompletePart{PartNumber: 3, ETag: etag}, minio.CompletePart{PartNumber: 2, ETag: etag}), "InvalidPartOrder")
	parts, err := s3.ListObjectParts(ctx, BucketName, "b", id, 0, 1)
	check(t, "parts", err, nil)
	check(t, "first part", parts.ObjectParts[0].PartNumber, 2)
	check(t, "truncated", parts.IsTruncated, true)
	parts, err = s3.ListObjectParts(ctx, BucketName, "b", id, parts.NextPartNumberMarker, 1)
	check(t, "parts", err, nil)
	check(t, "second part", parts.ObjectParts[0].PartNumber, 3)
	check(t, "size", parts.ObjectParts[0].Size, int64(len(small)))
	check(t, "truncated", parts.IsTruncated, false)
	check(t, "abort", s3.AbortMultipartUpload(ctx, BucketName, "b", id), nil)
	check(t, "abort again", code(s3.AbortMultipartUpload(ctx, BucketName, "b", id)), "NoSuchUpload")
	check(t, "complete", complete(minio.CompletePart{PartNumber: 3, ETag: etag}), "NoSuchUpload")
	check(t, "objects", len(c.Stats().BucketObjects), 0)
	check(t, "uploads", c.Stats().BucketUploads, 1)
}

func TestBucketLists(t *testing.T) {
	c := start(t, Options{Assets: -1})
	s3, ctx := c.s3(), t.Context()
	keys := []string{"a", "b/1", "b/2", "b/ü +%&<", "c", "d/e/f", "d/g"}
	for _, key := range keys {
		put(t, s3, key, []byte(key))
	}
	for _, most := range []int{1, 2, 3, 1000} {
		listed := func(prefix, delimiter string) (names []string) {
			token := ""
			for {
				page, err := s3.ListObjectsV2(BucketName, prefix, "", token, delimiter, most)
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range page.Contents {
					names = append(names, o.Key)
				}
				for _, p := range page.CommonPrefixes {
					names = append(names, p.Prefix)
				}
				if token = page.NextContinuationToken; !page.IsTruncated {
					slices.Sort(names)
					return names
				}
			}
		}
		check(t, "all", fmt.Sprint(listed("", "")), fmt.Sprint(keys))
		check(t, "prefix", fmt.Sprint(listed("b/", "")), fmt.Sprint(keys[1:4]))
		check(t, "folders", fmt.Sprint(listed("", "/")), "[a b/ c d/]")
		check(t, "subfolders", fmt.Sprint(listed("d/", "/")), "[d/e/ d/g]")
		check(t, "none", fmt.Sprint(listed("x", "/")), "[]")
	}
	for range 3 {
		_, err := s3.NewMultipartUpload(ctx, BucketName, "u/ü", minio.PutObjectOptions{})
		check(t, "create", err, nil)
	}
	_, err := s3.NewMultipartUpload(ctx, BucketName, "other", minio.PutObjectOptions{})
	check(t, "create", err, nil)
	var ids []string
	key, id := "", ""
	for {
		page, err := s3.ListMultipartUploads(ctx, BucketName, "u/", key, id, "", 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range page.Uploads {
			check(t, "key", u.Key, "u/ü")
			ids = append(ids, u.UploadID)
		}
		if key, id = page.NextKeyMarker, page.NextUploadIDMarker; !page.IsTruncated {
			break
		}
	}
	check(t, "uploads", len(slices.Compact(ids)), 3)
	check(t, "bucket", headBucket(t, s3, BucketName), "")
	check(t, "other bucket", headBucket(t, s3, "other"), "NoSuchBucket")
	region, err := s3.GetBucketLocation(ctx, BucketName)
	check(t, "location", err, nil)
	check(t, "location", region, bucketRegion)
}

func headBucket(t *testing.T, s3 *minio.Core, name string) string {
	t.Helper()
	found, err := s3.BucketExists(t.Context(), name)
	if err == nil && !found {
		return "NoSuchBucket"
	}
	return code(err)
}

// The bytes of the bucket are removed with the sandbox.
func TestBucketLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	s, err := New(Options{Assets: -1})
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.bucket.bodies.store(strings.NewReader("abc"), 3)
	check(t, "store", err, nil)
	check(t, "etag", b.etag, md5Hex([]byte("abc")))
	s.bucket.bodies.close()
	if _, err := b.ReadAt(make([]byte, 1), 0); err == nil {
		t.Error("the bytes can still be read")
	}
}

func TestBucketUnknown(t *testing.T) {
	c := start(t, Options{Assets: -1})
	for _, path := range []string{"/sandbox/?acl", "/sandbox/a?versionId=1", "/sandbox/?list-type=2&x=1", "/sandbox/?list-type=1"} {
		a := c.signedDo(t, http.MethodGet, path, nil)
		check(t, path, a.StatusCode, http.StatusNotImplemented)
	}
	check(t, "put", c.signedDo(t, http.MethodPut, "/sandbox", nil).StatusCode, http.StatusNotImplemented)
	check(t, "long key", s3Code(t, c.signedDo(t, http.MethodGet, "/sandbox/"+strings.Repeat("k", 1025), nil)), "KeyTooLongError")
}
