package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client talks to a started sandbox as somebody without a library would.
type client struct {
	*Sandbox
	t    testing.TB
	http *http.Client
}

func start(t testing.TB, opts Options) client {
	t.Helper()
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	stop, err := s.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
	})
	return client{s, t, &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// answered is a response with its body, and the error that ended the body.
type answered struct {
	*http.Response
	body []byte
	err  error
}

func (c client) do(method, url string, header ...string) answered {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, url, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return answered{err: err, Response: &http.Response{Header: http.Header{}}}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answered{resp, body, err}
}

// api calls the portal with the permanent token.
func (c client) api(path string) answered {
	c.t.Helper()
	return c.do("GET", c.PortalURL()+path, "Authorization", "Bearer "+c.opts.Credentials.PermanentToken)
}

// json calls the portal and decodes a good answer.
func (c client) json(path string, into any) answered {
	c.t.Helper()
	a := c.api(path)
	if a.err != nil || a.StatusCode != http.StatusOK {
		c.t.Fatalf("GET %s: %v %s %s", path, a.err, a.Status, a.body)
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		c.t.Fatalf("GET %s: %v in %.200s", path, err, a.body)
	}
	return a
}

// location asks for the URL of an asset's original.
func (c client) location(mediaID string) string {
	c.t.Helper()
	var answer struct {
		Location   string `json:"s3_file"`
		Disclaimer string `json:"disclaimer"`
	}
	c.json("/api/v4/media/"+mediaID+"/download/", &answer)
	if answer.Location == "" || answer.Disclaimer == "" {
		c.t.Fatalf("location of %s: %+v", mediaID, answer)
	}
	return answer.Location
}

// original downloads an asset's original.
func (c client) original(mediaID string, header ...string) answered {
	c.t.Helper()
	return c.do("GET", c.location(mediaID), header...)
}

func (c client) object(mediaID, selector string) Object {
	c.t.Helper()
	o, ok := c.Object(mediaID, selector)
	if !ok {
		c.t.Fatalf("no %s of %s", selector, mediaID)
	}
	return o
}

func content(t testing.TB, o Object) []byte {
	t.Helper()
	b, err := io.ReadAll(o.Reader())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func check[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// clock is set by hand.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newClock() *clock { return &clock{time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)} }

func TestDocumentedAssetIsDownloaded(t *testing.T) {
	c := start(t, Options{})
	a := c.original(DocumentedAsset)
	want := c.object(DocumentedAsset, "original")
	check(t, "status", a.StatusCode, 200)
	check(t, "ETag", a.Header.Get("ETag"), want.ETag())
	check(t, "length", a.ContentLength, want.Size)
	check(t, "name", a.Header.Get("Content-Disposition"), `attachment; filename="Twitter.jpg"`)
	check(t, "type", a.Header.Get("Content-Type"), "image/jpeg")
	check(t, "modified", a.Header.Get("Last-Modified"), want.LastModified.Format(http.TimeFormat))
	if !bytes.Equal(a.body, content(t, want)) {
		t.Error("other bytes")
	}
	stats := c.Stats()
	check(t, "calls", stats.APICalls, 1)
	check(t, "downloads", stats.Endpoints["download"], 1)
	check(t, "requests to storage", stats.StorageRequests, 1)
	check(t, "bytes from storage", stats.StorageBytes, want.Size)
	check(t, "leaks", len(stats.Leaks), 0)
	if _, err := json.Marshal(stats); err != nil {
		t.Error(err)
	}
}

func TestHandlersServeAnyListener(t *testing.T) {
	s, err := New(Options{PortalURL: "http://portal.test", StorageURL: "http://storage.test"})
	if err != nil {
		t.Fatal(err)
	}
	server, conn := net.Pipe()
	srv := &http.Server{Handler: s.Portal()}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(&oneConn{conn: server, done: make(chan struct{})}) }()
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil }}
	c := client{s, t, &http.Client{Transport: transport}}
	if l := c.location(DocumentedAsset); !strings.HasPrefix(l, "http://storage.test/media/") {
		t.Errorf("location %s", l)
	}
	transport.CloseIdleConnections()
	srv.Close()
	check(t, "serve", <-served, http.ErrServerClosed)
}

