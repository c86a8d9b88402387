package cli

import (
	"context"
	"errors"
	"iter"
	"sync/atomic"
	"time"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/budget"
	"github.com/bynder-cli/bynder/internal/config"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/input"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/metadata"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/sink"
	"github.com/bynder-cli/bynder/internal/terminal"
)

// session is one run of transfers: everything that it has open, how that is closed, and what is saved if there is no
// time to close it.
type session struct {
	flags   *transferFlags
	request request

	conf        config.Config
	list        *input.List
	destination sink.Output
	reporter    *report.Reporter
	portal      *portal
	journal     *journal.Journal // nil without --journal
	table       *metadata.Table  // of metadata; nil without --metadata-csv
	lacking     atomic.Int64     // rows of the table without metadata, because the portal was not asked or gave no answer

	files func() (n int, more bool) // how many files the run is for, see report.Options

	begun  bool          // a summary is written
	totals report.Totals // for the summary
	ended  runError      // how many files the run was for, and failed

	closers closers
	saves   saves
}

// run downloads the files that a command requests.
func (o *transferFlags) run(ctx context.Context, r request) (err error) {
	s := &session{flags: o, request: r}
	defer func() { err = s.closers.close(err) }()
	if ctx, err = s.open(ctx); err != nil {
		return err
	}
	return s.run(ctx)
}

// open opens everything that a run needs, and returns the context of the run, which also ends when the reader of
// its results has exited. After an error, the closers close what was opened. They run in the reverse order, so that
//
//   - the undone list, which run closes, is discarded if the run did not come so far, and the lists of ids are
//     closed after it;
//   - the process ends in time after a signal, even if closing anything that was opened later hangs;
//   - results and summary are complete when the journal is closed, which may make the run a failure;
//   - no status line and no progress is shown below the summary.
func (s *session) open(ctx context.Context) (context.Context, error) {
	if err := s.flags.checkSynced(ctx); err != nil {
		return ctx, err
	}
	if err := s.openList(ctx); err != nil {
		return ctx, err
	}
	s.saves.add(save{name: "undone list", wait: s.list.Replaces(), do: func() { _, _ = s.list.Close(true) }})
	ctx, err := s.openEnds(ctx)
	if err != nil {
		return ctx, err
	}
	if err := s.openMetadata(ctx); err != nil {
		return ctx, err
	}
	if err := s.openTemplate(ctx); err != nil {
		return ctx, s.withUndone(err)
	}
	if err := s.openJournal(ctx); err != nil {
		return ctx, err
	}
	if err := s.list.Begin(ctx); err != nil {
		return ctx, s.withUndone(err)
	}
	return ctx, nil
}

// openEnds opens where files come from, where they go, and where results are written, and returns the context of the run.
func (s *session) openEnds(ctx context.Context) (_ context.Context, err error) {
	s.closers.add("deadline", always(exitInTime(ctx, s.saves.call)))
	ctx, stop := context.WithCancelCause(ctx)
	s.closers.add("context", always(func() { stop(nil) }))
	if s.destination, err = s.flags.destination(ctx, s.conf); err != nil {
		return ctx, err
	}
	s.closers.add("destination", closing(s.destination.Close))
	s.openReporter(ctx, stop)
	s.sayShare()
	s.portal, err = s.flags.portal(s.conf, s.reporter.Screen(), s.showWait, s.flags.workers.Most())
	return ctx, err
}

// withUndone writes the undone list, with all ids, before the run ends because of err. After a usage error the run
// has not begun, and an existing list stays as it is.
func (s *session) withUndone(err error) error {
	if isUsage(err) {
		return err
	}
	_, failed := s.list.Close(true)
	return errors.Join(err, failed)
}

// openList opens the lists of ids, and loads portal and credentials before it creates the undone list.
func (s *session) openList(ctx context.Context) error {
	sources, err := s.flags.openSources(ctx, s.request)
	if err != nil {
		return err
	}
	s.closers.add("lists of ids", always(sources.Close))
	if s.conf, err = s.flags.load(ctx, s.flags.streams); err != nil {
		return err
	}
	if s.list, err = s.flags.openList(ctx, s.request, s.conf.Portal.Host, sources); err != nil {
		return err
	}
	s.closers.add("undone list", always(s.list.Discard))
	s.files = s.list.Files
	collect(s.list.Lines())
	return nil
}

