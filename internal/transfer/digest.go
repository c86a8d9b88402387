package transfer

import (
	"bytes"
	"cmp"
	"crypto/md5" //nolint:gosec // it is what storage computes, and guards against accidents only
	"encoding/hex"
	"hash"
	"slices"
	"strconv"
	"strings"
)

// DigestOptions choose what is computed of the bytes of a file.
type DigestOptions struct {
	Verify bool // check the bytes against all digests that storage sent
	MD5    bool // compute the MD5, to recognize the file later
	SHA256 bool // compute the SHA-256, for the user
}

// Digest checks all bytes of a file, written to it in order, against the digests that
// storage sent. It computes only what can be compared with something.
type Digest struct {
	object Object
	length int64

	sums   []*wholeSum // the strongest first
	parts  []*partDigest
	want   []byte // the digest that a multipart ETag gives
	sha256 bool   // is asked for
	// coded is the digest of the coded bytes, which storage may have sent in place of the file's; nil without a coding.
	coded *Digest
	part  int64              // of Follow
	ended func(length int64) // likewise; nil if nothing follows d
}

// wholeSum is one digest of all bytes.
type wholeSum struct {
	algorithm
	hash.Hash
	want []string // what it has to be; more than one cannot all be right
}

// NewDigest returns a Digest for obj.
//
// S3 makes the ETag of an object that was put in one piece the MD5 of its bytes, and of one that was put in N parts
// the MD5 of the parts' MD5s, followed by -N; if a key of the customer's or of KMS encrypts it, the ETag is not a
// digest ("Checking object integrity" in the Amazon S3 user guide). How large the parts were it does not tell.
func NewDigest(obj Object, want DigestOptions) *Digest {
	d := &Digest{object: obj, sha256: want.SHA256}
	if obj.Coding != "" {
		obj.Coding, obj.Size = "", obj.CodedSize
		d.coded = NewDigest(obj, DigestOptions{Verify: want.Verify})
	}
	wanted := map[Verified][]string{}
	if want.Verify {
		for _, c := range obj.Checksums {
			wanted[c.By] = append(wanted[c.By], c.Sum)
		}
		d.readETag(wanted)
	}
	for _, a := range algorithms {
		if sums := wanted[a.by]; sums != nil || a.by == BySHA256 && want.SHA256 || a.by == ByMD5 && want.MD5 {
			d.sums = append(d.sums, &wholeSum{a, a.new(), sums})
		}
	}
	return d
}

// readETag adds what the ETag gives: an MD5, or what to compare those of parts with.
func (d *Digest) readETag(wanted map[Verified][]string) {
	obj := d.object
	if obj.KeyedEncryption || strings.HasPrefix(obj.ETag, "W/") {
		return
	}
	digits, count, multipart := strings.Cut(strings.Trim(obj.ETag, `"`), "-")
	sum, err := hex.DecodeString(digits)
	if err != nil || len(sum) != md5.Size {
		return
	}
	if !multipart {
		wanted[ByMD5] = append(wanted[ByMD5], string(sum))
		return
	}
	for _, size := range partSizes(obj.Size, count) {
		d.parts = append(d.parts, &partDigest{size: size, current: md5.New(), sums: md5.New()})
		d.want = sum
	}
}

// usualPartSizes are those that the tools which put files into S3 use, in MiB.
var usualPartSizes = [...]int64{5, 8, 10, 15, 16, 20, 25, 32, 50, 64, 100, 128, 250, 256, 500, 512}

// maxParts is the most that S3 allows.
const maxParts = 10_000

// partSizes returns the sizes of parts, in bytes, that make count parts of size bytes: the
// usual ones, and the even share rounded up to a MiB.
func partSizes(size int64, count string) []int64 {
	n, err := strconv.ParseInt(count, 10, 64)
	if err != nil || n < 1 || n > maxParts || size < 1 {
		return nil
	}
	const mib = 1 << 20
	share := (size + n - 1) / n
	var fit []int64
	for _, length := range append([]int64{(share + mib - 1) / mib}, usualPartSizes[:]...) {
		length = min(length*mib, size) // of one part, all sizes that hold the file are the same
		if (size+length-1)/length == n && !slices.Contains(fit, length) {
			fit = append(fit, length)
		}
	}
	return fit
}

// Needed reports whether the bytes have to be written to d at all: otherwise there is nothing to compute.
func (d *Digest) Needed() bool {
	return len(d.sums) > 0 || d.parts != nil || d.coded != nil && d.coded.Needed()
}

