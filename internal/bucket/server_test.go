package bucket

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/bynder-cli/bynder/internal/transport"
)

// server is a bucket in memory, called "bucket", with the operations that a Client uses. It checks no signature.
type server struct {
	*httptest.Server
	t *testing.T
	// fault, if set, may answer a request in place of the server, and then returns true.
	fault func(w http.ResponseWriter, r *http.Request) bool
	// ignorant is set if the server ignores conditions.
	ignorant bool

	mu      sync.Mutex
	objects map[string]*stored
	uploads map[string]*unfinished
	count   map[string]int // of requests, by operation
	began   int            // uploads
}

type stored struct {
	content  []byte
	etag     string
	header   http.Header
	modified time.Time
}

type unfinished struct {
	key       string
	header    http.Header
	parts     map[int][]byte
	initiated time.Time
}

func newServer(t *testing.T) *server {
	s := &server{t: t, objects: map[string]*stored{}, uploads: map[string]*unfinished{}, count: map[string]int{}}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// client returns a Client of the server's bucket.
func (s *server) client(change ...func(*Options)) *Client {
	s.t.Helper()
	env := map[string]string{
		"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "the secret key", "AWS_REGION": "us-east-1",
		"AWS_ENDPOINT_URL_S3": s.URL, "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
	}
	opts := Options{
		Getenv: func(name string) string { return env[name] }, Transport: transport.Bucket(transport.Options{Connections: 16}),
		Program: "bynder", Version: "test", Retries: 3,
	}
	for _, each := range change {
		each(&opts)
	}
	at, err := Parse("s3://bucket")
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := Open(s.t.Context(), at, opts)
	if err != nil {
		s.t.Fatal(err)
	}
	c.sleep = func(ctx context.Context, _ time.Duration) error { return ctx.Err() }
	s.t.Cleanup(c.Close)
	return c
}

// sink returns a Sink of the server's bucket.
func (s *server) sink(opts SinkOptions) *Sink {
	s.t.Helper()
	if opts.Memory == nil {
		opts.Memory = semaphore.NewWeighted(MinMemory)
	}
	to := NewSink(s.client(), opts)
	to.part = smallPart
	return to
}

// smallPart is the size of parts of files in tests, in bytes, and the smallest one that a server takes.
const smallPart = 64 << 10

// contents returns all objects.
func (s *server) contents() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]string{}
	for key, o := range s.objects {
		all[key] = string(o.content)
	}
	return all
}

// put puts an object as another program does.
func (s *server) put(key, content string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store(key, []byte(content), fmt.Sprintf("%x", md5.Sum([]byte(content))), nil)
}

func (s *server) store(key string, content []byte, etag string, header http.Header) {
	s.objects[key] = &stored{content, etag, header, time.Now().Truncate(time.Second)}
}

func (s *server) counted(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count[operation]
}

func (s *server) unfinished() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.uploads)
}

// mend ends the fault, also for requests that have been given up and are still on their way.
func (s *server) mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = nil
}

// operation names what a request is for.
func operation(r *http.Request) string {
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodPost && q.Has("uploads"):
		return "begin"
	case r.Method == http.MethodPost:
		return "complete"
	case r.Method == http.MethodPut && q.Has("partNumber"):
		return "part"
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		return "copy"
	case r.Method == http.MethodDelete && q.Has("uploadId"):
		return "abort"
	case r.Method == http.MethodGet && q.Has("uploadId"):
		return "parts"
	case r.Method == http.MethodGet && q.Has("uploads"):
		return "uploads"
	case r.Method == http.MethodGet && q.Has("list-type"):
		return "list"
	default:
		return strings.ToLower(r.Method)
	}
}

// refuse answers with an error of S3.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>%s</Code><Message>the message of %[1]s</Message></Error>`, code)
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	what := operation(r)
	s.mu.Lock()
	s.count[what]++
	fault := s.fault
	s.mu.Unlock()
	if fault != nil && fault(w, r) {
		return
	}
	s.serve(w, r)
}

