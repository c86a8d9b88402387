package download

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// get downloads one file and returns its result. free is called when the file needs no worker any more.
func (r *run) get(ctx context.Context, job Job, free func()) Result {
	start := time.Now()
	f := &file{engine: r.engine, job: job, finds: &r.finds}
	f.result = Result{
		Name:   assetName(job),
		Portal: f.engine.Options.Portal, MediaID: job.MediaID, Selector: job.Selector.String(), ItemID: job.Selector.ItemID,
		Listed: job.Listed,
	}
	transferring, cancel := context.WithCancel(ctx)
	defer cancel()
	f.claim = r.paths.Claim(job, cancel)
	f.job.direct, f.result.Attempts = f.engine.Options.Direct, 1
	partial, err := f.transfer(transferring)
	f.complete(ctx, r.finalize(ctx, f, partial, err, free))
	f.plan()
	f.result.Seconds = time.Since(start).Seconds()
	f.result.FinishedAt = time.Now().UTC()
	return f.result
}

// file is the state of one job.
type file struct {
	engine *Engine
	job    Job
	claim  *Claim
	target Target // its name is set when storage has answered, again only by fallBack
	object transfer.Object
	result Result
	at     transfer.Location // the last one
	// expected is the path that it was expected to get, as in Result.Path; "" if the sink has not set one.
	expected string
	finds    *atomic.Bool // of the run
	foretold bool         // a file has the path that the location's name gives
	written  bool         // bytes have gone to a sink that cannot take them back
	// foundAt is the path that the file was expected to get in the last call of the sink, if it is in place there or
	// this is a dry run.
	foundAt string
}

// complete completes the result.
func (f *file) complete(ctx context.Context, err error) {
	r := &f.result
	present, ok := errors.AsType[*Present](err)
	switch {
	case ok:
		r.Via = "" // nothing came
		r.Status, r.Path, r.MD5, r.Checksum, r.ObjectETag = present.Status, present.Path, present.MD5, present.Checksum, present.ETag
		if present.Bytes != nil {
			r.Bytes = present.Bytes
		}
		if present.Status == Skipped {
			r.Suspect = "" // the file in place is another
		}
	case err != nil:
		r.Via = ""
		r.Status, r.Error, r.Path = Failed, failure(ctx, f.job, err), f.destination(err)
	default:
		r.Status = Downloaded
	}
}

// destination returns the path that a file that failed with err would have had, as in Result.Path; "" if not known.
func (f *file) destination(err error) string {
	if known, ok := errors.AsType[*Error](err); ok && known.Path != "" {
		return known.Path
	}
	return f.expected
}

// maxName is the length of a name in a result, in bytes.
const maxName = 4 << 10

// assetName returns the portal's name of a job's asset; "" if no metadata are known.
func assetName(job Job) string {
	if job.Asset == nil {
		return ""
	}
	return capped(job.Asset.Name)
}

// capped returns the first maxName bytes of a name.
func capped(name string) string {
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "")
	}
	return name
}

// setName sets the result's name to the file's own, if that is not "" and the asset's name is not known.
func (f *file) setName(own string) {
	if own != "" && assetName(f.job) == "" {
		f.result.Name = capped(own)
	}
}

// transfer opens the file and receives it, starts over if the received bytes cannot be used,
// and fills in the result. The partial that it returns is whole.
func (f *file) transfer(ctx context.Context) (Partial, error) {
	if f.job.Err != nil {
		return nil, f.job.Err
	}
	e, asked, wanted := f.engine, -1, f.job
	source := func(ctx context.Context) (transfer.Location, error) {
		if asked++; asked == 0 {
			f.checkPublished()
		}
		location, chosen, err := locate(ctx, e.API, wanted, asked)
		if err == nil {
			f.at = location
			f.setName(location.Name())
			if f.result.Via = ""; location.Tentative {
				f.result.Via = ViaDirect
			}
			f.job.Chosen = chosen
			if chosen == bynder.OriginalChoice {
				wanted.Selector.Name = chosen // a new location then needs no metadata
			}
			location.InPlace = f.inPlace(location)
		}
		return location, err
	}
	stream, err := e.Opener.Open(ctx, source, f.retried)
	if f.failsDirectly(err) {
		return f.fallBack(ctx, err)
	}
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	if f.job.Selector.HasChoices() {
		f.result.Chosen = f.job.Chosen
		wanted.Selector.Name = f.job.Chosen // never mix bytes of two derivatives
	}
	for {
		partial, err := f.receive(ctx, stream)
		if f.failsDirectly(err) {
			stream.Close()
			return f.fallBack(ctx, err)
		}
		if !transfer.StartsOver(err) || !e.Sink.CanRestart() {
			return partial, err
		}
		if err := stream.Restart(err); err != nil {
			return nil, err
		}
	}
}