// oneConn is a listener of one connection.
type oneConn struct {
	conn net.Conn
	done chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if conn := l.conn; conn != nil {
		l.conn = nil
		return conn, nil
	}
	<-l.done
	return nil, net.ErrClosed
}
func (l *oneConn) Close() error   { close(l.done); return nil }
func (l *oneConn) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func TestStopEndsAnswersUnderWay(t *testing.T) {
	s, err := New(Options{Faults: []Fault{{Name: "api-stall"}}})
	if err != nil {
		t.Fatal(err)
	}
	stop, err := s.Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.PortalURL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET /api/v4/currentUser/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+
		s.opts.Credentials.PermanentToken+"\r\n\r\n")
	for s.Stats().Faults["api-stall"] == 0 {
		if err := wait(t.Context(), time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	stop()
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err == nil {
		t.Errorf("read %d bytes, %v, after stop", n, err)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, opts := range map[string]Options{
		"unknown fault":   {Faults: []Fault{{Name: "gremlins"}}},
		"unknown variant": {Faults: []Fault{{Name: "location", Text: "gopher"}}},
		"URL with path":   {PortalURL: "http://host/path"},
		"URL of no host":  {StorageURL: "storage"},
		"bucket in path":  {BucketURL: "http://host/bucket"},
		"bucket's asset":  {Faults: []Fault{{Name: "s3-500", Asset: DocumentedAsset}}},
		"operation":       {Faults: []Fault{{Name: "s3-500", On: "media"}}},
		"endpoint":        {Faults: []Fault{{Name: "api-500", On: "PutObject"}}},
	} {
		if _, err := New(opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestEnv(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		kind  Kind
		names string
	}{
		{OAuth1, "BYNDER_DOMAIN BYNDER_CONSUMER_KEY BYNDER_CONSUMER_SECRET BYNDER_TOKEN BYNDER_TOKEN_SECRET"},
		{PermanentToken, "BYNDER_DOMAIN BYNDER_PERMANENT_TOKEN"},
		{ClientCredentials, "BYNDER_DOMAIN BYNDER_CLIENT_ID BYNDER_CLIENT_SECRET"},
	} {
		var names []string
		for _, variable := range s.Env(test.kind) {
			name, value, _ := strings.Cut(variable, "=")
			if value == "" {
				t.Errorf("%s is empty", name)
			}
			names = append(names, name)
		}
		check(t, string(test.kind), strings.Join(names, " "), test.names+" AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION AWS_ENDPOINT_URL_S3")
	}
	for _, secret := range []string{s.opts.Credentials.ConsumerSecret, s.opts.Credentials.TokenSecret} {
		for _, char := range "&+= é!*'()" {
			if !strings.ContainsRune(secret, char) {
				t.Errorf("secret %q lacks %q", secret, char)
			}
		}
	}
}

func TestDateFollowsTheClock(t *testing.T) {
	now := newClock()
	c := start(t, Options{Clock: now.now})
	a := c.api("/api/v4/currentUser/")
	check(t, "Date", a.Header.Get("Date"), now.t.Format(http.TimeFormat))
}

func values(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// wantWhole checks that an answer is all of an object.
func wantWhole(t testing.TB, a answered, o Object) {
	t.Helper()
	if a.err != nil {
		t.Error(a.err)
	}
	check(t, "status", a.StatusCode, 200)
	check(t, "ETag", a.Header.Get("ETag"), o.ETag())
	if !bytes.Equal(a.body, content(t, o)) {
		t.Error("other bytes")
	}
}

func wantOther(t testing.TB, what, got, not string) {
	t.Helper()
	if got == not {
		t.Errorf("%s is still %s", what, got)
	}
}

func mustSet(t testing.TB, c client, faults ...Fault) {
	t.Helper()
	if err := c.SetFaults(faults...); err != nil {
		t.Fatal(err)
	}
}
