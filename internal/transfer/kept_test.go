package transfer

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// TestKeepCoded holds files that are to stay as they are stored: those whose length storage sends. They are verified and
// continued as any other file. If a digest is that of the decoded bytes, the file is decoded.
func TestKeepCoded(t *testing.T) {
	f := drawing(300_000)
	gz, zl := packed(f, "gzip"), packed(f, "deflate")
	damaged := gz.with(func(p *file) { p.bytes = bytes.Clone(p.bytes); p.bytes[len(p.bytes)/2] ^= 4 })
	untagged := gz.with(func(p *file) { p.etag = "" })
	half := len(gz.bytes) / 2
	rest := fmt.Sprintf("GET %d- if %s", half, gz.etag)
	const sum = "X-Amz-Checksum-Sha256"
	for _, tt := range []struct {
		name         string
		script       []step
		probe        bool
		want         *file // gz for nil
		verified     Verified
		kept, coding string
		requests     []string
		kind         Kind
	}{
		{name: "stored as gzip", script: []step{labelled(gz, "gzip", -1)}, verified: ByMD5, kept: "gzip", requests: times("GET", 1)},
		{name: "stored as deflate", script: []step{labelled(zl, "deflate", -1)}, want: zl, verified: ByMD5, kept: "deflate", requests: times("GET", 1)},
		{name: "no ETag", script: []step{labelled(untagged, "gzip", -1)}, verified: BySize, kept: "gzip", requests: times("GET", 1)},
		{name: "a digest of the packed bytes", script: []step{labelled(untagged, "gzip", -1, sum, sha256Of(gz.bytes))}, verified: BySHA256, kept: "gzip", requests: times("GET", 1)},
		{name: "a digest of the file", script: slices.Repeat([]step{labelled(untagged, "gzip", -1, sum, sha256Of(f.bytes))}, 2), want: f, verified: BySHA256, coding: "gzip", requests: times("GET", 2)},
		{name: "a proxy packs it, and sends its length", script: slices.Repeat([]step{labelled(gz.with(func(p *file) { p.etag = f.etag }), "gzip", -1)}, 2), want: f, verified: ByMD5, coding: "gzip", requests: times("GET", 2)},
		{name: "a proxy packs it", script: []step{onTheWay}, want: f, verified: ByMD5, coding: "gzip", requests: times("GET", 1)},
		{name: "after a probe", script: slices.Repeat([]step{labelled(gz, "gzip", -1)}, 2), probe: true, verified: ByMD5, kept: "gzip", requests: []string{"GET 0-0", "GET"}},
		{name: "it breaks: it is continued", script: []step{labelled(gz, "gzip", half), labelled(gz, "gzip", -1)}, verified: ByMD5, kept: "gzip", requests: []string{"GET", rest}},
		{name: "it breaks, and comes as it is then", script: []step{labelled(gz, "gzip", half), well, well, well}, want: f, verified: ByMD5,
			requests: []string{"GET", rest, fmt.Sprintf("GET %d-", half), "GET"}},
		{name: "damaged always", script: slices.Repeat([]step{labelled(damaged, "gzip", -1)}, 9), requests: times("GET", 4), kind: Integrity},
		{name: "said to be gzip, and is not", script: []step{labelled(f, "gzip", -1)}, want: f, verified: ByMD5, requests: times("GET", 1)},
		{name: "a file that is gzip itself", script: []step{labelled(gz, "gzip", -1, "Content-Disposition", `attachment; filename="logo.svgz"`)}, verified: ByMD5, requests: times("GET", 1)},
		{name: "br", script: []step{labelled(f, "br", -1)}, requests: times("GET", 1), kind: Protocol},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := land(t, newStorage(t, f, tt.script...), tt.probe, true)
				if !slices.Equal(l.requests, tt.requests) {
					t.Errorf("requests:\n got %q\nwant %q", l.requests, tt.requests)
				}
				if tt.kind != "" {
					if e, ok := errors.AsType[*Error](l.err); !ok || e.Kind != tt.kind {
						t.Errorf("error %v, want %s", l.err, tt.kind)
					}
					return
				}
				want := tt.want
				if want == nil {
					want = gz
				}
				if l.err != nil || !bytes.Equal(l.bytes, want.bytes) {
					t.Fatalf("%d bytes, %v, after %v", len(l.bytes), l.err, l.retried)
				}
				if l.verified != tt.verified || l.object.Kept != tt.kept || l.object.Coding != tt.coding || l.md5 != strings.Trim(md5ETag(want.bytes), `"`) {
					t.Errorf("verified by %q, kept %q, coding %q, MD5 %s", l.verified, l.object.Kept, l.object.Coding, l.md5)
				}
				if l.object.Kept != "" && l.object.Size != int64(len(want.bytes)) {
					t.Errorf("the object is %+v", l.object)
				}
			})
		})
	}
}
