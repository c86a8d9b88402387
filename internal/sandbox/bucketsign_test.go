package sandbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/signer"
)

// signedDo sends a request that is signed without its body, after changes that come before and after the signature.
func (c client) signedDo(t *testing.T, method, path string, body []byte, changes ...func(r *http.Request, signed bool)) answered {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.BucketURL()+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(keyContentSHA256, "UNSIGNED-PAYLOAD")
	for _, change := range changes {
		change(r, false)
	}
	r = signer.SignV4(*r, c.opts.Credentials.BucketKey, c.opts.Credentials.BucketSecret, "", bucketRegion)
	for _, change := range changes {
		change(r, true)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return answered{err: err, Response: &http.Response{Header: http.Header{}}}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answered{resp, text, err}
}

func TestBucketSignatures(t *testing.T) {
	before := func(name, value string) func(*http.Request, bool) {
		return func(r *http.Request, signed bool) {
			if !signed {
				r.Header.Set(name, value)
			}
		}
	}
	after := func(name, value string) func(*http.Request, bool) {
		return func(r *http.Request, signed bool) {
			if signed {
				r.Header.Set(name, value)
			}
		}
	}
	authorization := func(old, changed string) func(*http.Request, bool) {
		return func(r *http.Request, signed bool) {
			if signed {
				r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, changed, 1))
			}
		}
	}
	digest := sha256.Sum256([]byte("abc"))
	for _, test := range []struct {
		name   string
		change func(*http.Request, bool)
		want   string
	}{
		{"as it should be", func(*http.Request, bool) {}, ""},
		{"signed body", before(keyContentSHA256, hex.EncodeToString(digest[:])), ""},
		{"signed metadata", before("X-Amz-Meta-A", "  two   words "), ""},
		{"another body", before(keyContentSHA256, strings.Repeat("0", 64)), "XAmzContentSHA256Mismatch"},
		{"digest of nothing known", before(keyContentSHA256, "STREAMING-X"), "InvalidArgument"},
		{"no digest", after(keyContentSHA256, ""), "InvalidRequest"},
		{"Content-MD5", before("Content-MD5", "kAFQmDzST7DWlj99KOF/cg=="), ""},
		{"wrong Content-MD5", before("Content-MD5", "AAFQmDzST7DWlj99KOF/cg=="), "BadDigest"},
		{"malformed Content-MD5", before("Content-MD5", "abc"), "InvalidDigest"},
		{"wrong checksum", before("X-Amz-Checksum-Crc32c", "AAAAAA=="), "BadDigest"},
		{"no Authorization", func(r *http.Request, signed bool) { r.Header.Del("Authorization") }, "AccessDenied"},
		{"bearer", after("Authorization", "Bearer x"), "AuthorizationHeaderMalformed"},
		{"no parts", after("Authorization", "AWS4-HMAC-SHA256 x"), "AuthorizationHeaderMalformed"},
		{"another key", authorization("Credential=S", "Credential=T"), "InvalidAccessKeyId"},
		{"another region", authorization(bucketRegion, "us-east-1"), "AuthorizationHeaderMalformed"},
		{"another service", authorization("/s3/", "/ec2/"), "AuthorizationHeaderMalformed"},
		{"another signature", authorization("Signature=", "Signature=0"), "AuthorizationHeaderMalformed"},
		{"another path", func(r *http.Request, signed bool) {
			if signed {
				r.URL.Path = "/sandbox/b"
			}
		}, "SignatureDoesNotMatch"},
		{"another method", func(r *http.Request, signed bool) {
			if signed {
				r.Method = http.MethodDelete
			}
		}, "SignatureDoesNotMatch"},
		{"another query", func(r *http.Request, signed bool) {
			if signed {
				r.URL.RawQuery = "x-id=1"
			}
		}, "SignatureDoesNotMatch"},
		{"header not signed", after("X-Amz-Meta-A", "b"), "AccessDenied"},
		{"host not signed", authorization("host;", ""), "AccessDenied"},
		{"another header", after("Content-MD5", "kAFQmDzST7DWlj99KOF/cg=="), ""},
		{"a token that the keys do not have", before("X-Amz-Security-Token", "x"), "InvalidToken"},
		{"another date", after("X-Amz-Date", time.Now().UTC().Add(time.Minute).Format(amzDate)), "SignatureDoesNotMatch"},
		{"storage class", before("X-Amz-Storage-Class", "COLD"), "InvalidStorageClass"},
		{"too much metadata", before("X-Amz-Meta-A", strings.Repeat("a", 2<<10)), "MetadataTooLarge"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := start(t, Options{Assets: -1})
			a := c.signedDo(t, http.MethodPut, "/sandbox/a%20b", []byte("abc"), test.change)
			if test.want == "" {
				check(t, "status", a.StatusCode, 200)
				check(t, "stored", len(c.Stats().BucketObjects), 1)
				return
			}
			check(t, "code", s3Code(t, a), test.want)
			check(t, "stored", len(c.Stats().BucketObjects), 0)
		})
	}
}

