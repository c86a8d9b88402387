package mirror

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/metadata"
)

// BucketDestination is the destination of a sync in a bucket: the objects below a location as one list had them, and as the
// run has changed them since. Several goroutines may use it.
type BucketDestination struct {
	ctx      context.Context //nolint:containedctx // what a plan asks has none
	client   *bucket.Client
	at       bucket.Location
	trash    *bucket.Location // below which objects that are removed are kept; nil if they are not
	begun    *bucket.Segments
	hasBegun bool // there are segments of begun

	mu      sync.Mutex
	objects *Objects
	parked  []string // paths in ownFolder of metadata
	err     error
}

var _ Folder = (*BucketDestination)(nil)

// LookInBucket returns the destination at a location. client is that of the files, and own that of what sync itself keeps
// there; both are of the location. Before anything else is asked, List or Load has to be called. When ctx ends, nothing is
// asked of the bucket any more, and Err returns its cause.
func LookInBucket(ctx context.Context, client, own *bucket.Client, at bucket.Location) (*BucketDestination, error) {
	begun, err := bucket.NewSegments(own, ownFolder+"/begun/")
	if err != nil {
		return nil, err
	}
	return &BucketDestination{ctx: ctx, client: client, at: at, begun: begun}, nil
}

// KeepIn makes a location of the same bucket the trash.
func (d *BucketDestination) KeepIn(trash bucket.Location) { d.trash = &trash }

// List lists the objects, and calls each, which may be nil, with the path and the size in bytes of each one.
func (d *BucketDestination) List(ctx context.Context, each func(path string, size int64)) error {
	var parked []string
	objects, err := ListObjects(ctx, d.client, d.at, func(path string, size int64) {
		if strings.HasPrefix(path, ownFolder+"/") && strings.HasSuffix(path, sidecarEnd) {
			parked = append(parked, path)
		}
		if each != nil {
			each(path, size)
		}
	})
	d.mu.Lock()
	defer d.mu.Unlock()
	d.objects, d.parked = objects, parked
	return err
}

// Listed reports whether List was called.
func (d *BucketDestination) Listed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.objects != nil
}

// find returns size and ETag of the object at a path.
func (d *BucketDestination) find(path string) (bucket.Object, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.objects.Find(path)
}

// put notes which object is at a path now.
func (d *BucketDestination) put(path string, o bucket.Object) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.objects.put(filepath.ToSlash(path), o)
}

// forget notes that no object is at a path any more.
func (d *BucketDestination) forget(path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.objects.forget(filepath.ToSlash(path))
}

// Stands implements Folder. An object of the recorded size is as it was written if it has the recorded ETag or, as ETag, the
// recorded MD5.
func (d *BucketDestination) Stands(r *download.Result) Standing {
	o, ok := d.find(r.Path)
	switch {
	case !ok:
		return NotThere
	case r.Bytes == nil || o.Size != *r.Bytes || o.ETag == "":
		return Edited
	case o.ETag == r.ObjectETag || r.ObjectETag == "" && o.ETag == r.MD5:
		return AsWritten
	default:
		return Edited
	}
}

// Proven implements Folder. No more is known of an object than its ETag.
func (d *BucketDestination) Proven(r *download.Result) Standing { return d.Stands(r) }

// Taken implements Folder. An object that has the path of a folder is not in the way.
func (d *BucketDestination) Taken(path string) bool {
	_, ok := d.find(path)
	return ok
}

// HasOnly implements Folder. A bucket has only objects.
func (d *BucketDestination) HasOnly(string, func(path string) bool) bool { return false }

// Adoptable implements Folder.
func (d *BucketDestination) Adoptable(path string) bool { return d.Taken(path) }

// Sidecar implements Folder. An object with metadata that sync has written says so itself.
func (d *BucketDestination) Sidecar(r *download.Result, adopt bool) Standing {
	_, s, err := d.sidecar(d.ctx, r, adopt)
	if err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.err = cmp.Or(d.err, err)
	}
	return s
}

// sidecar returns the object with metadata beside the path of a record, and what has become of it; see Folder.Sidecar. After an
// error it is Edited.
func (d *BucketDestination) sidecar(ctx context.Context, r *download.Result, adopt bool) (bucket.Object, Standing, error) {
	o, ok := d.find(metadata.Path(r.Path))
	if !ok {
		return o, NotThere, nil
	}
	own := listedOf(r).Metadata
	if own != "" && own == o.ETag {
		return o, AsWritten, nil
	}
	now, err := d.client.Head(ctx, o.Key)
	switch {
	case errors.Is(err, bucket.ErrNotFound):
		return o, NotThere, nil
	case err != nil:
		return o, Edited, err
	case now.Beside(r.File()) != "":
		return now, AsWritten, nil
	case !adopt || own != "" || now.Size > maxSidecar:
		return now, Edited, nil
	}
	var content bytes.Buffer
	if err := d.client.Read(ctx, now, &content); err != nil {
		return now, Edited, err
	}
	if metadata.IsAbout(content.Bytes(), r.MediaID) {
		return now, AsWritten, nil
	}
	return now, Edited, nil
}

// Bare returns a record as one without metadata, if there are none beside its object. It reports whether that is another one.
func (d *BucketDestination) Bare(r download.Result) (download.Result, bool) {
	if listedOf(&r).Metadata == "" || d.Taken(sidecarOf(filepath.ToSlash(r.Path))) {
		return r, false
	}
	return bare(r), true
}

// Err returns why the bucket could not be looked at, nil if it could. What Sidecar has returned then is not to be relied on.
func (d *BucketDestination) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}
