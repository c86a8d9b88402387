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
	size int64
	etag string
}

// ListObjects lists the objects below a location of the client's bucket, 1,000 per request, and calls each, which may be
// nil, with the path below the location, with /, and the size in bytes of each object. It leaves out what sync itself
// keeps below the location, and the empty objects with which some programs stand for folders. An incomplete list is an error.
func ListObjects(ctx context.Context, client *bucket.Client, at bucket.Location, each func(path string, size int64)) (*Objects, error) {
	o := &Objects{client: client, at: at, seed: maphash.MakeSeed()}
	for object, err := range client.List(ctx, at.Prefix) {
		if err != nil {
			return nil, err
		}
		path := object.Key[len(at.Prefix):]
		if strings.HasPrefix(path, ownFolder+"/") || path == "" || object.Size == 0 && strings.HasSuffix(path, "/") {
			continue
		}
		o.all.Put(o.print(path), listedObject{object.Size, object.ETag})
		if each != nil {
			each(path, object.Size)
		}
	}
	return o, nil
}

// Find returns size and ETag of the object at a path below the location, with the separators of a file's path. Nothing
// else is known of it: see bucket.Client.Head.
func (o *Objects) Find(path string) (object bucket.Object, ok bool) {
	path = filepath.ToSlash(path)
	found, ok := o.all.Get(o.print(path))
	return bucket.Object{Key: o.at.Prefix + path, Size: found.size, ETag: found.etag}, ok
}

func (o *Objects) print(path string) uint64 { return maphash.String(o.seed, path) }
