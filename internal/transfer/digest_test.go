package transfer

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const mib = 1 << 20

// multipartETag is what S3 makes of content that was put in parts of so many bytes.
func multipartETag(content []byte, part int) string {
	var sums []byte
	n := 0
	for piece := range slices.Chunk(content, part) {
		sum := md5.Sum(piece)
		sums = append(sums, sum[:]...)
		n++
	}
	return fmt.Sprintf(`"%x-%d"`, md5.Sum(sums), n)
}

func md5ETag(content []byte) string { return fmt.Sprintf(`"%x"`, md5.Sum(content)) }

func TestDigest(t *testing.T) {
	content := randomFile(23*mib+12345, 1).bytes
	size := int64(len(content))
	flipped := bytes.Clone(content)
	flipped[17*mib] ^= 4
	verify, both := DigestOptions{Verify: true}, DigestOptions{Verify: true, SHA256: true}

	tests := []struct {
		name     string
		object   Object
		options  DigestOptions
		content  []byte // content for nil
		verified Verified
		needed   bool
		text     string // of an integrity error
	}{
		{name: "MD5", object: Object{Size: size, ETag: md5ETag(content)}, options: verify, verified: ByMD5, needed: true},
		{name: "MD5 in capitals", object: Object{Size: size, ETag: strings.ToUpper(md5ETag(content))}, options: verify, verified: ByMD5, needed: true},
		{name: "MD5 without quotes", object: Object{Size: size, ETag: strings.Trim(md5ETag(content), `"`)}, options: verify, verified: ByMD5, needed: true},
		{name: "MD5 and no length", object: Object{Size: -1, ETag: md5ETag(content)}, options: verify, verified: ByMD5, needed: true},
		{name: "a flipped bit", object: Object{Size: size, ETag: md5ETag(content)}, options: verify, content: flipped, needed: true, text: "the download is damaged: MD5 "},
		{name: "bytes missing", object: Object{Size: size, ETag: md5ETag(content)}, options: verify, content: content[1:], needed: true, text: "the download is damaged: 24129592 bytes, expected 24129593"},

		{name: "parts of 5 MiB", object: Object{Size: size, ETag: multipartETag(content, 5*mib)}, options: verify, verified: ByMultipart, needed: true},
		{name: "parts of 8 MiB", object: Object{Size: size, ETag: multipartETag(content, 8*mib)}, options: verify, verified: ByMultipart, needed: true},
		{name: "parts of 10 MiB", object: Object{Size: size, ETag: multipartETag(content, 10*mib)}, options: both, verified: ByMultipart, needed: true},
		{name: "parts of 20 MiB", object: Object{Size: size, ETag: multipartETag(content, 20*mib)}, options: verify, verified: ByMultipart, needed: true},
		{name: "one part", object: Object{Size: size, ETag: multipartETag(content, 64*mib)}, options: verify, verified: ByMultipart, needed: true},
		{name: "equal shares, rounded up", object: Object{Size: size, ETag: multipartETag(content, 3*mib)}, options: verify, verified: ByMultipart, needed: true},
		{name: "parts of an unusual size", object: Object{Size: size, ETag: multipartETag(content, 7*mib)}, options: verify, verified: BySize, needed: true},
		{name: "a flipped bit in parts is no proof", object: Object{Size: size, ETag: multipartETag(content, 8*mib)}, options: verify, content: flipped, verified: BySize, needed: true},
		{name: "more parts than S3 allows", object: Object{Size: size, ETag: md5ETag(content)[:33] + `-10001"`}, options: verify, verified: BySize},
		{name: "more parts than MiB", object: Object{Size: size, ETag: md5ETag(content)[:33] + `-1000"`}, options: verify, verified: BySize},
		{name: "no number of parts", object: Object{Size: size, ETag: md5ETag(content)[:33] + `-x"`}, options: verify, verified: BySize},
		{name: "parts of an unknown length", object: Object{Size: -1, ETag: multipartETag(content, 8*mib)}, options: verify, verified: ByNothing},

		{name: "another kind of ETag", object: Object{Size: size, ETag: `"65f1c2a0-1702f39"`}, options: verify, verified: BySize},
		{name: "a weak ETag", object: Object{Size: size, ETag: "W/" + md5ETag(flipped)}, options: verify, verified: BySize},
		{name: "encrypted with a key", object: Object{Size: size, ETag: md5ETag(flipped), KeyedEncryption: true}, options: verify, verified: BySize},
		{name: "no ETag", object: Object{Size: size}, options: verify, verified: BySize},
		{name: "neither ETag nor length", object: Object{Size: -1}, options: verify, verified: ByNothing},
		{name: "not to be verified", object: Object{Size: size, ETag: md5ETag(flipped)}, verified: BySize},
		{name: "SHA-256 alone", object: Object{Size: size, ETag: md5ETag(flipped)}, options: DigestOptions{SHA256: true}, verified: BySize, needed: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := NewDigest(tt.object, tt.options)
			if d.Needed() != tt.needed {
				t.Errorf("Needed() = %v", d.Needed())
			}
			if tt.content == nil {
				tt.content = content
			}
			for piece := range slices.Chunk(tt.content, mib+7) {
				if n, err := d.Write(piece); n != len(piece) || err != nil {
					t.Fatalf("Write = %d, %v", n, err)
				}
			}
			verified, err := d.Check()
			if verified != tt.verified {
				t.Errorf("verified by %q, want %q", verified, tt.verified)
			}
			if e, _ := errors.AsType[*Error](err); tt.text != "" && (e == nil || e.Kind != Integrity || !e.Retryable || !StartsOver(err) || !strings.Contains(e.Error(), tt.text)) {
				t.Errorf("error %v, want one of integrity with %q", err, tt.text)
			} else if tt.text == "" && err != nil {
				t.Error(err)
			}
			want := ""
			if tt.options.SHA256 {
				sum := sha256.Sum256(tt.content)
				want = hex.EncodeToString(sum[:])
			}
			if got := d.SHA256(); got != want {
				t.Errorf("SHA-256 %q, want %q", got, want)
			}
		})
	}
}

