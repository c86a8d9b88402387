package bucket

import (
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/sink"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// records are Uploads in memory.
type records struct {
	mu     sync.Mutex
	of     map[download.FileID]*download.Upload
	all    []download.Result
	broken error // of Intend
}

func (r *records) Upload(file download.FileID) (download.Upload, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if u := r.of[file]; u != nil {
		return *u, true
	}
	return download.Upload{}, false
}

func (r *records) Intend(result download.Result) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken != nil {
		return r.broken
	}
	if r.of == nil {
		r.of = map[download.FileID]*download.Upload{}
	}
	r.of[result.File()], r.all = result.Upload, append(r.all, result)
	return nil
}

// copied returns what a process that is killed now leaves.
func (r *records) copied() *records {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &records{of: maps.Clone(r.of)}
}

var recorded = transfer.DigestOptions{Verify: true, MD5: true}

// begun begins a file with a sink and a digest, as the engine does.
func begun(t *testing.T, s *Sink, to download.Target, obj transfer.Object, want transfer.DigestOptions) (*partial, *transfer.Digest) {
	t.Helper()
	p, err := s.Begin(t.Context(), to, obj)
	if err != nil {
		t.Fatal(err)
	}
	d := transfer.NewDigest(obj, want)
	if err := p.(download.Resumer).Resume(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	return p.(*partial), d
}

// writeHashed writes bytes to a partial and then to its digest.
func writeHashed(t *testing.T, p *partial, d *transfer.Digest, content string) {
	t.Helper()
	if _, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(p, d)}, strings.NewReader(content), make([]byte, 30_000)); err != nil {
		t.Fatal(err)
	}
}

// killed writes the first bytes of large, until the upload of two parts is recorded, and returns the records.
func killed(t *testing.T, s *server) *records {
	t.Helper()
	all := &records{}
	to := s.sink(SinkOptions{})
	to.RecordUploads(all, true)
	p, d := begun(t, to, target("photo.bin", "A"), objectOf(large), recorded)
	writeHashed(t, p, d, large[:2*smallPart+1])
	if err := p.upload.wait(); err != nil {
		t.Fatal(err)
	}
	if u, ok := all.Upload(p.target.Identity); !ok || u.Parts != 2 || u.ID == "" || u.Key != "photo.bin" {
		t.Fatalf("recorded: %+v", u)
	}
	return all.copied()
}

