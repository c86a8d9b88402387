package bucket

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transfer"
)

var (
	theFile = download.FileID{Portal: "p", MediaID: "m", Selector: "original"}
	oneSum  = strings.Repeat("1a", 16)
)

// TestIsSame holds the comparison of an object with the file in the portal's storage.
func TestIsSame(t *testing.T) {
	target := download.Target{Identity: theFile}
	written := func(o Object, by transfer.Object) Object {
		o.Metadata = metadata(target, by)
		return o
	}
	plain := transfer.Object{Size: 9, ETag: `"v1"`}
	packed := transfer.Object{Size: 5, ETag: `"v1"`, Kept: "gzip"}
	onTheWay := transfer.Object{Size: -1, CodedSize: 5, ETag: `"v1"`, Coding: "gzip"}
	for _, tt := range []struct {
		why  string
		o    Object
		obj  transfer.Object
		want bool
	}{
		{"written as it", written(Object{Size: 9}, plain), plain, true},
		{"written as another version", written(Object{Size: 9}, transfer.Object{Size: 9, ETag: `"v2"`}), plain, false},
		{"of another size", written(Object{Size: 8}, plain), plain, false},
		{"of another program", Object{Size: 9, ETag: oneSum}, plain, false},
		{"of another program, with the same digest", Object{Size: 9, ETag: oneSum}, transfer.Object{Size: 9, ETag: `"` + strings.ToUpper(oneSum) + `"`}, true},
		{"with the same ETag, which is not a digest", Object{Size: 9, ETag: oneSum, Keyed: true}, transfer.Object{Size: 9, ETag: `"` + oneSum + `"`}, false},

		{"packed", written(Object{Size: 5, ContentEncoding: "gzip"}, packed), packed, true},
		{"packed, of another size", written(Object{Size: 6, ContentEncoding: "gzip"}, packed), packed, false},
		{"unpacked by an earlier run", written(Object{Size: 9}, onTheWay), packed, true},
		{"unpacked by an earlier run, of another version", written(Object{Size: 9}, transfer.Object{Size: -1, ETag: `"v2"`}), packed, false},
		{"packed by an earlier run", written(Object{Size: 5, ContentEncoding: "gzip"}, packed), onTheWay, true},
		{"of another program, packed, without its coding", Object{Size: 5, ETag: oneSum}, transfer.Object{Size: 5, ETag: `"` + oneSum + `"`, Kept: "gzip"}, true},
	} {
		if got := isSame(tt.o, target, tt.obj); got != tt.want {
			t.Errorf("an object %s: %v", tt.why, got)
		}
	}
}

// TestContentEncoding: what is stored with an object is its coding alone, and not that of the request.
func TestContentEncoding(t *testing.T) {
	s := newServer(t)
	var sent []string
	s.fault = func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut {
			sent = r.Header.Values("Content-Encoding")
		}
		return false
	}
	if _, err := s.client().Put(t.Context(), "a", []byte("packed"), Attributes{ContentEncoding: "gzip"}, Condition{}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(sent, []string{"gzip"}) || s.contents()["a"] != "packed" {
		t.Errorf("the coding is %q, and the content %q", sent, s.contents()["a"])
	}
}

// TestIsVersionOf holds the comparison of an object with a record.
func TestIsVersionOf(t *testing.T) {
	record := func(etag string) *download.Result {
		return &download.Result{Portal: theFile.Portal, MediaID: theFile.MediaID, Selector: theFile.Selector, ETag: etag}
	}
	object := func(etag string) Object {
		return Object{Metadata: metadata(download.Target{Identity: theFile}, transfer.Object{Size: 9, ETag: etag})}
	}
	other := record(`"v1"`)
	other.MediaID = "n"
	for _, tt := range []struct {
		why         string
		o           Object
		r           *download.Result
		same, known bool
	}{
		{"of the version", object(`"v1"`), record(`"v1"`), true, true},
		{"of a version with a long name", object(strings.Repeat("é", 99)), record(strings.Repeat("é", 99)), true, true},
		{"of another version", object(`"v2"`), record(`"v1"`), false, true},
		{"of another file", object(`"v1"`), other, false, true},
		{"of another program", Object{}, record(`"v1"`), false, true},
		{"of a version that storage did not name", object(""), record(""), true, false},
		{"of a version with a weak ETag", object(`W/"v1"`), record(`W/"v1"`), true, false},
		{"of another program, and the version is not known", Object{}, record(""), false, false},
	} {
		if same, known := tt.o.IsVersionOf(tt.r); same != tt.same || known != tt.known {
			t.Errorf("an object %s: %v, %v", tt.why, same, known)
		}
	}
}

// An object that another program has written is not the file any more, even if it kept its metadata.
func TestIsStill(t *testing.T) {
	const one, two = "f97c5d29941bfb1b2fdab0874906ab82", "b8a9f715dbb64fd5c56e7783c6820a61"
	file := download.FileID{Portal: "portal", MediaID: "A", Selector: "original"}
	for _, tt := range []struct {
		name    string
		portal  string // ETag
		put     bool   // at once
		etag    string // as it is now
		size    int64
		keyed   bool
		sum     string
		want    bool
		another bool
	}{
		{name: "put", portal: "a-2", put: true, etag: one, size: 3, want: true},
		{name: "put, from a storage with keys", portal: two, put: true, etag: one, size: 3, want: true},
		{name: "of another file", portal: "a-2", put: true, etag: one, size: 3, another: true},
		{name: "other bytes", portal: one, put: true, etag: two, size: 3},
		{name: "of another size", portal: one, put: true, etag: one, size: 4},
		{name: "other bytes, in parts", portal: one, put: true, etag: one + "-2", size: 3},
		{name: "encrypted", portal: one, put: true, etag: two, size: 3, keyed: true, want: true},
		{name: "encrypted, of another size", portal: one, put: true, etag: two, size: 4, keyed: true},
		{name: "no digest", portal: one, put: true, etag: "opaque", size: 3, want: true},
		{name: "in parts", portal: one, etag: two + "-2", size: 3, want: true},
		{name: "in parts, of another size", portal: one, etag: two + "-2", size: 4},
		{name: "in parts, copied", portal: "a-2", etag: one, size: 3, sum: one, want: true},
		{name: "in parts, copied, and other bytes", portal: "a-2", etag: two, size: 3, sum: one},
		{name: "in parts, as in storage", portal: one, etag: one, size: 3, want: true},
		{name: "in parts, and replaced by other bytes", portal: "a-2", etag: two, size: 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := Object{Size: tt.size, ETag: tt.etag, Keyed: tt.keyed}
			o.Metadata = metadata(download.Target{Identity: file}, transfer.Object{Size: 3, ETag: `"` + tt.portal + `"`})
			if tt.put {
				o.Metadata[metaSum] = one
			}
			asked := file
			if tt.another {
				asked.MediaID = "B"
			}
			if got := o.IsStill(asked, tt.sum); got != tt.want {
				t.Errorf("it is %v", got)
			}
		})
	}
}
