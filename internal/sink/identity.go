package sink

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/transfer"
)

const partialSuffix = ".part"

// partialPrefix returns the path of a partial up to its version: the same for every
// version of the file under that name. A base name is cut so that the suffix fits into
// 255 bytes.
func partialPrefix(name string, file download.FileID) string {
	dir, base := filepath.Split(name)
	for len(base) > naming.MaxName {
		_, size := utf8.DecodeLastRuneInString(base)
		base = base[:len(base)-size]
	}
	return dir + base + "." + hash16("file", file.String())
}

// partialName returns the path of the partial of obj, whose final path is name.
func partialName(name string, file download.FileID, obj transfer.Object) string {
	return partialPrefix(name, file) + "-" + versionHash(obj) + partialSuffix
}

// privateName returns the path of a partial that no other process looks for.
func privateName(name string, file download.FileID) string {
	var random [3]byte
	_, _ = rand.Read(random[:]) // never fails
	return fmt.Sprintf("%s-p%x-%x%s", partialPrefix(name, file), uint32(os.Getpid()), random, partialSuffix)
}

// partialPath returns where the partial for path is: at path if its folder exists, or else in the nearest existing
// folder above. Folders are created when a file is published, because an earlier file of the run may get the path of
// one as its own. A partial that was begun before its folder was created is found.
func (d *Dir) partialPath(path string) string {
	base, nearest := filepath.Base(path), ""
	if base == path {
		return base
	}
	for folder := filepath.Dir(path); ; folder = filepath.Dir(folder) {
		info, err := d.root.Stat(folder)
		switch {
		case err != nil || !info.IsDir():
		case nearest == "":
			nearest = folder
			fallthrough
		default:
			if _, err := d.root.Lstat(filepath.Join(folder, base)); err == nil {
				return filepath.Join(folder, base)
			}
		}
		if folder == "." {
			return filepath.Join(nearest, base)
		}
	}
}

// sharedPartial matches the base name of a partial that is not private.
var sharedPartial = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(.+\.[0-9a-f]{16})-[0-9a-f]{16}\.part$`) })

// versionHash returns a hash that differs between the versions of a file in storage.
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
// with a single wrong byte cannot have. A multipart ETag is weaker: if it matches no
// usual part size, the file may still be right.
func hasPlainDigest(obj transfer.Object) bool {
	return transfer.NewDigest(obj, transfer.DigestOptions{Verify: true}).Decides()
}

// comparison is the result of comparing a file with the digests of an object of its size.
type comparison int

const (
	undecided comparison = iota // no digest, or only an ETag of parts of unknown size
	sameBytes
	otherBytes
)

// compareDigest compares the file that open opens with the digests that storage sent. If an ETag of parts does not match,
// the file may still be the object: its parts may have a size that is not tried.
func compareDigest(open func() (io.ReadCloser, error), obj transfer.Object) (comparison, error) {
	want := transfer.DigestOptions{Verify: true}
	if !transfer.NewDigest(obj, want).Needed() {
		return undecided, nil
	}
	f, err := open()
	if err != nil {
		return otherBytes, err
	}
	defer f.Close()
	digest, err := digestOf(f, obj, want)
	if err != nil {
		return otherBytes, err
	}
	switch verified, err := digest.Check(); {
	case err != nil:
		return otherBytes, nil // that is the result, not an error
	case verified == transfer.BySize, verified == transfer.ByNothing:
		return undecided, nil
	default:
		return sameBytes, nil
	}
}

// digestOf returns the digest of all bytes of r, which may be obj.
func digestOf(r io.Reader, obj transfer.Object, want transfer.DigestOptions) (*transfer.Digest, error) {
	digest := transfer.NewDigest(obj, want)
	_, err := io.CopyBuffer(digest, r, make([]byte, compareBuffer))
	return digest, err
}

// compareBuffer is the size of a read when a file is compared, in bytes.
const compareBuffer = 256 << 10

// hash16 returns 16 hexadecimal digits of the SHA-256 of the parts, with a separator between them.
func hash16(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:8])
}
