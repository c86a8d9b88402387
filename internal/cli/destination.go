package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/spf13/pflag"
	"golang.org/x/sync/semaphore"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/mirror"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/sink"
	"github.com/bynder-cli/bynder/internal/transfer"
	"github.com/bynder-cli/bynder/internal/transport"
)

// bucketFlags are the flags about files in a bucket.
type bucketFlags struct {
	storageClass, sse string

	// Set by checkBucket: the bucket of --dir, none for a folder.
	bucket bucket.Location
	// Set by openBucket: the client of the bucket, the memory that the files take, and the screen for --verbose, once there is one.
	client *bucket.Client
	memory *semaphore.Weighted
	screen *atomic.Pointer[report.Screen]

	// Set by checkJournal: the bucket of --journal, none for a file. Set by openSegments: its client.
	journalAt     bucket.Location
	journalClient *bucket.Client
}

func (o *bucketFlags) addBucket(f *pflag.FlagSet) {
	f.StringVar(&o.storageClass, "storage-class", "", "storage `CLASS` of objects in a bucket, such as STANDARD_IA")
	f.StringVar(&o.sse, "sse", "", "encryption of objects in a bucket: AES256, aws:kms or aws:kms:`KEY`")
}

// checkBucket parses the bucket of --dir, and rejects flags that only a folder or only a bucket has.
func (o *transferFlags) checkBucket() (err error) {
	if o.dirFlag == "--dir" && bucket.IsURL(o.dir) {
		if o.bucket, err = bucket.Parse(o.dir); err != nil {
			return usagef("--dir: %w", err)
		}
	}
	switch {
	case !o.toBucket() && o.storageClass+o.sse != "":
		return usagef("--storage-class and --sse belong to files in a bucket: s3://BUCKET/PREFIX")
	case !o.toBucket():
		return nil
	case o.output != "" && (strings.HasSuffix(o.output, "/") || filepath.Clean(o.output) != filepath.FromSlash(o.output) || !filepath.IsLocal(o.output)):
		return usagef("--output %s is not a path below %s", o.output, o.bucket)
	}
	return nil
}

// toBucket reports whether files go to the bucket of --dir: an absolute --output does not.
func (o *transferFlags) toBucket() bool {
	return !o.bucket.IsZero() && !sink.IsStdout(o.output) && !filepath.IsAbs(o.output)
}

// recordsUploads reports whether the next run can continue an upload to the bucket of --dir: the journal is a file.
func (o *transferFlags) recordsUploads() bool {
	return o.toBucket() && o.journal != "" && o.journalAt.IsZero()
}

// bucketMemory is how much the process takes of memory with a bucket, in bytes, apart from its code.
const bucketMemory = 112 << 20

// openBucket opens the bucket of --dir and tries it, before any call of the portal.
func (o *transferFlags) openBucket(ctx context.Context, conf config.Config) (sink.Output, error) {
	o.screen = new(atomic.Pointer[report.Screen])
	client, err := bucket.Open(ctx, o.bucket, o.bucketOptions(conf))
	if err != nil {
		return sink.Output{}, err
	}
	if err := client.Try(ctx, o.dryRun); err != nil {
		client.Close()
		return sink.Output{}, fmt.Errorf("the destination cannot be used: %w", err)
	}
	limitMemory(bucketMemory)
	o.client = client
	o.memory = semaphore.NewWeighted(bucket.MinMemory)
	tooLong := ""
	if o.output != "" {
		tooLong = "choose a shorter --output"
	}
	to := bucket.NewSink(client, bucket.SinkOptions{
		IfExists: o.exists, ExistsHint: o.hintIfExists(), LengthHint: tooLong, MD5: o.md5, SHA256: o.checksum != "", Memory: o.memory,
	})
	return sink.Output{Sink: to, Name: filepath.ToSlash(o.output), Show: to.Show, Close: to.Close}, nil
}

// hintIfExists returns the hint for a path that another file has, "" for that of the sink.
func (o *transferFlags) hintIfExists() string {
	if o.existsHint == "" && o.output != "" {
		return "choose another --output, or say what to do with --if-exists skip, overwrite or rename"
	}
	return o.existsHint
}

// bucketOptions returns the options of a client of a bucket.
func (o *transferFlags) bucketOptions(conf config.Config) bucket.Options {
	opts := bucketOptions(o.streams, o.retries, transport.Options{Roots: conf.Roots, Connections: o.workers.Most(), Trace: func(e transport.Exchange) {
		if screen := o.screen.Load(); screen != nil {
			screen.Say("%s", exchangeLine(e))
		}
	}})
	opts.StorageClass, opts.SSE = o.storageClass, o.sse
	return opts
}

// bucketOptions returns the options of a client of a bucket that only reads.
func bucketOptions(s Streams, retries int, t transport.Options) bucket.Options {
	return bucket.Options{
		Getenv: s.Getenv, Transport: transport.Bucket(t), Instance: transport.Instance(),
		Program: "bynder", Version: currentBuild().Version, Retries: retries,
	}
}

// objects calls each with the path below --dir and the size in bytes of each object there.
func (o *bucketFlags) objects(ctx context.Context, each func(name string, size int64)) error {
	return mirror.EachObject(ctx, o.client, o.bucket, func(path string, object bucket.Object) { each(path, object.Size) })
}

// showRequests shows the requests to the bucket with --verbose.
func (o *transferFlags) showRequests(screen *report.Screen) {
	if o.screen != nil && o.verbose {
		o.screen.Store(screen)
	}
}

// sharedMemory returns the memory that parts of files share with a bucket; nil for a folder.
func (o *bucketFlags) sharedMemory() transfer.Memory {
	if o.memory == nil {
		return nil
	}
	return o.memory
}
