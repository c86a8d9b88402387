package transfer

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// drawing is a file of text, which gets much smaller when it is packed.
func drawing(size int) *file {
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `<path d="M%d %dL%d %d"/>`, i*7919%1000, i*104729%1000, i*1299709%1000, i*15485863%1000)
	}
	f := &file{bytes: b.Bytes()[:size], modified: lastYear}
	f.etag = md5ETag(f.bytes)
	return f
}

// packed returns f as storage has it in a coding: with the length and the ETag of the packed bytes.
func packed(f *file, coding string) *file {
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	if coding == "deflate" {
		w = zlib.NewWriter(&b)
	}
	w.Write(f.bytes)
	w.Close()
	return f.with(func(p *file) { p.bytes, p.etag = b.Bytes(), md5ETag(b.Bytes()) })
}

// labelled answers with another file, in a coding, and breaks after n bytes, if n is not negative.
func labelled(other *file, coding string, n int, headers ...string) step {
	return func(_ *file, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", coding)
		w.Header().Set("Content-Length", strconv.Itoa(len(other.bytes))) // http.ServeContent leaves it out
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		if n >= 0 {
			cut(n)(other, w, r)
			return
		}
		other.serve(w, r)
	}
}

// onTheWay answers with f as a proxy packs it: without a length, with the validators of the file; ranges as they are.
func onTheWay(f *file, w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Range") != "" {
		f.serve(w, r)
		return
	}
	f.headers(w.Header())
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(http.StatusOK)
	w.(http.Flusher).Flush() // without a length
	w.Write(packed(f, "gzip").bytes)
}

