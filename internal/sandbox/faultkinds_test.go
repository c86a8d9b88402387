package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

type faultTest struct {
	fault Fault
	test  func(t *testing.T, c client, o Object)
}

// faultTests shows of each fault that it does what it says. They get a sandbox
// where the fault is on for DocumentedAsset's 183,204 bytes (or for the API).
var faultTests = map[string]faultTest{
	"cut": {Fault{Value: 1000, Times: 1}, func(t *testing.T, c client, o Object) {
		a := c.original(DocumentedAsset)
		check(t, "bytes", len(a.body), 1000)
		check(t, "error", a.err, io.ErrUnexpectedEOF)
		check(t, "promised", a.ContentLength, o.Size)
		wantWhole(t, c.original(DocumentedAsset), o)
	}},
	"reset": {Fault{Value: 1000, Times: 1}, func(t *testing.T, c client, o Object) {
		a := c.original(DocumentedAsset)
		if !errors.Is(a.err, syscall.ECONNRESET) || len(a.body) > 1000 {
			t.Errorf("%d bytes, %v", len(a.body), a.err)
		}
		wantWhole(t, c.original(DocumentedAsset), o)
	}},
	"stall": {Fault{Value: 1000}, func(t *testing.T, c client, _ Object) {
		resp, err := c.http.Get(c.location(DocumentedAsset))
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.ReadFull(resp.Body, make([]byte, 1000))
		check(t, "bytes", n, 1000)
		check(t, "error", err, nil)
		check(t, "sent", c.Stats().StorageBytes, 1000)
		resp.Body.Close()
	}},
	"slow": {Fault{Value: 1}, func(t *testing.T, c client, o Object) {
		resp, err := c.http.Get(c.location(DocumentedAsset))
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadFull(resp.Body, make([]byte, 1024))
		check(t, "error", err, nil)
		check(t, "sent", c.Stats().StorageBytes, 1024) // the next KiB in 17 minutes
		resp.Body.Close()
		mustSet(t, c, Fault{Name: "slow", Value: 100 << 20})
		wantWhole(t, c.original(DocumentedAsset), o)
	}},
	"short": {Fault{Value: 10}, func(t *testing.T, c client, o Object) {
		a := c.original(DocumentedAsset)
		check(t, "promised", a.ContentLength, o.Size+10)
		check(t, "bytes", int64(len(a.body)), o.Size)
		check(t, "error", a.err, io.ErrUnexpectedEOF)
	}},
	"truncated": {Fault{Value: 10}, func(t *testing.T, c client, o Object) {
		a := c.original(DocumentedAsset)
		check(t, "promised", a.ContentLength, o.Size-10)
		check(t, "error", a.err, nil)
		check(t, "ETag", a.Header.Get("ETag"), o.ETag())
		if !bytes.Equal(a.body, content(t, o)[:o.Size-10]) {
			t.Error("other bytes")
		}
	}},
	"no-length": {Fault{}, func(t *testing.T, c client, o Object) {
		a := c.original(DocumentedAsset)
		check(t, "length", a.ContentLength, -1)
		wantWhole(t, a, o)
		if err := c.SetFaults(Fault{Name: "no-length"}, Fault{Name: "page"}); err != nil {
			t.Fatal(err)
		}
		check(t, "length of a short body", c.original(DocumentedAsset).ContentLength, -1)
	}},
	"flip": {Fault{Value: 100_000}, func(t *testing.T, c client, o Object) {
		for _, from := range []int64{0, 99_000, 100_000, 100_001} {
			a := c.original(DocumentedAsset, "Range", "bytes="+strconv.FormatInt(from, 10)+"-")
			want := content(t, o)[from:]
			if from <= 100_000 {
				want[100_000-from] ^= 0x10
			}
			if !bytes.Equal(a.body, want) {
				t.Errorf("from %d: other bytes", from)
			}
			check(t, "ETag", a.Header.Get("ETag"), o.ETag())
		}
	}},
	"changed": {Fault{Value: 3}, func(t *testing.T, c client, o Object) {
		wantWhole(t, c.original(DocumentedAsset), o)
		wantWhole(t, c.original(DocumentedAsset, "If-Match", o.ETag()), o)
		check(t, "If-Match", c.original(DocumentedAsset, "If-Match", o.ETag()).StatusCode, 412)
		wantWhole(t, c.original(DocumentedAsset), o.changed())
	}},
	"swap": {Fault{Value: 1000}, func(t *testing.T, c client, o Object) {
		a := c.original(DocumentedAsset)
		check(t, "error", a.err, io.ErrUnexpectedEOF)
		if !bytes.Equal(a.body, content(t, o)[:1000]) {
			t.Error("other bytes")
		}
		check(t, "If-Match", c.original(DocumentedAsset, "Range", "bytes=1000-", "If-Match", o.ETag()).StatusCode, 412)
		wantWhole(t, c.original(DocumentedAsset), o.changed())
	}},
	"xmp": {Fault{}, func(t *testing.T, c client, o Object) {
		one, two := c.location(DocumentedAsset), c.location(DocumentedAsset)
		first, second := c.do("GET", one), c.do("GET", two)
		wantWhole(t, first, o.WithMetadata("SANDBOX1"))
		wantWhole(t, second, o.WithMetadata("SANDBOX2"))
		if first.Header.Get("ETag") == second.Header.Get("ETag") || bytes.Equal(first.body[:1000], second.body[:1000]) {
			t.Error("two locations have one file")
		}
		check(t, "a range", string(c.do("GET", one, "Range", "bytes=1000-", "If-Match", first.Header.Get("ETag")).body), string(first.body[1000:]))
		check(t, "If-Match", c.do("GET", two, "Range", "bytes=1000-", "If-Match", first.Header.Get("ETag")).StatusCode, 412)
	}},
	"part-size": {Fault{Value: 70_000}, func(t *testing.T, c client, o Object) {
		o.partSize = 70_000
		wantWhole(t, c.original(DocumentedAsset), o)
		check(t, "parts", strings.HasSuffix(o.ETag(), `-3"`), true)
	}},
	"no-conditions": {Fault{}, func(t *testing.T, c client, o Object) {
		check(t, "If-Match", c.original(DocumentedAsset, "Range", "bytes=1-", "If-Match", `"x"`).StatusCode, 206)
		check(t, "If-Range", c.original(DocumentedAsset, "Range", "bytes=1-", "If-Range", `"x"`).StatusCode, 206)
		check(t, "If-None-Match", c.original(DocumentedAsset, "If-None-Match", o.ETag()).StatusCode, 200)
	}},
	"no-ranges": {Fault{}, func(t *testing.T, c client, o Object) {
		wantWhole(t, c.original(DocumentedAsset, "Range", "bytes=1000-"), o)
	}},
	"wrong-range": {Fault{Value: 3}, func(t *testing.T, c client, _ Object) {
		a := c.original(DocumentedAsset, "Range", "bytes=1000-")
		check(t, "range", a.Header.Get("Content-Range"), "bytes 997-183203/183204")
	}},
	"if-match-412": {Fault{}, func(t *testing.T, c client, o Object) {
		check(t, "If-Match", c.original(DocumentedAsset, "If-Match", o.ETag()).StatusCode, 412)
		wantWhole(t, c.original(DocumentedAsset), o)
	}},
	"not-modified": {Fault{Text: "bare"}, func(t *testing.T, c client, o Object) {
		a := c.original(DocumentedAsset, "If-None-Match", o.ETag())
		check(t, "status", a.StatusCode, 304)
		check(t, "ETag", a.Header.Get("ETag"), "")
		wantWhole(t, c.original(DocumentedAsset, "If-None-Match", `"x"`), o)
	}},
	"original": {Fault{Text: "portal"}, func(t *testing.T, c client, _ Object) {
		var a struct{ Original string }
		c.json("/api/v4/media/"+DocumentedAsset+"/", &a)
		check(t, "original", a.Original, c.PortalURL()+"/original/Twitter.jpg")
		if err := c.SetFaults(Fault{Name: "original", Text: "page"}); err != nil {
			t.Fatal(err)
		}
		c.json("/api/v4/media/"+DocumentedAsset+"/", &a)
		check(t, "status of the page", c.do("GET", a.Original).StatusCode, 200)
		check(t, "its name", strings.HasSuffix(a.Original, "/login.html"), true)
	}},
	"disposition": {Fault{Text: "login.html", On: OnDirect}, func(t *testing.T, c client, o Object) {
		var a struct{ Original string }
		c.json("/api/v4/media/"+DocumentedAsset+"/", &a)
		check(t, "at the URL in the list", c.do("GET", a.Original).Header.Get("Content-Disposition"), `attachment; filename="login.html"`)
		check(t, "at the location", c.original(DocumentedAsset).Header.Get("Content-Disposition"), `attachment; filename="`+o.Name+`"`)
	}},
	"kms": {Fault{}, func(t *testing.T, c client, o Object) {
		a := c.original(DocumentedAsset)
		check(t, "header", a.Header.Get("X-Amz-Server-Side-Encryption"), "aws:kms")
		check(t, "ETag has the form of an MD5", len(a.Header.Get("ETag")), 34)
		wantOther(t, "ETag", a.Header.Get("ETag"), o.ETag())
		check(t, "it is a validator", c.original(DocumentedAsset, "If-Match", a.Header.Get("ETag")).StatusCode, 200)
	}},
	"wrong-etag": {Fault{}, func(t *testing.T, c client, o Object) {
		a := c.original(DocumentedAsset)
		wantOther(t, "ETag", a.Header.Get("ETag"), o.ETag())
		check(t, "length", len(a.Header.Get("ETag")), 34)
	}},
	"no-etag": {Fault{}, func(t *testing.T, c client, _ Object) {
		check(t, "ETag", c.original(DocumentedAsset).Header.Get("ETag"), "")
	}},
	"weak-etag": {Fault{}, func(t *testing.T, c client, o Object) {
		check(t, "ETag", c.original(DocumentedAsset).Header.Get("ETag"), "W/"+o.ETag())
	}},
	"no-last-modified": {Fault{}, func(t *testing.T, c client, _ Object) {
		check(t, "Last-Modified", c.original(DocumentedAsset).Header.Get("Last-Modified"), "")
	}},
	"no-disposition": {Fault{}, func(t *testing.T, c client, _ Object) {
		check(t, "Content-Disposition", c.original(DocumentedAsset).Header.Get("Content-Disposition"), "")
	}},
	"storage-403": {Fault{Times: 1}, storageStatus(403, "AccessDenied", "")},
	"storage-404": {Fault{Times: 1}, storageStatus(404, "NoSuchKey", "")},
	"storage-429": {Fault{Value: 7, Times: 1}, storageStatus(429, "TooManyRequests", "7")},
	"storage-500": {Fault{Times: 1}, storageStatus(500, "InternalError", "")},
	"storage-503": {Fault{Times: 1}, storageStatus(503, "SlowDown", "")},
	"storage-expired": {Fault{Times: 1}, func(t *testing.T, c client, o Object) {
		check(t, "first", s3Code(t, c.original(DocumentedAsset)), "expired")
		wantWhole(t, c.original(DocumentedAsset), o)
	}},
	"expire-mid": {Fault{Value: 1000, Times: 1}, func(t *testing.T, c client, o Object) {
		location := c.location(DocumentedAsset)
		a := c.do("GET", location)
		check(t, "bytes", len(a.body), 1000)
		check(t, "error", a.err, io.ErrUnexpectedEOF)
		check(t, "again", s3Code(t, c.do("GET", location, "Range", "bytes=1000-")), "expired")
		rest := c.original(DocumentedAsset, "Range", "bytes=1000-", "If-Match", o.ETag())
		if !bytes.Equal(rest.body, content(t, o)[1000:]) {
			t.Error("other bytes")
		}
	}},
	"storage-redirect": {Fault{Value: 2}, func(t *testing.T, c client, o Object) {
		first := c.original(DocumentedAsset)
		check(t, "first", first.StatusCode, 307)
		next := first.Header.Get("Location")
		if !strings.HasPrefix(next, "http://localhost:") {
			t.Errorf("first to %s", next)
		}
		second := c.do("GET", strings.Replace(next, "localhost", "127.0.0.1", 1))
		check(t, "second", second.StatusCode, 307)
		wantWhole(t, c.do("GET", second.Header.Get("Location")), o)
		for text, want := range map[string]string{"userinfo": "http://user:secret@", "api": c.PortalURL()} {
			mustSet(t, c, Fault{Name: "storage-redirect", Text: text})
			if to := c.original(DocumentedAsset).Header.Get("Location"); !strings.HasPrefix(to, want) {
				t.Errorf("%s to %s", text, to)
			}
		}
		mustSet(t, c, Fault{Name: "storage-redirect", Text: "loop"})
		a := c.original(DocumentedAsset)
		for range 10 {
			check(t, "loop", a.StatusCode, 307)
			a = c.do("GET", strings.Replace(a.Header.Get("Location"), "localhost", "127.0.0.1", 1))
		}
	}},

	"api-401": {Fault{Times: 1}, apiStatus(401, "")},
	"api-403": {Fault{Times: 1}, apiStatus(403, "")},
	"api-404": {Fault{Times: 1}, apiStatus(404, "")},
	"api-429": {Fault{Value: 2, Times: 1}, func(t *testing.T, c client, _ Object) {
		a := c.api(userPath)
		check(t, "first", a.StatusCode, 429)
		check(t, "Retry-After", a.Header.Get("Retry-After"), "2")
		check(t, "blocked", c.api(userPath).StatusCode, 429)
		check(t, "counted", c.Stats().RateLimited, 2)
	}},
	"api-500": {Fault{Times: 1}, apiStatus(500, "")},
	"api-502": {Fault{Times: 1}, apiStatus(502, "")},
	"api-503": {Fault{Value: 9, Times: 1}, apiStatus(503, "9")},
	"api-504": {Fault{Times: 1}, apiStatus(504, "")},
	"api-html": {Fault{Value: 200}, func(t *testing.T, c client, _ Object) {
		a := c.api(userPath)
		check(t, "status", a.StatusCode, 200)
		check(t, "type", a.Header.Get("Content-Type"), "text/html")
	}},
	"api-empty": {Fault{}, func(t *testing.T, c client, _ Object) {
		a := c.api(userPath)
		check(t, "status", a.StatusCode, 200)
		check(t, "body", string(a.body), "")
	}},
	"api-garbage": {Fault{}, func(t *testing.T, c client, _ Object) {
		a := c.api(userPath)
		check(t, "status", a.StatusCode, 200)
		check(t, "JSON", json.Valid(a.body), false)
	}},
	"api-huge": {Fault{Value: 100_000}, func(t *testing.T, c client, _ Object) {
		for _, path := range []string{
			userPath, "/api/v4/media/", "/api/v4/media/x/download/", "/api/v4/collections/x/media/",
		} {
			a := c.api(path)
			check(t, path, len(a.body), 100_000)
			check(t, path, json.Valid(a.body), true)
		}
	}},
	"api-cut": {Fault{Value: 10, Times: 1}, func(t *testing.T, c client, _ Object) {
		a := c.api(userPath)
		check(t, "bytes", len(a.body), 10)
		check(t, "error", a.err, io.ErrUnexpectedEOF)
		check(t, "then", c.api(userPath).StatusCode, 200)
	}},
	"api-reset": {Fault{Times: 1}, func(t *testing.T, c client, _ Object) {
		c.http.Transport.(*http.Transport).DisableKeepAlives = true // or the client tries again
		if a := c.api(userPath); !errors.Is(a.err, syscall.ECONNRESET) && !errors.Is(a.err, io.EOF) {
			t.Errorf("%v", a.err)
		}
		check(t, "then", c.api(userPath).StatusCode, 200)
	}},
	"api-stall": {Fault{Times: 1}, func(t *testing.T, c client, _ Object) {
		c.http.Timeout = 20 * time.Millisecond
		a := c.api(userPath)
		if timeout, ok := errors.AsType[*url.Error](a.err); !ok || !timeout.Timeout() {
			t.Errorf("%v", a.err)
		}
	}},
	"api-redirect": {Fault{}, func(t *testing.T, c client, _ Object) {
		for text, want := range map[string]string{
			"host":             strings.Replace(c.StorageURL(), "127.0.0.1", "localhost", 1) + userPath,
			"port":             c.StorageURL() + userPath,
			"path":             "/moved" + userPath,
			"loop":             userPath,
			"userinfo":         strings.Replace(c.PortalURL(), "://", "://user:secret@", 1) + userPath,
			"http://evil.test": "http://evil.test" + userPath,
		} {
			mustSet(t, c, Fault{Name: "api-redirect", Text: text})
			a := c.api(userPath)
			check(t, text, a.StatusCode, 307)
			check(t, text, a.Header.Get("Location"), want)
		}
	}},

	"expired": {Fault{Times: 1}, func(t *testing.T, c client, o Object) {
		check(t, "first", s3Code(t, c.original(DocumentedAsset)), "expired")
		wantWhole(t, c.original(DocumentedAsset), o)
	}},
	"location": {Fault{}, func(t *testing.T, c client, o Object) {
		kind, _ := faultKind("location")
		for _, text := range kind.Texts {
			mustSet(t, c, Fault{Name: "location", Text: text})
			var answer map[string]any
			c.json("/api/v4/media/"+DocumentedAsset+"/download/", &answer)
			if good, ok := answer["url"].(string); ok && text == "url" {
				wantWhole(t, c.do("GET", good), o)
				continue
			}
			location, _ := answer["s3_file"].(string)
			u, err := url.Parse(location)
			if err == nil && u.Scheme == "http" && u.User == nil {
				t.Errorf("%s is %s", text, location)
			}
		}
	}},
	"hostile-name": {Fault{}, func(t *testing.T, c client, o Object) {
		kind, _ := faultKind("hostile-name")
		check(t, "names", len(kind.Texts), len(hostileNames))
		for _, text := range kind.Texts {
			mustSet(t, c, Fault{Name: "hostile-name", Text: text})
			name, ok := hostileNames[text]
			check(t, text, ok, true)
			a := c.original(DocumentedAsset)
			check(t, text, a.Header.Get("Content-Disposition"), contentDisposition(name))
			wantWhole(t, a, o)
			var described struct {
				Name       string
				Thumbnails map[string]string
				MediaItems []struct{ FileName string }
			}
			c.json("/api/v4/media/"+DocumentedAsset+"/?versions=1", &described)
			check(t, text, described.Name, string([]rune(name)))
			check(t, text, described.MediaItems[0].FileName, string([]rune(name)))
			check(t, text, c.do("GET", described.Thumbnails["webshop"]).StatusCode, 200)
		}
	}},
	"hidden": {Fault{Asset: DocumentedAsset}, func(t *testing.T, c client, _ Object) {
		var got []listed
		c.json("/api/v4/media/?ids="+DocumentedAsset+","+LargeAsset, &got)
		check(t, "listed", len(got), 1)
		check(t, "by itself", c.api("/api/v4/media/"+DocumentedAsset+"/").StatusCode, 200)
	}},
	"malformed": {Fault{Asset: DocumentedAsset}, func(t *testing.T, c client, _ Object) {
		var got []map[string]any
		c.json("/api/v4/media/?limit=2", &got)
		check(t, "id", got[0]["id"].(string), DocumentedAsset)
		if _, ok := got[0]["name"].(string); ok {
			t.Error("its name is a string")
		}
		if _, ok := got[1]["name"].(string); !ok {
			t.Error("the next one's name is no string")
		}
	}},
	"overlap": {Fault{Value: 2}, func(t *testing.T, c client, _ Object) {
		var first, second []listed
		cursor := c.json("/api/v4/media/?limit=10", &first).Header.Get("X-Bynder-NextCursor")
		for _, next := range []string{"page=2", "cursor=" + cursor} {
			c.json("/api/v4/media/?limit=10&"+next, &second)
			check(t, next, second[0], first[8])
		}
	}},
}

