package sandbox

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func s3Code(t testing.TB, a answered) string {
	t.Helper()
	var e struct {
		XMLName             xml.Name `xml:"Error"`
		Code, Message       string
		Expires, ServerTime string
	}
	if err := xml.Unmarshal(a.body, &e); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	check(t, "content type", a.Header.Get("Content-Type"), "application/xml")
	if strings.Contains(e.Message, "expired") {
		if e.Expires == "" || e.ServerTime == "" {
			t.Errorf("no times in %s", a.body)
		}
		return "expired"
	}
	return e.Code
}

func TestStorageRefuses(t *testing.T) {
	now := newClock()
	c := start(t, Options{Clock: now.now, LocationLifetime: time.Minute})
	location := c.location(DocumentedAsset)
	plain, _, _ := strings.Cut(location, "?")

	a := c.do("GET", location, "Authorization", "OAuth oauth_consumer_key=x", "Cookie", "a=b", "Referer", "http://x/")
	check(t, "Authorization", a.StatusCode, 400)
	check(t, "Authorization", s3Code(t, a), "InvalidArgument")
	if !bytes.Contains(a.body, []byte("Only one auth mechanism allowed")) {
		t.Errorf("message %s", a.body)
	}
	for _, header := range []string{"Authorization", "Cookie", "Referer"} {
		check(t, "leaks of "+header, c.Stats().Leaks[header], 1)
	}
	check(t, "HEAD", c.do("HEAD", location).StatusCode, 403)
	check(t, "PUT", s3Code(t, c.do("PUT", location)), "MethodNotAllowed")
	check(t, "no signature", s3Code(t, c.do("GET", plain)), "AccessDenied")
	check(t, "changed query", s3Code(t, c.do("GET", strings.Replace(location, "Twitter", "other", 1))), "SignatureDoesNotMatch")
	check(t, "longer life", s3Code(t, c.do("GET", strings.Replace(location, "Expires=60", "Expires=600", 1))), "SignatureDoesNotMatch")
	check(t, "no such key", s3Code(t, c.do("GET", c.StorageURL()+"/media/x/y/z")), "NoSuchKey")
	check(t, "root", s3Code(t, c.do("GET", c.StorageURL()+"/")), "NoSuchKey")

	now.t = now.t.Add(time.Minute)
	check(t, "at the last moment", c.do("GET", location).StatusCode, 200)
	now.t = now.t.Add(time.Second)
	a = c.do("GET", location)
	check(t, "expired", a.StatusCode, 403)
	check(t, "expired", s3Code(t, a), "expired")
}

func TestLocationTellsItsExpiry(t *testing.T) {
	now := newClock()
	c := start(t, Options{Clock: now.now})
	u, err := url.Parse(c.location(DocumentedAsset))
	if err != nil {
		t.Fatal(err)
	}
	check(t, "date", u.Query().Get("X-Amz-Date"), "20260131T120000Z")
	check(t, "lifetime", u.Query().Get("X-Amz-Expires"), "900")
}

func TestDerivativesExpireOrNot(t *testing.T) {
	now := newClock()
	c := start(t, Options{Clock: now.now, LocationLifetime: time.Minute})
	var a struct{ Thumbnails map[string]string }
	c.json("/api/v4/media/"+DocumentedAsset+"/", &a)
	check(t, "HEAD of a public one", c.do("HEAD", a.Thumbnails["mini"]).StatusCode, 200)
	check(t, "HEAD of a signed one", c.do("HEAD", a.Thumbnails["webshop"]).StatusCode, 200)
	forged := strings.Replace(a.Thumbnails["webshop"], "Expires=", "Expires=9", 1)
	check(t, "forged", s3Code(t, c.do("GET", forged)), "AccessDenied")
	now.t = now.t.Add(time.Minute + time.Second)
	check(t, "public, later", c.do("GET", a.Thumbnails["mini"]).StatusCode, 200)
	check(t, "signed, later", s3Code(t, c.do("GET", a.Thumbnails["webshop"])), "AccessDenied")
}