// retried counts and reports another try.
func (f *file) retried(err error, wait time.Duration) {
	f.result.Attempts++
	f.engine.Progress.Retried(f.job, f.result.Name, err, wait)
}

// inPlace returns what is known of the file at a location if it is probably in place; else nil.
func (f *file) inPlace(at transfer.Location) *transfer.Object {
	o, was, known := &f.engine.Options, f.job.Replaces, &transfer.Object{}
	if f.foretold = false; o.Existing != nil {
		f.foretold, _ = o.Existing(o.Name(f.job, transfer.Object{Name: at.Name()}), *known)
	}
	switch {
	case was != nil && was.ETag != "" && f.foretold:
		known.ETag, known.Size = was.ETag, was.Size
	case was != nil: // it has probably changed
		return nil
	case !f.foretold && !f.finds.Load() && !o.DryRun:
		return nil
	}
	return known
}

// canCompare reports whether the headers of the first byte of a file suffice to compare it with the one in place.
func (f *file) canCompare() bool {
	if transfer.NewDigest(f.object, transfer.DigestOptions{Verify: true}).Needed() {
		return true
	}
	if f.engine.Options.Existing == nil {
		return false
	}
	_, alike := f.engine.Options.Existing(f.target.Name, f.object)
	return alike
}

// receive writes the stream to the sink, from the end of the partial.
func (f *file) receive(ctx context.Context, stream *transfer.Stream) (Partial, error) {
	e, r := f.engine, &f.result
	f.object = stream.Object()
	f.setName(f.object.Name)
	if f.target.Name == "" {
		f.setPath(e.Options.Name(f.job, f.object))
	}
	if stream.Probed() && !f.canCompare() {
		if err := stream.Whole(); err != nil { // its header may have digests
			return nil, err
		}
		f.object = stream.Object()
	}
	r.ETag, r.Encoding = f.object.ETag, cmp.Or(f.object.Coding, f.object.Kept)
	name := f.target.Name
	r.Suspect = f.suspicion(f.object.Size)
	if r.Suspect != "" && (e.Options.Strict || r.Via == ViaDirect) {
		return nil, errSuspect(r.Suspect, r.Via)
	}
	if e.Options.DryRun {
		e.Progress.Started(f.job, name, f.object, 0)
		return f.begin(ctx)
	}
	partial, err := f.begin(ctx)
	if !f.foretold {
		f.finds.Store(err != nil)
	}
	if err != nil {
		return nil, err
	}
	if err := stream.Whole(); err != nil {
		return nil, errors.Join(err, f.keepOrDiscard(partial, err))
	}
	digest, err := f.resume(ctx, stream, partial)
	if err == nil {
		err = f.copy(ctx, stream, partial, digest)
	}
	if err != nil {
		return nil, errors.Join(err, f.keepOrDiscard(partial, err))
	}
	if r.Suspect = f.suspicion(*r.Bytes); r.Suspect != "" && (e.Options.Strict || r.Via == ViaDirect) {
		f.clearContent()
		return nil, errors.Join(errSuspect(r.Suspect, r.Via), partial.Discard())
	}
	return partial, nil
}

