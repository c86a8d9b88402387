package transfer

import (
	"crypto/md5"  //nolint:gosec // it is what storage computes, and guards against accidents only
	"crypto/sha1" //nolint:gosec // the same
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"slices"
	"strings"
)

// Verified says by what the bytes of a file were checked.
type Verified string

// The checks, strongest first.
const (
	BySHA512    Verified = "sha512"
	BySHA256    Verified = "sha256"
	BySHA1      Verified = "sha1"
	ByMD5       Verified = "md5"       // as an ETag, or as a header of its own
	ByMultipart Verified = "multipart" // the ETag is the MD5 of the MD5s of the parts
	ByCRC64NVME Verified = "crc64nvme"
	ByCRC32C    Verified = "crc32c"
	ByCRC32     Verified = "crc32"
	BySize      Verified = "size" // the length alone
	ByNothing   Verified = "none" // storage told no length either
)

// Checksum is a digest of all bytes of an object that storage sends beside its ETag.
type Checksum struct {
	By  Verified
	Sum string // the bytes of the digest; those of a CRC with the highest first
}

// crc64NVME is the polynomial of CRC-64/NVME (NVM Express, "NVM Command Set Specification", 64b CRC), reversed.
const crc64NVME = 0x9a6c9329ac4bc9b5

// algorithm is how a digest is computed, and what it is called.
type algorithm struct {
	by   Verified
	name string
	new  func() hash.Hash
}

// algorithms are all that are checked, the strongest first.
var algorithms = []algorithm{
	{BySHA512, "SHA-512", sha512.New},
	{BySHA256, "SHA-256", sha256.New},
	{BySHA1, "SHA-1", sha1.New},
	{ByMD5, "MD5", md5.New},
	{ByCRC64NVME, "CRC-64/NVME", func() hash.Hash { return crc64.New(crc64.MakeTable(crc64NVME)) }},
	{ByCRC32C, "CRC-32C", func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) }},
	{ByCRC32, "CRC-32", func() hash.Hash { return crc32.NewIEEE() }},
}

// checksums reads the digests from the headers of a complete answer (200). Content-MD5 (RFC 2616, section 14.15) and
// Content-Digest (RFC 9530) are of the body, so that those of a 206 say nothing about the object. Malformed ones are
// ignored, and every one if the bytes are encoded: servers differ in which bytes they compute it of.
func checksums(h http.Header) []Checksum {
	var found checksumList
	found.add(ByMD5, h.Get("Content-MD5"))
	found.add(ByMD5, h.Get("X-Ms-Blob-Content-Md5")) // "Get Blob" of Azure Storage
	found.addGoogle(h)
	// "Checking object integrity" in the Amazon S3 user guide. A composite one is of the checksums of the parts.
	if !strings.EqualFold(strings.TrimSpace(h.Get("X-Amz-Checksum-Type")), "COMPOSITE") {
		for _, by := range []Verified{BySHA512, BySHA256, BySHA1, ByMD5, ByCRC64NVME, ByCRC32C, ByCRC32} {
			found.add(by, h.Get("X-Amz-Checksum-"+string(by)))
		}
	}
	for _, field := range []string{"Repr-Digest", "Content-Digest"} {
		found.addDictionary(h.Values(field))
	}
	return found
}

type checksumList []Checksum

// add adds a digest in base64, unless it has not the length of one.
func (l *checksumList) add(by Verified, encoded string) {
	if encoded == "" {
		return // the usual case, for which no hash is made
	}
	sum, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(encoded))
	i := slices.IndexFunc(algorithms, func(a algorithm) bool { return a.by == by })
	if err != nil || len(sum) != algorithms[i].new().Size() {
		return
	}
	if c := (Checksum{by, string(sum)}); !slices.Contains(*l, c) {
		*l = append(*l, c)
	}
}

// addGoogle reads x-goog-hash ("HTTP headers for Cloud Storage"), which is of the object as it is
// stored: where that is compressed and was decompressed on its way, it is not of these bytes.
func (l *checksumList) addGoogle(h http.Header) {
	if stored := h.Get("X-Goog-Stored-Content-Encoding"); stored != "" && stored != "identity" {
		return
	}
	for one := range strings.SplitSeq(strings.Join(h.Values("X-Goog-Hash"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(one), "=")
		switch strings.ToLower(name) {
		case "md5":
			l.add(ByMD5, value)
		case "crc32c":
			l.add(ByCRC32C, value)
		}
	}
}

// addDictionary reads a dictionary of byte sequences (RFC 9530, section 2; RFC 9651, section 3.3.5).
func (l *checksumList) addDictionary(fields []string) {
	for one := range strings.SplitSeq(strings.Join(fields, ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(one), "=")
		value, _, _ = strings.Cut(value, ";") // parameters
		value = strings.TrimSpace(value)
		if len(value) < 2 || value[0] != ':' || value[len(value)-1] != ':' {
			continue
		}
		value = value[1 : len(value)-1]
		switch name {
		case "sha-256":
			l.add(BySHA256, value)
		case "sha-512":
			l.add(BySHA512, value)
		}
	}
}
