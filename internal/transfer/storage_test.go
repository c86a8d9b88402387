package transfer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// secret stands in the query of every location: no error may show it.
const secret = "s3cr3t"

// file is an object as storage holds it.
type file struct {
	bytes    []byte
	etag     string
	modified time.Time
	in       *storage // where it is stored; nil elsewhere
}

var lastYear = time.Date(2024, 3, 1, 12, 0, 0, 0, time.UTC)

// randomFile is a file of n bytes, the same ones for the same seed.
func randomFile(n int, seed uint64) *file {
	content := make([]byte, n)
	random := rand.NewChaCha8([32]byte{byte(seed)})
	random.Read(content)
	return &file{bytes: content, etag: fmt.Sprintf(`"v%d"`, seed), modified: lastYear}
}

func (f *file) with(change func(*file)) *file {
	changed := *f
	change(&changed)
	return &changed
}

// headers writes what is known of f.
func (f *file) headers(h http.Header) {
	if f.etag != "" {
		h.Set("ETag", f.etag)
	}
	if !f.modified.IsZero() {
		h.Set("Last-Modified", f.modified.Format(http.TimeFormat))
	}
	h.Set("Content-Type", "application/octet-stream")
}

// serve answers as S3 does: ranges, conditions and all.
func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	f.headers(w.Header())
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.bytes))
}

// step answers one request.
type step func(f *file, w http.ResponseWriter, r *http.Request)

// well answers as it should.
func well(f *file, w http.ResponseWriter, r *http.Request) { f.serve(w, r) }

// limited passes on n bytes of a body and then does something else.
type limited struct {
	http.ResponseWriter
	left int
	then func()
}

func (l *limited) Write(p []byte) (int, error) {
	n, err := l.ResponseWriter.Write(p[:min(len(p), l.left)])
	l.left -= n
	if err == nil && n < len(p) {
		l.ResponseWriter.(http.Flusher).Flush()
		l.then()
		return n, io.ErrShortWrite
	}
	return n, err
}

// cut answers well, but closes the connection after n bytes.
func cut(n int) step {
	return func(f *file, w http.ResponseWriter, r *http.Request) {
		f.serve(&limited{w, n, func() { panic(http.ErrAbortHandler) }}, r)
	}
}

// stall answers well, but falls silent after n bytes.
func stall(n int) step {
	return func(f *file, w http.ResponseWriter, r *http.Request) {
		f.serve(&limited{w, n, func() { <-r.Context().Done() }}, r)
	}
}

// silent never answers.
func silent(_ *file, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// hangUp closes the connection without an answer.
func hangUp(*file, http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// status answers with an error.
func status(code int, body string, headers ...string) step {
	return func(_ *file, w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		io.WriteString(w, body)
	}
}

// s3 is an error document of S3.
func s3(code, message string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n<Error><Code>" + code + "</Code><Message>" + message +
		"</Message><StringToSign>" + secret + "</StringToSign></Error>"
}

// whole ignores Range and conditions and cuts the body after n bytes, if n is not negative.
func whole(n int) step {
	return func(f *file, w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Range")
		r.Header.Del("If-Match")
		r.Header.Del("If-None-Match")
		if n < 0 {
			f.serve(w, r)
			return
		}
		cut(n)(f, w, r)
	}
}

// unconditional ignores If-Match, as caches do.
func unconditional(f *file, w http.ResponseWriter, r *http.Request) {
	r.Header.Del("If-Match")
	f.serve(w, r)
}

// unmatched answers 412 to any condition, as nginx does with "etag off".
func unmatched(f *file, w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("If-Match") != "" {
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	f.serve(w, r)
}

// fragment answers 206 with what it likes: header is the Content-Range.
func fragment(header string, from, to int, change ...func(h http.Header)) step {
	return func(f *file, w http.ResponseWriter, _ *http.Request) {
		f.headers(w.Header())
		w.Header().Set("Content-Range", header)
		w.Header().Set("Content-Length", strconv.Itoa(to-from))
		for _, c := range change {
			c(w.Header())
		}
		w.WriteHeader(http.StatusPartialContent)
		w.Write(f.bytes[from:to])
	}
}

// chunked tells no length, and closes the connection after n bytes, if n is not negative.
func chunked(n int) step {
	return func(f *file, w http.ResponseWriter, _ *http.Request) {
		f.headers(w.Header())
		if n >= 0 {
			w = &limited{w, n, func() { panic(http.ErrAbortHandler) }}
		}
		for rest := f.bytes; len(rest) > 0; {
			piece := rest[:min(1000, len(rest))]
			if _, err := w.Write(piece); err != nil {
				return
			}
			rest = rest[len(piece):]
		}
	}
}

// becomes replaces the file before it answers by then.
func becomes(next *file, then step) step {
	return func(f *file, w http.ResponseWriter, r *http.Request) {
		*f = f.in.put(next)
		then(f, w, r)
	}
}

// storage serves one file by a script, over pipes instead of a network, so that its clock may be
// that of a synctest bubble. What comes after the script is answered well.
type storage struct {
	listener *pipeListener
	server   *http.Server
	client   *http.Client

	mu     sync.Mutex
	file   file
	script []step
	parts  map[string][]step // for requests of a range, such as "100-199", in place of the script
	ranged step              // for all other requests of a range; nil for the script
	asked  []string          // "GET", "GET 100-", `GET 100- if "v1"`
	paths  []string
}

func newStorage(t *testing.T, f *file, script ...step) *storage {
	s := &storage{file: *f, script: script, listener: &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}}
	s.server = &http.Server{Handler: s}
	transport := &http.Transport{DialContext: s.listener.dial, DisableCompression: true}
	s.client = &http.Client{Transport: transport}
	served := make(chan struct{})
	go func() {
		defer close(served)
		s.server.Serve(s.listener)
	}()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		s.server.Close()
		<-served
	})
	return s
}

