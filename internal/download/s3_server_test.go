package download_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // it is what S3 computes
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// s3Observer keeps results and tells once when limit bytes have landed.
type s3Observer struct {
	limit   int64
	reached func()
	landed  int64
	results []download.Result
}

func (o *s3Observer) Started(download.Job, string, transfer.Object, int64) {}
func (o *s3Observer) Retried(download.Job, string, error, time.Duration)   {}
func (o *s3Observer) Finished(_ download.Job, r download.Result)           { o.results = append(o.results, r) }

func (o *s3Observer) Advanced(_ download.Job, n int64) {
	if o.landed += n; o.reached != nil && o.landed == o.limit {
		o.reached()
	}
}

// s3Meter counts the bytes of content that are read. It also does what must have no
// effect: it puts the portal's Authorization on each request.
type s3Meter struct {
	next    http.RoundTripper
	fetched *atomic.Int64
}

func (m *s3Meter) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+s3Token)
	resp, err := m.next.RoundTrip(req)
	if err == nil && (resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusPartialContent) {
		resp.Body = &meteredBody{resp.Body, m.fetched}
	}
	return resp, err
}

func (m *s3Meter) CloseIdleConnections() {
	(&http.Client{Transport: m.next}).CloseIdleConnections()
}

type meteredBody struct {
	io.ReadCloser
	fetched *atomic.Int64
}

func (b *meteredBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.fetched.Add(int64(n))
	return n, err
}

// exchange is one request on the wire and the status of its answer.
type exchange struct {
	status          int
	ranged, ifMatch string
}

// s3Cut ends an answer early.
type s3Cut struct {
	after int64
	then  func(context.Context)
}

// s3Wire stands between the program and the S3 server: it sees what goes over it and
// can be cut.
type s3Wire struct {
	*httptest.Server
	proxy *httputil.ReverseProxy

	mu   sync.Mutex
	cuts []s3Cut
	seen []exchange
}

// redirector is a path on the wire that leads to the URL after it.
const redirector = "/redirector?to="

// newS3Wire passes requests on as they are, Host included: that is signed.
func newS3Wire(t *testing.T, s *s3Server) *s3Wire {
	to, err := url.Parse(s.base)
	if err != nil {
		t.Fatal(err)
	}
	onward := &http.Transport{DisableCompression: true}
	w := &s3Wire{proxy: &httputil.ReverseProxy{
		Transport: onward,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = to.Scheme, to.Host, r.In.Host
		},
		ErrorHandler: func(rw http.ResponseWriter, _ *http.Request, _ error) { rw.WriteHeader(http.StatusBadGateway) },
	}}
	w.Server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		for _, secret := range []string{"Authorization", "Cookie", "Referer"} {
			if got := req.Header.Get(secret); got != "" {
				t.Errorf("storage got the %s %q", secret, got)
			}
		}
		if to := req.URL.Query().Get("to"); to != "" {
			http.Redirect(rw, req, to, http.StatusFound)
			return
		}
		w.proxy.ServeHTTP(&wireAnswer{ResponseWriter: rw, wire: w, req: req}, req)
	}))
	t.Cleanup(func() {
		w.Close()
		onward.CloseIdleConnections()
	})
	return w
}

// wireAnswer is an answer on its way over the wire.
type wireAnswer struct {
	http.ResponseWriter
	wire *s3Wire
	req  *http.Request
	cut  *s3Cut
}

func (a *wireAnswer) WriteHeader(status int) {
	a.wire.mu.Lock()
	a.wire.seen = append(a.wire.seen, exchange{status, a.req.Header.Get("Range"), a.req.Header.Get("If-Match")})
	if status < 300 && len(a.wire.cuts) > 0 {
		a.cut, a.wire.cuts = &a.wire.cuts[0], a.wire.cuts[1:]
	}
	a.wire.mu.Unlock()
	a.ResponseWriter.WriteHeader(status)
}

var errCut = errors.New("the wire is cut")

