package cli

import (
	"context"
	"errors"
	"strconv"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/sink"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// openJournal opens the journal of --journal.
func (o *transferFlags) openJournal(ctx context.Context, conf config.Config, screen *report.Screen) (*journal.Journal, error) {
	options := o.journalOptions(conf, screen, "waiting for another bynder that uses the journal "+o.journal)
	if o.toBucket() {
		options.Objects = o.objects
	}
	if !o.journalAt.IsZero() {
		segments, err := o.openSegments(ctx, conf)
		if err != nil {
			return nil, err
		}
		options.Segments = segments
	}
	return journal.Open(ctx, o.journal, options)
}

// journalOptions returns the options of a journal of the run's files. waiting is the message while another process uses it.
func (o *transferFlags) journalOptions(conf config.Config, screen *report.Screen, waiting string) journal.Options {
	return journal.Options{
		Portal: conf.Portal.Host, Dir: o.dir, Output: o.output,
		Skip: o.exists == sink.Skip, Synced: o.fsync, DryRun: o.dryRun,
		Encode:   report.JSONLine[download.Result],
		LockWait: o.lockLimit,
		Waiting:  func() { screen.Say("%s", waiting) },
		Failed:   func(err error) { screen.Fail(err.Error(), "") },
	}
}

// engine returns an engine that downloads from a portal to an output.
func (o *transferFlags) engine(conf config.Config, p *portal, to sink.Output) *download.Engine {
	opener := transfer.New(transfer.Options{
		Client:      p.storage,
		AllowHTTP:   config.IsLoopback(conf.Portal.Hostname()),
		Retries:     o.retries,
		Rate:        o.bytesRate,
		Connections: o.connections,
		KeepCoded:   o.toBucket(),
		Memory:      o.sharedMemory(),
		Jobs:        o.workers.Number(),
		Answered:    o.workers.Answered,
	})
	o.workers.Changed = func(n int, why string) {
		opener.SetJobs(n)
		p.note("up to %s to storage: %s", count(n, "connection"), why)
	}
	e := &download.Engine{
		API:     p.client,
		Opener:  opener,
		Sink:    to.Sink,
		Confirm: func(ctx context.Context) error { _, err := p.client.CurrentUser(ctx); return err },
		Options: download.Options{
			Portal:      conf.Portal.Host,
			Name:        o.namer(to.Name),
			Workers:     o.workers,
			Waiting:     limitWaiting(openFiles(), o.workers.Most()),
			MaxFailures: o.maxFailures,
			Strict:      o.strict,
			DryRun:      o.dryRun,
			Direct:      o.direct,
			Digest:      transfer.DigestOptions{Verify: !o.noVerify, MD5: o.md5, SHA256: o.checksum != ""},
		},
	}
	if to.Dir != nil {
		e.Options.Existing = to.Dir.Existing
	}
	return e
}

// destination opens where the files go.
func (o *transferFlags) destination(ctx context.Context, conf config.Config) (sink.Output, error) {
	if o.toBucket() {
		return o.openBucket(ctx, conf)
	}
	opts := sink.DirOptions{IfExists: o.exists, ExistsHint: o.hintIfExists(), Folder: o.dirFlag, Recorded: o.recorded, Fsync: o.fsync, NoResume: o.noResume, NoVerify: o.noVerify, MD5: o.md5, SHA256: o.checksum != "", InUse: o.inUse()}
	none := func() error { return nil }
	switch {
	case o.dryRun && o.output != "":
		return sink.PreviewOutput(o.dir, o.output, opts)
	case o.output == "-":
		return sink.Output{Sink: sink.NewStream(o.streams.Out, ""), Close: none}, nil
	case o.output != "":
		return sink.ForOutput(ctx, o.dir, o.output, opts)
	}
	open := sink.NewDir
	if o.dryRun {
		open = sink.NewPreview
	}
	dir, err := open(o.dir, opts)
	if err != nil {
		return sink.Output{}, err
	}
	return sink.Output{Sink: dir, Dir: dir, Show: dir.Show, Close: dir.Close}, nil
}

// namer returns the function that names files: fixed, from --output, or else by the template.
func (o *transferFlags) namer(fixed string) func(download.Job, transfer.Object) string {
	described := o.template.NeedsMetadata()
	return func(job download.Job, object transfer.Object) string {
		if fixed != "" {
			return fixed
		}
		if job.Path != "" {
			return job.Path
		}
		if !described {
			job.Asset = nil // its dates take longer to read than the rest
		}
		return o.template.Path(templateFields(job, object, o.names))
	}
}

// templateFields returns the values of the fields in a file's path. They depend on the file alone.
func templateFields(job download.Job, object transfer.Object, names templateNames) naming.Fields {
	f := naming.Fields{ID: job.MediaID, ItemID: job.Selector.ItemID, Filename: object.Name, Derivative: job.Chosen}
	if name := job.Selector.Name; job.Selector.Kind == bynder.Transform {
		f.Filename = naming.ImageName(object.Name, job.Chosen, object.ContentType, bynder.TransformFormat(name))
	}
	if a := job.Asset; a != nil {
		names.describe(a, &f)
		if a.Version > 0 {
			f.Version = strconv.FormatInt(a.Version, 10)
		}
	}
	if job.Selector.Kind == bynder.Version {
		f.Version = strconv.Itoa(job.Selector.Version)
	}
	return f
}

// printStop prints why a run was stopped, unless that was a signal or the reader of the results has
// exited.
func printStop(screen *report.Screen, why error) {
	for _, known := range []error{download.ErrUnauthorized, download.ErrDiskFull, download.ErrMaxFailures} {
		if errors.Is(why, known) {
			screen.Fail("stopped: "+why.Error(), "")
		}
	}
}

// outcome returns the error for exitStatus that a tally stands for. After a signal, results
// and summary have said what was interrupted.
func (s *session) outcome(ctx context.Context, tally download.Tally, notStarted int) error {
	ended := runError{
		wanted: tally.Wanted + notStarted, failed: tally.Failed + notStarted,
		unauthorized: errors.Is(tally.Stop, download.ErrUnauthorized),
	}
	s.ended = ended
	if err := context.Cause(ctx); err != nil && !isInterrupted(err) {
		return err
	}
	if ended.failed == 0 && tally.Stop == nil {
		return nil
	}
	return &ended
}

// unwritten returns the error of a run whose results could not all be written, which counts as a failed file. A dry run
// has only results: without them, nothing of it succeeded.
func (s *session) unwritten() error {
	if s.flags.dryRun {
		return nil
	}
	failed := s.ended
	failed.failed = max(failed.failed, 1)
	return &failed
}