// sha256Of returns the SHA-256 of b as headers of storage have it.
func sha256Of(b []byte) string {
	sum := sha256.Sum256(b)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// landed is what became of a file that is verified.
type landed struct {
	outcome
	object   Object
	verified Verified
	md5      string
}

// land opens a file, probed or not, and copies it with its digest, also by Restart.
func land(t *testing.T, s *storage, probe, keep bool) (l landed) {
	t.Helper()
	opener := New(Options{Client: s.client, AllowHTTP: true, Retries: 3, KeepCoded: keep})
	source := s.source(&l.locations)
	if probe {
		source = inPlace(source, Object{})
	}
	l.stream, l.err = opener.Open(t.Context(), source, func(err error, _ time.Duration) { l.retried = append(l.retried, err) })
	if l.err != nil {
		l.requests = s.requests()
		return l
	}
	defer l.stream.Close()
	for {
		var got bytes.Buffer
		var d *Digest
		if l.err = l.stream.Whole(); l.err == nil {
			d = NewDigest(l.stream.Object(), DigestOptions{Verify: true, MD5: true})
			l.err = Copy(t.Context(), &got, l.stream, d, nil, nil)
		}
		if l.err == nil {
			l.verified, l.err = d.Check()
			l.md5 = d.MD5()
		}
		if l.err == nil {
			l.bytes = got.Bytes()
			break
		}
		if l.err = l.stream.Restart(l.err); l.err != nil {
			break
		}
	}
	l.object, l.requests = l.stream.Object(), s.requests()
	return l
}

func TestCodedFiles(t *testing.T) {
	f := drawing(300_000)
	gz, zl := packed(f, "gzip"), packed(f, "deflate")
	damaged := gz.with(func(p *file) { p.bytes = bytes.Clone(p.bytes); p.bytes[len(p.bytes)/2] ^= 4 })
	untagged := func(f *file) *file { return f.with(func(p *file) { p.etag = "" }) }
	half := len(gz.bytes) / 2
	svgz := []string{"Content-Disposition", `attachment; filename="logo.svgz"`}
	packedWhole := func(f *file, w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Range")
		onTheWay(f, w, r)
	}
	plainPart := func(f *file, w http.ResponseWriter, r *http.Request) { f.serve(w, r) }
	const sum = "X-Amz-Checksum-Sha256"
	for _, tt := range []struct {
		name     string
		script   []step
		probe    bool
		want     *file // f for nil
		verified Verified
		coding   string
		requests []string
		kind     Kind
		text     string
	}{
		{name: "stored as gzip", script: []step{labelled(gz, "gzip", -1)}, verified: ByMD5, coding: "gzip", requests: times("GET", 1)},
		{name: "x-gzip", script: []step{labelled(gz, "x-gzip", -1)}, verified: ByMD5, coding: "gzip", requests: times("GET", 1)},
		{name: "stored as deflate", script: []step{labelled(zl, "deflate", -1)}, verified: ByMD5, coding: "deflate", requests: times("GET", 1)},
		{name: "no ETag", script: []step{labelled(untagged(gz), "gzip", -1)}, verified: BySize, coding: "gzip", requests: times("GET", 1)},
		{name: "a digest of the packed bytes", script: []step{labelled(untagged(gz), "gzip", -1, sum, sha256Of(gz.bytes))}, verified: BySHA256, coding: "gzip", requests: times("GET", 1)},
		{name: "a digest of the file", script: []step{labelled(untagged(gz), "gzip", -1, sum, sha256Of(f.bytes))}, verified: BySHA256, coding: "gzip", requests: times("GET", 1)},
		{name: "a digest of something else", script: slices.Repeat([]step{labelled(untagged(gz), "gzip", -1, sum, sha256Of(nil))}, 9), requests: times("GET", 4), kind: Integrity, text: "SHA-256"},
		{name: "a proxy packs it", script: []step{onTheWay}, verified: ByMD5, coding: "gzip", requests: times("GET", 1)},
		{name: "a proxy packs it, after a probe", script: []step{onTheWay, onTheWay, onTheWay}, probe: true, verified: ByMD5, coding: "gzip",
			requests: []string{"GET 0-0", "GET", "GET"}},
		{name: "stored as gzip, after a probe", script: slices.Repeat([]step{labelled(gz, "gzip", -1)}, 2), probe: true, verified: ByMD5, coding: "gzip", requests: []string{"GET 0-0", "GET"}},

		{name: "it breaks: it is started over", script: []step{labelled(gz, "gzip", half), labelled(gz, "gzip", half), labelled(gz, "gzip", -1)}, verified: ByMD5, coding: "gzip", requests: times("GET", 3)},
		{name: "it breaks before its first byte", script: []step{labelled(gz, "gzip", 0), labelled(gz, "gzip", 2), labelled(gz, "gzip", 12), labelled(gz, "gzip", -1)},
			verified: ByMD5, coding: "gzip", requests: times("GET", 4)},
		{name: "it breaks always", script: slices.Repeat([]step{labelled(gz, "gzip", half)}, 9), requests: times("GET", 4), kind: Network},
		{name: "it breaks, and comes as it is then", script: []step{labelled(gz, "gzip", half), cut(50_000), well}, verified: ByMD5,
			requests: []string{"GET", "GET", "GET 50000- if " + f.etag}},
		{name: "it comes as it is, breaks, and the part is packed", script: []step{cut(50_000), labelled(f, "gzip", -1), well}, verified: ByMD5,
			requests: []string{"GET", "GET 50000- if " + f.etag, "GET"}},
		{name: "it comes as it is, breaks, and the whole is packed", script: []step{cut(50_000), packedWhole, well}, verified: ByMD5,
			requests: []string{"GET", "GET 50000- if " + f.etag, "GET"}},
		{name: "damaged once", script: []step{labelled(damaged, "gzip", -1), labelled(gz, "gzip", -1)}, verified: ByMD5, coding: "gzip", requests: times("GET", 2)},
		{name: "damaged always, and no digest", script: slices.Repeat([]step{labelled(untagged(damaged), "gzip", -1)}, 9), requests: times("GET", 4), kind: Integrity, text: "the bytes are damaged"},

		{name: "said to be gzip, and is not", script: []step{labelled(f, "gzip", -1)}, verified: ByMD5, requests: times("GET", 1)},
		{name: "said to be deflate, and is not", script: []step{labelled(f, "deflate", -1)}, verified: ByMD5, requests: times("GET", 1)},
		{name: "said to be gzip, is not, and breaks", script: []step{labelled(f, "gzip", 50_000), labelled(f, "gzip", -1)}, verified: ByMD5,
			requests: []string{"GET", "GET 50000- if " + f.etag}},
		{name: "said to be gzip, is not, and is probed", script: slices.Repeat([]step{labelled(f, "gzip", -1)}, 3), probe: true, verified: ByMD5, requests: []string{"GET 0-0", "GET", "GET"}},
		{name: "aws-chunked", script: []step{labelled(f, "aws-chunked", 50_000), labelled(f, "aws-chunked", -1)}, verified: ByMD5,
			requests: []string{"GET", "GET 50000- if " + f.etag}},
		{name: "a file that is gzip itself", script: []step{labelled(gz, "gzip", -1, svgz...)}, want: gz, verified: ByMD5, requests: times("GET", 1)},
		{name: "a file that is gzip itself, and breaks", script: []step{labelled(gz, "gzip", half, svgz...), labelled(gz, "gzip", -1, svgz...)}, want: gz, verified: ByMD5,
			requests: []string{"GET", fmt.Sprintf("GET %d- if %s", half, gz.etag)}},
		{name: "a file that is gzip itself, breaks, and its rest has no label", want: gz, verified: ByMD5,
			script:   []step{labelled(gz, "gzip", half, svgz...), func(_ *file, w http.ResponseWriter, r *http.Request) { plainPart(gz, w, r) }, labelled(gz, "gzip", -1, svgz...)},
			requests: []string{"GET", fmt.Sprintf("GET %d- if %s", half, gz.etag), "GET"}},

		{name: "br", script: []step{labelled(f, "br", -1)}, requests: times("GET", 1), kind: Protocol, text: `unknown Content-Encoding "br"`},
		{name: "two codings", script: []step{labelled(gz, "br, gzip", -1)}, requests: times("GET", 1), kind: Protocol, text: `unknown Content-Encoding "br, gzip"`},
		{name: "a hostile name", script: []step{labelled(gz, "\u202e"+strings.Repeat("x", 500), -1)}, requests: times("GET", 1), kind: Protocol, text: "unknown Content-Encoding"},
		{name: "zeros", script: []step{labelled(packed(&file{bytes: make([]byte, 20<<20)}, "gzip"), "gzip", -1)}, requests: times("GET", 1), kind: Integrity, text: "more than 1000 times its size"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := land(t, newStorage(t, f, tt.script...), tt.probe, false)
				if !slices.Equal(l.requests, tt.requests) || l.locations != 1 {
					t.Errorf("%d locations and requests:\n got %q\nwant %q", l.locations, l.requests, tt.requests)
				}
				if tt.kind != "" {
					e, ok := errors.AsType[*Error](l.err)
					if !ok || e.Kind != tt.kind || !strings.Contains(e.Error(), tt.text) || strings.Contains(e.Error(), secret) || len(e.Error()) > 300 || strings.Contains(e.Error(), "\u202e") {
						t.Errorf("error %v, want %s with %q", l.err, tt.kind, tt.text)
					}
					return
				}
				want := tt.want
				if want == nil {
					want = f
				}
				if l.err != nil || !bytes.Equal(l.bytes, want.bytes) {
					t.Fatalf("%d bytes, %v, after %v", len(l.bytes), l.err, l.retried)
				}
				if l.verified != tt.verified || l.object.Coding != tt.coding || l.md5 != strings.Trim(md5ETag(want.bytes), `"`) {
					t.Errorf("verified by %q, coding %q, MD5 %s", l.verified, l.object.Coding, l.md5)
				}
				if coded := l.object.Coding != ""; coded != (l.object.Size < 0) || coded == l.object.Resumable() {
					t.Errorf("the object is %+v", l.object)
				}
			})
		})
	}
}

