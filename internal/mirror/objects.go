package mirror

import (
	"context"
	"hash/maphash"
	"path/filepath"
	"strings"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/fingerprint"
)

// Objects are the objects below a location of a bucket, as one list had them. Memory holds a fingerprint of each path.
type Objects struct {
	client *bucket.Client
	at     bucket.Location
	seed   maphash.Seed
	all    fingerprint.Table[listedObject]
}

// listedObject is what a list tells of an object.
type listedObject struct {
	size int64 // -1 of one that is not there any more
	etag string
}

// EachObject calls each with the objects below a location of the client's bucket, and their paths below it, with /. It lists
// 1,000 per request. It leaves out what sync itself keeps below the location, except for files on their way to another path,
// and the empty objects with which some programs stand for folders. An incomplete list is an error.
func EachObject(ctx context.Context, client *bucket.Client, at bucket.Location, each func(path string, o bucket.Object)) error {
	for object, err := range client.List(ctx, at.Prefix) {
		if err != nil {
			return err
		}
		path := object.Key[len(at.Prefix):]
		own := strings.HasPrefix(path, ownFolder+"/") && !strings.HasPrefix(path, ownFolder+"/"+movingPrefix)
		if own || path == "" || object.Size == 0 && strings.HasSuffix(path, "/") {
			continue
		}
		each(path, object)
	}
	return nil
}

// ListObjects returns the objects below a location, as EachObject has them, and calls each, which may be nil, with the path and
// the size in bytes of each one.
func ListObjects(ctx context.Context, client *bucket.Client, at bucket.Location, each func(path string, size int64)) (*Objects, error) {
	o := &Objects{client: client, at: at, seed: maphash.MakeSeed()}
	err := EachObject(ctx, client, at, func(path string, object bucket.Object) {
		o.put(path, object)
		if each != nil {
			each(path, object.Size)
		}
	})
	if err != nil {
		return nil, err
	}
	return o, nil
}

// Find returns size and ETag of the object at a path below the location, with the separators of a file's path. Nothing
// else is known of it: see bucket.Client.Head.
func (o *Objects) Find(path string) (object bucket.Object, ok bool) {
	path = filepath.ToSlash(path)
	found, ok := o.all.Get(o.print(path))
	return bucket.Object{Key: o.at.Prefix + path, Size: found.size, ETag: found.etag}, ok && found.size >= 0
}

// put sets the object at a path.
func (o *Objects) put(path string, object bucket.Object) {
	o.all.Put(o.print(path), listedObject{object.Size, object.ETag})
}

// forget notes that no object is at a path any more.
func (o *Objects) forget(path string) { o.all.Put(o.print(path), listedObject{size: -1}) }

func (o *Objects) print(path string) uint64 { return maphash.String(o.seed, path) }