// serve answers a request as a server without faults.
func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(r)
	if err != nil {
		refuse(w, http.StatusBadRequest, "IncompleteBody")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/bucket"), "/")
	id := r.URL.Query().Get("uploadId")
	if _, ok := s.uploads[id]; id != "" && !ok {
		refuse(w, http.StatusNotFound, "NoSuchUpload")
		return
	}
	w.Header().Set("Date", time.Now().UTC().Format(http.TimeFormat))
	switch operation(r) {
	case "begin":
		s.began++
		id := fmt.Sprintf("upload-%d", s.began)
		s.uploads[id] = &unfinished{key, r.Header.Clone(), map[int][]byte{}, time.Now()}
		fmt.Fprintf(w, "<InitiateMultipartUploadResult><Bucket>bucket</Bucket><Key>%s</Key><UploadId>%s</UploadId></InitiateMultipartUploadResult>", escape(key), id)
	case "part":
		number, _ := strconv.Atoi(r.URL.Query().Get("partNumber"))
		if r.Header.Get("X-Amz-Copy-Source") != "" {
			s.copyPart(w, r, id, number)
			return
		}
		s.uploads[id].parts[number] = body
		w.Header().Set("ETag", fmt.Sprintf(`"%x"`, md5.Sum(body)))
	case "complete":
		s.complete(w, r, key, id, body)
	case "abort":
		delete(s.uploads, id)
		w.WriteHeader(http.StatusNoContent)
	case "parts":
		fmt.Fprint(w, "<ListPartsResult>")
		for _, n := range slices.Sorted(maps.Keys(s.uploads[id].parts)) {
			part := s.uploads[id].parts[n]
			fmt.Fprintf(w, `<Part><PartNumber>%d</PartNumber><ETag>"%x"</ETag><Size>%d</Size></Part>`, n, md5.Sum(part), len(part))
		}
		fmt.Fprint(w, "</ListPartsResult>")
	case "uploads":
		fmt.Fprint(w, "<ListMultipartUploadsResult>")
		for id, u := range s.uploads {
			if strings.HasPrefix(u.key, r.URL.Query().Get("prefix")) {
				fmt.Fprintf(w, "<Upload><Key>%s</Key><UploadId>%s</UploadId><Initiated>%s</Initiated></Upload>", escape(u.key), id, u.initiated.UTC().Format(time.RFC3339))
			}
		}
		fmt.Fprint(w, "</ListMultipartUploadsResult>")
	case "list":
		fmt.Fprint(w, "<ListBucketResult>")
		for _, key := range slices.Sorted(maps.Keys(s.objects)) {
			if o := s.objects[key]; strings.HasPrefix(key, r.URL.Query().Get("prefix")) {
				fmt.Fprintf(w, `<Contents><Key>%s</Key><ETag>"%s"</ETag><Size>%d</Size></Contents>`, escape(key), o.etag, len(o.content))
			}
		}
		fmt.Fprint(w, "</ListBucketResult>")
	case "copy":
		from := s.source(w, r)
		if from == nil {
			return
		}
		if !s.mayWrite(r, key) {
			refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
			return
		}
		header := from.header
		if r.Header.Get("X-Amz-Metadata-Directive") == "REPLACE" {
			header = r.Header.Clone()
		}
		s.store(key, from.content, from.etag, header)
		fmt.Fprintf(w, `<CopyObjectResult><ETag>"%s"</ETag></CopyObjectResult>`, from.etag)
	case "put":
		if !s.mayWrite(r, key) {
			refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
			return
		}
		etag := fmt.Sprintf("%x", md5.Sum(body))
		s.store(key, body, etag, r.Header.Clone())
		w.Header().Set("ETag", `"`+etag+`"`)
	default:
		s.get(w, r, key)
	}
}

// source returns the object that a request copies. If there is none, it has been answered.
func (s *server) source(w http.ResponseWriter, r *http.Request) *stored {
	source, _ := url.PathUnescape(r.Header.Get("X-Amz-Copy-Source"))
	from, ok := s.objects[strings.TrimPrefix(strings.TrimPrefix(source, "/"), "bucket/")]
	switch match := strings.Trim(r.Header.Get("X-Amz-Copy-Source-If-Match"), `"`); {
	case !ok:
		refuse(w, http.StatusNotFound, "NoSuchKey")
		return nil
	case match != from.etag:
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return nil
	}
	return from
}