// openReporter takes over the standard streams.
func (s *session) openReporter(ctx context.Context, stop context.CancelCauseFunc) {
	o := s.flags
	terminal.WriteInBackground()
	s.reporter = report.New(report.Options{
		Stdout: o.streams.Out, Stderr: o.streams.Err, StdoutFailed: func(err error) { stop(&stdoutError{err}) },
		Progress: report.Progress(o.progress), Quiet: o.quiet, Verbose: o.verbose, Single: s.request.single && !o.share.Divided(), Files: s.files,
		JSON: o.json, Print0: o.print0, Changes: s.request.changes, DryRun: o.dryRun, Show: s.destination.Show, Streamed: sink.IsStdout(o.outputPath()) && !o.dryRun,
		NoPartials: s.destination.Dir == nil && !o.recordsUploads(), NoResume: o.noResume,
	})
	s.closers.add("results", func(err error) error {
		failed := s.reporter.Close(s.totals)
		if failed == nil {
			return err
		}
		if !errors.Is(err, failed) { // it may be what ended the run
			err = errors.Join(err, failed)
		}
		return errors.Join(s.unwritten(), err)
	})
	o.showRequests(s.reporter.Screen())
	endProgress := context.AfterFunc(ctx, s.reporter.EndProgress)
	s.closers.add("progress", always(func() { endProgress() }))
	s.closers.add("status key", always(terminal.OnStatusKey(s.reporter.SayStatus)))
	s.closers.add("nothing begun", always(func() {
		if !s.begun {
			s.reporter.CloseSilently()
		}
	}))
}

// showWait shows what API calls wait for and, if every file costs a call, how long the remaining calls take.
func (s *session) showWait(w budget.Wait) {
	text := waitText(w)
	if s.request.callEach && !s.request.single && w.Reason == budget.Allowance && w.Rate > 0 {
		if left, known := s.list.Left(); known && left > 0 {
			text += ", about " + report.Duration(time.Duration(float64(left)/w.Rate*float64(time.Second))) + " left"
		}
	}
	s.reporter.ShowWait(text, w.Until)
}

// openJournal opens the journal of --journal, if it is given. A run that ends while it waits for another process that
// uses the journal has done nothing of its list.
func (s *session) openJournal(ctx context.Context) (err error) {
	if s.flags.journal == "" {
		return nil
	}
	if !s.flags.journalAt.IsZero() {
		s.closers.add("bucket of the journal", always(s.flags.closeSegments))
	}
	if s.journal, err = s.flags.openJournal(ctx, s.conf, s.reporter.Screen()); err != nil {
		return s.withUndone(err)
	}
	s.closeJournal()
	return nil
}

// closeJournal adds the journal to the closers and, if there is no time for these, to the saves.
func (s *session) closeJournal() {
	s.saves.add(save{name: "journal", wait: true, do: func() { _ = s.journal.Close() }})
	s.closers.add("journal", func(err error) error {
		if failed := s.journal.Close(); failed != nil { // it was printed
			err = errors.Join(err, &runError{wanted: 1, failed: 1})
		}
		return err
	})
}

// jobs returns the jobs of the list. The time of the run begins with the first, except if the run lists assets itself:
// then listing them is a part of it.
func (s *session) jobs(ctx context.Context) iter.Seq[download.Job] {
	return func(yield func(download.Job) bool) {
		begun := s.request.changes
		for job := range s.list.Jobs(ctx) {
			if !begun {
				begun = true
				s.reporter.Begin()
			}
			if !yield(job) {
				return
			}
		}
	}
}

// run downloads the files of the list, and writes the undone list.
func (s *session) run(ctx context.Context) error {
	engine := s.flags.engine(s.conf, s.portal, s.destination)
	results := []download.ResultObserver{s.list}
	if s.journal != nil {
		results = append(results, s.journal)
		engine.Done = s.journal.Done
		if to, ok := s.destination.Sink.(*bucket.Sink); !ok {
			engine.Recorder = s.journal
		} else if s.journal.OwnsUploads() { // an object has its identity itself
			to.RecordUploads(s.journal, !s.flags.noResume)
		}
	}
	results = append(results, s.addMetadata(ctx, engine)...)
	results = append(results, s.reporter) // the last: it may have to wait for a reader of the results
	engine.Progress, engine.Results = s.reporter, results
	engine.Steps = s.request.steps(s.list.Expanded)
	s.begun = true
	tally := engine.Run(ctx, s.jobs)
	unread := s.list.Err()
	notStarted, err := s.list.Close(tally.Stop != nil || unread != nil)
	printStop(s.reporter.Screen(), tally.Stop)
	err = errors.Join(err, s.finishMetadata(ctx, tally.Stop != nil || unread != nil, s.list.Empty()))
	s.totals = report.Totals{APICalls: s.portal.calls(), CallEach: s.request.callEach, InputUnread: s.list.Unread(), NotStarted: notStarted, Share: s.flags.shareText(), OtherShares: s.list.OtherShares()}
	switch {
	case tally.Stop != nil:
	case unread != nil:
		return errors.Join(unread, err)
	case s.flags.failEmpty && s.list.Empty():
		return errors.Join(errors.New("no ids given (--fail-empty)"), err)
	}
	return errors.Join(s.outcome(ctx, tally, notStarted), err)
}
