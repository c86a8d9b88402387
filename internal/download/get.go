package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// get brings one file to where it belongs and says how that went.
func (e *Engine) get(ctx context.Context, job Job) Result {
	start := time.Now()
	r := Result{Portal: e.Options.Portal, MediaID: job.MediaID, Selector: job.Selector.String(), ItemID: job.Selector.ItemID}
	err := e.transfer(ctx, job, &r)
	if present, ok := errors.AsType[*Present](err); ok {
		r.Status, r.Path, r.MD5, r.Checksum = present.Status, present.Path, present.MD5, present.Checksum
		if present.Bytes != nil {
			r.Bytes = present.Bytes
		}
		if present.Status == Skipped && e.Options.Preview == nil {
			r.Suspect = "" // the file in place is another one
		}
	} else if err != nil {
		r.Status, r.Error = Failed, failure(ctx, job, err)
	} else {
		r.Status = Downloaded
	}
	r.Seconds = time.Since(start).Seconds()
	r.FinishedAt = time.Now().UTC()
	return r
}

// transfer opens the file and lands it, again from its first byte where what came
// turned out to be of no use, and fills in what r is to tell.
func (e *Engine) transfer(ctx context.Context, job Job, r *Result) error {
	if job.Err != nil {
		return job.Err
	}
	asked, wanted := -1, job
	source := func(ctx context.Context) (transfer.Location, error) {
		asked++
		location, chosen, err := locate(ctx, e.API, wanted, asked)
		if err == nil {
			job.Chosen = chosen
			if chosen == bynder.OriginalChoice {
				wanted.Selector.Name = chosen // a new location of it needs no metadata
			}
		}
		return location, err
	}
	r.Attempts = 1
	notify := func(err error, wait time.Duration) {
		r.Attempts++
		e.Progress.Retried(job, err, wait)
	}
	stream, err := e.Opener.Open(ctx, source, notify)
	if err != nil {
		return err
	}
	defer stream.Close()
	if job.Selector.HasChoices() {
		r.Chosen = job.Chosen
		wanted.Selector.Name = job.Chosen // bytes of two derivatives are never mixed
	}
	for {
		err := e.land(ctx, job, stream, r)
		if !transfer.StartsOver(err) || !e.Sink.CanRestart() {
			return err
		}
		if err := stream.Restart(err); err != nil {
			return err
		}
	}
}

// land brings what the stream yields to the sink, from wherever a partial ends, and
// publishes it when it is whole.
func (e *Engine) land(ctx context.Context, job Job, stream *transfer.Stream, r *Result) error {
	object := stream.Object()
	r.ETag = object.ETag
	name := e.Options.Name(job, object)
	r.Name = path.Base(name)
	r.Suspect = suspicion(job, name, object, object.Size)
	if r.Suspect != "" && e.Options.Strict {
		return errSuspect(r.Suspect)
	}
	if e.Options.Preview != nil {
		return e.preview(job, name, object, r)
	}
	to := target(r, job, name)
	to.Suspect = func() string { return r.Suspect }
	to.Intend = e.intend(r)
	partial, err := e.Sink.Begin(ctx, to, object)
	if err != nil {
		return err
	}
	r.ResumedFrom = partial.Held()
	stream.Continue(partial.Held())
	e.Progress.Started(job, name, object, partial.Held())
	if err := e.copy(ctx, job, stream, partial, r); err != nil {
		return errors.Join(err, end(partial, err))
	}
	if r.Suspect = suspicion(job, name, object, *r.Bytes); r.Suspect != "" && e.Options.Strict {
		r.Bytes, r.Verified, r.Checksum = nil, "", ""
		return errors.Join(errSuspect(r.Suspect), partial.Discard())
	}
	published, err := partial.Publish(ctx)
	if err != nil { // what was verified is not there
		r.Bytes, r.MD5, r.Verified, r.Checksum = nil, "", "", ""
		return err
	}
	r.Path = published
	return nil
}

// intend returns what records that r's file is about to be published; nil without a Recorder.
func (e *Engine) intend(r *Result) func(path string) error {
	if e.Recorder == nil {
		return nil
	}
	return func(path string) error {
		about := *r
		about.Status, about.Path, about.FinishedAt = Downloaded, path, time.Now().UTC()
		return e.Recorder.Intend(about)
	}
}

// preview says what would be done, as far as that is known without writing.
func (e *Engine) preview(job Job, name string, object transfer.Object, r *Result) error {
	e.Progress.Started(job, name, object, 0)
	if object.Size >= 0 {
		r.Bytes = &object.Size
	}
	return &Present{Status: Skipped, Path: e.Options.Preview(name)}
}

// copy moves the bytes and checks them.
func (e *Engine) copy(ctx context.Context, job Job, stream *transfer.Stream, partial Partial, r *Result) error {
	digest := transfer.NewDigest(stream.Object(), e.Options.Digest)
	var prefix io.ReadCloser
	if partial.Held() > 0 && digest.Needed() {
		var err error
		if prefix, err = partial.Prefix(); err != nil {
			return fmt.Errorf("reading what is there already: %w", err)
		}
	}
	bytes := partial.Held()
	err := transfer.Copy(ctx, partial, stream, digest, prefix, func(n int) {
		bytes += int64(n)
		e.Progress.Advanced(job, int64(n))
	})
	if err != nil {
		return err
	}
	r.Bytes = &bytes
	verified, err := digest.Check()
	if err != nil {
		return err
	}
	r.Verified = Verified(verified)
	r.Checksum = Checksum(digest)
	if e.Options.Digest.MD5 {
		r.MD5 = digest.MD5()
	}
	return nil
}

// target is where a job's file goes: the same file whatever it is called.
func target(r *Result, job Job, name string) Target {
	key := job.MediaID
	switch job.Selector.Kind {
	case bynder.Original:
	case bynder.Item:
		key = job.Selector.ItemID
	default:
		key += "-" + r.Selector
	}
	return Target{Name: name, Identity: r.File(), ItemID: job.Selector.ItemID, Key: key}
}

// end gives up a partial in the way that the error asks for: bytes that are right as
// far as they go are kept for the next try.
func end(partial Partial, err error) error {
	if transfer.StartsOver(err) {
		return partial.Discard()
	}
	return partial.Keep()
}
