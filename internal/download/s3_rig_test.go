package download_test

import (
	"bytes"
	"context" //nolint:gosec // it is what S3 computes
	"encoding/json"
	"encoding/xml"
	"fmt"
	"iter"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/sink"
	"github.com/bynder-cli/bynder/internal/transfer"
	"github.com/bynder-cli/bynder/internal/transport"
)

const mib = 1 << 20

// shortLife is how long locations last that are to expire. S3 counts from the second
// in which they were signed.
const shortLife = 3 * time.Second

// untilExpired waits until a location that was signed at that time and has a shortLife
// has expired.
func untilExpired(signed time.Time) func(context.Context) {
	return func(ctx context.Context) {
		timer := time.NewTimer(time.Until(signed.Add(shortLife + time.Second)))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

// s3World is one object on S3 behind a wire that can be cut, the portal that knows
// where it is, and a folder to put it into.
type s3World struct {
	server  *s3Server
	key     string
	version byte // of the object's content
	wire    *s3Wire
	locate  func(call int) string // the location that the portal gives, calls counted from 1
	calls   atomic.Int64
	portal  *url.URL
	api     *http.Client
	storage *http.Client
	fetched atomic.Int64 // bytes of content read from connections to storage
	folder  string
}

const s3Token = "for-the-portal-alone"

func newS3World(t *testing.T, s *s3Server) *s3World {
	key := fmt.Sprintf("%x.bin", md5Hex([]byte(t.Name())))[:20]
	w := &s3World{server: s, key: key, wire: newS3Wire(t, s), folder: filepath.Join(t.TempDir(), "dir")}
	w.locate = func(int) string { return w.presign(nil, time.Now(), time.Hour) }
	portal := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, req *http.Request) {
		if got := req.Header.Get("Authorization"); got != "Bearer "+s3Token {
			t.Errorf("the portal got the Authorization %q", got)
		}
		_ = json.NewEncoder(rw).Encode(map[string]string{"s3_file": w.locate(int(w.calls.Add(1)))})
	}))
	t.Cleanup(portal.Close)
	w.portal, _ = url.Parse(portal.URL)

	options := transport.Options{UserAgent: "bynder-test", PlainHTTP: true}
	w.api = transport.Portal(config.Config{Portal: w.portal, Credentials: config.Credentials{
		Kind: config.PermanentToken, PermanentToken: config.NewSecret(s3Token),
	}}, options)
	w.storage = transport.Storage(options)
	w.storage.Transport = &s3Meter{next: w.storage.Transport, fetched: &w.fetched}
	return w
}

// put puts an object of n bytes, other ones than before.
func (w *s3World) put(t *testing.T, n int) []byte {
	content := w.content(n)
	w.server.do(t, http.MethodPut, w.key, nil, content)
	return content
}

// putParts puts an object in parts of those sizes.
func (w *s3World) putParts(t *testing.T, sizes ...int) []byte {
	var upload struct {
		ID string `xml:"UploadId"`
	}
	answer, _ := w.server.do(t, http.MethodPost, w.key, url.Values{"uploads": {""}}, nil)
	if err := xml.Unmarshal(answer, &upload); err != nil || upload.ID == "" {
		t.Fatalf("no upload began: %v: %s", err, answer)
	}
	var content []byte
	var parts strings.Builder
	for i, size := range sizes {
		part := w.content(size)
		query := url.Values{"partNumber": {fmt.Sprint(i + 1)}, "uploadId": {upload.ID}}
		_, etag := w.server.do(t, http.MethodPut, w.key, query, part)
		fmt.Fprintf(&parts, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", i+1, etag)
		content = append(content, part...)
	}
	whole := "<CompleteMultipartUpload>" + parts.String() + "</CompleteMultipartUpload>"
	w.server.do(t, http.MethodPost, w.key, url.Values{"uploadId": {upload.ID}}, []byte(whole))
	return content
}

func (w *s3World) content(n int) []byte {
	w.version++
	content := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{w.version}).Read(content) // never fails
	return content
}

// presign gives a location on the wire.
func (w *s3World) presign(query url.Values, at time.Time, life time.Duration) string {
	return presign(http.MethodGet, w.wire.URL, w.key, query, at, life)
}

// firstThenLasting gives first once and after that locations that last.
func (w *s3World) firstThenLasting(first func() string) func(int) string {
	return func(call int) string {
		if call == 1 {
			return first()
		}
		return w.presign(nil, time.Now(), time.Hour)
	}
}

