package sandbox

import (
	"bytes"
	"cmp"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// retryFaultTests are those of faults of answers that another try, or another link, would change.
var retryFaultTests = map[string]faultTest{
	"storage-202": {Fault{Value: 3, Times: 1}, storageStatus(202, "NotReady", "3")},
	"at-once": {Fault{Value: 1}, func(t *testing.T, c client, o Object) {
		location := c.location(DocumentedAsset)
		mustSet(t, c, Fault{Name: "at-once", Value: 1}, Fault{Name: "stall", Value: 1000, Times: 1})
		first, err := c.http.Get(location)
		check(t, "the first", err, nil)
		defer first.Body.Close()
		a := c.do("GET", location)
		check(t, "the second", a.StatusCode, 503)
		check(t, "its code", s3Code(t, a), "SlowDown")
		mustSet(t, c, Fault{Name: "at-once", Value: 1})
		wantWhole(t, c.do("GET", location), o)
	}},
	"storage-stall": {Fault{Times: 1}, func(t *testing.T, c client, o Object) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.location(DocumentedAsset), nil)
		check(t, "request", err, nil)
		resp, err := c.http.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		check(t, "error", errors.Is(err, context.DeadlineExceeded), true)
		wantWhole(t, c.original(DocumentedAsset), o)
	}},
	"shared-line": {Fault{Value: 1 << 20}, func(t *testing.T, c client, o Object) {
		start := time.Now()
		wantWhole(t, c.original(DocumentedAsset), o)
		// Half of it at a MiB a second, and the rest at 128 KiB.
		want := time.Duration(o.Size/2*9) * time.Second >> 20
		if took := time.Since(start); took < want*9/10 {
			t.Errorf("took %v, want %v", took, want)
		}
	}},
	"storage-403-for": {Fault{Value: 200}, func(t *testing.T, c client, o Object) {
		location, start := c.location(DocumentedAsset), time.Now()
		refused := 0
		for a := c.do("GET", location); a.StatusCode == http.StatusForbidden; a = c.do("GET", location) {
			check(t, "its code", s3Code(t, a), "AccessDenied")
			if took := time.Since(start); took > time.Minute {
				t.Fatalf("still refused after %v", took)
			}
			refused++
		}
		if took := time.Since(start); refused == 0 || took < 200*time.Millisecond {
			t.Errorf("refused %d times in %v, want at least once in 200ms", refused, took)
		}
		wantWhole(t, c.do("GET", location), o)
	}},
	"storage-410": {Fault{Times: 1}, storageStatus(410, "Gone", "")},
	"storage-52x": {Fault{Value: 522, Times: 2}, func(t *testing.T, c client, o Object) {
		for range 2 {
			a := c.original(DocumentedAsset)
			check(t, "status", a.StatusCode, 522)
			check(t, "type", a.Header.Get("Content-Type"), "text/html")
			check(t, "ETag", a.Header.Get("ETag"), "")
		}
		wantWhole(t, c.original(DocumentedAsset), o)
	}},
	"stale-links": {Fault{Value: 410}, func(t *testing.T, c client, o Object) {
		old := c.location(DocumentedAsset)
		check(t, "the first", c.do("GET", old).StatusCode, 410)
		wantWhole(t, c.original(DocumentedAsset), o)
		check(t, "the first again", c.do("GET", old).StatusCode, 410)
		var listed []struct {
			Thumbnails map[string]string `json:"thumbnails"`
		}
		links := map[string]bool{}
		for i := range 2 {
			c.json("/api/v4/media/?ids="+DocumentedAsset, &listed)
			link := listed[0].Thumbnails["webimage"]
			if !strings.HasPrefix(link, "http://") || links[link] {
				t.Fatalf("the link %q", link)
			}
			links[link] = true
			check(t, "a link", c.do("GET", link).StatusCode, []int{410, 200}[i])
		}
	}},
	"encoding": {Fault{Text: "gzip"}, func(t *testing.T, c client, o Object) {
		unpack := map[string]func(io.Reader) (io.Reader, error){
			"gzip":    func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
			"deflate": func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) },
			"raw":     func(r io.Reader) (io.Reader, error) { return flate.NewReader(r), nil },
			"lie":     func(r io.Reader) (io.Reader, error) { return r, nil },
		}
		unpack["proxy"], unpack["br"] = unpack["gzip"], unpack["lie"]
		label := map[string]string{"deflate": "deflate", "raw": "deflate", "br": "br"}
		for text, by := range unpack {
			mustSet(t, c, Fault{Name: "encoding", Text: text})
			a := c.original(DocumentedAsset, "Accept-Encoding", "identity")
			check(t, text, a.Header.Get("Content-Encoding"), cmp.Or(label[text], "gzip"))
			r, err := by(bytes.NewReader(a.body))
			check(t, text, err, nil)
			plain, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(plain, content(t, o)) {
				t.Errorf("%s: %d bytes, %v", text, len(plain), err)
			}
			part := c.original(DocumentedAsset, "Accept-Encoding", "identity", "Range", "bytes=10-19")
			if text == "proxy" {
				check(t, "length", a.ContentLength, -1)
				check(t, "ETag", a.Header.Get("ETag"), o.ETag())
				check(t, "a part", string(part.body), string(plain[10:20]))
				continue
			}
			check(t, "length", a.ContentLength, int64(len(a.body)))
			check(t, "ETag", a.Header.Get("ETag"), fmt.Sprintf(`"%x"`, md5.Sum(a.body)))
			check(t, "a part", string(part.body), string(a.body[10:20]))
			check(t, "its length", part.ContentLength, 10)
			refused := c.original(DocumentedAsset, "Accept-Encoding", "identity", "If-Match", `"another"`)
			check(t, "of an error", refused.StatusCode, 412)
			check(t, "of an error", refused.Header.Get("Content-Encoding"), "")
		}
		mustSet(t, c, Fault{Name: "encoding", Text: "bomb"})
		a := c.original(DocumentedAsset, "Accept-Encoding", "identity")
		r, err := gzip.NewReader(bytes.NewReader(a.body))
		check(t, "bomb", err, nil)
		n, err := io.Copy(io.Discard, r)
		if err != nil || n != 20<<20 || n < 1000*int64(len(a.body)) {
			t.Errorf("%d bytes unpack to %d, %v", len(a.body), n, err)
		}
	}},
	"digest": {Fault{Text: "content-md5"}, func(t *testing.T, c client, o Object) {
		sum := md5.Sum(content(t, o))
		want := base64.StdEncoding.EncodeToString(sum[:])
		a := c.original(DocumentedAsset)
		check(t, "Content-MD5", a.Header.Get("Content-MD5"), want)
		wantWhole(t, a, o)
		wantOther(t, "that of a part", c.original(DocumentedAsset, "Range", "bytes=1-").Header.Get("Content-MD5"), want)
		for text, header := range map[string]string{
			"azure": "X-Ms-Blob-Content-Md5", "goog": "X-Goog-Hash", "sha256": "X-Amz-Checksum-Sha256", "sha1": "X-Amz-Checksum-Sha1",
			"crc32": "X-Amz-Checksum-Crc32", "crc32c": "X-Amz-Checksum-Crc32c", "crc64nvme": "X-Amz-Checksum-Crc64nvme",
			"repr": "Repr-Digest", "malformed": "X-Goog-Hash", "composite": "X-Amz-Checksum-Type",
		} {
			mustSet(t, c, Fault{Name: "digest", Text: text})
			right := c.original(DocumentedAsset).Header.Get(header)
			mustSet(t, c, Fault{Name: "wrong-digest", Text: text})
			wrong := c.original(DocumentedAsset).Header.Get(header)
			if right == "" || (right == wrong) != (text == "malformed" || text == "composite") {
				t.Errorf("%s: %s %q and, wrong, %q", text, header, right, wrong)
			}
		}
	}},
	"wrong-digest": {Fault{Text: "azure"}, func(t *testing.T, c client, o Object) {
		sum := md5.Sum(content(t, o))
		a := c.original(DocumentedAsset)
		wantOther(t, "digest", a.Header.Get("X-Ms-Blob-Content-Md5"), base64.StdEncoding.EncodeToString(sum[:]))
		wantWhole(t, a, o)
	}},
	"short-range": {Fault{Value: 3}, func(t *testing.T, c client, _ Object) {
		a := c.original(DocumentedAsset, "Range", "bytes=1000-")
		check(t, "range", a.Header.Get("Content-Range"), "bytes 1000-1002/183204")
		check(t, "bytes", len(a.body), 3)
	}},
	"headers": {Fault{Value: 10_000, Times: 1}, func(t *testing.T, c client, o Object) {
		a := c.original(DocumentedAsset)
		if n := len(a.Header); n < 1000 {
			t.Errorf("%d fields", n)
		}
		wantWhole(t, a, o)
	}},
	"hints": {Fault{Value: 3}, func(t *testing.T, c client, o Object) { wantWhole(t, c.original(DocumentedAsset), o) }},
	"api-headers": {Fault{Value: 10_000, Times: 1}, func(t *testing.T, c client, _ Object) {
		a := c.api(userPath)
		check(t, "status", a.StatusCode, 200)
		if n := len(a.Header); n < 1000 {
			t.Errorf("%d fields", n)
		}
	}},
	"api-202": {Fault{Value: 3, Times: 1}, apiStatus(202, "3")},
	"api-52x": {Fault{Times: 1}, apiStatus(520, "")},
}