func (s *storage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked := r.Method
	if rng := r.Header.Get("Range"); rng != "" {
		asked += " " + strings.TrimPrefix(rng, "bytes=")
	}
	if tag := r.Header.Get("If-Match"); tag != "" {
		asked += " if " + tag
	}
	if tag := r.Header.Get("If-None-Match"); tag != "" {
		asked += " unless " + tag
	}
	s.mu.Lock()
	s.asked = append(s.asked, asked)
	s.paths = append(s.paths, r.URL.Path)
	next := step(well)
	rng := strings.TrimPrefix(r.Header.Get("Range"), "bytes=")
	switch {
	case len(s.parts[rng]) > 0:
		next, s.parts[rng] = s.parts[rng][0], s.parts[rng][1:]
	case s.ranged != nil && rng != "":
		next = s.ranged
	case len(s.script) > 0:
		next, s.script = s.script[0], s.script[1:]
	}
	current := s.file
	current.in = s
	s.mu.Unlock()
	if r.Header.Get("Accept-Encoding") != "identity" || r.Header.Get("Authorization") != "" {
		http.Error(w, "no request for the bytes as they are", http.StatusTeapot)
		return
	}
	next(&current, w, r)
}

// put replaces the file, and returns it as it is stored.
func (s *storage) put(f *file) file {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.file = *f
	s.file.in = s
	return s.file
}

func (s *storage) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// source gives out a new location each time; the n-th has the path /n/photo.jpg.
func (s *storage) source(asked *int, more ...string) Source {
	return func(context.Context) (Location, error) {
		*asked++
		u, err := url.Parse(fmt.Sprintf("http://storage.example/%d/photo.jpg?X-Amz-Signature=%s%s", *asked, secret, strings.Join(more, "")))
		return Location{URL: u, Asked: time.Now()}, err
	}
}

// inPlace makes a source say that the file is probably in place.
func inPlace(from Source, known Object) Source {
	return func(ctx context.Context) (Location, error) {
		at, err := from(ctx)
		at.InPlace = &known
		return at, err
	}
}

// pipeListener accepts pipes.
type pipeListener struct {
	conns  chan net.Conn
	dialed atomic.Int32
	once   sync.Once
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	l.dialed.Add(1)
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serveTCP serves f on loopback and returns where.
func serveTCP(tb testing.TB, f *file) Source {
	srv := httptest.NewServer(http.HandlerFunc(f.serve))
	tb.Cleanup(srv.Close)
	return func(context.Context) (Location, error) {
		u, err := url.Parse(srv.URL + "/photo.jpg")
		return Location{URL: u, Asked: time.Now()}, err
	}
}