// copyPart answers a request that copies a part of an object.
func (s *server) copyPart(w http.ResponseWriter, r *http.Request, id string, number int) {
	from := s.source(w, r)
	if from == nil {
		return
	}
	var first, last int
	if _, err := fmt.Sscanf(r.Header.Get("X-Amz-Copy-Source-Range"), "bytes=%d-%d", &first, &last); err != nil || last >= len(from.content) {
		refuse(w, http.StatusBadRequest, "InvalidArgument")
		return
	}
	part := from.content[first : last+1]
	s.uploads[id].parts[number] = part
	fmt.Fprintf(w, `<CopyPartResult><ETag>"%x"</ETag></CopyPartResult>`, md5.Sum(part))
}

// mayWrite reports whether the condition of a request holds.
func (s *server) mayWrite(r *http.Request, key string) bool {
	o, ok := s.objects[key]
	if s.ignorant {
		return true
	}
	if match := r.Header.Get("If-Match"); match != "" && (!ok || match != `"`+o.etag+`"`) {
		return false
	}
	return !ok || r.Header.Get("If-None-Match") != "*"
}

func (s *server) complete(w http.ResponseWriter, r *http.Request, key, id string, body []byte) {
	if !s.mayWrite(r, key) {
		refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	var list struct {
		Part []struct {
			PartNumber int
			ETag       string
		}
	}
	if err := xml.Unmarshal(body, &list); err != nil {
		refuse(w, http.StatusBadRequest, "MalformedXML")
		return
	}
	var content, sums []byte
	for i, p := range list.Part {
		part, ok := s.uploads[id].parts[p.PartNumber]
		sum := md5.Sum(part)
		if !ok || strings.Trim(p.ETag, `"`) != hex.EncodeToString(sum[:]) {
			refuse(w, http.StatusBadRequest, "InvalidPart")
			return
		}
		if i < len(list.Part)-1 && len(part) < smallPart {
			refuse(w, http.StatusBadRequest, "EntityTooSmall")
			return
		}
		content, sums = append(content, part...), append(sums, sum[:]...)
	}
	etag := fmt.Sprintf("%x-%d", md5.Sum(sums), len(list.Part))
	s.store(key, content, etag, s.uploads[id].header)
	delete(s.uploads, id)
	fmt.Fprintf(w, `<CompleteMultipartUploadResult><Bucket>bucket</Bucket><Key>%s</Key><ETag>"%s"</ETag></CompleteMultipartUploadResult>`, escape(key), etag)
}

// get answers GET and HEAD of an object, and DELETE.
func (s *server) get(w http.ResponseWriter, r *http.Request, key string) {
	o, ok := s.objects[key]
	if r.Method == http.MethodDelete {
		switch match := r.Header.Get("If-Match"); {
		case match == "" || s.ignorant:
		case !ok:
			refuse(w, http.StatusNotFound, "NoSuchKey")
			return
		case !s.mayWrite(r, key):
			refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
			return
		}
		delete(s.objects, key)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if !ok {
		refuse(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	for name, values := range o.header {
		if strings.HasPrefix(name, "X-Amz-Meta-") || name == "Content-Type" || name == "Content-Encoding" && values[0] != "aws-chunked" {
			w.Header()[name] = values
		}
	}
	w.Header().Set("ETag", `"`+o.etag+`"`)
	w.Header().Set("Last-Modified", o.modified.UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Length", strconv.Itoa(len(o.content)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(o.content)
	}
}

// readBody reads the body of a request, also one with a signature on each chunk, as the library sends it without TLS.
func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil || !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return body, err
	}
	var content []byte
	for {
		line, rest, ok := bytes.Cut(body, []byte("\r\n"))
		size, _, _ := strings.Cut(string(line), ";")
		n, err := strconv.ParseInt(size, 16, 64)
		if !ok || err != nil || int64(len(rest)) < n {
			return nil, io.ErrUnexpectedEOF
		}
		if n == 0 {
			return content, nil
		}
		content = append(content, rest[:n]...)
		body = bytes.TrimPrefix(rest[n:], []byte("\r\n"))
	}
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // never fails
	return b.String()
}
