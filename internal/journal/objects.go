package journal

import (
	"context"
	"fmt"
	"hash/maphash"
	"path/filepath"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/fingerprint"
)

// objects are the sizes of the objects in a bucket, in bytes, by the fingerprints of their names. Names have the system's
// separators.
type objects struct {
	seed  maphash.Seed
	sizes fingerprint.Table[int64]
}

// newBucketDestination returns the destination of a bucket, or of one object in it with --output. Which objects it has is
// not known before list.
func newBucketDestination(output string) (*destination, error) {
	if !utf8.ValidString(output) {
		return nil, unwritable(output)
	}
	p := &destination{objects: &objects{seed: maphash.MakeSeed()}}
	if output != "" {
		p.only = filepath.Clean(output)
	}
	return p, nil
}

// inBucket reports whether the destination is a bucket. An object appears with its identity and all its bytes, or not at
// all: there is nothing to sync, and no intent is needed.
func (p *destination) inBucket() bool { return p != nil && p.objects != nil }

// list reads which objects the bucket has.
func (p *destination) list(ctx context.Context, each func(ctx context.Context, each func(name string, size int64)) error) error {
	if err := each(ctx, p.objects.put); err != nil {
		return fmt.Errorf("comparing the journal with the bucket: %w", err)
	}
	return nil
}

func (o *objects) print(name string) uint64 { return maphash.String(o.seed, filepath.FromSlash(name)) }

func (o *objects) put(name string, size int64) { o.sizes.Put(o.print(name), size) }

// stands reports whether an object is the one in r: by its size. The size of an object of another program, for which a file
// was skipped, is not recorded.
func (o *objects) stands(name string, r *record) bool {
	size, found := o.sizes.Get(o.print(name))
	return found && (size == r.bytes && r.sized || !r.sized && r.is(download.Skipped))
}

// putObjects adds the objects of a group to those that the bucket has.
func (j *Journal) putObjects(group []entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, e := range group {
		switch {
		case e.name == "":
		case e.result.Bytes != nil:
			j.destination.objects.put(e.name, *e.result.Bytes)
		case e.result.Status == download.Skipped:
			j.destination.objects.put(e.name, -1)
		}
	}
}