// TestKilledUploadIsContinued changes one thing between a run that is killed and the next one.
func TestKilledUploadIsContinued(t *testing.T) {
	file := target("photo.bin", "A").Identity
	changed := func(change func(*transfer.Object)) func(*next) {
		return func(n *next) { change(&n.obj) }
	}
	record := func(change func(*download.Upload)) func(*next) {
		return func(n *next) { change(n.records.of[file]) }
	}
	for _, tt := range []struct {
		name   string
		change func(*next)
		held   int64
	}{
		{"nothing", func(*next) {}, 2 * smallPart},
		{"another third part is stored", func(n *next) { n.upload().parts[3] = []byte("part") }, 2 * smallPart},
		{"the third part is stored, too", func(n *next) { n.upload().parts[3], n.stored = []byte(large[2*smallPart:]), 1 }, 2 * smallPart},
		{"the upload is older than a day", func(n *next) { n.upload().initiated = time.Now().Add(-48 * time.Hour) }, 2 * smallPart},
		{"one part was recorded", func(n *next) { n.records, n.stored = n.earlier(t), 1 }, smallPart},
		{"another ETag", changed(func(o *transfer.Object) { o.ETag = `"another"` }), 0},
		{"another time", changed(func(o *transfer.Object) { o.LastModified = o.LastModified.Add(time.Second) }), 0},
		{"another size", changed(func(o *transfer.Object) { *o = objectOf(large[:2*smallPart+9]) }), 0},
		{"a small file", changed(func(o *transfer.Object) { *o = objectOf(large[:9]) }), 0},
		{"another type", changed(func(o *transfer.Object) { o.ContentType = "image/tiff" }), 0},
		{"no validator", changed(func(o *transfer.Object) { o.ETag, o.LastModified = "", time.Time{} }), 0},
		{"another path", func(n *next) { n.target.Name = "other.bin" }, 0},
		{"another storage class", func(n *next) { n.sink.client.opts.StorageClass = "GLACIER" }, 0},
		{"another encryption", func(n *next) { n.sink.client.opts.SSE = "aws:kms" }, 0},
		{"another digest", func(n *next) { n.digest.SHA256 = true }, 0},
		{"--no-resume", func(n *next) { n.sink.resume = false }, 0},
		{"the bucket has removed the upload", func(n *next) { clear(n.server.uploads) }, 0},
		{"the bucket has lost the last part", func(n *next) { delete(n.upload().parts, 2) }, 0},
		{"the bucket has lost the first part", func(n *next) { delete(n.upload().parts, 1) }, 0},
		{"another part", func(n *next) { n.upload().parts[2] = []byte(large[:smallPart]) }, 0},
		{"a shorter part", func(n *next) { n.upload().parts[1] = n.upload().parts[1][:9] }, 0},
		{"no right to list parts", func(n *next) {
			n.server.fault = func(w http.ResponseWriter, r *http.Request) bool {
				if operation(r) != "parts" {
					return false
				}
				refuse(w, http.StatusForbidden, "AccessDenied")
				return true
			}
		}, 0},
		{"short states", record(func(u *download.Upload) { u.States = u.States[:len(u.States)-1] }), 0},
		{"long states", record(func(u *download.Upload) { u.States = append(u.States, 0) }), 0},
		{"states of nothing", record(func(u *download.Upload) { clear(u.States) }), 0},
		{"no states", record(func(u *download.Upload) { u.States = nil }), 0},
		{"fewer parts than none", record(func(u *download.Upload) { u.Parts = -1 }), 0},
		{"more parts than fit", record(func(u *download.Upload) { u.Parts = math.MaxInt }), 0},
		{"another key", record(func(u *download.Upload) { u.Key = "photo.bi" }), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			n := &next{server: s, records: killed(t, s), obj: objectOf(large), target: target("photo.bin", "A"), digest: recorded, sink: s.sink(SinkOptions{})}
			n.sink.resume = true
			tt.change(n)
			n.sink.RecordUploads(n.records, n.sink.resume)
			content := large[:n.obj.Size]
			before := s.counted("part")
			p, d := begun(t, n.sink, n.target, n.obj, n.digest)
			if p.Held() != tt.held {
				t.Fatalf("held %d bytes, want %d", p.Held(), tt.held)
			}
			if tt.held > 0 {
				if r, err := p.Prefix(); r != nil || err != nil {
					t.Errorf("the bytes can be read again: %v, %v", r, err)
				}
			}
			writeHashed(t, p, d, content[p.Held():])
			if path, err := p.Publish(t.Context()); path != n.target.Name || err != nil {
				t.Fatal(path, err)
			}
			if sum := fmt.Sprintf("%x", md5.Sum([]byte(content))); d.MD5() != sum {
				t.Errorf("MD5 %s, want %s", d.MD5(), sum)
			}
			parts := (len(content)-int(tt.held)+smallPart-1)/smallPart - n.stored
			if len(content) <= smallPart {
				parts = 0
			}
			if got := s.counted("part") - before; got != parts {
				t.Errorf("%d parts were uploaded, want %d", got, parts)
			}
			wantContents(t, s, map[string]string{n.target.Name: content})
		})
	}
}

// next is a run after one that was killed.
type next struct {
	server  *server
	records *records
	obj     transfer.Object
	target  download.Target
	digest  transfer.DigestOptions
	sink    *Sink
	stored  int // parts, beyond the recorded ones
}

// upload returns the only upload of the server.
func (n *next) upload() *unfinished {
	for _, u := range n.server.uploads {
		return u
	}
	return nil
}

// earlier returns the records of a run that was killed one part earlier.
func (n *next) earlier(t *testing.T) *records {
	t.Helper()
	clear(n.server.uploads)
	all := &records{}
	to := n.server.sink(SinkOptions{})
	to.RecordUploads(all, true)
	p, d := begun(t, to, n.target, n.obj, n.digest)
	writeHashed(t, p, d, large[:smallPart])
	if _, err := p.Write([]byte(large[smallPart : 2*smallPart+1])); err != nil { // which is not hashed
		t.Fatal(err)
	}
	if err := p.upload.wait(); err != nil {
		t.Fatal(err)
	}
	return all.copied()
}

