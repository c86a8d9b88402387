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
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/transfer"
)

const partialSuffix = ".part"

// partialPrefix is the path of a partial up to its version: the same for every
// version of the file under that name. A base name that leaves
// no room for the suffix in 255 bytes is cut.
func partialPrefix(name string, file download.FileID) string {
	dir, base := filepath.Split(name)
	for len(base) > naming.MaxName {
		_, size := utf8.DecodeLastRuneInString(base)
		base = base[:len(base)-size]
	}
	return dir + base + "." + hash16("file", file.String())
}

// partialName is the path of the partial of obj on its way to name.
func partialName(name string, file download.FileID, obj transfer.Object) string {
	return partialPrefix(name, file) + "-" + versionHash(obj) + partialSuffix
}

// privateName is the path of a partial that no other process looks for.
func privateName(name string, file download.FileID) string {
	var random [3]byte
	_, _ = rand.Read(random[:]) // never fails
	return fmt.Sprintf("%s-p%x-%x%s", partialPrefix(name, file), uint32(os.Getpid()), random, partialSuffix)
}

// partialPath returns where the partial is that belongs at path: there if that folder exists, or else in the nearest
// existing folder above. Folders are made when a file is published, because an earlier file of the run may get the path
// of one as its own. A partial that was begun before its folder was made is found.
func (d *Dir) partialPath(path string) string {
	base, nearest := filepath.Base(path), ""
	for folder := filepath.Dir(path); ; folder = filepath.Dir(folder) {
		info, err := d.root.Stat(folder)
		switch {
		case err != nil || !info.IsDir():
		case folder == "." && nearest == "":
			return base
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

// comparison is what the digests of an object say about a file of its size.
type comparison int

const (
	undecided comparison = iota // there are none, or only an ETag of parts whose size is unknown
	sameBytes
	otherBytes
)

// compareDigest compares what open reads with the digests that storage sent. A file that an ETag of parts does not
// fit may still be the object: its parts may have another size than any that is tried.
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
		return otherBytes, nil // it is what was asked
	case verified == transfer.BySize, verified == transfer.ByNothing:
		return undecided, nil
	default:
		return sameBytes, nil
	}
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