// Decides reports whether Check shows for certain if the bytes are those of the object. A multipart ETag does not: one that fits
// no usual part size may be of a file that is right. Nor does a digest that may be of coded bytes.
func (d *Digest) Decides() bool {
	return d.coded == nil && slices.ContainsFunc(d.sums, func(s *wholeSum) bool { return len(s.want) > 0 })
}

// Hashes returns all that d computes, in an order that depends on its object and options alone. They are of the standard
// library, which can save and restore their states. Without a coding, nothing else but the length is the state of d.
func (d *Digest) Hashes() (all []hash.Hash) {
	for _, s := range d.sums {
		all = append(all, s.Hash)
	}
	for _, p := range d.parts {
		all = append(all, p.current, p.sums)
	}
	return all
}

// Follow says, before the first Write, that the Hashes have the states after length bytes, so that d goes on from there. It
// makes Write call ended after each part bytes of the file, with the number of bytes so far.
func (d *Digest) Follow(length, part int64, ended func(length int64)) {
	d.length, d.part, d.ended = length, part, ended
}

// Write adds the next bytes. It never fails.
func (d *Digest) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		b := rest
		if d.ended != nil {
			b = rest[:min(int64(len(rest)), d.part-d.length%d.part)]
		}
		for _, s := range d.sums {
			s.Write(b)
		}
		for _, parts := range d.parts {
			parts.write(b, d.length)
		}
		d.length, rest = d.length+int64(len(b)), rest[len(b):]
		if d.ended != nil && d.length%d.part == 0 {
			d.ended(d.length)
		}
	}
	return len(p), nil
}

// Check compares the whole with what storage said of it, after the last byte has been written, and returns what the
// bytes were checked by. A multipart ETag that no part size fits proves nothing: then the length is what was checked.
// The error is of kind Integrity.
//
// If the bytes had a coding, either the coded bytes or the decoded ones have to match. Then they do in both forms, for
// the coding was decoded without an error.
func (d *Digest) Check() (Verified, error) {
	by, err := d.check()
	if d.coded == nil || err == nil && by != BySize && by != ByNothing {
		return by, err
	}
	return d.coded.check()
}

func (d *Digest) check() (Verified, error) {
	if d.Needed() && d.object.Size >= 0 && d.length != d.object.Size {
		return "", corrupt("the download is damaged: %d bytes, expected %d", d.length, d.object.Size)
	}
	var by Verified
	for _, s := range d.sums {
		got := s.Sum(nil)
		for _, want := range s.want {
			if string(got) != want {
				return "", corrupt("the download is damaged: %s %x, expected %x", s.name, got, want)
			}
			by = cmp.Or(by, s.by)
		}
	}
	switch {
	case by != "" && !strings.HasPrefix(string(by), "crc"): // they are weaker than the MD5s of parts
		return by, nil
	case slices.ContainsFunc(d.parts, func(p *partDigest) bool { return bytes.Equal(p.total(d.length), d.want) }):
		return ByMultipart, nil
	case by != "":
		return by, nil
	case d.object.Size < 0:
		return ByNothing, nil
	}
	return BySize, nil
}

// MD5 returns the MD5 of all bytes written in hexadecimal digits, "" if it was not computed.
func (d *Digest) MD5() string { return d.sum(ByMD5) }

// SHA256 returns the SHA-256 of all bytes written in hexadecimal digits, "" if it was not asked for.
func (d *Digest) SHA256() string {
	if !d.sha256 {
		return ""
	}
	return d.sum(BySHA256)
}

func (d *Digest) sum(by Verified) string {
	for _, s := range d.sums {
		if s.by == by {
			return hex.EncodeToString(s.Sum(nil))
		}
	}
	return ""
}

// partDigest computes a multipart ETag for one size of parts.
type partDigest struct {
	size          int64
	current, sums hash.Hash
}

// write adds the bytes at an offset of the file.
func (d *partDigest) write(p []byte, at int64) {
	for len(p) > 0 {
		n := min(int64(len(p)), d.size-at%d.size)
		d.current.Write(p[:n])
		if p, at = p[n:], at+n; at%d.size == 0 {
			d.close()
		}
	}
}

func (d *partDigest) close() {
	d.sums.Write(d.current.Sum(nil))
	d.current.Reset()
}

// total ends the last part, if it is a short one, and returns the digest of all, of length bytes.
func (d *partDigest) total(length int64) []byte {
	if length%d.size > 0 {
		d.close()
	}
	return d.sums.Sum(nil)
}
