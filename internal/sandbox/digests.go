package sandbox

import (
	"crypto/md5"  //nolint:gosec // storage sends it
	"crypto/sha1" //nolint:gosec // the same
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"net/http"
)

// digestTexts are the variants of the faults digest and wrong-digest.
var digestTexts = []string{
	"content-md5", "azure", "goog", "goog-crc32c", "sha256", "sha1", "crc32", "crc32c", "crc64nvme", "repr", "malformed", "composite",
}

// sendDigests adds the digests that faults want, right or wrong.
func sendDigests(h http.Header, o Object, active activeFaults) {
	for _, f := range active {
		if f.Name != "digest" && f.Name != "wrong-digest" {
			continue
		}
		of := func(sum hash.Hash) string {
			if f.Name == "wrong-digest" {
				_, _ = sum.Write([]byte("other bytes"))
			}
			_, _ = io.Copy(sum, o.Reader())
			return base64.StdEncoding.EncodeToString(sum.Sum(nil))
		}
		castagnoli := func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) }
		switch f.Text {
		case "content-md5":
			h.Set("Content-MD5", of(md5.New()))
		case "azure":
			h.Set("X-Ms-Blob-Content-Md5", of(md5.New()))
		case "goog":
			h.Add("X-Goog-Hash", "crc32c="+of(castagnoli()))
			h.Add("X-Goog-Hash", "md5="+of(md5.New()))
		case "goog-crc32c":
			h.Set("X-Goog-Hash", "crc32c="+of(castagnoli()))
		case "sha256":
			h.Set("X-Amz-Checksum-Sha256", of(sha256.New()))
		case "sha1":
			h.Set("X-Amz-Checksum-Sha1", of(sha1.New()))
		case "crc32":
			h.Set("X-Amz-Checksum-Crc32", of(crc32.NewIEEE()))
		case "crc32c":
			h.Set("X-Amz-Checksum-Crc32c", of(castagnoli()))
		case "crc64nvme":
			h.Set("X-Amz-Checksum-Crc64nvme", of(crc64.New(crc64.MakeTable(0x9a6c9329ac4bc9b5))))
			h.Set("X-Amz-Checksum-Type", "FULL_OBJECT")
		case "repr":
			h.Set("Repr-Digest", "sha-256=:"+of(sha256.New())+":")
		case "malformed":
			h.Set("Content-MD5", "AAAA")
			h.Set("X-Goog-Hash", "md5=====,crc32c")
			h.Set("Repr-Digest", "sha-256=AAAA")
		case "composite":
			h.Set("X-Amz-Checksum-Sha256", of(sha256.New()))
			h.Set("X-Amz-Checksum-Crc32", of(crc32.NewIEEE())+"-3")
			h.Set("X-Amz-Checksum-Type", "COMPOSITE")
		}
	}
}

// partialDigest makes a Content-MD5 of a part that of the part alone, as RFC 2616 has it: it is
// another one than that of the file.
func partialDigest(h http.Header) {
	if h.Get("Content-MD5") != "" {
		sum := md5.Sum([]byte("a part")) //nolint:gosec // see above
		h.Set("Content-MD5", base64.StdEncoding.EncodeToString(sum[:]))
	}
}
