package transfer

import (
	"bytes"
	"crypto/md5" //nolint:gosec // it is what storage computes, and guards against accidents only
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strconv"
	"strings"
)

// Verified says by what the bytes of a file were checked.
type Verified string

// The checks, strongest first.
const (
	ByMD5       Verified = "md5"       // the ETag is the MD5 of the bytes
	ByMultipart Verified = "multipart" // the ETag is the MD5 of the MD5s of the parts
	BySize      Verified = "size"      // the length alone
	ByNothing   Verified = "none"      // storage told no length either
)

// DigestOptions choose what is computed of the bytes of a file.
type DigestOptions struct {
	Verify bool // check the bytes against the ETag, where it is a digest
	SHA256 bool // compute the SHA-256, for the user
}

// Digest checks all bytes of a file, written to it in order, against what storage
// said of them. It computes only what can be compared with something.
type Digest struct {
	object Object
	length int64

	sum   hash.Hash // for an ETag that is an MD5
	parts []*partDigest
	want  []byte // the digest that the ETag gives
	sha   hash.Hash
}

// NewDigest returns a Digest for obj.
//
// S3 makes the ETag of an object that was put in one piece the MD5 of its bytes, and
// of one that was put in N parts the MD5 of the parts' MD5s, followed by -N; where a
// key of the customer's or of KMS encrypts it, the ETag is no digest ("Checking object
// integrity" in the Amazon S3 user guide). How large the parts were it does not tell.
func NewDigest(obj Object, want DigestOptions) *Digest {
	d := &Digest{object: obj}
	if want.SHA256 {
		d.sha = sha256.New()
	}
	if !want.Verify || obj.KeyedEncryption || strings.HasPrefix(obj.ETag, "W/") {
		return d
	}
	digits, count, multipart := strings.Cut(strings.Trim(obj.ETag, `"`), "-")
	sum, err := hex.DecodeString(digits)
	if err != nil || len(sum) != md5.Size {
		return d
	}
	if !multipart {
		d.sum, d.want = md5.New(), sum
		return d
	}
	for _, size := range partSizes(obj.Size, count) {
		d.parts = append(d.parts, newPartDigest(size))
		d.want = sum
	}
	return d
}

// usualPartSizes are those that the tools which put files into S3 use, in MiB.
var usualPartSizes = [...]int64{5, 8, 10, 15, 16, 20, 25, 32, 50, 64, 100, 128, 250, 256, 500, 512}

// maxParts is the most that S3 allows.
const maxParts = 10_000

// partSizes are the sizes of parts, in bytes, that make count parts of size bytes: the
// usual ones, and the even share rounded up to a MiB.
func partSizes(size int64, count string) []int64 {
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil || n < 1 || n > maxParts || size < 1 {
		return nil
	}
	const mib = 1 << 20
	share := (size + n - 1) / n
	candidates := []int64{(share + mib - 1) / mib * mib}
	for _, usual := range usualPartSizes {
		candidates = append(candidates, usual*mib)
	}
	var fit []int64
	for _, part := range candidates {
		part = min(part, size) // of one part, all sizes that hold the file are the same
		if (size+part-1)/part == n && !slices.Contains(fit, part) {
			fit = append(fit, part)
		}
	}
	return fit
}

// Needed tells whether the bytes have to be written to d at all: otherwise there is
// nothing to compute.
func (d *Digest) Needed() bool { return d.sum != nil || d.parts != nil || d.sha != nil }

// Write adds the next bytes. It never fails.
func (d *Digest) Write(p []byte) (int, error) {
	d.add(p)
	return len(p), nil
}

func (d *Digest) add(p []byte) {
	d.length += int64(len(p))
	if d.sum != nil {
		d.sum.Write(p)
	}
	for _, part := range d.parts {
		part.write(p)
	}
	if d.sha != nil {
		d.sha.Write(p)
	}
}

// Check compares the whole with what storage said of it, after the last byte has
// been written, and tells what the bytes were checked by. A multipart ETag that no part size
// fits proves nothing: then the length is what was checked. The error is of kind
// Integrity.
func (d *Digest) Check() (Verified, error) {
	if d.Needed() && d.object.Size >= 0 && d.length != d.object.Size {
		return "", corrupt("the file has %d bytes where storage has %d", d.length, d.object.Size)
	}
	if d.sum != nil {
		if got := d.sum.Sum(nil); !bytes.Equal(got, d.want) {
			return "", corrupt("the file's MD5 is %x where storage has %x", got, d.want)
		}
		return ByMD5, nil
	}
	for _, part := range d.parts {
		if bytes.Equal(part.total(), d.want) {
			return ByMultipart, nil
		}
	}
	if d.object.Size < 0 {
		return ByNothing, nil
	}
	return BySize, nil
}

func corrupt(format string, args ...any) *Error {
	return &Error{Kind: Integrity, Retryable: true, Err: fmt.Errorf(format, args...), remedy: startOver}
}

// SHA256 is the SHA-256 of all bytes written in hexadecimal digits, or "" where it was not asked for.
func (d *Digest) SHA256() string {
	if d.sha == nil {
		return ""
	}
	return hex.EncodeToString(d.sha.Sum(nil))
}

// partDigest computes a multipart ETag for one size of parts.
type partDigest struct {
	size, filled int64
	part, sums   hash.Hash
}

func newPartDigest(size int64) *partDigest {
	return &partDigest{size: size, part: md5.New(), sums: md5.New()}
}

func (d *partDigest) write(p []byte) {
	for len(p) > 0 {
		n := min(int64(len(p)), d.size-d.filled)
		d.part.Write(p[:n])
		d.filled += n
		p = p[n:]
		if d.filled == d.size {
			d.close()
		}
	}
}

func (d *partDigest) close() {
	d.sums.Write(d.part.Sum(nil))
	d.part.Reset()
	d.filled = 0
}

// total ends the last part, if it is a short one, and returns the digest of all.
func (d *partDigest) total() []byte {
	if d.filled > 0 {
		d.close()
	}
	return d.sums.Sum(nil)
}
