package bucket

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/sink"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// large is a file of three parts.
var large = func() string {
	content := make([]byte, 2*smallPart+10_000)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(content)
	return string(content)
}()

func objectOf(text string) transfer.Object {
	return transfer.Object{
		Size: int64(len(text)), ETag: fmt.Sprintf(`"%x"`, md5.Sum([]byte(text))), LastModified: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC),
	}
}

func target(name, id string) download.Target {
	return download.Target{Name: name, Identity: download.FileID{Portal: "portal.example", MediaID: id, Selector: "original"}, Key: id}
}

// transferred receives content at to, in writes of some size, and publishes it.
func transferred(ctx context.Context, s *Sink, to download.Target, obj transfer.Object, content string) (string, error) {
	p, err := s.Begin(ctx, to, obj)
	if err != nil {
		return "", err
	}
	if _, err := io.CopyBuffer(struct{ io.Writer }{p}, strings.NewReader(content), make([]byte, 30_000)); err != nil {
		return "", errors.Join(err, p.Keep())
	}
	return p.Publish(ctx)
}

func wantContents(t *testing.T, s *server, want map[string]string) {
	t.Helper()
	if got := s.contents(); !maps.Equal(got, want) {
		for key, content := range got {
			t.Errorf("%s has %d bytes, the right ones: %t", key, len(content), content == want[key])
		}
		t.Errorf("the bucket has %q, want %q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
	if n := s.unfinished(); n != 0 {
		t.Errorf("%d uploads are unfinished", n)
	}
}

func wantCode(t *testing.T, err error, code download.Code) *download.Error {
	t.Helper()
	var e *download.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("the error is %v, want one with code %s", err, code)
	}
	return e
}

func wantPresent(t *testing.T, err error, status download.Status) *download.Present {
	t.Helper()
	var p *download.Present
	if !errors.As(err, &p) || p.Status != status {
		t.Fatalf("the error is %v, want %s", err, status)
	}
	return p
}

// A file is unchanged for the next run, at the cost of one request, however it was written and whatever its length.
func TestWrittenFileIsUnchanged(t *testing.T) {
	opaque := objectOf("small")
	opaque.ETag = `"opaque"`
	dated := objectOf(large)
	dated.ETag = ""
	coded := objectOf("small")
	coded.Size = -1
	for name, tt := range map[string]struct {
		obj     transfer.Object
		content string
		begin   int
	}{
		"small": {objectOf("small"), "small", 0}, "empty": {objectOf(""), "", 0}, "of one part": {objectOf(large[:smallPart]), large[:smallPart], 0},
		"large": {objectOf(large), large, 1}, "with an opaque ETag": {opaque, "small", 0}, "with a date alone": {dated, large, 1},
		"of unknown length": {coded, "small", 0}, "of unknown length, large": {transfer.Object{Size: -1, ETag: `"v1"`}, large, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			path, err := transferred(t.Context(), s.sink(SinkOptions{}), target("a/b.jpg", "A"), tt.obj, tt.content)
			if err != nil || path != "a/b.jpg" {
				t.Fatalf("%q, %v", path, err)
			}
			wantContents(t, s, map[string]string{"a/b.jpg": tt.content})
			if got := s.counted("begin"); got != tt.begin {
				t.Errorf("%d uploads began, want %d", got, tt.begin)
			}
			clear(s.count)
			_, err = s.sink(SinkOptions{}).Begin(t.Context(), target("a/b.jpg", "A"), tt.obj)
			if found := wantPresent(t, err, download.Unchanged); *found.Bytes != int64(len(tt.content)) || found.Path != "a/b.jpg" {
				t.Errorf("present is %+v", found)
			}
			if want := map[string]int{"head": 1}; !maps.Equal(s.count, want) {
				t.Errorf("requests %v, want %v", s.count, want)
			}
			other := tt.obj
			other.ETag, other.LastModified = `"another"`, other.LastModified.Add(time.Hour)
			_, err = s.sink(SinkOptions{}).Begin(t.Context(), target("a/b.jpg", "A"), other)
			wantCode(t, err, download.CodeExists)
		})
	}
}