// TestUploadIsContinuedTwice kills the run that continues an upload, too.
func TestUploadIsContinuedTwice(t *testing.T) {
	s := newServer(t)
	n := &next{server: s, obj: objectOf(large), target: target("photo.bin", "A"), digest: recorded}
	all := n.earlier(t)
	for _, held := range []int64{smallPart, 2 * smallPart} {
		to := s.sink(SinkOptions{})
		to.RecordUploads(all, true)
		p, d := begun(t, to, n.target, n.obj, n.digest)
		if p.Held() != held {
			t.Fatalf("held %d, want %d", p.Held(), held)
		}
		if held == smallPart {
			writeHashed(t, p, d, large[held:2*smallPart+1])
			if err := p.upload.wait(); err != nil {
				t.Fatal(err)
			}
			all = all.copied()
			continue
		}
		writeHashed(t, p, d, large[held:])
		if _, err := p.Publish(t.Context()); err != nil || s.counted("begin") != 1 {
			t.Fatalf("%v, %d uploads were begun", err, s.counted("begin"))
		}
		if by, err := d.Check(); by != transfer.ByMD5 || err != nil {
			t.Errorf("checked by %q, %v", by, err)
		}
	}
	wantContents(t, s, map[string]string{"photo.bin": large})
}

// TestStoppedUploadIsKept stops a run while it uploads a file, before and after a part is recorded.
func TestStoppedUploadIsKept(t *testing.T) {
	for _, size := range []int{smallPart + 1, 9} {
		s, all := newServer(t), &records{}
		to := s.sink(SinkOptions{})
		to.RecordUploads(all, true)
		ctx, stop := context.WithCancel(t.Context())
		begin, err := to.Begin(ctx, target("photo.bin", "A"), objectOf(large))
		if err != nil {
			t.Fatal(err)
		}
		p, d := begin.(*partial), transfer.NewDigest(objectOf(large), recorded)
		if err := p.Resume(ctx, d); err != nil {
			t.Fatal(err)
		}
		writeHashed(t, p, d, large[:size])
		if p.upload != nil {
			if err := p.upload.wait(); err != nil {
				t.Fatal(err)
			}
		}
		stop()
		if err := p.Keep(); err != nil {
			t.Fatal(err)
		}
		want := int64(size) / smallPart * smallPart
		if n := s.unfinished(); n != size/smallPart {
			t.Errorf("%d uploads after %d bytes", n, size)
		}
		p, d = begun(t, to, target("photo.bin", "A"), objectOf(large), recorded)
		if want > 0 && p.Held() != want {
			t.Errorf("held %d after %d bytes", p.Held(), size)
		}
		if want == 0 {
			for _, h := range d.Hashes() {
				h.Write([]byte(large[:p.Held()])) // as the engine reads them again
			}
		}
		writeHashed(t, p, d, large[p.Held():])
		if _, err := p.Publish(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantContents(t, s, map[string]string{"photo.bin": large})
	}
}

// TestWholeUploadIsCompleted kills a run before it completes an upload of whole parts.
func TestWholeUploadIsCompleted(t *testing.T) {
	s, content := newServer(t), large[:2*smallPart]
	var left *records
	all := &records{}
	s.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if what := operation(r); what != "complete" && what != "abort" {
			return false
		}
		if left == nil {
			left = all.copied()
		}
		refuse(w, http.StatusForbidden, "AccessDenied")
		return true
	}
	to := s.sink(SinkOptions{})
	to.RecordUploads(all, true)
	p, d := begun(t, to, target("photo.bin", "A"), objectOf(content), recorded)
	writeHashed(t, p, d, content)
	if _, err := p.Publish(t.Context()); err == nil {
		t.Fatal("it was completed")
	}
	if _, ok := all.Upload(p.target.Identity); ok {
		t.Error("a failed upload is to be continued")
	}
	s.mend()
	parts := s.counted("part")
	to = s.sink(SinkOptions{})
	to.RecordUploads(left, true)
	p, d = begun(t, to, target("photo.bin", "A"), objectOf(content), recorded)
	if p.Held() != int64(len(content)) {
		t.Fatalf("held %d", p.Held())
	}
	if _, err := p.Publish(t.Context()); err != nil || s.counted("part") != parts {
		t.Errorf("%v, %d parts", err, s.counted("part")-parts)
	}
	if by, err := d.Check(); by != transfer.ByMD5 || err != nil {
		t.Errorf("checked by %q, %v", by, err)
	}
	wantContents(t, s, map[string]string{"photo.bin": content})
}

