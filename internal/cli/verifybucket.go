package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/mirror"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/report"
)

// bucketRepair is how objects of downloads are fetched again, and syncRepair those of a sync.
const (
	bucketRepair = "run the `bynder download` again without --journal and with --if-exists overwrite: it compares each object with the portal"
	syncRepair   = "remove changed objects, then run sync again: it fetches those that are missing"
)

// bucketFlagsOfVerify are the flags of repairTransfers that verify takes for a bucket without --repair.
var bucketFlagsOfVerify = []string{"retries", "ca-cert"}

// inBucket reports whether the files are in a bucket.
func (o *verifyOptions) inBucket() bool { return !o.transfer.bucket.IsZero() }

// parseBucket sets the bucket of the files.
func (o *verifyOptions) parseBucket() (err error) {
	if o.transfer.bucket, err = bucket.Parse(o.dest); err != nil {
		return usagef("%w", err)
	}
	o.dest = o.transfer.bucket.String()
	return nil
}

// checkBucket rejects invalid flags about a bucket.
func (o *verifyOptions) checkBucket() error {
	if o.repair {
		hint := bucketRepair
		if o.state {
			hint = syncRepair
		}
		return &usageError{err: errors.New("--repair is for a folder: it cannot fetch objects in a bucket again yet"), hint: hint}
	}
	return o.transfer.portalFlags.check()
}

// show returns the path of a file, with the system's separators, as the user sees it.
func (o *verifyOptions) show(path string) string {
	if o.inBucket() {
		return o.transfer.bucket.Below(filepath.ToSlash(path))
	}
	return naming.Below(o.dest, path)
}

// runBucket compares the objects in a bucket.
func (o *verifyOptions) runBucket(ctx context.Context, s *session) error {
	t := &o.transfer
	roots, err := config.LoadRoots(ctx, t.CACert)
	if err != nil {
		return err
	}
	o.open()
	t.streams, t.workers, t.screen = o.streams, t.jobs.workers(), new(atomic.Pointer[report.Screen])
	if o.verbose {
		t.screen.Store(o.screen)
	}
	opts := t.bucketOptions(config.Config{Roots: roots})
	from, done, err := openSource(ctx, o.journal, func() (bucket.Options, error) { return opts, nil })
	if err != nil {
		return err
	}
	s.closers.add("journal", always(done))
	files, err := journal.OpenObjects(ctx, from)
	if o.state && isUsage(err) {
		return &usageError{
			err:  fmt.Errorf("specify the journal of the downloads: %s is not the bucket of a sync (nothing in %s)", o.dest, o.journal),
			hint: "bynder verify --journal <file> s3://BUCKET/PREFIX",
		}
	}
	if err != nil {
		return err
	}
	s.closers.add("records", closing(files.Close))
	client, err := bucket.Open(ctx, t.bucket, opts)
	if err != nil {
		return err
	}
	s.closers.add("bucket", always(client.Close))
	return o.compare(ctx, files, nil, func(opts mirror.Options, each func(mirror.Finding) error) error {
		return mirror.VerifyBucket(ctx, client, t.bucket, files, opts, func(found mirror.Finding) error {
			if found.Status == mirror.Extra && o.isSegment(found.Path()) {
				return nil
			}
			return each(found)
		})
	})
}

// isSegment reports whether the object at a path is below the prefix of the journal, which is below that of the files.
func (o *verifyOptions) isSegment(path string) bool {
	at, err := bucket.Parse(o.journal) // it fails for a file
	within, files := err == nil && at.Bucket == o.transfer.bucket.Bucket, o.transfer.bucket.Prefix
	return within && len(at.Prefix) > len(files) && strings.HasPrefix(files+filepath.ToSlash(path), at.Prefix)
}