const userPath = "/api/v4/currentUser/"

func TestFaultKinds(t *testing.T) {
	for _, kind := range FaultKinds() {
		t.Run(kind.Name, func(t *testing.T) {
			var test faultTest
			ok := false
			for _, tests := range []map[string]faultTest{faultTests, answerFaultTests, retryFaultTests, listFaultTests, bucketFaultTests} {
				if !ok {
					test, ok = tests[kind.Name]
				}
			}
			if !ok {
				t.Fatal("not tested")
			}
			test.fault.Name = kind.Name
			c := start(t, Options{Faults: []Fault{test.fault}})
			test.test(t, c, c.object(DocumentedAsset, "original"))
			if kind.Doc == "" {
				t.Error("not documented")
			}
		})
	}
}

// A fault that is on for another asset leaves this one alone.
func TestFaultsOfAnotherAsset(t *testing.T) {
	for _, kind := range FaultKinds() {
		if kind.Side == OnClock || kind.Side == OnBucket {
			continue // they are not about assets
		}
		c := start(t, Options{Faults: []Fault{{Name: kind.Name, Asset: LargeAsset}}})
		wantWhole(t, c.original(DocumentedAsset), c.object(DocumentedAsset, "original"))
	}
}

func storageStatus(status int, code, retryAfter string) func(*testing.T, client, Object) {
	return func(t *testing.T, c client, o Object) {
		a := c.original(DocumentedAsset)
		check(t, "status", a.StatusCode, status)
		check(t, "code", s3Code(t, a), code)
		check(t, "Retry-After", a.Header.Get("Retry-After"), retryAfter)
		wantWhole(t, c.original(DocumentedAsset), o)
	}
}

func apiStatus(status int, retryAfter string) func(*testing.T, client, Object) {
	return func(t *testing.T, c client, _ Object) {
		a := c.api(userPath)
		check(t, "status", a.StatusCode, status)
		check(t, "Retry-After", a.Header.Get("Retry-After"), retryAfter)
		check(t, "then", c.api(userPath).StatusCode, 200)
	}
}
