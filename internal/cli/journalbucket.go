package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/transport"
)

// checkJournal parses the bucket of --journal, if it is not a file. A journal in a bucket is for files in a bucket: before a
// file in a folder gets its name, its intent must be stored, which would be a request for each file.
func (o *transferFlags) checkJournal() (err error) {
	if !bucket.IsURL(o.journal) {
		return nil
	}
	if o.journalAt, err = bucket.Parse(o.journal); err != nil {
		return usagef("--journal: %w", err)
	}
	switch {
	case !o.toBucket():
		return &usageError{
			err:  fmt.Errorf("--journal %s is for files in a bucket (--dir s3://BUCKET/PREFIX)", o.journal),
			hint: "specify a file on this machine as the journal of files on this machine",
		}
	case o.journalAt.Bucket == o.bucket.Bucket && strings.HasPrefix(o.bucket.Prefix, o.journalAt.Prefix):
		return &usageError{
			err:  fmt.Errorf("the objects of --journal would be among the files of --dir %s", o.bucket),
			hint: fmt.Sprintf("give the journal a prefix of its own, such as --journal %s-journal/", strings.TrimSuffix(o.bucket.String(), "/")),
		}
	}
	return nil
}

// journalFile returns the file of --journal; "" if it is stored in a bucket, or is not given.
func (o *transferFlags) journalFile() string {
	if bucket.IsURL(o.journal) {
		return ""
	}
	return o.journal
}

// openSegments opens the bucket of --journal, and tries it.
func (o *transferFlags) openSegments(ctx context.Context, conf config.Config) (*bucket.Segments, error) {
	opts := o.bucketOptions(conf)
	opts.StorageClass = "" // it is read again
	client, err := bucket.Open(ctx, o.journalAt, opts)
	if err != nil {
		return nil, err
	}
	o.journalClient = client // closeSegments closes it
	if err := client.Try(ctx, o.dryRun); err != nil {
		return nil, fmt.Errorf("the journal cannot be used: %w", err)
	}
	return bucket.NewSegments(client, "")
}

// closeSegments closes what openSegments has opened, if it has.
func (o *transferFlags) closeSegments() {
	if o.journalClient != nil {
		o.journalClient.Close()
	}
}

// openSource returns the journal that a command only reads, by its file or the URL of its bucket, and a function that closes it.
// options returns those of the bucket's client.
func openSource(ctx context.Context, name string, options func() (bucket.Options, error)) (from journal.Source, close func(), err error) {
	if !bucket.IsURL(name) {
		return journal.Source{Name: name}, func() {}, nil
	}
	at, err := bucket.Parse(name)
	if err != nil {
		return from, nil, usagef("%w", err)
	}
	opts, err := options()
	if err != nil {
		return from, nil, err
	}
	client, err := bucket.Open(ctx, at, opts)
	if err != nil {
		return from, nil, err
	}
	segments, err := bucket.NewSegments(client, "")
	if err != nil {
		client.Close()
		return from, nil, err
	}
	return journal.Source{Name: name, Segments: segments}, client.Close, nil
}

// openSource returns a journal and a function that closes it.
func (o journalShow) openSource(ctx context.Context, s Streams, name string) (journal.Source, func(), error) {
	return openSource(ctx, name, func() (bucket.Options, error) {
		roots, err := config.LoadRoots(ctx, o.caCert)
		return bucketOptions(s, retries, transport.Options{Roots: roots, Connections: 16}), err
	})
}
