package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
)

// Errors as servers send them: what the user reads, and which variable or right the hint names.
func TestErrors(t *testing.T) {
	const form = `<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>%s</Code><Message>%s</Message>%s<RequestId>4442587FB7D0A2F9</RequestId><HostId>h</HostId></Error>"
	for _, tt := range []struct {
		name, doing string
		status      int
		body        string
		code        download.Code
		retryable   bool
		text, hint  string
		is          error
	}{
		{"wrong key", "list", 403, fmt.Sprintf(form, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", "<AWSAccessKeyId>key</AWSAccessKeyId>"), "local", false, "the access key is not known there (InvalidAccessKeyId)", "AWS_ACCESS_KEY_ID", nil},
		{"wrong secret", "list", 403, fmt.Sprintf(form, "SignatureDoesNotMatch", "The request signature we calculated does not match", "<StringToSign>AWS4-HMAC-SHA256</StringToSign>"), "local", false, "the secret key is wrong (SignatureDoesNotMatch)", "AWS_SECRET_ACCESS_KEY", nil},
		{"expired token", "write", 400, fmt.Sprintf(form, "TokenRefreshRequired", "The provided token must be refreshed.", ""), "local", false, "the session token has expired", "AWS_SESSION_TOKEN", nil},
		{"invalid token", "write", 400, fmt.Sprintf(form, "InvalidToken", "The provided token is malformed", "<Token-0>the session token</Token-0>"), "local", false, "the session token is not valid", "AWS_SESSION_TOKEN", nil},
		{"clock", "list", 403, fmt.Sprintf(form, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", ""), "local", false, "clock differs too much", "set the clock", nil},
		{"no bucket", "list", 404, fmt.Sprintf(form, "NoSuchBucket", "The specified bucket does not exist", "<BucketName>bucket</BucketName>"), "local", false, "there is no such bucket", "AWS_ENDPOINT_URL_S3", nil},
		{"wrong region", "list", 400, fmt.Sprintf(form, "AuthorizationHeaderMalformed", "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-west-1'", "<Region>eu-west-1</Region>"), "local", false, "the bucket is in another region", "set AWS_REGION=eu-west-1", nil},
		{"wrong region, redirect", "list", 301, fmt.Sprintf(form, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint.", "<Endpoint>bucket.s3-eu-west-1.amazonaws.com</Endpoint>"), "local", false, "the bucket is in another region", "AWS_REGION", nil},
		{"region that is not one", "list", 400, fmt.Sprintf(form, "AuthorizationHeaderMalformed", "m", "<Region>eu; rm -rf /</Region>"), "local", false, "another region", "set AWS_REGION to the bucket's region", nil},
		{"redirect without a body", "look at", 301, "", "local", false, "the bucket is in another region", "AWS_REGION", nil},
		{"may not list", "list", 403, fmt.Sprintf(form, "AccessDenied", "Access Denied", ""), "local", false, "no permission (AccessDenied)", "s3:ListBucket", nil},
		{"may not write", "write", 403, fmt.Sprintf(form, "AccessDenied", "User: arn:aws:iam::1:user/u is not authorized to perform: s3:PutObject", ""), "local", false, "no permission (AccessDenied)", "s3:PutObject", nil},
		{"may not look", "look at", 403, "", "local", false, "no permission", "s3:GetObject and s3:ListBucket", nil},
		{"may not read", "read", 403, fmt.Sprintf(form, "AccessDenied", "Access Denied", ""), "local", false, "no permission", "s3:GetObject", nil},
		{"may not abort", "remove the unfinished upload of", 403, fmt.Sprintf(form, "AccessDenied", "Access Denied", ""), "local", false, "no permission", "s3:AbortMultipartUpload", nil},
		{"may not list parts", "list the parts of", 403, fmt.Sprintf(form, "AccessDenied", "Access Denied", ""), "local", false, "no permission", "s3:ListMultipartUploadParts", nil},
		{"may not list uploads", "list the unfinished uploads of", 403, fmt.Sprintf(form, "AccessDenied", "Access Denied", ""), "local", false, "no permission", "s3:ListBucketMultipartUploads", nil},
		{"quota of Ceph", "write", 403, fmt.Sprintf(form, "QuotaExceeded", "", ""), "disk_full", false, "the bucket's quota is used up", "raise its quota", nil},
		{"quota of MinIO", "write", 400, fmt.Sprintf(form, "XMinioAdminBucketQuotaExceeded", "Bucket quota exceeded", ""), "disk_full", false, "the bucket's quota is used up", "raise its quota", nil},
		{"full disk", "write", 507, fmt.Sprintf(form, "XMinioStorageFull", "Storage backend has reached its minimum free drive threshold.", ""), "disk_full", false, "quota is used up", "free some space", nil},
		{"507", "write", 507, "", "disk_full", false, "no space left", "free some space", nil},
		{"storage class", "write", 400, fmt.Sprintf(form, "InvalidStorageClass", "The storage class you specified is not valid", ""), "local", false, "storage class", "--storage-class", nil},
		{"KMS", "write", 400, fmt.Sprintf(form, "KMS.NotFoundException", "Key 'x' does not exist", ""), "local", false, "cannot encrypt with this key", "--sse", nil},
		{"not found", "look at", 404, "", "local", false, "not found", "", ErrNotFound},
		{"no upload", "write", 404, fmt.Sprintf(form, "NoSuchUpload", "The specified upload does not exist.", ""), "storage", true, "the unfinished upload was removed (NoSuchUpload)", "lifecycle", ErrNoUpload},
		{"412", "write", 412, fmt.Sprintf(form, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", "<Condition>If-None-Match</Condition>"), "exists", true, "another object has the key", "again", ErrCondition},
		{"409", "write", 409, fmt.Sprintf(form, "ConditionalRequestConflict", "The conditional request cannot succeed due to a conflicting operation", ""), "exists", true, "another object has the key", "again", ErrCondition},
		{"503", "write", 503, fmt.Sprintf(form, "SlowDown", "Please reduce your request rate.", ""), "storage", true, "the server answered 503 Service Unavailable: Please reduce your request rate", "again later", nil},
		{"500", "write", 500, fmt.Sprintf(form, "InternalError", "m", ""), "storage", true, "500 Internal Server Error", "again later", nil},
		{"400 of a slow connection", "write", 400, fmt.Sprintf(form, "RequestTimeout", "m", ""), "storage", true, "400 Bad Request", "again later", nil},
		{"429", "write", 429, "", "storage", true, "429 Too Many Requests", "", nil},
		{"what the server cannot do", "write", 501, fmt.Sprintf(form, "NotImplemented", "m", ""), "storage", false, "501", "again later", nil},
		{"a quota as 503", "write", 503, fmt.Sprintf(form, "QuotaExceeded", "m", ""), "disk_full", false, "quota is used up", "raise its quota", nil},
		{"an account as 503", "write", 503, fmt.Sprintf(form, "AccountProblem", "m", ""), "local", false, "the account may not use", "owner", nil},
		{"a page", "write", 502, "<html><body>\x1b[31mBad\r\n gateway</body></html>", "storage", true, "the server answered 502 Bad Gateway", "again later", nil},
		{"a secret in a message", "write", 418, fmt.Sprintf(form, "Teapot", "the secret key of the session token", ""), "storage", false, "[redacted] of", "", nil},
		{"a long message", "write", 418, fmt.Sprintf(form, "Teapot", strings.Repeat("ü ", 5000), ""), "storage", false, "ü ü", "", nil},
		{"a code that is long", "write", 418, fmt.Sprintf(form, strings.Repeat("X", 5000), "m", ""), "storage", false, "418", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			s.fault = func(w http.ResponseWriter, _ *http.Request) bool {
				w.Header().Set("Content-Type", "application/xml")
				w.WriteHeader(tt.status)
				_, _ = w.Write([]byte(tt.body))
				return true
			}
			c := s.client(func(o *Options) {
				getenv := o.Getenv
				o.Getenv = func(name string) string {
					if name == "AWS_SESSION_TOKEN" {
						return "the session token"
					}
					return getenv(name)
				}
			})
			err := c.operation(t, tt.doing)
			failed := wantCode(t, err, tt.code)
			if text := failed.Error(); !strings.HasPrefix(text, "cannot "+tt.doing+" s3://bucket/") || !strings.Contains(text, tt.text) || len(text) > 500 {
				t.Errorf("the error is %.600q, want %q", text, tt.text)
			}
			if !strings.Contains(failed.Hint(), tt.hint) || tt.hint == "" && failed.Hint() != "" {
				t.Errorf("the hint is %q, want %q", failed.Hint(), tt.hint)
			}
			if failed.Retryable != tt.retryable {
				t.Errorf("retryable is %t", failed.Retryable)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%v is not %v", err, tt.is)
			}
			for _, secret := range []string{"the secret key", "the session token of", "\x1b", "\n"} {
				if text := failed.Error() + failed.Hint(); strings.Contains(text, secret) && !strings.Contains(text, "the secret key is wrong") {
					t.Errorf("%q has %q", text, secret)
				}
			}
		})
	}
}

// operation calls the operation whose failures say that they were doing this.
func (c *Client) operation(t *testing.T, doing string) error {
	ctx := t.Context()
	switch doing {
	case "list":
		return c.Try(ctx, true)
	case "look at":
		_, err := c.Head(ctx, "a")
		return err
	case "read":
		return c.Read(ctx, Object{Key: "a", ETag: "e"}, nil)
	case "write":
		_, err := c.Put(ctx, "a", nil, Attributes{}, Condition{})
		return err
	case "list the parts of":
		_, err := c.Parts(ctx, "a", "u")
		return err
	case "list the unfinished uploads of":
		_, err := c.Uploads(ctx, "a")
		return err
	default:
		return c.Abort(ctx, "a", "u")
	}
}

// What another try does not change ends an operation at once.
func TestErrorsThatStay(t *testing.T) {
	tries := 0
	stays := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "h", IsNotFound: true}}
	c := newServer(t).client(func(o *Options) {
		o.Retries = 100
		o.Transport = roundTrip(func(*http.Request) (*http.Response, error) { tries++; return nil, stays })
	})
	_, err := c.Head(t.Context(), "a")
	if failed := wantCode(t, err, download.CodeNetwork); tries != 1 || failed.Retryable || !strings.Contains(failed.Error(), "no such host") {
		t.Errorf("%d tries, %v", tries, failed)
	}
}

// A server that closes connections is tried as often as Retries says.
func TestServerThatClosesConnections(t *testing.T) {
	s := newServer(t)
	s.fault = func(w http.ResponseWriter, _ *http.Request) bool {
		if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
			connection.Close()
		}
		return true
	}
	_, err := s.client().Head(t.Context(), "a")
	if failed := wantCode(t, err, download.CodeNetwork); s.counted("head") < 4 || !failed.Retryable || strings.Contains(failed.Error(), "http") {
		t.Errorf("%d requests, %v", s.counted("head"), failed)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// An operation is repeated as often as Retries says, after the waits of internal/retry or those that the server asks for, and
// only if that may help.
func TestRepeatedOperations(t *testing.T) {
	for name, tt := range map[string]struct {
		status      int
		code, after string
		retries     int
		want        int           // requests
		wait        time.Duration // the longest one, at most
	}{
		"500":                       {500, "InternalError", "", 3, 4, 6 * time.Second},
		"no code":                   {502, "", "", 3, 4, 6 * time.Second},
		"a code alone":              {400, "RequestTimeout", "", 3, 4, 6 * time.Second},
		"Retry-After":               {503, "SlowDown", "7", 3, 4, 7 * time.Second},
		"many":                      {500, "InternalError", "", 90, 91, 45 * time.Second},
		"none":                      {500, "InternalError", "", 0, 1, 0},
		"keys that stay expired":    {400, "ExpiredToken", "", 3, 1, 0},
		"unknown keys":              {403, "InvalidAccessKeyId", "", 3, 1, 0},
		"no permission":             {403, "AccessDenied", "", 3, 1, 0},
		"a full disk":               {507, "", "", 3, 1, 0},
		"a quota":                   {503, "QuotaExceeded", "", 3, 1, 0},
		"what the server cannot do": {501, "NotImplemented", "", 3, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.fault = func(w http.ResponseWriter, _ *http.Request) bool {
				if tt.after != "" {
					w.Header().Set("Retry-After", tt.after)
				}
				refuse(w, tt.status, tt.code)
				return true
			}
			c := s.client(func(o *Options) { o.Retries = tt.retries })
			var waits []time.Duration
			c.sleep = func(ctx context.Context, d time.Duration) error { waits = append(waits, d); return ctx.Err() }
			if err := c.Try(t.Context(), true); err == nil {
				t.Error("no error")
			}
			if got := s.counted("list"); got != tt.want || len(waits) != tt.want-1 {
				t.Fatalf("%d requests with %d waits, want %d", got, len(waits), tt.want)
			}
			for i, wait := range waits {
				if wait < 250*time.Millisecond || wait > tt.wait || i > 8 && wait < 15*time.Second || tt.after != "" && wait != tt.wait {
					t.Errorf("wait %d is %v", i, wait)
				}
			}
		})
	}
}

// What HEAD is refused for is in no body; a list has it.
func TestHeadIsExplained(t *testing.T) {
	for code, tt := range map[string]struct {
		status     int
		text, hint string
	}{
		"ExpiredToken": {400, "the session token has expired", "get new credentials"}, "InvalidAccessKeyId": {403, "the access key is not known", "AWS_ACCESS_KEY_ID"},
		"AccessDenied": {403, "no permission", "s3:GetObject and s3:ListBucket"}, "AuthorizationHeaderMalformed": {400, "another region", "AWS_REGION"},
	} {
		s := newServer(t)
		s.fault = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodHead {
				w.WriteHeader(tt.status)
			} else {
				refuse(w, tt.status, code)
			}
			return true
		}
		_, err := s.client().Head(t.Context(), "a")
		if e := wantCode(t, err, download.CodeLocal); !strings.HasPrefix(e.Error(), "cannot look at s3://bucket/a: ") || !strings.Contains(e.Error(), tt.text) || !strings.Contains(e.Advice, tt.hint) {
			t.Errorf("%s: %v, with the hint %q", code, err, e.Advice)
		}
	}
}

// A time limit of a connection is not the end of the run.
func TestTimeLimits(t *testing.T) {
	s := newServer(t)
	s.fault = func(_ http.ResponseWriter, r *http.Request) bool { <-r.Context().Done(); return true }
	c := s.client(func(o *Options) { o.Transport, o.Retries = &http.Transport{ResponseHeaderTimeout: time.Millisecond}, 0 })
	_, err := c.Head(t.Context(), "a")
	if failed := wantCode(t, err, download.CodeTimeout); !failed.Retryable {
		t.Errorf("%v is not retryable", failed)
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Now())
	defer cancel()
	_, err = c.Head(ctx, "a")
	if failed := wantCode(t, err, download.CodeInterrupted); !failed.Retryable {
		t.Errorf("%v is not retryable", failed)
	}
}

// A list and a read go on where they broke, and what they have brought counts as progress.
func TestListAndReadGoOn(t *testing.T) {
	s := newServer(t)
	const objects = 12
	want := map[string]string{}
	for i := range objects {
		want[fmt.Sprintf("%02d", i)] = strings.Repeat("x", 100+i)
		s.put(fmt.Sprintf("%02d", i), want[fmt.Sprintf("%02d", i)])
	}
	broken := 0
	s.fault = func(w http.ResponseWriter, r *http.Request) bool {
		broken++
		switch {
		case broken%2 == 0:
			refuse(w, 500, "InternalError")
		case operation(r) == "list":
			after := r.URL.Query().Get("start-after")
			for i := range objects {
				if key := fmt.Sprintf("%02d", i); key > after {
					fmt.Fprintf(w, "<ListBucketResult><IsTruncated>%t</IsTruncated><NextContinuationToken>t</NextContinuationToken><Contents><Key>%s</Key><Size>%d</Size></Contents></ListBucketResult>", i < objects-1, key, len(want[key]))
					break
				}
			}
		default:
			var from int
			_, _ = fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
			w.Header().Set("ETag", `"e"`)
			w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
			w.Header().Set("Content-Length", strconv.Itoa(len(large)-from))
			if from > 0 {
				w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(large)-1, len(large)))
				w.WriteHeader(http.StatusPartialContent)
			}
			_, _ = io.WriteString(w, large[from:min(from+smallPart, len(large))])
		}
		return true
	}
	c := s.client(func(o *Options) { o.Retries = 2 })
	var keys []string
	for o, err := range c.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	if len(keys) != objects {
		t.Errorf("the list has %q", keys)
	}
	var read strings.Builder
	if err := c.Read(t.Context(), Object{Key: "a", ETag: "e", Size: int64(len(large))}, &read); err != nil || read.String() != large {
		t.Errorf("%d bytes were read, %v", read.Len(), err)
	}
}

// Of an object that is longer than a list says, no more is read than shows that.
func TestReadTooLong(t *testing.T) {
	s := newServer(t)
	s.put("a", "0123456789")
	var read strings.Builder
	err := s.client(func(o *Options) { o.Retries = 0 }).Read(t.Context(), Object{Key: "a", ETag: s.objects["a"].etag, Size: 3}, &read)
	if err == nil || read.String() != "0123" {
		t.Errorf("%q was read: %v", read.String(), err)
	}
}

// A list of pages without entries ends.
func TestEndlessList(t *testing.T) {
	s := newServer(t)
	s.fault = func(w http.ResponseWriter, _ *http.Request) bool {
		fmt.Fprintf(w, "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>%d</NextContinuationToken></ListBucketResult>", s.counted("list"))
		return true
	}
	c := s.client()
	for range c.List(t.Context(), "") {
	}
	if err := c.Try(t.Context(), true); err == nil || s.counted("list") > 2*maxRequests {
		t.Errorf("%v after %d requests", err, s.counted("list"))
	}
}

// The text about a connection that the server has closed is not about the inside of this program.
func TestConnectionThatTheServerCloses(t *testing.T) {
	for _, inside := range []error{io.EOF, &net.OpError{Op: "write", Net: "tcp", Err: net.ErrClosed}} {
		tries := 0
		c := newServer(t).client(func(o *Options) {
			o.Transport = roundTrip(func(*http.Request) (*http.Response, error) { tries++; return nil, inside })
		})
		_, err := c.Head(t.Context(), "a")
		if failed := wantCode(t, err, download.CodeNetwork); tries != 4 || !strings.HasSuffix(failed.Error(), ": the server closed the connection without an answer") {
			t.Errorf("%d tries, %v", tries, failed)
		}
	}
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"Access Denied.":                  "Access Denied.",
		"two\r\nlines\x1b[31m":            "two lines [31m",
		"gpj.\u202egolo\u200b and \u009b": "gpj. golo and",
		"déjà vu über alles":              "déjà vu übe…",
	} {
		if got := printable(text, 14); got != want {
			t.Errorf("printable(%q) = %q, want %q", text, got, want)
		}
	}
}
