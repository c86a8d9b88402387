package sandbox

import (
	"crypto/md5" // the digest that S3 makes ETags of
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Object is a file on storage. Its bytes are a pure function of its identity and
// the offset; two objects, or two versions of one, have no bytes in common.
type Object struct {
	// Key is the path on storage, escaped, without a leading slash.
	Key string
	// Name is the file's name as Content-Disposition tells it.
	Name string
	// Size in bytes.
	Size int64
	// LastModified, in whole seconds.
	LastModified time.Time

	mediaID  string
	seed     uint64
	partSize int64  // of the multipart upload by which it came; 0 for none
	recorded string // the digest, where computing it takes too long
	content  []byte // the bytes, of an image that is made on demand
	scene    scene  // the picture with which a derivative begins
}

const (
	blockSize = 64 << 10
	stampSize = 16
)

// noise is a block of random bytes, twice, so that every rotation of it is a
// slice.
var noise = sync.OnceValue(func() *[2 * blockSize]byte {
	var block [2 * blockSize]byte
	source := rand.NewPCG(0x62796e646572, 1)
	for i := 0; i < blockSize; i += 8 {
		binary.LittleEndian.PutUint64(block[i:], source.Uint64())
	}
	copy(block[blockSize:], block[:blockSize])
	return &block
})

// ReadAt implements io.ReaderAt. Each block of 64 KiB is the noise, rotated by a distance
// of its own, with the object's and the block's number at its head.
func (o Object) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("read object at negative offset %d", off)
	}
	if off >= o.Size {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), o.Size-off))
	if o.content != nil {
		if copy(p, o.content[off:o.Size]); n < len(p) {
			return n, io.EOF
		}
		return n, nil
	}
	for done := 0; done < n; {
		pos := off + int64(done)
		block, in := uint64(pos/blockSize), int(pos%blockSize)
		k := min(n-done, blockSize-in)
		turn := int(mix64(o.seed^mix64(block)) % blockSize)
		copy(p[done:done+k], noise()[turn+in:])
		if in < stampSize {
			var stamp [stampSize]byte
			binary.LittleEndian.PutUint64(stamp[:], mix64(o.seed))
			binary.LittleEndian.PutUint64(stamp[8:], block)
			copy(p[done:done+k], stamp[in:])
		}
		done += k
	}
	if picture := o.scene.png(); off < int64(len(picture)) {
		copy(p[:n], picture[off:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Reader reads the whole object.
func (o Object) Reader() *io.SectionReader { return io.NewSectionReader(o, 0, o.Size) }

// ETag returns the entity tag with its quotes: the MD5 of the bytes, or, where the
// object came in parts, the MD5 of the parts' MD5s and their number, as S3 has it.
func (o Object) ETag() string {
	if o.recorded != "" {
		return `"` + o.recorded + `"`
	}
	return `"` + digests.get(o) + `"`
}

// renamed returns the object under another file name.
func (o Object) renamed(name string) Object {
	o.Name = name
	o.Key = o.Key[:strings.LastIndexByte(o.Key, '/')+1] + url.PathEscape(name)
	return o
}

// changed returns the object as it is after it was replaced: other bytes, another
// ETag, modified later.
func (o Object) changed() Object {
	o.seed = mix64(o.seed + 1)
	o.recorded, o.content, o.scene.seed = "", nil, o.seed
	o.LastModified = o.LastModified.Add(24 * time.Hour)
	return o
}

// WithMetadata returns the object that the fault xmp serves at the location with a token, as
// a portal does that embeds metadata in each download: other bytes, and up to 4 KiB
// more. The ETag of a large object cannot be checked as a digest, because computing it for
// each location would take too long.
func (o Object) WithMetadata(token string) Object {
	o.seed = mix64(o.seed ^ seedOf("xmp", token))
	o.Size += 1 + int64(o.seed%(4<<10))
	o.recorded = ""
	if o.Size > largestDigested {
		o.recorded = undigested(o.seed)
	}
	return o
}

// undigested returns an ETag, without its quotes, that cannot be checked as a digest.
func undigested(seed uint64) string { return fmt.Sprintf("%016x%016x-7", mix64(seed), mix64(seed+1)) }

// largestDigested is the size up to which ETags of files that are not known beforehand are computed, 32 MiB.
const largestDigested = 32 << 20

// digest computes what ETag returns.
func (o Object) digest() string {
	if o.partSize == 0 {
		h := md5.New()
		o.hash(h, 0, o.Size)
		return hex.EncodeToString(h.Sum(nil))
	}
	all, parts := md5.New(), 0
	for off := int64(0); off < o.Size || parts == 0; off += o.partSize {
		part := md5.New()
		o.hash(part, off, min(o.partSize, o.Size-off))
		all.Write(part.Sum(nil))
		parts++
	}
	return fmt.Sprintf("%x-%d", all.Sum(nil), parts)
}

func (o Object) hash(h hash.Hash, off, n int64) {
	buf := make([]byte, min(n, 256<<10))
	for end := off + n; off < end; {
		k, _ := o.ReadAt(buf[:min(int64(len(buf)), end-off)], off) // within Size: it cannot fail
		h.Write(buf[:k])
		off += int64(k)
	}
}

// digests remembers a bounded number of ETags, which are a pure function of
// the object.
var digests digestCache

type digestCache struct{ cache[digestKey, string] }

type digestKey struct {
	seed           uint64
	size, partSize int64
}

const maxDigests = 4096

func (c *digestCache) get(o Object) string {
	return c.once(digestKey{o.seed, o.Size, o.partSize}, maxDigests, o.digest)
}

// cache remembers a bounded number of values, each made once also for several callers. The zero cache is empty.
type cache[K comparable, V any] struct {
	mu    sync.Mutex
	known map[K]func() V
}

// once returns the value of a key, which value makes if it is not known. With most values, all are forgotten before.
func (c *cache[K, V]) once(key K, most int, value func() V) V {
	c.mu.Lock()
	known, ok := c.known[key]
	if !ok {
		if c.known == nil || len(c.known) >= most {
			c.known = make(map[K]func() V)
		}
		known = sync.OnceValue(value)
		c.known[key] = known
	}
	c.mu.Unlock()
	return known()
}
