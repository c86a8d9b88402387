package sink

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/transfer"
)

const partialSuffix = ".part"

// partialPrefix is the path of a partial up to its version: the same for every
// version of the file of that identity under that name. A base name that leaves
// no room for the suffix in 255 bytes is cut.
func partialPrefix(name, identity string) string {
	dir, base := filepath.Split(name)
	for len(base) > naming.MaxName {
		_, size := utf8.DecodeLastRuneInString(base)
		base = base[:len(base)-size]
	}
	return dir + base + "." + hash16("file", identity)
}

// partialName is the path of the partial of obj on its way to name.
func partialName(name, identity string, obj transfer.Object) string {
	return partialPrefix(name, identity) + "-" + versionHash(obj) + partialSuffix
}

// privateName is the path of a partial that no other process looks for.
func privateName(name, identity string) string {
	var random [3]byte
	_, _ = rand.Read(random[:]) // never fails
	return fmt.Sprintf("%s-p%x-%x%s", partialPrefix(name, identity), uint32(os.Getpid()), random, partialSuffix)
}

// sharedPartial recognises the base name of a partial that is no private one.
var sharedPartial = regexp.MustCompile(`^(.+\.[0-9a-f]{16})-[0-9a-f]{16}\.part$`)

// versionHash tells apart the objects that a file can be of over time.
func versionHash(obj transfer.Object) string {
	size := strconv.FormatInt(obj.Size, 10)
	switch {
	case !obj.Resumable():
		return hash16("unversioned")
	case obj.StrongETag() != "":
		return hash16("etag", obj.ETag, size)
	default:
		return hash16("modified", strconv.FormatInt(obj.LastModified.Unix(), 10), size)
	}
}

// hasPlainDigest reports whether storage sent a digest of all bytes, which a file
// with a single wrong byte cannot have. A multipart ETag says less: one that
// fits no usual part size may be of a file that is right.
func hasPlainDigest(obj transfer.Object) bool {
	return transfer.NewDigest(obj, transfer.DigestOptions{Verify: true}).Decides()
}

// hasDigest reports whether storage sent a digest that a file can be compared with.
func hasDigest(obj transfer.Object) bool {
	return transfer.NewDigest(obj, transfer.DigestOptions{Verify: true}).Needed()
}

// matchesDigest reports whether what r reads has all digests that storage sent.
func matchesDigest(r io.Reader, obj transfer.Object) (bool, error) {
	digest, err := digestOf(r, obj, transfer.DigestOptions{Verify: true})
	if err != nil {
		return false, err
	}
	verified, err := digest.Check()
	return err == nil && verified != transfer.BySize && verified != transfer.ByNothing, nil
}

// digestOf is that of all that r reads, which may be obj.
func digestOf(r io.Reader, obj transfer.Object, want transfer.DigestOptions) (*transfer.Digest, error) {
	digest := transfer.NewDigest(obj, want)
	_, err := io.CopyBuffer(digest, r, make([]byte, compareBuffer))
	return digest, err
}

// compareBuffer is how much of a file is read at a time to compare it, in bytes.
const compareBuffer = 256 << 10

// hash16 is 16 hexadecimal digits of the SHA-256 of the parts, kept apart.
func hash16(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}

// hash64 is 64 bits of the SHA-256 of s.
func hash64(s string) uint64 {
	sum := sha256.Sum256([]byte(s))
	return binary.BigEndian.Uint64(sum[:8])
}
