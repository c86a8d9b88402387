package download

import (
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

// get brings one file to where it belongs and says how that went. free is called when the file needs no
// worker any more.
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
	partial, err := f.transfer(transferring)
	f.conclude(ctx, r.place(ctx, f, partial, err, free))
	f.plan()
	f.result.Seconds = time.Since(start).Seconds()
	f.result.FinishedAt = time.Now().UTC()
	return f.result
}

// file is one job on its way to its result.
type file struct {
	engine *Engine
	job    Job
	claim  *Claim
	target Target // with a name once storage has told one, which stays
	object transfer.Object
	result Result
	// expected is the path of the place that it was to get, as Result.Path has it; "" if the sink has not told one.
	expected string
	finds    *atomic.Bool // of the run
	// foundAt is where the file was expected to go when the sink was asked last, if it is in place there or that was a
	// dry run.
	foundAt string
}

// conclude fills in what became of the file.
func (f *file) conclude(ctx context.Context, err error) {
	r := &f.result
	present, ok := errors.AsType[*Present](err)
	switch {
	case ok:
		r.Status, r.Path, r.MD5, r.Checksum = present.Status, present.Path, present.MD5, present.Checksum
		if present.Bytes != nil {
			r.Bytes = present.Bytes
		}
		if present.Status == Skipped {
			r.Suspect = "" // the file in place is another one
		}
	case err != nil:
		r.Status, r.Error, r.Path = Failed, failure(ctx, f.job, err), f.destination(err)
	default:
		r.Status = Downloaded
	}
}

// destination returns where a file that failed with err would have gone, as Result.Path has it; "" if that is not known.
func (f *file) destination(err error) string {
	if known, ok := errors.AsType[*Error](err); ok && known.Path != "" {
		return known.Path
	}
	return f.expected
}

// maxName is how many bytes of a name a result keeps.
const maxName = 4 << 10

// assetName returns the name that the portal gives to a job's asset; "" if no metadata are known.
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

// named makes the file's own name, if it is not "", that of the result, unless the asset's is known.
func (f *file) named(own string) {
	if own != "" && assetName(f.job) == "" {
		f.result.Name = capped(own)
	}
}

// transfer opens the file and receives it, again from its first byte where what came
// turned out to be of no use, and fills in what the result is to tell. The partial is whole.
func (f *file) transfer(ctx context.Context) (Partial, error) {
	if f.job.Err != nil {
		return nil, f.job.Err
	}
	e, asked, wanted := f.engine, -1, f.job
	source := func(ctx context.Context) (transfer.Location, error) {
		asked++
		location, chosen, err := locate(ctx, e.API, wanted, asked)
		if err == nil {
			f.named(location.Name())
			f.job.Chosen = chosen
			if chosen == bynder.OriginalChoice {
				wanted.Selector.Name = chosen // a new location of it needs no metadata
			}
		}
		return location, err
	}
	f.result.Attempts = 1
	notify := func(err error, wait time.Duration) {
		f.result.Attempts++
		e.Progress.Retried(f.job, f.result.Name, err, wait)
	}
	open := e.Opener.Open
	if e.Options.DryRun || f.finds.Load() {
		open = e.Opener.Probe
	}
	stream, err := open(ctx, source, notify)
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	if f.job.Selector.HasChoices() {
		f.result.Chosen = f.job.Chosen
		wanted.Selector.Name = f.job.Chosen // bytes of two derivatives are never mixed
	}
	for {
		partial, err := f.receive(ctx, stream)
		if !transfer.StartsOver(err) || !e.Sink.CanRestart() {
			return partial, err
		}
		if err := stream.Restart(err); err != nil {
			return nil, err
		}
	}
}

// receive brings what the stream yields to the sink, from wherever a partial ends.
func (f *file) receive(ctx context.Context, stream *transfer.Stream) (Partial, error) {
	e, r := f.engine, &f.result
	if !transfer.NewDigest(stream.Object(), transfer.DigestOptions{Verify: true}).Needed() {
		if err := stream.Whole(); err != nil { // its header may have digests
			return nil, err
		}
	}
	f.object = stream.Object()
	r.ETag = f.object.ETag
	f.named(f.object.Name)
	if f.target.Name == "" {
		f.aim(e.Options.Name(f.job, f.object))
	}
	name := f.target.Name
	r.Suspect = suspicion(f.job, name, f.object, f.object.Size)
	if r.Suspect != "" && e.Options.Strict {
		return nil, errSuspect(r.Suspect)
	}
	if e.Options.DryRun {
		e.Progress.Started(f.job, name, f.object, 0)
		return f.begin(ctx)
	}
	partial, err := f.begin(ctx)
	f.finds.Store(err != nil)
	if err != nil {
		return nil, err
	}
	if err := stream.Whole(); err != nil {
		return nil, errors.Join(err, f.giveUp(partial, err))
	}
	r.ResumedFrom = partial.Held()
	stream.Continue(partial.Held())
	e.Progress.Started(f.job, name, f.object, partial.Held())
	if err := f.copy(ctx, stream, partial); err != nil {
		return nil, errors.Join(err, f.giveUp(partial, err))
	}
	if r.Suspect = suspicion(f.job, name, f.object, *r.Bytes); r.Suspect != "" && e.Options.Strict {
		f.forget()
		return nil, errors.Join(errSuspect(r.Suspect), partial.Discard())
	}
	return partial, nil
}

// begin asks the sink for a partial, or in a dry run for the place that the file would get, and notes where
// that is, or where the file is in place.
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
	return partial, err
}

// aim makes name the path that the file wants.
func (f *file) aim(name string) {
	f.target = target(&f.result, f.job, name)
	f.target.Claim = f.claim
	f.target.Suspect = func() string { return f.result.Suspect }
	f.target.Intend = f.engine.intend(&f.result)
}

// forget takes back what the result tells of the bytes: they are not in place.
func (f *file) forget() {
	r := &f.result
	r.Bytes, r.MD5, r.Verified, r.Checksum = nil, "", "", ""
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

// plan makes the result of a dry run of one that says that nothing failed, or that a file has the path.
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

// copy moves the bytes and checks them.
func (f *file) copy(ctx context.Context, stream *transfer.Stream, partial Partial) error {
	e, r := f.engine, &f.result
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
	r.Verified = Verified(verified)
	r.Checksum = Checksum(digest)
	if e.Options.Digest.MD5 {
		r.MD5 = digest.MD5()
	}
	return nil
}

// target is where a job's file goes: the same file whatever it is called.
func target(r *Result, job Job, name string) Target {
	return Target{
		Name: name, Identity: r.File(), ItemID: job.Selector.ItemID, Key: Key(job.MediaID, job.Selector), Replaces: job.Replaces,
	}
}

// Key returns what stands behind the stem of a file's name if another file has that name: the media id of an original,
// the id of an item, and the media id and the selector of any other file.
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