// TestResumeFailsIfTheBucketDoes keeps an upload whose parts cannot be listed now.
func TestResumeFailsIfTheBucketDoes(t *testing.T) {
	s := newServer(t)
	left := killed(t, s)
	s.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if operation(r) != "parts" {
			return false
		}
		refuse(w, http.StatusServiceUnavailable, "SlowDown")
		return true
	}
	to := s.sink(SinkOptions{})
	to.RecordUploads(left, true)
	p, err := to.Begin(t.Context(), target("photo.bin", "A"), objectOf(large))
	if err != nil {
		t.Fatal(err)
	}
	err = p.(download.Resumer).Resume(t.Context(), transfer.NewDigest(objectOf(large), recorded))
	if e := wantCode(t, err, download.CodeStorage); !e.Retryable || e.Path != "photo.bin" {
		t.Errorf("%+v", e)
	}
	if err := p.Keep(); err != nil {
		t.Fatal(err)
	}
	if _, ok := left.Upload(target("photo.bin", "A").Identity); !ok || s.unfinished() != 1 {
		t.Errorf("%d uploads, recorded: %t", s.unfinished(), ok)
	}
}

// TestEncryptedUploadIsContinued continues an upload whose ETags are not the MD5s of its parts, and must not count as such.
func TestEncryptedUploadIsContinued(t *testing.T) {
	s := newServer(t)
	s.fault = func(w http.ResponseWriter, r *http.Request) bool {
		w.Header().Set("X-Amz-Server-Side-Encryption", "aws:kms")
		return false
	}
	to := s.sink(SinkOptions{})
	to.RecordUploads(killed(t, s), true)
	p, d := begun(t, to, target("photo.bin", "A"), objectOf(large), recorded)
	if p.Held() != 2*smallPart || etagOf(p.upload.all) != "" {
		t.Errorf("held %d, ETag %q", p.Held(), etagOf(p.upload.all))
	}
	writeHashed(t, p, d, large[p.Held():])
	if _, err := p.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantContents(t, s, map[string]string{"photo.bin": large})
}

// TestUploadOfFinishedFileIsRemoved removes what a killed run has left of a file that another run has brought.
func TestUploadOfFinishedFileIsRemoved(t *testing.T) {
	s := newServer(t)
	left := killed(t, s)
	s.put("photo.bin", large)
	to := s.sink(SinkOptions{})
	to.RecordUploads(left, true)
	_, err := to.Begin(t.Context(), target("photo.bin", "A"), objectOf(large))
	wantPresent(t, err, download.Unchanged)
	wantContents(t, s, map[string]string{"photo.bin": large})
}

// TestUploadWaitsForItsPath continues an upload only if its file gets the same path as before.
func TestUploadWaitsForItsPath(t *testing.T) {
	for _, taken := range []bool{false, true} {
		s := newServer(t)
		to := s.sink(SinkOptions{IfExists: sink.Rename})
		to.RecordUploads(killed(t, s), true)
		if taken {
			s.put("photo.bin", "another file")
		}
		p, d := begun(t, to, target("photo.bin", "A"), objectOf(large), recorded)
		if (p.Held() == 0) != taken {
			t.Errorf("taken: %t, held %d", taken, p.Held())
		}
		writeHashed(t, p, d, large[p.Held():])
		want := map[string]string{"photo.bin": large}
		if taken {
			want = map[string]string{"photo.bin": "another file", "photo~A.bin": large}
		}
		path, err := p.Publish(t.Context())
		if err != nil || s.contents()[path] != large {
			t.Fatal(path, err)
		}
		if !taken || path == "photo~A.bin" {
			wantContents(t, s, want)
		}
	}
}

// TestUploadIsNotBegunWithoutItsRecord ends a file whose upload cannot be recorded.
func TestUploadIsNotBegunWithoutItsRecord(t *testing.T) {
	s := newServer(t)
	full := &download.Error{Code: download.CodeDiskFull, Err: io.ErrShortWrite}
	to := s.sink(SinkOptions{})
	to.RecordUploads(&records{broken: full}, true)
	p, _ := begun(t, to, target("photo.bin", "A"), objectOf(large), recorded)
	_, err := io.WriteString(p, large)
	wantCode(t, err, download.CodeDiskFull)
	if err := p.Keep(); err != nil {
		t.Fatal(err)
	}
	wantContents(t, s, map[string]string{})
}
