package cli

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Flags that do not go with a bucket, and URLs that name none, are mistakes of usage: no request is made.
func TestBucketFlags(t *testing.T) {
	absolute := filepath.Join(t.TempDir(), "f")
	for args, want := range map[string]string{
		"download a -d s3://":                                       "has no valid name of a bucket",
		"download a -d s3:///x":                                     "has no valid name of a bucket",
		"download a -d s3://bucket/a//b":                            `has the element ""`,
		"download a -d s3://bucket/../b":                            `has the element ".."`,
		"download a -d s3://bucket -o ../f":                         "is not a path below s3://bucket",
		"download a -d s3://bucket/x -o f/":                         "is not a path below s3://bucket/x",
		"download a --storage-class STANDARD_IA":                    "--storage-class and --sse belong to files in a bucket: s3://BUCKET/PREFIX",
		"fetch-item a b --sse AES256":                               "--storage-class and --sse belong to files in a bucket: s3://BUCKET/PREFIX",
		"download a -d s3://bucket --sse aes":                       "--sse: invalid value",
		"download a -d s3://bucket":                                 "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not",
		"download a -d s3://bucket --sse AES256 -o " + absolute:     "belong to files in a bucket",
		"download a -d s3://bucket --storage-class X --output - -q": "belong to files in a bucket",
	} {
		var out strings.Builder
		env := map[string]string{"BYNDER_DOMAIN": "http://127.0.0.1:1", "BYNDER_PERMANENT_TOKEN": "t", "AWS_ACCESS_KEY_ID": "id"}
		streams := Streams{Out: &out, Err: &out, Getenv: func(name string) string { return env[name] }}
		if got := Main(t.Context(), strings.Fields(args), streams); got != exitUsage || !strings.Contains(out.String(), want) {
			t.Errorf("%s: exit %d, %s, want %q", args, got, out.String(), want)
		}
	}
}

// The bucket is tried before the first call of the portal, and a refusal is not one of the portal's credentials. Each of
// the two sees its own credentials alone.
func TestBucketIsTriedFirst(t *testing.T) {
	var mu sync.Mutex
	var portal, bucket []string
	serve := func(seen *[]string, status int, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			*seen = append(*seen, r.Method+" "+r.URL.String()+" "+r.Header.Get("Authorization"))
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	var out strings.Builder
	env := map[string]string{
		"BYNDER_DOMAIN": serve(&portal, 500, ""), "BYNDER_PERMANENT_TOKEN": "the token of the portal",
		"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "the secret key", "AWS_REGION": "r",
		"AWS_ENDPOINT_URL_S3": serve(&bucket, 403, "<Error><Code>AccessDenied</Code><Message>the secret key</Message></Error>"),
	}
	got := Main(t.Context(), strings.Fields("download -d s3://bucket/x D4AC0B41-141B-47D2-98B4FECDA8894CB2"), Streams{Out: &out, Err: &out, Getenv: func(name string) string { return env[name] }})
	want := "bynder: the destination cannot be used: cannot list s3://bucket/x/: no permission (AccessDenied)\nhint: the credentials need the right s3:ListBucket for this bucket\n"
	if got != exitFailed || out.String() != want {
		t.Errorf("exit %d, %q, want %q", got, out.String(), want)
	}
	if len(portal) != 0 || len(bucket) != 1 || !strings.Contains(bucket[0], "AWS4-HMAC-SHA256 Credential=id/") || strings.Contains(bucket[0], "token") {
		t.Errorf("the portal saw %q, the bucket %q", portal, bucket)
	}
}
