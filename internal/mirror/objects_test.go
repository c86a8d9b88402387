package mirror

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/sandbox"
	"github.com/bynder-cli/bynder/internal/transport"
)

// store is the sandbox's bucket with a client for the objects below s3://sandbox/p.
type store struct {
	*bucket.Client
	sandbox *sandbox.Sandbox
	at      bucket.Location
	env     map[string]string

	connections http.RoundTripper
	retries     int
}

func newStore(t *testing.T, faults ...string) *store {
	t.Helper()
	s := &store{at: bucket.Location{Bucket: sandbox.BucketName, Prefix: "p/"}}
	var err error
	if s.sandbox, err = sandbox.New(sandbox.Options{Assets: -1}); err != nil {
		t.Fatal(err)
	}
	stop, err := s.sandbox.Start(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	s.env = map[string]string{"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull}
	for _, variable := range s.sandbox.Env(sandbox.PermanentToken) {
		name, value, _ := strings.Cut(variable, "=")
		s.env[name] = value
	}
	s.connections = transport.Bucket(transport.Options{Connections: 16})
	s.Client = s.open(t, s.connections)
	t.Cleanup(s.Close)
	s.fault(t, faults...)
	return s
}

// open returns a client that sends its requests through a transport.
func (s *store) open(t *testing.T, through http.RoundTripper) *bucket.Client {
	t.Helper()
	client, err := bucket.Open(t.Context(), s.at, bucket.Options{
		Getenv: func(name string) string { return s.env[name] }, Transport: through, Program: "bynder", Version: "test", Retries: s.retries,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// fault replaces the faults of the bucket.
func (s *store) fault(t *testing.T, texts ...string) {
	t.Helper()
	var faults []sandbox.Fault
	for _, text := range texts {
		f, err := sandbox.ParseFault(text)
		if err != nil {
			t.Fatal(err)
		}
		faults = append(faults, f)
	}
	if err := s.sandbox.SetFaults(faults...); err != nil {
		t.Fatal(err)
	}
}

// put writes an object with metadata, whose names and values alternate.
func (s *store) put(t *testing.T, path, content string, metadata ...string) {
	t.Helper()
	if _, err := s.Put(t.Context(), s.at.Prefix+path, []byte(content), attributes(metadata), bucket.Condition{}); err != nil {
		t.Fatal(err)
	}
}

// putParts writes an object in two parts of 5 MiB and a few bytes, of one letter.
func (s *store) putParts(t *testing.T, path, letter string, metadata ...string) {
	t.Helper()
	ctx, key := t.Context(), s.at.Prefix+path
	id, err := s.Begin(ctx, key, attributes(metadata))
	if err != nil {
		t.Fatal(err)
	}
	var parts []bucket.Part
	for i, content := range []string{inParts(letter)[:5<<20], inParts(letter)[5<<20:]} {
		part, err := s.PutPart(ctx, key, id, i+1, []byte(content))
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part)
	}
	if _, err := s.Complete(ctx, key, id, parts, bucket.Condition{}); err != nil {
		t.Fatal(err)
	}
}

// inParts is the content of an object of putParts.
func inParts(letter string) string { return strings.Repeat(letter, 5<<20+3) }

func attributes(metadata []string) bucket.Attributes {
	a := bucket.Attributes{Metadata: map[string]string{}}
	for i := 0; i < len(metadata); i += 2 {
		a.Metadata[metadata[i]] = metadata[i+1]
	}
	return a
}

// TestListObjects holds a list to what it leaves out, over several pages.
func TestListObjects(t *testing.T) {
	s := newStore(t, "s3-page=2")
	for _, path := range []string{"a", "a/b", "é/c d", ".bynder/lock", ".bynder/journal/1", ".bynderx", "folder/", "full/"} {
		s.put(t, path, strings.Repeat("x", len(path)))
	}
	s.put(t, "folder/", "")
	if _, err := s.Put(t.Context(), "q", []byte("outside"), bucket.Attributes{}, bucket.Condition{}); err != nil {
		t.Fatal(err)
	}
	var listed []string
	objects, err := ListObjects(t.Context(), s.Client, s.at, func(path string, size int64) { listed = append(listed, fmt.Sprint(path, " ", size)) })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{".bynderx 8", "a 1", "a/b 3", "full/ 5", "é/c d 6"}, listed); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	want := bucket.Object{Key: "p/a/b", Size: 3, ETag: "f561aaf6ef0bf14d4208bb46a4ccb3ad"}
	if got, ok := objects.Find("a/b"); !ok || !cmp.Equal(got, want) {
		t.Errorf("a/b is %+v, %v; want %+v", got, ok, want)
	}
	for _, path := range []string{".bynder/lock", "folder/", "b", "p/a", ""} {
		if got, ok := objects.Find(path); ok {
			t.Errorf("%q is %+v", path, got)
		}
	}
	for _, fault := range []string{"s3-no-bucket", "s3-denied=list"} {
		s.fault(t, fault)
		if _, err := ListObjects(t.Context(), s.Client, s.at, nil); err == nil {
			t.Errorf("with the fault %s there is a list", fault)
		}
	}
	s.fault(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ListObjects(ctx, s.Client, s.at, nil); err == nil {
		t.Error("there is a list although the context has ended")
	}
}