// An object that another program has written is the file if its ETag says so.
func TestObjectOfAnotherProgram(t *testing.T) {
	for name, tt := range map[string]struct {
		etag, stored, sse string
		same              bool
	}{
		"the same MD5":           {`"B1946AC92492D2347C6235B4D2611184"`, "b1946ac92492d2347c6235b4d2611184", "", true},
		"the same parts":         {`"b1946ac92492d2347c6235b4d2611184-3"`, "b1946ac92492d2347c6235b4d2611184-3", "", true},
		"another MD5":            {`"b1946ac92492d2347c6235b4d2611184"`, "c1946ac92492d2347c6235b4d2611184", "", false},
		"an ETag of another way": {`"7"`, "7", "", false},
		"encrypted":              {`"b1946ac92492d2347c6235b4d2611184"`, "b1946ac92492d2347c6235b4d2611184", "aws:kms", false},
	} {
		o := Object{Size: 6, ETag: tt.stored, Keyed: tt.sse != ""}
		if got := isSame(o, target("a", "A"), transfer.Object{Size: 6, ETag: tt.etag}); got != tt.same {
			t.Errorf("%s: the same is %t", name, got)
		}
		if isSame(o, target("a", "A"), transfer.Object{Size: 7, ETag: tt.etag}) {
			t.Errorf("%s: it has another size", name)
		}
	}
}

// What happens with an object of that key, for each policy.
func TestIfExists(t *testing.T) {
	for _, content := range []string{"new", large} {
		for policy, want := range map[sink.IfExists]map[string]string{
			sink.Fail: {"a.jpg": "old"}, sink.Skip: {"a.jpg": "old"}, sink.Overwrite: {"a.jpg": content},
			sink.Rename: {"a.jpg": "old", "a-B.jpg": content},
		} {
			for _, appears := range []string{"before", "meanwhile"} {
				t.Run(fmt.Sprintf("%s, %s, %d bytes", policy, appears, len(content)), func(t *testing.T) {
					s := newServer(t)
					to := target("a.jpg", "B")
					if appears == "before" {
						s.put("a.jpg", "old")
					} else {
						to.Intend = func(string) error { s.put("a.jpg", "old"); return nil }
					}
					path, err := transferred(t.Context(), s.sink(SinkOptions{IfExists: policy}), to, objectOf(content), content)
					switch {
					case policy == sink.Skip && appears == "before":
						wantPresent(t, err, download.Skipped)
					case policy == sink.Fail, policy == sink.Skip:
						wantCode(t, err, download.CodeExists)
					case policy == sink.Rename && appears == "meanwhile" && content == large:
						wantCode(t, err, download.CodeExists) // an upload keeps its key
						want = map[string]string{"a.jpg": "old"}
					case err != nil:
						t.Fatal(err)
					case want[path] != content:
						t.Errorf("published at %q", path)
					}
					wantContents(t, s, want)
				})
			}
		}
	}
}