// The dates of signatures are compared with the server's clock.
func TestBucketSkew(t *testing.T) {
	for ahead, want := range map[time.Duration]string{14 * time.Minute: "", 16 * time.Minute: "RequestTimeTooSkewed", -16 * time.Minute: "RequestTimeTooSkewed"} {
		c := start(t, Options{Assets: -1, Clock: func() time.Time { return time.Now().Add(ahead) }})
		_, err := c.s3().PutObject(t.Context(), BucketName, "a", strings.NewReader("a"), 1, "", "", minio.PutObjectOptions{})
		check(t, ahead.String(), code(err), want)
	}
}

func TestBucketWrongKeys(t *testing.T) {
	c := start(t, Options{Assets: -1})
	keys := c.opts.Credentials
	for want, creds := range map[string]*credentials.Credentials{
		"InvalidAccessKeyId":    credentials.NewStaticV4("x", keys.BucketSecret, ""),
		"SignatureDoesNotMatch": credentials.NewStaticV4(keys.BucketKey, "x", ""),
		"AccessDenied":          credentials.NewStaticV4("", "", ""),
		"InvalidToken":          credentials.NewStaticV4(keys.BucketKey, keys.BucketSecret, "x"),
	} {
		s3 := c.s3(func(o *minio.Options) { o.Creds = creds })
		_, err := s3.PutObject(t.Context(), BucketName, "a", strings.NewReader("a"), 1, "", "", minio.PutObjectOptions{})
		check(t, "code", code(err), want)
		check(t, want, c.Stats().BucketRefusals[want], 1)
	}
}

// chunked signs a body in chunks as the independent client does, and returns it with what it was signed with.
func chunked(t testing.TB, c *Sandbox, text []byte, trailer http.Header) ([]byte, signedRequest) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://127.0.0.1/sandbox/a", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Trailer = trailer
	keys := c.opts.Credentials
	r = signer.StreamingSignV4(r, keys.BucketKey, keys.BucketSecret, "", bucketRegion, int64(len(text)), time.Now().UTC(), sumCloser{sha256.New()})
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	call := &bucketCall{s: c, r: r, query: r.URL.Query()}
	r.Host = "127.0.0.1"
	q, refused := call.authorize()
	if refused != nil {
		t.Fatal(refused)
	}
	return body, q
}