// Write passes p on, up to where the wire is to be cut: its error makes the proxy
// close the connection.
func (a *wireAnswer) Write(p []byte) (int, error) {
	if a.cut == nil || int64(len(p)) < a.cut.after {
		if a.cut != nil {
			a.cut.after -= int64(len(p))
		}
		return a.ResponseWriter.Write(p)
	}
	n, err := a.ResponseWriter.Write(p[:a.cut.after])
	if err == nil {
		err = http.NewResponseController(a.ResponseWriter).Flush()
	}
	if err != nil {
		return n, err
	}
	a.cut.then(a.req.Context())
	return n, errCut
}

// s3Server is a running S3 server with one bucket.
type s3Server struct {
	base   string
	client *http.Client
}

const (
	s3Access = "check"
	s3Secret = "check-secret"
	s3Region = "us-east-1"
	s3Bucket = "checks"
)

// startS3 runs the program on a free port until the test ends.
func startS3(t *testing.T, program string) *s3Server {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	said := &bytes.Buffer{}
	// Metadata go into a folder of their own, for not every file system has extended
	// attributes.
	server := exec.CommandContext(t.Context(), program, "--access", s3Access, "--secret", s3Secret, "--region", s3Region,
		"--port", address, "--quiet", "posix", "--sidecar", t.TempDir(), t.TempDir())
	server.Env = []string{"PATH=" + os.Getenv("PATH")}
	server.Stdout, server.Stderr = said, said
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Wait() // it is killed
	}()
	s := &s3Server{base: "http://" + address, client: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		<-ended // t's context has ended
	})

	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	for {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			break
		}
		select {
		case <-look.C:
		case <-ended:
			t.Fatalf("%s has ended: %s", program, said)
		case <-deadline.C:
			t.Fatalf("%s does not listen at %s", program, address)
		}
	}
	s.do(t, http.MethodPut, "", nil, nil)
	return s
}

// do makes one request straight to the server, for the bucket where the key is empty,
// and returns the body and the ETag of its answer. It may be called from any goroutine.
func (s *s3Server) do(t *testing.T, method, key string, query url.Values, body []byte) (answer []byte, etag string) {
	t.Helper()
	u := presign(method, s.base, key, query, time.Now(), time.Hour)
	req, err := http.NewRequestWithContext(t.Context(), method, u, bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return nil, ""
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Error(err)
		return nil, ""
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("%s %s: %s: %s: %v", method, key, resp.Status, answer, err)
	}
	return answer, resp.Header.Get("ETag")
}

// presign signs a URL for one method, as "Authenticating requests: using query
// parameters" in the Amazon S3 API reference has it. The key is of characters that
// need no escape.
func presign(method, base, key string, query url.Values, at time.Time, life time.Duration) string {
	at = at.UTC()
	scope := at.Format("20060102") + "/" + s3Region + "/s3/aws4_request"
	signed := url.Values{
		"X-Amz-Algorithm":     {"AWS4-HMAC-SHA256"},
		"X-Amz-Credential":    {s3Access + "/" + scope},
		"X-Amz-Date":          {at.Format("20060102T150405Z")},
		"X-Amz-Expires":       {fmt.Sprint(int(life.Seconds()))},
		"X-Amz-SignedHeaders": {"host"},
	}
	maps.Copy(signed, query)
	encoded := strings.ReplaceAll(signed.Encode(), "+", "%20")
	path := "/" + s3Bucket
	if key != "" {
		path += "/" + key
	}
	_, host, _ := strings.Cut(base, "://")
	request := strings.Join([]string{method, path, encoded, "host:" + host + "\n", "host", "UNSIGNED-PAYLOAD"}, "\n")
	digest := sha256.Sum256([]byte(request))
	text := strings.Join([]string{"AWS4-HMAC-SHA256", signed.Get("X-Amz-Date"), scope, hex.EncodeToString(digest[:])}, "\n")
	sum := []byte("AWS4" + s3Secret)
	for _, part := range append(strings.Split(scope, "/"), text) {
		mac := hmac.New(sha256.New, sum)
		mac.Write([]byte(part))
		sum = mac.Sum(nil)
	}
	return base + path + "?" + encoded + "&X-Amz-Signature=" + hex.EncodeToString(sum)
}

func md5Hex(content []byte) string {
	sum := md5.Sum(content)
	return hex.EncodeToString(sum[:])
}
