package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/mirror"
)

// stateSegments is where the state is in a bucket, below stateFolder.
const stateSegments = "journal/"

// parseBucket sets the bucket of the files, if they go to one.
func (o *syncOptions) parseBucket() (err error) {
	if !bucket.IsURL(o.dir) {
		return nil
	}
	if o.bucket, err = bucket.Parse(o.dir); err != nil {
		return usagef("%w", err)
	}
	o.dir = o.bucket.String()
	if keyInState(o.bucket.Prefix) {
		return errInState(o.dir)
	}
	return nil
}

// checkBucketTrash sets the trash of a sync into a bucket, and rejects one that is elsewhere, or among the files.
func (o *syncOptions) checkBucketTrash() (err error) {
	if o.trash == "" {
		return nil
	}
	among := stateFolder + "/trash/" // is the only place for it among the files
	wrong := func(format string) error {
		return &usageError{err: fmt.Errorf(format, o.trash, o.bucket), hint: "choose another prefix of the same bucket, or " + o.bucket.Below(among)}
	}
	if !bucket.IsURL(o.trash) {
		return wrong("--trash %s is not in the bucket of %s")
	}
	if o.trashAt, err = bucket.Parse(o.trash); err != nil {
		return usagef("--trash: %w", err)
	}
	switch files, trash := o.bucket.Prefix, o.trashAt.Prefix; {
	case o.trashAt.Bucket != o.bucket.Bucket:
		return wrong("--trash %s is not in the bucket of %s")
	case strings.HasPrefix(trash, files) && !strings.HasPrefix(trash, files+among):
		return wrong("--trash %s is among the files of %s")
	case strings.HasPrefix(files, trash):
		return wrong("--trash %s has the files of %s in it")
	case keyInState(strings.TrimPrefix(trash, files+among)):
		return errInState(o.trash)
	}
	return nil
}

// openInBucket locks the destination and opens its state, and returns the context of the run, which also ends if the lock is
// lost.
func (s *syncRun) openInBucket(ctx context.Context) (context.Context, error) {
	o, own := s.o, s.o.client
	var err error
	if o.storageClass != "" { // of the files; what sync itself keeps is read again
		opts := o.bucketOptions(s.conf)
		opts.StorageClass = ""
		if own, err = bucket.Open(ctx, o.bucket, opts); err != nil {
			return ctx, err
		}
		s.closers.add("bucket of the state", always(own.Close))
	}
	if !o.dryRun {
		if ctx, err = s.openLock(ctx, own); err != nil {
			return ctx, err
		}
	}
	if s.there, err = mirror.LookInBucket(ctx, o.client, own, o.bucket); err != nil {
		return ctx, err
	}
	if o.trash != "" {
		s.there.KeepIn(o.trashAt)
	}
	segments, err := bucket.NewSegments(own, stateFolder+"/"+stateSegments)
	if err != nil {
		return ctx, err
	}
	opts := o.journalOptions(s.conf, s.reporter.Screen(), "")
	opts.State, opts.Adopt, opts.KnowsHead, opts.Segments, opts.Objects = true, o.adopt, knowsHead, segments, s.there.List
	if s.journal, err = journal.Open(ctx, o.bucket.Below(stateFolder+"/"+stateSegments), opts); err != nil {
		return ctx, err
	}
	s.closers.add("list of what was begun", s.forgetBegun(ctx))
	s.closeJournal()
	if s.journal.Head() == nil && !o.adopt && remembers(s.place()) {
		return ctx, &download.Error{
			Code: download.CodeLocal, Err: fmt.Errorf("%s was synced before, and its state in %s is missing: is it the right bucket?", o.dir, o.bucket.Below(stateFolder+"/")),
			Advice: "check AWS_ENDPOINT_URL_S3 and the URL; if the state was lost, --adopt takes the objects that are in place as they are",
		}
	}
	if !s.there.Listed() { // the state has no file
		err = s.there.List(ctx, nil)
	}
	return ctx, err
}

// unlockTimeout is how long removing the lock may take: the run has been stopped, or is at its end.
const unlockTimeout = 500 * time.Millisecond

// openLock makes the lock of the destination. On a server that cannot lock, a run goes on without, and says so, unless it deletes.
func (s *syncRun) openLock(ctx context.Context, own *bucket.Client) (context.Context, error) {
	ctx, stop := context.WithCancelCause(ctx)
	s.closers.add("context of the lock", always(func() { stop(nil) }))
	screen := s.reporter.Screen()
	var err error
	s.lock, err = own.Lock(ctx, stateFolder+"/lock", bucket.LockOptions{
		Wait: s.o.lockLimit, Waiting: func() { screen.Say("waiting for another sync of %s", s.o.dir) }, Lost: stop,
	})
	switch {
	case errors.Is(err, bucket.ErrNoLocks) && s.o.delete:
		return ctx, &download.Error{
			Code: download.CodeLocal, Err: fmt.Errorf("nothing can be deleted in %s: %w", s.o.dir, err),
			Advice: "leave --delete out, and take care that only one sync runs at a time",
		}
	case errors.Is(err, bucket.ErrNoLocks):
		s.lock = nil
		screen.Warn("", "this run has no lock, so take care that no other sync of %s is at work: %s", s.o.dir, err)
		return ctx, nil
	case err != nil:
		return ctx, err
	}
	s.closers.add("lock", func(err error) error {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), unlockTimeout)
		defer cancel()
		if failed := s.lock.Unlock(ending); failed != nil && err == nil {
			screen.Warn("", "the lock stays: %s", failed)
		}
		return err
	})
	return ctx, nil
}

// endedBy returns why a run failed that had a context within ctx: if only that one has ended, then for its cause, such as a lock
// that was lost, and not because a request was canceled.
func endedBy(ctx, within context.Context, err error) error {
	if errors.Is(err, context.Canceled) && ctx.Err() == nil && within.Err() != nil {
		return context.Cause(within)
	}
	return err
}

// held returns an error if this process does not exclude others.
func (s *syncRun) held(ctx context.Context) error {
	if s.lock == nil {
		return bucket.ErrNoLocks
	}
	return s.lock.Held(ctx)
}

// forgetBegun returns a closer that removes the list of what was begun, if all of that is done and recorded.
func (s *syncRun) forgetBegun(ctx context.Context) func(error) error {
	return func(err error) error {
		if s.clean && err == nil && ctx.Err() == nil {
			_ = s.there.Forget(ctx) // the next run reads it, and does
		}
		return err
	}
}

// recover adds the records of objects that a run which was killed has written and not recorded.
func (s *syncRun) recover(ctx context.Context, records []*download.Result) ([]*download.Result, error) {
	before := len(s.known)
	found, err := s.there.Recover(ctx, s.known, s.o.dryRun)
	if err != nil {
		return nil, err
	}
	if len(s.known) > before {
		records = records[:0]
		for _, r := range s.known {
			records = append(records, r)
		}
	}
	for _, r := range found {
		s.journal.Finished(download.Job{}, *r)
	}
	if len(found) > 0 {
		if err := s.journal.Flush(); err != nil { // the list from which they were found is about to be replaced
			return nil, err
		}
	}
	return records, nil
}
