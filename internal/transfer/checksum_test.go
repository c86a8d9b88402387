package transfer

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
)

// The check values of the CRCs are those of "123456789" that their catalogues give.
func TestChecksums(t *testing.T) {
	content := []byte("123456789")
	md5sum, sha1sum, sha256sum, sha512sum := md5.Sum(content), sha1.Sum(content), sha256.Sum256(content), sha512.Sum512(content)
	b64 := func(sum []byte) string { return base64.StdEncoding.EncodeToString(sum) }
	crc := func(digits string) string {
		sum, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		return b64(sum)
	}
	crc32, crc32c, crc64nvme := crc("cbf43926"), crc("e3069283"), crc("ae8b14860a799888")
	other := md5.Sum(nil)
	wrong := b64(other[:])
	tests := []struct {
		name   string
		header http.Header
		etag   string
		want   Verified // "" for an integrity error
	}{
		{"none", http.Header{}, "", BySize},
		{"Content-MD5", http.Header{"Content-Md5": {b64(md5sum[:])}}, "", ByMD5},
		{"Content-MD5, wrong", http.Header{"Content-Md5": {wrong}}, "", ""},
		{"Content-MD5, wrong, beside a right ETag", http.Header{"Content-Md5": {wrong}}, md5ETag(content), ""},
		{"Content-MD5, right, beside a wrong ETag", http.Header{"Content-Md5": {b64(md5sum[:])}}, md5ETag(nil), ""},
		{"Content-MD5 in hexadecimal digits", http.Header{"Content-Md5": {hex.EncodeToString(md5sum[:])}}, "", BySize},
		{"Content-MD5, too short", http.Header{"Content-Md5": {b64(md5sum[:15])}}, "", BySize},
		{"Content-MD5 of a file that stays encoded, wrong", http.Header{"Content-Md5": {wrong}, "Content-Encoding": {"gzip"}}, "", ""},
		{"Content-MD5, of the identity coding", http.Header{"Content-Md5": {b64(md5sum[:])}, "Content-Encoding": {"identity"}}, "", ByMD5},
		{"x-ms-blob-content-md5", http.Header{"X-Ms-Blob-Content-Md5": {b64(md5sum[:])}}, "", ByMD5},
		{"x-goog-hash, joined", http.Header{"X-Goog-Hash": {"crc32c=" + crc32c + ",md5=" + b64(md5sum[:])}}, "", ByMD5},
		{"x-goog-hash, repeated", http.Header{"X-Goog-Hash": {"crc32c=" + crc32c, "md5=" + b64(md5sum[:])}}, "", ByMD5},
		{"x-goog-hash, one of two wrong", http.Header{"X-Goog-Hash": {"crc32c=AAAAAA==", "md5=" + b64(md5sum[:])}}, "", ""},
		{"x-goog-hash of a composite object", http.Header{"X-Goog-Hash": {"crc32c=" + crc32c}}, "", ByCRC32C},
		{"x-goog-hash of what was decompressed on its way", http.Header{"X-Goog-Hash": {"md5=" + wrong}, "X-Goog-Stored-Content-Encoding": {"gzip"}}, "", BySize},
		{"x-amz-checksum-sha256", http.Header{"X-Amz-Checksum-Sha256": {b64(sha256sum[:])}}, md5ETag(content), BySHA256},
		{"x-amz-checksum-sha1", http.Header{"X-Amz-Checksum-Sha1": {b64(sha1sum[:])}}, md5ETag(content), BySHA1},
		{"x-amz-checksum-crc32", http.Header{"X-Amz-Checksum-Crc32": {crc32}}, "", ByCRC32},
		{"x-amz-checksum-crc32 beside an MD5", http.Header{"X-Amz-Checksum-Crc32": {crc32}}, md5ETag(content), ByMD5},
		{"x-amz-checksum-crc32 beside an ETag of parts", http.Header{"X-Amz-Checksum-Crc32": {crc32}}, multipartETag(content, 5*mib), ByMultipart},
		{"x-amz-checksum-crc32 beside an ETag of parts that do not fit", http.Header{"X-Amz-Checksum-Crc32": {crc32}}, multipartETag(nil, 5*mib), ByCRC32},
		{"x-amz-checksum-crc32c", http.Header{"X-Amz-Checksum-Crc32c": {crc32c}}, "", ByCRC32C},
		{"x-amz-checksum-crc64nvme", http.Header{"X-Amz-Checksum-Crc64nvme": {crc64nvme}, "X-Amz-Checksum-Type": {"FULL_OBJECT"}}, "", ByCRC64NVME},
		{"x-amz-checksum-crc64nvme, wrong", http.Header{"X-Amz-Checksum-Crc64nvme": {crc("0000000000000000")}}, "", ""},
		{"a composite one", http.Header{"X-Amz-Checksum-Crc32": {"AAAAAA==-3"}}, "", BySize},
		{"one that only its type says is composite", http.Header{"X-Amz-Checksum-Crc32": {"AAAAAA=="}, "X-Amz-Checksum-Type": {"COMPOSITE"}}, "", BySize},
		{"Repr-Digest", http.Header{"Repr-Digest": {"sha-256=:" + b64(sha256sum[:]) + ":"}}, "", BySHA256},
		{"Repr-Digest of two", http.Header{"Repr-Digest": {"md5=:AA==:;q=1, sha-512=:" + b64(sha512sum[:]) + ":, sha-256=:" + b64(sha256sum[:]) + ":;q=2"}}, "", BySHA512},
		{"Repr-Digest, wrong", http.Header{"Repr-Digest": {"sha-256=:" + b64(sha256.New().Sum(nil)) + ":"}}, "", ""},
		{"Repr-Digest that is no byte sequence", http.Header{"Repr-Digest": {"sha-256=" + b64(sha256sum[:])}}, "", BySize},
		{"Content-Digest", http.Header{"Content-Digest": {"sha-256=:" + b64(sha256sum[:]) + ":"}}, "", BySHA256},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			obj := Object{Size: int64(len(content)), ETag: tt.etag, Checksums: checksums(tt.header)}
			d := NewDigest(obj, DigestOptions{Verify: true, SHA256: true})
			_, _ = d.Write(content)
			by, err := d.Check()
			if e, ok := errors.AsType[*Error](err); by != tt.want || (err != nil) != (tt.want == "") || ok && e.Kind != Integrity {
				t.Errorf("checked by %q, %v; want %q", by, err, tt.want)
			}
			if d.SHA256() != hex.EncodeToString(sha256sum[:]) {
				t.Errorf("SHA-256 %s", d.SHA256())
			}
			if unchecked := NewDigest(obj, DigestOptions{}); unchecked.Needed() || unchecked.Decides() {
				t.Error("computes what was not asked for")
			}
		})
	}
}

// A Content-MD5 of a part is of the part: only a complete answer tells that of the file.
func TestChecksumsOfParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := randomFile(100_000, 1)
		ofPart := func(f *file, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")
			f.serve(w, r)
		}
		s := newStorage(t, f, cut(50_000), ofPart)
		asked := 0
		stream, err := New(Options{Client: s.client, AllowHTTP: true, Retries: 3}).Open(t.Context(), s.source(&asked), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer stream.Close()
		var got bytes.Buffer
		d := NewDigest(stream.Object(), DigestOptions{Verify: true})
		if err := Copy(t.Context(), &got, stream, d, nil, nil); err != nil || !bytes.Equal(got.Bytes(), f.bytes) {
			t.Errorf("%d bytes, %v", got.Len(), err)
		}
		if by, err := d.Check(); by != BySize || err != nil {
			t.Errorf("checked by %q, %v", by, err)
		}
	})
}