// begin gets a partial from the sink or, in a dry run, the path that the file would get, and sets the path of the
// result.
func (f *file) begin(ctx context.Context) (partial Partial, err error) {
	e := f.engine
	var at Place
	if e.Options.DryRun {
		at, err = e.Sink.Preview(ctx, f.target, f.object)
	} else {
		partial, err = e.Sink.Begin(ctx, f.target, f.object)
	}
	f.foundAt = at.Path
	if present, ok := errors.AsType[*Present](err); ok {
		f.foundAt = present.Path
	}
	if err == nil && f.result.Via == ViaDirect && f.claim.meetsOther() {
		if err = errDiffers(); partial != nil {
			err = errors.Join(err, partial.Keep())
		}
		return nil, err
	}
	return partial, err
}

// setPath sets the path for which the file asks the sink.
func (f *file) setPath(name string) {
	f.target = target(&f.result, f.job, name)
	f.target.Claim = f.claim
	f.target.Suspect = func() string { return f.result.Suspect }
	f.target.Intend = f.engine.intend(&f.result)
}

// clearContent clears what the result says about the bytes, because they are not in place.
func (f *file) clearContent() {
	r := &f.result
	r.Bytes, r.MD5, r.Verified, r.Checksum, r.ObjectETag = nil, "", "", "", ""
}

// intend returns the function that records that r's file is about to be published; nil without a Recorder.
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

// plan sets the plan of a dry run, if the result is a success or another file has the path.
func (f *file) plan() {
	r := &f.result
	switch {
	case !f.engine.Options.DryRun:
		return
	case r.Status == Downloaded:
		r.Status, r.Plan = Skipped, PlanNew
		at, _, _ := f.claim.Got()
		if r.Path = at.Path; at.Replaces != nil {
			r.Plan = PlanChanged
		}
	case r.Status == Unchanged:
		r.Plan = PlanUnchanged
	case r.Status == Skipped:
		r.Plan = PlanExists
	case r.Error.Code == CodeExists:
		r.Plan = PlanExists
	default:
		return
	}
	if f.object.Size >= 0 {
		r.Bytes = &f.object.Size
	}
}

// resume finds out how many bytes the partial has, and returns the digest of the file.
func (f *file) resume(ctx context.Context, stream *transfer.Stream, partial Partial) (*transfer.Digest, error) {
	digest := transfer.NewDigest(stream.Object(), f.engine.Options.Digest)
	if resumer, ok := partial.(Resumer); ok {
		if err := resumer.Resume(ctx, digest); err != nil {
			return nil, err
		}
	}
	f.result.ResumedFrom = partial.Held()
	stream.Continue(partial.Held())
	f.engine.Progress.Started(f.job, f.target.Name, f.object, partial.Held())
	return digest, nil
}

// copy moves the bytes and checks them.
func (f *file) copy(ctx context.Context, stream *transfer.Stream, partial Partial, digest *transfer.Digest) error {
	e, r := f.engine, &f.result
	var prefix io.ReadCloser
	if partial.Held() > 0 && digest.Needed() {
		var err error
		if prefix, err = partial.Prefix(); err != nil {
			return fmt.Errorf("reading the partial download: %w", err)
		}
	}
	bytes, lasting := partial.Held(), !e.Sink.CanRestart()
	err := transfer.Copy(ctx, partial, stream, digest, prefix, func(n int) {
		bytes += int64(n)
		f.written = lasting
		e.Progress.Advanced(f.job, int64(n))
	})
	if err != nil {
		return err
	}
	r.Bytes = &bytes
	verified, err := digest.Check()
	if err != nil {
		return err
	}
	r.Verified = verified
	r.Checksum = Checksum(digest)
	if e.Options.Digest.MD5 {
		r.MD5 = digest.MD5()
	}
	return nil
}

// target returns the Target of a job's file: its identity, which does not depend on the name, and the name.
func target(r *Result, job Job, name string) Target {
	return Target{
		Name: name, Identity: r.File(), ItemID: job.Selector.ItemID, Listed: job.Path != "", Key: Key(job.MediaID, job.Selector), Replaces: job.Replaces,
	}
}

// Key returns the text that is added to the stem of a file's name if another file has that name: the media id for an
// original, the item's id for an item, and the media id and the selector for any other file.
func Key(mediaID string, s bynder.Selector) string {
	switch s.Kind {
	case bynder.Original:
		return mediaID
	case bynder.Item:
		return s.ItemID
	default:
		return mediaID + "-" + s.String()
	}
}
