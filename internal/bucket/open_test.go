package bucket

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transport"
)

// opened opens a bucket with an environment of its own.
func opened(t *testing.T, env map[string]string) (*Client, error) {
	t.Helper()
	for _, name := range []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE"} {
		t.Setenv(name, env[name]) // the library reads them
	}
	t.Setenv("HOME", t.TempDir())
	return Open(t.Context(), Location{Bucket: "bucket"}, Options{
		Getenv: func(name string) string { return env[name] }, Transport: transport.Bucket(transport.Options{}), Instance: transport.Instance(), Program: "bynder",
	})
}

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Settings come from the places where all programs for S3 look for them, in the same order.
func TestSettings(t *testing.T) {
	credentials := write(t, "[default]\naws_access_key_id = default-id\naws_secret_access_key = default-secret\n[work]\naws_access_key_id = work-id\naws_secret_access_key = work-secret\naws_session_token = work-token\n[half]\naws_access_key_id = half-id\n")
	config := write(t, "[default]\nregion = eu-west-1\n[profile work]\nregion = eu-north-1\nendpoint_url = https://work.example:9000\n[profile process]\ncredential_process = sh "+
		write(t, `echo '{"Version":1,"AccessKeyId":"process-id","SecretAccessKey":"process-secret"}'`)+"\n")
	role := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"AccessKeyId":"role-id","SecretAccessKey":"role-secret","Token":"role-token","Expiration":"2100-01-01T00:00:00Z"}`))
	}))
	defer role.Close()
	for name, tt := range map[string]struct {
		env                   map[string]string
		id, token, region, at string
		fails                 string
	}{
		"environment":              {map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t", "AWS_REGION": "r"}, "id", "t", "r", "https://s3.amazonaws.com", ""},
		"environment before files": {map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_CONFIG_FILE": config}, "id", "", "eu-west-1", "https://s3.amazonaws.com", ""},
		"default profile":          {map[string]string{"AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_CONFIG_FILE": config, "AWS_DEFAULT_REGION": "d"}, "default-id", "", "d", "https://s3.amazonaws.com", ""},
		"profile":                  {map[string]string{"AWS_PROFILE": "work", "AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_CONFIG_FILE": config}, "work-id", "work-token", "eu-north-1", "https://work.example:9000", ""},
		"endpoint before profile":  {map[string]string{"AWS_PROFILE": "work", "AWS_SHARED_CREDENTIALS_FILE": credentials, "AWS_CONFIG_FILE": config, "AWS_ENDPOINT_URL": "http://h:1/", "AWS_REGION": "r"}, "work-id", "work-token", "r", "http://h:1", ""},
		"endpoint of S3":           {map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": "http://h:1", "AWS_ENDPOINT_URL_S3": "https://s3.example"}, "id", "", "", "https://s3.example", ""},
		"a program":                {map[string]string{"AWS_PROFILE": "process", "AWS_CONFIG_FILE": config}, "process-id", "", "", "https://s3.amazonaws.com", ""},
		"role":                     {map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": role.URL}, "role-id", "role-token", "", "https://s3.amazonaws.com", ""},

		"none":                   {map[string]string{"AWS_EC2_METADATA_DISABLED": "true"}, "", "", "", "", "there are no credentials for the bucket"},
		"half a set":             {map[string]string{"AWS_ACCESS_KEY_ID": "id"}, "", "", "", "", "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not"},
		"the other half":         {map[string]string{"AWS_SECRET_ACCESS_KEY": "s3cr3t"}, "", "", "", "", "AWS_SECRET_ACCESS_KEY is set, and AWS_ACCESS_KEY_ID is not"},
		"unknown profile":        {map[string]string{"AWS_PROFILE": "nosuch", "AWS_SHARED_CREDENTIALS_FILE": credentials}, "", "", "", "", `there is no profile "nosuch" (AWS_PROFILE)`},
		"half a profile":         {map[string]string{"AWS_PROFILE": "half", "AWS_SHARED_CREDENTIALS_FILE": credentials}, "", "", "", "", `the profile "half" (AWS_PROFILE) has no usable credentials`},
		"malformed file":         {map[string]string{"AWS_SHARED_CREDENTIALS_FILE": write(t, "[default\n")}, "", "", "", "", "it is not a file as the AWS CLI writes it"},
		"endpoint is not a URL":  {map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL_S3": "host:9000"}, "", "", "", "", "AWS_ENDPOINT_URL_S3 is not the address of a server"},
		"endpoint with a path":   {map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": "https://h/x"}, "", "", "", "", "AWS_ENDPOINT_URL is not the address of a server"},
		"endpoint with a secret": {map[string]string{"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "s", "AWS_ENDPOINT_URL": "https://u:s3cr3t@h"}, "", "", "", "", "AWS_ENDPOINT_URL is not the address of a server"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := opened(t, tt.env)
			if tt.fails != "" {
				failed := wantCode(t, err, download.CodeUsage)
				if !strings.Contains(failed.Error(), tt.fails) || failed.Hint() == "" || strings.Contains(failed.Error()+failed.Hint(), "s3cr3t") {
					t.Errorf("%v, hint %q, want %q", failed, failed.Hint(), tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			value, err := c.core.GetCreds()
			if err != nil || value.AccessKeyID != tt.id || value.SessionToken != tt.token {
				t.Errorf("credentials of %q with the token %q, %v, want %q, %q", value.AccessKeyID, value.SessionToken, err, tt.id, tt.token)
			}
			if got := c.core.EndpointURL().String(); got != tt.at {
				t.Errorf("the endpoint is %s, want %s", got, tt.at)
			}
			if region, _ := c.core.GetBucketLocation(canceled(t), "bucket"); region != tt.region {
				t.Errorf("the region is %q, want %q", region, tt.region)
			}
		})
	}
}

// canceled returns a context that has ended.
func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// A program for credentials that does not end is not waited for longer than the run.
func TestProgramForCredentialsThatHangs(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the program is a script of the shell")
	}
	running := write(t, "")
	script := write(t, "while [ -e "+running+" ]; do sleep 0.01; done\n")
	t.Setenv("AWS_CONFIG_FILE", write(t, "[default]\ncredential_process = sh "+script+"\n"))
	t.Setenv("HOME", t.TempDir())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := Open(ctx, Location{Bucket: "bucket"}, Options{Getenv: os.Getenv, Transport: transport.Bucket(transport.Options{})})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("ended with %v", err)
	}
	if err := os.Remove(running); err != nil {
		t.Fatal(err)
	}
}

func TestParseSSE(t *testing.T) {
	for text, want := range map[string]string{"AES256": "AES256", "aws:kms": "aws:kms", "aws:kms:arn:aws:kms:eu-west-1:1:key/2": "aws:kms arn:aws:kms:eu-west-1:1:key/2"} {
		sse, err := parseSSE(text)
		if err != nil {
			t.Fatal(err)
		}
		h := http.Header{}
		sse.Marshal(h)
		if got := strings.TrimSpace(h.Get("X-Amz-Server-Side-Encryption") + " " + h.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id")); got != want {
			t.Errorf("%s is %s", text, got)
		}
	}
	for _, text := range []string{"aes256", "kms", "aws:kms:", "aws:kms: k", "aws:", "x:kms:k"} {
		if _, err := parseSSE(text); err == nil {
			t.Errorf("%s is valid", text)
		}
	}
}