// Faults of a server while an object is written, and what comes of it.
func TestFaultsWhileWriting(t *testing.T) {
	once := func(what string, answer func(s *server, w http.ResponseWriter, r *http.Request)) func(*server) {
		return func(s *server) {
			var mu sync.Mutex
			done := false
			s.fault = func(w http.ResponseWriter, r *http.Request) bool {
				mu.Lock()
				defer mu.Unlock()
				if done || operation(r) != what {
					return false
				}
				done = true
				answer(s, w, r)
				return true
			}
		}
	}
	always := func(what string, status int, code string) func(*server) {
		return func(s *server) {
			s.fault = func(w http.ResponseWriter, r *http.Request) bool {
				if operation(r) != what {
					return false
				}
				refuse(w, status, code)
				return true
			}
		}
	}
	// lost does what was asked for, and cuts the connection before the answer.
	lost := func(s *server, w http.ResponseWriter, r *http.Request) {
		s.serve(discard{http.Header{}}, r)
		connection, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			connection.Close()
		}
	}
	cut := func(_ *server, w http.ResponseWriter, _ *http.Request) {
		if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
			connection.Close()
		}
	}
	for name, tt := range map[string]struct {
		content string
		fault   func(*server)
		want    download.Code // "" for a success
	}{
		"500 for a part":                 {large, once("part", func(_ *server, w http.ResponseWriter, _ *http.Request) { refuse(w, 500, "InternalError") }), ""},
		"503 for a part":                 {large, once("part", func(_ *server, w http.ResponseWriter, _ *http.Request) { refuse(w, 503, "SlowDown") }), ""},
		"a part is cut":                  {large, once("part", cut), ""},
		"the answer to a part is lost":   {large, once("part", lost), ""},
		"500 for every part":             {large, always("part", 500, "InternalError"), download.CodeStorage},
		"no permission for parts":        {large, always("part", 403, "AccessDenied"), download.CodeLocal},
		"the quota is used up":           {large, always("part", 403, "QuotaExceeded"), download.CodeDiskFull},
		"the quota is used up, small":    {"small", always("put", 507, ""), download.CodeDiskFull},
		"no upload can begin":            {large, always("begin", 403, "AccessDenied"), download.CodeLocal},
		"500 to complete":                {large, once("complete", func(_ *server, w http.ResponseWriter, _ *http.Request) { refuse(w, 500, "InternalError") }), ""},
		"an error within 200":            {large, once("complete", func(_ *server, w http.ResponseWriter, _ *http.Request) { refuse(w, 200, "InternalError") }), ""},
		"the answer to complete is lost": {large, once("complete", lost), ""},
		"complete never works":           {large, always("complete", 500, "InternalError"), download.CodeStorage},
		"the answer to a put is lost":    {"small", once("put", lost), ""},
		"a put is cut":                   {"small", once("put", cut), ""},
		"a conflict of requests": {large, once("complete", func(_ *server, w http.ResponseWriter, _ *http.Request) {
			refuse(w, 409, "ConditionalRequestConflict")
		}), ""},
		"a conflict of requests, small": {"small", once("put", func(_ *server, w http.ResponseWriter, _ *http.Request) {
			refuse(w, 409, "ConditionalRequestConflict")
		}), ""},
		"the key is never free":        {large, always("complete", 412, "PreconditionFailed"), download.CodeStorage},
		"the key is never free, small": {"small", always("put", 412, "PreconditionFailed"), download.CodeStorage},
		"conflicts that do not end":    {"small", always("put", 409, "ConditionalRequestConflict"), download.CodeStorage},
		"a server that does not know conditions": {"small", func(s *server) {
			s.ignorant = true
			s.fault = func(w http.ResponseWriter, r *http.Request) bool {
				unknown := r.Header.Get("If-None-Match") != ""
				if unknown {
					refuse(w, http.StatusNotImplemented, "NotImplemented")
				}
				return unknown
			}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			tt.fault(s)
			path, err := transferred(t.Context(), s.sink(SinkOptions{}), target("a.jpg", "A"), objectOf(tt.content), tt.content)
			s.mend()
			if tt.want != "" {
				if e := wantCode(t, err, tt.want); e.Path != "a.jpg" || !strings.Contains(e.Error(), "s3://bucket/a.jpg") {
					t.Errorf("the error is %v, at %q", err, e.Path)
				}
				wantContents(t, s, map[string]string{})
				return
			}
			if err != nil || path != "a.jpg" {
				t.Fatalf("%q, %v", path, err)
			}
			wantContents(t, s, map[string]string{"a.jpg": tt.content})
		})
	}
}

// Two processes receive the same file at once: both have its object, and neither leaves its upload.
func TestSameFileTwiceAtOnce(t *testing.T) {
	for name, content := range map[string]string{"in parts": large, "with one request": "small"} {
		for _, policy := range []sink.IfExists{sink.Fail, sink.Skip, sink.Overwrite, sink.Rename} {
			t.Run(name+", "+policy.String(), func(t *testing.T) {
				s := newServer(t)
				var both []download.Partial
				for range 2 {
					p, err := s.sink(SinkOptions{IfExists: policy}).Begin(t.Context(), target("a.jpg", "A"), objectOf(content))
					if err != nil {
						t.Fatal(err)
					}
					if _, err := io.WriteString(p, content); err != nil {
						t.Fatal(err)
					}
					both = append(both, p)
				}
				for _, p := range both {
					if path, err := p.Publish(t.Context()); path != "a.jpg" || err != nil {
						t.Error(path, err)
					}
				}
				wantContents(t, s, map[string]string{"a.jpg": content})
			})
		}
	}
}