// get runs the engine as the program does and returns the one result.
func (w *s3World) get(t *testing.T) download.Result {
	t.Helper()
	return w.run(t, t.Context(), &s3Observer{})
}

func (w *s3World) run(t *testing.T, ctx context.Context, o *s3Observer) download.Result {
	t.Helper()
	defer w.api.CloseIdleConnections()
	defer w.storage.CloseIdleConnections()
	dir, err := sink.NewDir(w.folder, sink.DirOptions{IfExists: sink.Fail})
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	engine := download.Engine{
		API:      bynder.New(w.portal, w.api),
		Opener:   transfer.New(transfer.Options{Client: w.storage, Retries: 3, AllowHTTP: true, Connections: 1}),
		Sink:     dir,
		Progress: o,
		Results:  []download.ResultObserver{o},
		Options: download.Options{
			Portal: w.portal.Host,
			Name:   func(_ download.Job, obj transfer.Object) string { return naming.Safe(obj.Name) },
			Digest: transfer.DigestOptions{Verify: true},
		},
	}
	engine.Run(ctx, func(context.Context) iter.Seq[download.Job] {
		return slices.Values([]download.Job{{MediaID: "D4AC0B41-141B-47D2-98B4FECDA8894CB2"}})
	})
	if len(o.results) != 1 {
		t.Fatalf("%d results: %+v", len(o.results), o.results)
	}
	return o.results[0]
}

// interrupt runs until n bytes have landed and checks that they are what stays.
func (w *s3World) interrupt(t *testing.T, n int64) {
	t.Helper()
	w.cut(n, func(ctx context.Context) { <-ctx.Done() })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := w.run(t, ctx, &s3Observer{limit: n, reached: cancel})
	if r.Status != download.Failed || r.Error.Code != download.CodeInterrupted {
		t.Fatalf("the interrupted run ended as %s: %+v", r.Status, r.Error)
	}
	files, err := os.ReadDir(w.folder)
	if err != nil || len(files) != 1 || !strings.HasSuffix(files[0].Name(), ".part") {
		t.Fatalf("the interrupted run left %v: %v", files, err)
	}
	if info, err := files[0].Info(); err != nil || info.Size() != n {
		t.Fatalf("the interrupted run left %d bytes, want %d: %v", info.Size(), n, err)
	}
}

// cut lets n bytes of the next answer with content through that no cut is meant for
// yet. Then then runs, and the connection is closed.
func (w *s3World) cut(n int64, then func(context.Context)) {
	w.wire.mu.Lock()
	defer w.wire.mu.Unlock()
	w.wire.cuts = append(w.wire.cuts, s3Cut{n, then})
}

// expect checks the result, and that the file is all that is in the folder.
func (w *s3World) expect(t *testing.T, r download.Result, want []byte, by download.Verified) {
	t.Helper()
	if r.Status != download.Downloaded {
		t.Fatalf("%s: %+v", r.Status, r.Error)
	}
	if r.Verified != by {
		t.Errorf("verified by %s, want %s", r.Verified, by)
	}
	got, err := os.ReadFile(filepath.Join(w.folder, r.Path))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the file has %d bytes, and not the %d of the object: %v", len(got), len(want), err)
	}
	files, err := os.ReadDir(w.folder)
	if err != nil || len(files) != 1 || files[0].Name() != r.Path {
		t.Errorf("the folder holds %v: %v", files, err)
	}
}

// expectUnchanged runs again: nothing is fetched.
func (w *s3World) expectUnchanged(t *testing.T) {
	t.Helper()
	before := w.fetched.Load()
	if r := w.get(t); r.Status != download.Unchanged {
		t.Errorf("the second run: %s, want unchanged: %+v", r.Status, r.Error)
	}
	if n := w.fetched.Load() - before; n != 0 {
		t.Errorf("the second run read %d bytes", n)
	}
}

func (w *s3World) expectLocations(t *testing.T, want int64) {
	t.Helper()
	if got := w.calls.Load(); got != want {
		t.Errorf("%d locations were asked for, want %d", got, want)
	}
}

func (w *s3World) expectWire(t *testing.T, want ...exchange) {
	t.Helper()
	w.wire.mu.Lock()
	defer w.wire.mu.Unlock()
	if !slices.Equal(w.wire.seen, want) {
		t.Errorf("storage saw\n%+v, want\n%+v", w.wire.seen, want)
	}
}
