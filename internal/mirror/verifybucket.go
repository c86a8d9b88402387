package mirror

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// objectWorkers is how many objects are asked about, or read, at a time.
const objectWorkers = 16

// VerifyBucket compares the files of a journal with the objects below a location of the client's bucket, and hands on what it
// finds as Verify does. It lists the objects, and compares their sizes and ETags with the records. It asks about each object
// whose ETag is not the recorded MD5, and reads objects with Options.Full alone.
func VerifyBucket(ctx context.Context, client *bucket.Client, at bucket.Location, files *journal.Files, o Options, each func(Finding) error) error {
	p := &bucketPlace{}
	var add func(path string, size int64)
	if o.Extra {
		add = func(path string, size int64) {
			if name := filepath.FromSlash(path); !files.Names(name) && !strings.HasPrefix(path, ownFolder+"/") {
				p.unnamed = append(p.unnamed, unnamed{name, size})
			}
		}
	}
	var err error
	if p.objects, err = ListObjects(ctx, client, at, add); err != nil {
		return err
	}
	return verify(ctx, files, o, p, each)
}

// bucketPlace is the objects of a bucket.
type bucketPlace struct {
	objects *Objects
	unnamed []unnamed // with Options.Extra
}

// unnamed is an object that is not the file of a record.
type unnamed struct {
	path string
	size int64
}

func (p *bucketPlace) workers() int            { return objectWorkers }
func (p *bucketPlace) looker(o Options) looker { return &objectLooker{p.objects, o} }

func (p *bucketPlace) extra(ctx context.Context, known *recorded, each func(Finding) error) error {
	for _, object := range p.unnamed {
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case known.isSidecar(object.path):
			continue
		}
		if err := each(Finding{Record: download.Result{Path: object.path}, Status: Extra, Size: object.size}); err != nil {
			return err
		}
	}
	return nil
}

// objectLooker compares objects with their records.
type objectLooker struct {
	*Objects
	Options
}

// look implements looker. Of an object with metadata, size and version are not recorded.
func (l *objectLooker) look(ctx context.Context, found Finding, want string, by Difference) Finding {
	o, ok := l.Find(found.Path())
	if !ok {
		found.Status = Missing
		return found
	}
	size := found.Recorded()
	found.Size = o.Size
	switch {
	case size != nil && *size != o.Size:
		found.Status, found.Differ = Changed, InSize
	case l.Fast && (found.Metadata || size != nil):
		found.Status = OK
	case l.Fast:
		found.Status = Unknown
	case l.Full:
		l.read(ctx, &found, o, want, by)
	case by == InMD5 && o.ETag == want, !found.Metadata && (o.ETag != "" && o.ETag == found.Record.ObjectETag || o.HasDigest(found.Record.ETag)):
		found.Status = OK
	default:
		l.ask(ctx, &found, o.Key, want, by)
	}
	return found
}

// ask compares what a HEAD request tells of an object with its record.
func (l *objectLooker) ask(ctx context.Context, found *Finding, key, want string, by Difference) {
	o, err := l.client.Head(ctx, key)
	switch size := found.Recorded(); {
	case err != nil:
		found.lost(err)
		return
	case size != nil && *size != o.Size: // it was replaced since the list
		found.Status, found.Differ, found.Size = Changed, InSize, o.Size
		return
	}
	found.Size = o.Size
	sum := o.MD5()
	same, known := o.IsVersionOf(&found.Record)
	if tag := found.Record.ObjectETag; tag != "" && tag != o.ETag {
		same, known = false, true // it was written again; some servers keep the metadata of the object that was replaced
	}
	switch {
	case by == InMD5 && sum == want:
		found.Status = OK
	case by == InMD5 && sum != "":
		found.Status, found.Differ = Changed, InMD5
	case found.Metadata, !known:
		found.Status = Unknown
	case same:
		found.Status = OK
	default:
		found.Status, found.Differ = Changed, InVersion
	}
}

// read compares the digest of all bytes of an object with its record. If the record has none, the ETag of the file in the
// portal's storage may be one.
func (l *objectLooker) read(ctx context.Context, found *Finding, o bucket.Object, want string, by Difference) {
	obj := transfer.Object{Size: o.Size, ETag: found.Record.ETag}
	digest := transfer.NewDigest(obj, transfer.DigestOptions{Verify: want == "" && !found.Metadata, MD5: by == InMD5, SHA256: by == InSHA256})
	if !digest.Needed() {
		found.Status = Unknown
		return
	}
	if err := l.client.Read(ctx, o, &counting{digest, l.Read}); err != nil {
		found.lost(err)
		return
	}
	got := digest.MD5()
	if by == InSHA256 {
		got = digest.SHA256()
	}
	verified, err := digest.Check()
	switch {
	case want != "" && got != want:
		found.Status, found.Differ = Changed, by
	case want == "" && (err != nil || !slices.Contains([]transfer.Verified{transfer.ByMD5, transfer.ByMultipart}, verified)):
		found.Status = Unknown
	default:
		found.Status = OK
	}
}

// lost completes a finding of an object that cannot be looked at.
func (f *Finding) lost(err error) {
	if errors.Is(err, bucket.ErrNotFound) { // it was removed since the list
		f.Status, f.Size = Missing, -1
		return
	}
	f.Status, f.Err = Unknown, err
}

// counting calls read with the number of bytes that are written to a digest.
type counting struct {
	*transfer.Digest
	read func(n int64) // may be nil
}

func (c *counting) Write(b []byte) (int, error) {
	if c.read != nil {
		c.read(int64(len(b)))
	}
	return c.Digest.Write(b)
}