// discard is where an answer goes that is lost.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// A server that ignores conditions is asked again whether another object has the key, if that was some time ago.
func TestServerThatIgnoresConditions(t *testing.T) {
	s := newServer(t)
	s.ignorant = true
	p, err := s.sink(SinkOptions{}).Begin(t.Context(), target("a.jpg", "A"), objectOf("new"))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(p, "new")
	s.put("a.jpg", "of another program")
	p.(*partial).looked = time.Now().Add(-time.Minute)
	_, err = p.Publish(t.Context())
	wantCode(t, err, download.CodeExists)
	wantContents(t, s, map[string]string{"a.jpg": "of another program"})
}

// The context of a transfer ends each of its waits, and its upload is removed.
func TestContextEndsAnUpload(t *testing.T) {
	for _, what := range []string{"part", "begin", "complete"} {
		t.Run(what, func(t *testing.T) {
			s := newServer(t)
			ctx, cancel := context.WithCancel(t.Context())
			release := make(chan struct{})
			s.fault = func(_ http.ResponseWriter, r *http.Request) bool {
				if operation(r) != what {
					return false
				}
				_, _ = io.Copy(io.Discard, r.Body)
				cancel()
				select {
				case <-r.Context().Done():
				case <-release:
				}
				return true
			}
			_, err := transferred(ctx, s.sink(SinkOptions{}), target("a.jpg", "A"), objectOf(large), large)
			close(release)
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the error is %v", err)
			}
			s.mend()
			wantContents(t, s, map[string]string{})
		})
	}
}

// Many files of all sizes share one memory, and none waits forever.
func TestFilesShareTheMemory(t *testing.T) {
	s := newServer(t)
	const some = 10 * smallPart
	memory := semaphore.NewWeighted(some)
	to := s.sink(SinkOptions{Memory: memory})
	want := map[string]string{}
	var files sync.WaitGroup
	for i := range 40 {
		name, content := fmt.Sprintf("%d.bin", i), large[:(i%8)*len(large)/8+i]
		want[name] = content
		files.Go(func() {
			obj := objectOf(content)
			if i%5 == 0 {
				obj.Size = -1
			}
			if _, err := transferred(t.Context(), to, target(name, "A"), obj, content); err != nil {
				t.Error(err)
			}
		})
	}
	files.Wait()
	wantContents(t, s, want)
	if !memory.TryAcquire(some) {
		t.Error("memory was not given back")
	}
}

func TestMemoryIsGivenBack(t *testing.T) {
	s := newServer(t)
	memory := semaphore.NewWeighted(MinMemory)
	to := s.sink(SinkOptions{Memory: memory})
	for name, end := range map[string]func(download.Partial) error{"keep": download.Partial.Keep, "discard": download.Partial.Discard} {
		for _, content := range []string{"small", large} {
			p, err := to.Begin(t.Context(), target("a", "A"), objectOf(content))
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.WriteString(p, content[p.Held():])
			if err := end(p); err != nil {
				t.Fatal(err)
			}
			if !memory.TryAcquire(MinMemory) {
				t.Fatalf("%s of %d bytes: memory was not given back", name, len(content))
			}
			memory.Release(MinMemory)
		}
	}
	wantContents(t, s, map[string]string{})
}

func TestPartSize(t *testing.T) {
	const gib = 1 << 30
	for _, tt := range []struct{ size, want int64 }{
		{-1, smallestPart}, {0, smallestPart}, {smallestPart * usualParts, smallestPart}, {smallestPart*usualParts + 1, smallestPart + 1},
		{400 * gib, (400*gib + usualParts - 1) / usualParts}, {5 << 40, MinMemory},
	} {
		if got := partSize(tt.size, smallestPart); got != tt.want {
			t.Errorf("parts of a file of %d bytes have %d, want %d", tt.size, got, tt.want)
		}
	}
	_, err := newServer(t).sink(SinkOptions{}).Begin(t.Context(), target("a", "A"), transfer.Object{Size: MinMemory*maxParts + 1})
	wantCode(t, err, download.CodeLocal)
}