// Whatever bit of a body in signed chunks is another one, the body is refused.
func TestBucketChunks(t *testing.T) {
	s, err := New(Options{Assets: -1})
	if err != nil {
		t.Fatal(err)
	}
	text := bytes.Repeat([]byte("0123456789"), 7000) // two chunks
	body, q := chunked(t, s, text, nil)
	read := func(body []byte) ([]byte, error) {
		return io.ReadAll(newChunkReader(bytes.NewReader(body), q, signedChunks))
	}
	whole, err := read(body)
	check(t, "error", err, nil)
	check(t, "bytes", bytes.Equal(whole, text), true)
	for at := 0; at < len(body); at += 97 {
		broken := bytes.Clone(body)
		broken[at] ^= 1
		if _, err := read(broken); err == nil {
			t.Fatalf("a wrong bit at %d is not found", at)
		} else if _, ok := errors.AsType[*s3Error](err); !ok {
			t.Fatalf("at %d: %v", at, err)
		}
		if _, err := read(body[:at]); err == nil {
			t.Fatalf("an end at %d is not found", at)
		}
	}
	tiny := []byte("1\r\na\r\n1\r\nb\r\n0\r\n\r\n")
	_, err = io.ReadAll(newChunkReader(bytes.NewReader(tiny), q, unsignedChunks))
	check(t, "tiny chunks", err.Error()[:21], "InvalidChunkSizeError")
}

// FuzzChunks reads bodies that no client sends: it ends, with the bytes that were announced or an error of S3.
func FuzzChunks(f *testing.F) {
	s, err := New(Options{Assets: -1})
	if err != nil {
		f.Fatal(err)
	}
	body, q := chunked(f, s, []byte("abc"), nil)
	f.Add(body, signedChunks)
	f.Add([]byte("3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"), unsignedChunks)
	f.Add([]byte("7fffffffffffffff;chunk-signature=x\r\n"), signedTrailer)
	f.Add([]byte("-1\r\n"), unsignedChunks)
	f.Fuzz(func(t *testing.T, body []byte, declared string) {
		r := newChunkReader(bytes.NewReader(body), q, declared)
		text, err := io.ReadAll(r)
		if len(text) > len(body) {
			t.Errorf("%d bytes from %d", len(text), len(body))
		}
		if _, ok := errors.AsType[*s3Error](err); err != nil && !ok {
			t.Errorf("%v", err)
		}
	})
}

// FuzzBucket sends requests that no client sends, signed and not: none is answered by a failure of the server.
func FuzzBucket(f *testing.F) {
	s, err := New(Options{Assets: -1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("GET", "/sandbox/?list-type=2&continuation-token=%21&max-keys=-1", "", "")
	f.Add("PUT", "/sandbox/a?partNumber=1&uploadId=%00", "X-Amz-Copy-Source", "/sandbox/%zz")
	f.Add("POST", "/sandbox/a?uploadId=1", "Authorization", "AWS4-HMAC-SHA256 Credential=////, SignedHeaders=;, Signature=")
	f.Add("GET", "//", "Range", "bytes=0-,1-")
	f.Fuzz(func(t *testing.T, method, target, name, value string) {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1"+target, strings.NewReader("<CompleteMultipartUpload><Part/>"))
		if err != nil || !strings.HasPrefix(target, "/") || r.URL.Host != "127.0.0.1" {
			t.Skip()
		}
		r.Header[http.CanonicalHeaderKey(name)] = []string{value}
		for _, signed := range []bool{false, true} {
			if signed {
				r.Header.Set(keyContentSHA256, "UNSIGNED-PAYLOAD")
				r = signer.SignV4(*r, s.opts.Credentials.BucketKey, s.opts.Credentials.BucketSecret, "", bucketRegion)
			}
			w := newRecorder()
			s.Bucket().ServeHTTP(w, r)
			if w.status >= 500 && w.status != http.StatusNotImplemented {
				t.Errorf("status %d", w.status)
			}
		}
	})
}

// recorder is an answer of which only the status matters.
type recorder struct {
	header http.Header
	status int
}

func newRecorder() *recorder                    { return &recorder{header: http.Header{}, status: 200} }
func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) Write(p []byte) (int, error) { return len(p), nil }
func (r *recorder) WriteHeader(status int)      { r.status = status }

// sumCloser is a hash as the independent client wants one.
type sumCloser struct{ hash.Hash }

func (sumCloser) Close() {}