// Storage's words about a failure may be packed, too.
func TestCodedErrors(t *testing.T) {
	f := randomFile(1000, 1)
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s3("ExpiredToken", "The provided token has expired."))
	w.Close()
	s := newStorage(t, f, status(400, b.String(), "Content-Encoding", "gzip"), status(404, s3("NoSuchKey", "No such key"), "Content-Encoding", "gzip"))
	var retried []error
	locations := 0
	_, err := New(Options{Client: s.client, AllowHTTP: true}).Open(t.Context(), s.source(&locations), func(err error, _ time.Duration) { retried = append(retried, err) })
	if locations != 2 || len(retried) != 1 || !strings.Contains(retried[0].Error(), "The provided token has expired.") {
		t.Errorf("%d locations, after %v", locations, retried)
	}
	if err == nil || !strings.Contains(err.Error(), "No such key") {
		t.Errorf("error %v", err)
	}
}

// Words that are said to be packed, and are damaged, are left out.
func TestDamagedCodedErrors(t *testing.T) {
	for _, body := range []string{"", "\x1f\x8b\x08", "\x1f\x8b\x08\x04\x00\x00", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x00\xff\xff", "<Error>"} {
		s := newStorage(t, randomFile(1000, 1), status(404, body, "Content-Encoding", "gzip"))
		_, err := New(Options{Client: s.client, AllowHTTP: true}).Open(t.Context(), s.source(new(int)), nil)
		if err == nil || !strings.HasSuffix(err.Error(), "storage answered 404 Not Found") {
			t.Errorf("%q: %v", body, err)
		}
	}
}

// A part in a coding is not taken for a part of the file.
func TestCodedParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := randomFile(10*testPart, 1)
		s := newStorage(t, f, firstOnly)
		s.parts = map[string][]step{"30000-39999": {labelled(f, "gzip", -1)}, "60000-69999": {labelled(f, "br", -1)}}
		a := arrive(t, s, dividing(s, 3, Options{Retries: 3}), 0, swiftly)
		if a.err != nil || !bytes.Equal(a.bytes, f.bytes) {
			t.Errorf("%d bytes, %v, after %q", len(a.bytes), a.err, a.requests)
		}
	})
}

// A large file that is only said to be coded comes by several connections.
func TestWrongLabelsDoNotSlowDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := randomFile(30*testPart, 1)
		label := func(then step) step {
			return func(f *file, w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				if r.Header.Get("Range") == "" {
					w.Header().Set("Content-Length", strconv.Itoa(len(f.bytes)))
				}
				then(f, w, r)
			}
		}
		slow := label(drip(1000, 100*time.Millisecond)) // in 30 s
		s := newStorage(t, f, slow)
		s.ranged = slow
		a := arrive(t, s, dividing(s, 8, Options{Retries: 3}), 0, swiftly)
		if a.err != nil || !bytes.Equal(a.bytes, f.bytes) || a.took > 8*time.Second {
			t.Errorf("%d bytes in %v, %v, after %q", len(a.bytes), a.took, a.err, a.requests)
		}
	})
}