func TestKeysThatCannotBe(t *testing.T) {
	s := newServer(t).sink(SinkOptions{})
	for _, name := range []string{"", ".", "../a", "a/../b", "/a", "a//b", strings.Repeat("x/", 512) + "y"} {
		_, err := s.Begin(t.Context(), target(name, "A"), objectOf("x"))
		wantCode(t, err, download.CodeLocal)
	}
	longest := strings.Repeat("x/", 511) + "yz"
	if _, err := transferred(t.Context(), s, target(longest, "A"), objectOf("x"), "x"); err != nil {
		t.Error(err)
	}
}

// Digests of an existing object are of its bytes, which are read for the SHA-256 alone.
func TestDigestsOfAnUnchangedObject(t *testing.T) {
	s := newServer(t)
	for name, content := range map[string]string{"small": "small", "large": large} {
		if _, err := transferred(t.Context(), s.sink(SinkOptions{}), target(name, "A"), objectOf(content), content); err != nil {
			t.Fatal(err)
		}
		for _, sha := range []bool{false, true} {
			clear(s.count)
			_, err := s.sink(SinkOptions{MD5: true, SHA256: sha}).Begin(t.Context(), target(name, "A"), objectOf(content))
			found := wantPresent(t, err, download.Unchanged)
			want := ""
			if sha || content != large {
				want = fmt.Sprintf("%x", md5.Sum([]byte(content)))
			}
			if found.MD5 != want || strings.HasPrefix(found.Checksum, "sha256:") != sha {
				t.Errorf("%d bytes: %+v", len(content), found)
			}
			if read := s.count["get"] > 0; read != sha {
				t.Errorf("%d bytes, SHA-256 %t: the object was read: %t", len(content), sha, read)
			}
		}
	}
}