func TestDigestOfNothing(t *testing.T) {
	for _, etag := range []string{md5ETag(nil), `"` + strings.Repeat("a", 32) + `-1"`} {
		d := NewDigest(Object{ETag: etag}, DigestOptions{Verify: true})
		want := BySize
		if etag == md5ETag(nil) {
			want = ByMD5
		}
		if got, err := d.Check(); got != want || err != nil {
			t.Errorf("%s: %q, %v; want %q", etag, got, err, want)
		}
	}
}

func TestPartSizesAreFew(t *testing.T) {
	for size := int64(1); size < 1<<42; size = size*3 + 1 {
		for n := int64(1); n <= maxParts; n = n*2 + 1 {
			sizes := partSizes(size, fmt.Sprint(n))
			for _, part := range sizes {
				if (size+part-1)/part != n {
					t.Fatalf("parts of %d make no %d of %d", part, n, size)
				}
			}
			if len(sizes) > 5 {
				t.Errorf("%d guesses for %d parts of %d bytes: %d", len(sizes), n, size, sizes)
			}
		}
	}
}

func FuzzDigest(f *testing.F) {
	f.Add(`"d41d8cd98f00b204e9800998ecf8427e"`, int64(0), []byte{})
	f.Add(`"d41d8cd98f00b204e9800998ecf8427e-3"`, int64(3<<20), []byte("x"))
	f.Add(`"d41d8cd98f00b204e9800998ecf8427e-1"`, int64(1<<62), []byte("x"))
	f.Fuzz(func(t *testing.T, etag string, size int64, content []byte) {
		d := NewDigest(Object{Size: size, ETag: etag}, DigestOptions{Verify: true})
		if len(d.parts) > len(usualPartSizes)+1 {
			t.Fatalf("%d guesses", len(d.parts))
		}
		d.Write(content)
		verified, err := d.Check()
		if (verified == "") != (err != nil) {
			t.Errorf("verified %q, error %v", verified, err)
		}
		if verified == ByMD5 && !strings.EqualFold(strings.Trim(md5ETag(content), `"`), strings.Trim(etag, `"`)) {
			t.Errorf("%s passes for the MD5 of %q", etag, content)
		}
	})
}