func TestRangesAndConditions(t *testing.T) {
	c := start(t, Options{})
	o := c.object(DocumentedAsset, "original")
	all := content(t, o)
	size := "183204"
	date := o.LastModified.Format(http.TimeFormat)
	later := o.LastModified.Add(time.Hour).Format(http.TimeFormat)
	earlier := o.LastModified.Add(-time.Hour).Format(http.TimeFormat)
	for _, test := range []struct {
		name         string
		header       []string
		status       int
		contentRange string
		from, to     int64
	}{
		{"none", nil, 200, "", 0, o.Size},
		{"from", []string{"Range", "bytes=100000-"}, 206, "bytes 100000-183203/" + size, 100000, o.Size},
		{"from to", []string{"Range", "bytes=5-9"}, 206, "bytes 5-9/" + size, 5, 10},
		{"last", []string{"Range", "bytes=-10"}, 206, "bytes 183194-183203/" + size, o.Size - 10, o.Size},
		{"two ranges", []string{"Range", "bytes=0-1,5-6"}, 200, "", 0, o.Size},
		{"at the end", []string{"Range", "bytes=183204-"}, 416, "bytes */" + size, 0, 0},
		{"If-Match", []string{"Range", "bytes=5-", "If-Match", o.ETag()}, 206, "bytes 5-183203/" + size, 5, o.Size},
		{"If-Match of another", []string{"Range", "bytes=5-", "If-Match", `"x"`}, 412, "", 0, 0},
		{"If-Match weakly", []string{"If-Match", "W/" + o.ETag()}, 412, "", 0, 0},
		{"If-Range", []string{"Range", "bytes=5-", "If-Range", o.ETag()}, 206, "bytes 5-183203/" + size, 5, o.Size},
		{"If-Range of another", []string{"Range", "bytes=5-", "If-Range", `"x"`}, 200, "", 0, o.Size},
		{"If-Range date", []string{"Range", "bytes=5-", "If-Range", date}, 206, "bytes 5-183203/" + size, 5, o.Size},
		{"If-Range later date", []string{"Range", "bytes=5-", "If-Range", later}, 200, "", 0, o.Size},
		{"If-None-Match", []string{"If-None-Match", o.ETag()}, 304, "", 0, 0},
		{"If-Modified-Since", []string{"If-Modified-Since", date}, 304, "", 0, 0},
		{"If-Unmodified-Since", []string{"If-Unmodified-Since", earlier}, 412, "", 0, 0},
	} {
		a := c.original(DocumentedAsset, test.header...)
		check(t, test.name, a.StatusCode, test.status)
		check(t, test.name, a.Header.Get("Content-Range"), test.contentRange)
		switch test.status {
		case 412:
			check(t, test.name, s3Code(t, a), "PreconditionFailed")
		case 416:
			check(t, test.name, s3Code(t, a), "InvalidRange")
		case 200, 206:
			check(t, test.name, a.Header.Get("ETag"), o.ETag())
			if !bytes.Equal(a.body, all[test.from:test.to]) {
				t.Errorf("%s: other bytes", test.name)
			}
		}
	}
}

func TestRangesOfTheLargeAsset(t *testing.T) {
	c := start(t, Options{})
	o := c.object(LargeAsset, "original")
	want := make([]byte, 100)
	if _, err := o.ReadAt(want, LargeSize-100); err != nil {
		t.Fatal(err)
	}
	a := c.original(LargeAsset, "Range", "bytes=1073741724-", "If-Match", o.ETag())
	check(t, "status", a.StatusCode, 206)
	if !bytes.Equal(a.body, want) {
		t.Error("other bytes")
	}
}

func TestEmptyObject(t *testing.T) {
	c := start(t, Options{})
	a := c.original(EmptyAsset)
	check(t, "status", a.StatusCode, 200)
	check(t, "length", a.ContentLength, 0)
	check(t, "ETag", a.Header.Get("ETag"), `"d41d8cd98f00b204e9800998ecf8427e"`)
}

func TestContentDisposition(t *testing.T) {
	for name, want := range map[string]string{
		"plain.txt":       `attachment; filename="plain.txt"`,
		`quo"te\.txt`:     `attachment; filename="quo\"te\\.txt"`,
		"naïve (1)*'.txt": `attachment; filename="na_ve (1)*'.txt"; filename*=UTF-8''na%C3%AFve%20%281%29%2A%27.txt`,
		"a\x00b":          `attachment; filename="a_b"; filename*=UTF-8''a%00b`,
		"":                `attachment; filename=""`,
		"\xff":            `attachment; filename="_"; filename*=UTF-8''%FF`,
	} {
		check(t, name, contentDisposition(name), want)
	}
}