// The prefix of a file that is held in memory can be read while more is written.
func TestPrefix(t *testing.T) {
	s := newServer(t).sink(SinkOptions{})
	p, err := s.Begin(t.Context(), target("a", "A"), objectOf("0123456789"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Discard()
	_, _ = io.WriteString(p, "0123")
	r, err := p.Prefix()
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for _, more := range []string{"45", "6789"} {
		_, _ = io.Copy(&got, r)
		_, _ = io.WriteString(p, more)
	}
	_, _ = io.Copy(&got, r)
	if got.String() != "0123456789" {
		t.Errorf("the prefix is %q", got.String())
	}
}

func TestContentType(t *testing.T) {
	for _, tt := range []struct{ name, told, want string }{
		{"a.png", "image/jpeg", "image/jpeg"}, {"a.png", "text/html; charset=utf-8", "text/html; charset=utf-8"},
		{"a.png", "", "image/png"}, {"a/b.PDF", "binary/octet-stream", "application/pdf"}, {"a.gif", "application/octet-stream", "image/gif"},
		{"a.webp", "image/\r\nX-Amz-Acl: public", "image/webp"}, {"a.png", "image/" + strings.Repeat("x", 1000), "image/png"}, {"a.nosuchtype", "", ""}, {"a", "", ""},
	} {
		obj := objectOf("x")
		obj.ContentType = tt.told
		if got := contentType(tt.name, obj); got != tt.want {
			t.Errorf("%s, told %.40q: %q, want %q", tt.name, tt.told, got, tt.want)
		}
	}
}

// Unfinished uploads of a key that a killed process has left are removed after a day by the server's clock; one of another
// key, or of a process that may be at work, is not.
func TestStaleUploadsAreRemoved(t *testing.T) {
	for _, denied := range []bool{false, true} {
		s := newServer(t)
		now := time.Now()
		for id, u := range map[string]unfinished{
			"old": {key: "a.jpg", initiated: now.Add(-25 * time.Hour)}, "young": {key: "a.jpg", initiated: now.Add(-23 * time.Hour)},
			"another key": {key: "a.jpg.png", initiated: now.Add(-48 * time.Hour)}, "from the future": {key: "a.jpg", initiated: now.Add(time.Hour)},
		} {
			s.uploads[id] = &u
		}
		s.fault = func(w http.ResponseWriter, r *http.Request) bool {
			if denied && operation(r) == "uploads" {
				refuse(w, http.StatusForbidden, "AccessDenied")
			}
			return denied && operation(r) == "uploads"
		}
		if _, err := transferred(t.Context(), s.sink(SinkOptions{}), target("a.jpg", "A"), objectOf(large), large); err != nil {
			t.Fatal(err)
		}
		want := []string{"another key", "from the future", "old", "young"}
		if !denied {
			want = slices.Delete(want, 2, 3)
		}
		if got := slices.Sorted(maps.Keys(s.uploads)); !slices.Equal(got, want) {
			t.Errorf("denied %t: the uploads %q are left, want %q", denied, got, want)
		}
	}
}

// An object beside a file is written once, replaced if it is of the same asset, and left alone if it is not.
func TestWriteBeside(t *testing.T) {
	own := func(old []byte) bool { return strings.HasPrefix(string(old), "own") }
	for name, tt := range map[string]struct {
		before string // "" for none
		want   string
		puts   int
	}{
		"new": {"", "own new", 1}, "the same": {"own new", "own new", 0}, "of the same asset": {"own old", "own new", 1}, "of another program": {"theirs", "theirs", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			if tt.before != "" {
				s.put("a.json", tt.before)
			}
			err := s.sink(SinkOptions{}).WriteBeside(t.Context(), "a.json", []byte("own new"), own)
			if tt.want == "theirs" {
				wantCode(t, err, download.CodeExists)
			} else if err != nil {
				t.Error(err)
			}
			wantContents(t, s, map[string]string{"a.json": tt.want})
			if got := s.counted("put"); got != tt.puts {
				t.Errorf("%d requests to write, want %d", got, tt.puts)
			}
		})
	}
	t.Run("changed meanwhile", func(t *testing.T) {
		s := newServer(t)
		s.put("a.json", "own old")
		changed := false
		s.fault = func(_ http.ResponseWriter, r *http.Request) bool {
			if operation(r) == "put" && !changed {
				changed = true
				s.put("a.json", "theirs")
			}
			return false
		}
		wantCode(t, s.sink(SinkOptions{}).WriteBeside(t.Context(), "a.json", []byte("own new"), own), download.CodeExists)
		wantContents(t, s, map[string]string{"a.json": "theirs"})
	})
}

// A server that refuses objects because of others that do not exist is asked as often as --retries says, with waits.
func TestKeyThatIsNeverFree(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		code   string
		policy sink.IfExists
		before string // content of the existing object
	}{
		"412": {412, "PreconditionFailed", sink.Fail, ""}, "409": {409, "ConditionalRequestConflict", sink.Rename, ""},
		"another request": {409, "OperationAborted", sink.Overwrite, "old"},
		"no object":       {412, "PreconditionFailed", sink.Overwrite, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			if tt.before != "" {
				s.put("a.jpg", tt.before)
			}
			s.fault = func(w http.ResponseWriter, r *http.Request) bool {
				if operation(r) == "put" {
					refuse(w, tt.status, tt.code)
				}
				return operation(r) == "put"
			}
			to := s.sink(SinkOptions{IfExists: tt.policy})
			var waits []time.Duration
			to.client.sleep = func(ctx context.Context, d time.Duration) error { waits = append(waits, d); return ctx.Err() }
			_, err := transferred(t.Context(), to, target("a.jpg", "A"), objectOf("new"), "new")
			if e := wantCode(t, err, download.CodeStorage); !strings.Contains(e.Error(), tt.code) || e.Advice == "" || !e.Retryable {
				t.Errorf("the error is %v, with the hint %q", err, e.Advice)
			}
			if got := s.counted("put"); got != 4 || len(waits) != 3 || waits[0] < 250*time.Millisecond || waits[2] < waits[0] {
				t.Errorf("%d requests to write, with the waits %v", got, waits)
			}
			err = to.WriteBeside(t.Context(), "b.json", []byte("{}"), func([]byte) bool { return true })
			if e := wantCode(t, err, download.CodeStorage); !strings.Contains(e.Error(), "s3://bucket/b.json") || s.counted("put") != 8 {
				t.Errorf("beside: %v, after %d requests", err, s.counted("put"))
			}
		})
	}
}

