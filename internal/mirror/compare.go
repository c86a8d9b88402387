package mirror

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// chunk is how many bytes of a file are read at a time.
const chunk = 1 << 20

// comparer compares one file after the other with its record.
type comparer struct {
	folder *os.Root
	Options
	buffer []byte // made with the first file that is read
}

// compare compares the file of a record.
func (c *comparer) compare(ctx context.Context, r download.Result) Finding {
	want, by := digestOf(r)
	return c.look(ctx, Finding{Record: r, Size: -1}, want, by)
}

// look implements looker. The size and the time of a file with metadata are not recorded, so a fast look finds only
// whether it exists.
func (c *comparer) look(ctx context.Context, found Finding, want string, by Difference) Finding {
	size := found.Recorded()
	info, err := c.folder.Lstat(found.Path())
	switch {
	case isMissing(err):
		found.Status = Missing
		return found
	case err != nil:
		found.Status, found.Err = Unknown, err
		return found
	case !info.Mode().IsRegular():
		found.Status, found.Differ = Changed, InKind
		return found
	}
	found.Size = info.Size()
	switch {
	case size != nil && *size != found.Size:
		found.Status, found.Differ = Changed, InSize
	case c.Fast && (found.Metadata || size != nil && !touched(found.Record, info)):
		found.Status = OK
	case c.Fast && size == nil, want == "":
		found.Status = Unknown
	default:
		c.compareDigest(ctx, &found, info, want, by)
	}
	return found
}

// touched reports whether a file has another time than its record tells.
func touched(r download.Result, info fs.FileInfo) bool {
	return r.Listed != nil && !r.Listed.ModTime.IsZero() && !r.Listed.ModTime.Equal(info.ModTime())
}

// isMissing reports whether the error of looking at a path says that there is nothing. A name that
// is too long for the file system is that of no file, and nothing is below a file.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG)
}

// digestOf returns the digest that a record has of a file, in lower-case hexadecimal digits, or
// "" if there is none.
func digestOf(r download.Result) (digest string, by Difference) {
	sha256, _ := strings.CutPrefix(r.Checksum, "sha256:")
	for _, d := range []struct {
		digits string
		length int
		by     Difference
	}{{r.MD5, 16, InMD5}, {sha256, 32, InSHA256}, {md5InETag(r), 16, InMD5}} {
		if sum, err := hex.DecodeString(d.digits); err == nil && len(sum) == d.length {
			return strings.ToLower(d.digits), d.by
		}
	}
	return "", ""
}

// md5InETag returns what stands in the quotes of an ETag that was compared with the MD5 of all bytes, else "". The first
// versions recorded no MD5, and compared it with nothing but the ETag. That of bytes which were decoded is of others.
func md5InETag(r download.Result) string {
	if r.MD5 != "" || r.Verified != download.VerifiedMD5 || r.Encoding != "" {
		return ""
	}
	inner, quoted := strings.CutPrefix(r.ETag, `"`)
	inner, ended := strings.CutSuffix(inner, `"`)
	if !quoted || !ended { // such as a weak one, of any bytes that mean the same
		return ""
	}
	return inner
}

// compareDigest reads the file that info was of, and compares its digest.
func (c *comparer) compareDigest(ctx context.Context, found *Finding, info fs.FileInfo, want string, by Difference) {
	// Whatever has taken the file's place meanwhile: no FIFO is waited for.
	f, err := c.folder.OpenFile(found.Path(), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err == nil {
		defer f.Close()
		var opened fs.FileInfo
		if opened, err = f.Stat(); err == nil && !os.SameFile(info, opened) {
			err = errors.New("it was replaced while it was compared")
		}
	}
	digest := transfer.NewDigest(transfer.Object{Size: info.Size()}, transfer.DigestOptions{MD5: by == InMD5, SHA256: by == InSHA256})
	if err == nil {
		// One byte more than expected is enough of a file that grows.
		err = c.read(ctx, digest, io.LimitReader(f, info.Size()+1))
	}
	got := digest.MD5()
	if by == InSHA256 {
		got = digest.SHA256()
	}
	switch {
	case err != nil:
		found.Status, found.Err = Unknown, err
	case got != want:
		found.Status, found.Differ = Changed, by
	default:
		found.Status = OK
	}
}

// read writes all of a file to its digest.
func (c *comparer) read(ctx context.Context, digest io.Writer, file io.Reader) error {
	if c.buffer == nil {
		c.buffer = make([]byte, chunk)
	}
	for ctx.Err() == nil {
		n, err := file.Read(c.buffer)
		_, _ = digest.Write(c.buffer[:n]) // it never fails
		if c.Read != nil {
			c.Read(int64(n))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

var errNotRegular = errors.New("it is not a regular file")

// open opens a regular file below the folder. A link to one is an error.
func (c *comparer) open(name string) (*os.File, error) {
	info, err := c.folder.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	f, err := c.folder.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if opened, err := f.Stat(); err != nil || !os.SameFile(info, opened) { // it was replaced meanwhile
		return nil, errors.Join(err, errNotRegular, f.Close())
	}
	return f, nil
}

// md5 returns the MD5, in hexadecimal digits, and the size of a file below the folder.
func (c *comparer) md5(ctx context.Context, name string) (sum string, size int64, err error) {
	f, err := c.open(name)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	var counted writeCounter
	digest := transfer.NewDigest(transfer.Object{}, transfer.DigestOptions{MD5: true})
	if err := c.read(ctx, io.MultiWriter(digest, &counted), f); err != nil {
		return "", 0, err
	}
	return digest.MD5(), int64(counted), nil
}

// writeCounter counts the bytes that are written to it.
type writeCounter int64

func (n *writeCounter) Write(b []byte) (int, error) {
	*n += writeCounter(len(b))
	return len(b), nil
}