// An object that may be replaced and is gone when the new one is written needs no longer be replaced.
func TestReplacedObjectDisappears(t *testing.T) {
	s := newServer(t)
	to := target("a.jpg", "A")
	to.Replaces = &download.Replaceable{Size: 3, MD5: fmt.Sprintf("%x", md5.Sum([]byte("old")))}
	to.Intend = func(string) error { delete(s.objects, "a.jpg"); return nil }
	for _, status := range []int{http.StatusPreconditionFailed, http.StatusNotFound} {
		s.put("a.jpg", "old")
		s.fault = func(w http.ResponseWriter, r *http.Request) bool {
			refused := r.Header.Get("If-Match") != ""
			if refused {
				refuse(w, status, "")
			}
			return refused
		}
		if _, err := transferred(t.Context(), s.sink(SinkOptions{}), to, objectOf("new"), "new"); err != nil {
			t.Fatal(err)
		}
		wantContents(t, s, map[string]string{"a.jpg": "new"})
	}
}

// A list of parts ends, whatever the server says.
func TestEndlessListOfParts(t *testing.T) {
	s := newServer(t)
	s.fault = func(w http.ResponseWriter, r *http.Request) bool {
		from, _ := strconv.Atoi(r.URL.Query().Get("part-number-marker"))
		fmt.Fprintf(w, `<ListPartsResult><IsTruncated>true</IsTruncated><Part><PartNumber>%d</PartNumber><ETag>"x"</ETag><Size>1</Size></Part></ListPartsResult>`, from+900)
		return true
	}
	if _, err := s.client().Parts(t.Context(), "a", "id"); err == nil || s.counted("parts") > 12 {
		t.Errorf("%v after %d requests", err, s.counted("parts"))
	}
}

// An upload that was removed by another program is no reason to give up: the file starts over.
func TestUploadThatDisappears(t *testing.T) {
	for _, what := range []string{"part", "complete"} {
		t.Run(what, func(t *testing.T) {
			s := newServer(t)
			s.fault = func(_ http.ResponseWriter, r *http.Request) bool {
				if operation(r) == what {
					s.mu.Lock()
					defer s.mu.Unlock()
					clear(s.uploads)
				}
				return false
			}
			to := s.sink(SinkOptions{})
			_, err := transferred(t.Context(), to, target("a.jpg", "A"), objectOf(large), large)
			if e := wantCode(t, err, download.CodeStorage); !transfer.StartsOver(err) || e.Path != "a.jpg" || e.Advice == "" {
				t.Errorf("the error is %v, at %q, with the hint %q", err, e.Path, e.Advice)
			}
			s.mend()
			if _, err := transferred(t.Context(), to, target("a.jpg", "A"), objectOf(large), large); err != nil {
				t.Error(err)
			}
			wantContents(t, s, map[string]string{"a.jpg": large})
		})
	}
}

// An object that may be replaced is known by its ETag, which need not be its MD5.
func TestReplacesByETag(t *testing.T) {
	for _, tt := range []struct{ name, etag, want string }{
		{"the recorded one", "5eb63bbbe01eeed093cb22bb8f5acdc3-2", "new"}, {"another one", "another", "old"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			s.put("a.jpg", "old")
			s.mu.Lock()
			s.objects["a.jpg"].etag = "5eb63bbbe01eeed093cb22bb8f5acdc3-2"
			s.mu.Unlock()
			to := target("a.jpg", "A")
			to.Replaces = &download.Replaceable{Size: 3, ObjectETag: tt.etag}
			_, err := transferred(t.Context(), s.sink(SinkOptions{}), to, objectOf("new"), "new")
			if tt.want == "old" {
				wantCode(t, err, download.CodeExists)
			} else if err != nil {
				t.Fatal(err)
			}
			wantContents(t, s, map[string]string{"a.jpg": tt.want})
		})
	}
}

// A server that answers 412 or 409 although the object is the one to be replaced means another request.
func TestReplacesDespiteConditions(t *testing.T) {
	s := newServer(t)
	s.put("a.jpg", "old")
	refused := 0
	s.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("If-Match") == "" || refused == 2 {
			return false
		}
		refused++
		refuse(w, http.StatusConflict, "ConditionalRequestConflict")
		return true
	}
	to := target("a.jpg", "A")
	to.Replaces = &download.Replaceable{Size: 3, MD5: fmt.Sprintf("%x", md5.Sum([]byte("old")))}
	if _, err := transferred(t.Context(), s.sink(SinkOptions{}), to, objectOf("new"), "new"); err != nil || refused != 2 {
		t.Fatalf("%v after %d refusals", err, refused)
	}
	wantContents(t, s, map[string]string{"a.jpg": "new"})
}
