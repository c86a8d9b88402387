package cli

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

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

// session is one run of transfers: what it has open, how each of that is closed, and what is saved where it
// cannot be closed in time.
type session struct {
	flags   *transferFlags
	request request

	conf        config.Config
	list        *input.List
	destination sink.Output
	reporter    *report.Reporter
	portal      *portal
	journal     *journal.Journal // nil where none is kept
	table       *metadata.Table  // of metadata; nil if none is written
	lacking     atomic.Int64     // rows of the table without metadata, because the portal was not asked or gave no answer

	files func() (n int, more bool) // how many files the run is for, see report.Options

	begun  bool          // there is something to sum up
	totals report.Totals // of what was run

	closers closers
	saves   saves
}

// run gets what a command asks for.
func (o *transferFlags) run(ctx context.Context, r request) (err error) {
	s := &session{flags: o, request: r}
	defer func() { err = s.closers.close(err) }()
	if ctx, err = s.open(ctx); err != nil {
		return err
	}
	return s.run(ctx)
}

// open opens everything that a run needs, and returns the context of the run, which also ends when there is no reader of
// its results any more. What was opened before an error is closed by close. The order is that of need and,
// read backwards, that of closing:
//
//   - the list of what is not done is closed by run; a session that never comes so far takes it away, and lets go
//     of the lists of ids after it;
//   - a signal ends the process in time until everything below is closed, because each of that may hang;
//   - results and summary are complete once the journal is closed, which may make the run a failure;
//   - no status line and no progress is shown below the summary.
func (s *session) open(ctx context.Context) (context.Context, error) {
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
	s.closers.add("deadline", always(endInTime(ctx, s.saves.call)))
	ctx, stop := context.WithCancelCause(ctx)
	s.closers.add("context", always(func() { stop(nil) }))
	if s.destination, err = s.flags.destination(ctx); err != nil {
		return ctx, err
	}
	s.closers.add("destination", closing(s.destination.Close))
	s.openReporter(ctx, stop)
	s.portal, err = s.flags.portal(s.conf, s.reporter.Screen(), s.hold, s.flags.jobs)
	return ctx, err
}

// withUndone writes the list of what is not done, which is everything, before the run ends because of err. What is
// called wrongly has not begun, and leaves that list as it was.
func (s *session) withUndone(err error) error {
	if isUsage(err) {
		return err
	}
	_, failed := s.list.Close(true)
	return errors.Join(err, failed)
}

// openList opens the lists of ids, and finds portal and credentials before it begins a list of what is not done.
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
	lines, _ := s.files()
	collect(lines)
	return nil
}

// openReporter takes over the standard streams.
func (s *session) openReporter(ctx context.Context, stop context.CancelCauseFunc) {
	o := s.flags
	terminal.WriteInBackground()
	s.reporter = report.New(report.Options{
		Stdout: o.streams.Out, Stderr: o.streams.Err, StdoutFailed: func(err error) { stop(&stdoutError{err}) },
		Progress: report.Progress(o.progress), Quiet: o.quiet, Verbose: o.verbose, Single: s.request.single, Files: s.files,
		JSON: o.json, Print0: o.print0, Changes: s.request.changes, DryRun: o.dryRun, Show: s.destination.Show, Streamed: sink.IsStdout(o.outputPath()) && !o.dryRun,
	})
	s.closers.add("results", func(err error) error {
		failed := s.reporter.Close(s.totals)
		if failed != nil && !errors.Is(err, failed) { // it may be what ended the run
			err = errors.Join(err, failed)
		}
		return err
	})
	endProgress := context.AfterFunc(ctx, s.reporter.EndProgress)
	s.closers.add("progress", always(func() { endProgress() }))
	s.closers.add("status key", always(terminal.OnStatusKey(s.reporter.SayStatus)))
	s.closers.add("nothing begun", always(func() {
		if !s.begun {
			s.reporter.Abandon()
		}
	}))
}

// hold shows what API calls wait for and, if every file costs one, how long it takes to ask for all that are left.
func (s *session) hold(w budget.Wait) {
	text := waitText(w)
	if s.request.callEach && !s.request.single && w.Reason == budget.Allowance && w.Rate > 0 {
		if left, known := s.list.Left(); known && left > 0 {
			text += ", about " + report.Duration(time.Duration(float64(left)/w.Rate*float64(time.Second))) + " left"
		}
	}
	s.reporter.Hold(text, w.Until)
}

// openJournal opens the journal that --journal names, if it does. An error of the journal has been said when
// it is closed. A run that ends while it waits for another process's journal has done nothing of its list.
func (s *session) openJournal(ctx context.Context) (err error) {
	if s.flags.journal == "" {
		return nil
	}
	if s.journal, err = s.flags.openJournal(ctx, s.conf, s.reporter.Screen()); err != nil {
		return s.withUndone(err)
	}
	s.closeJournal()
	return nil
}

// closeJournal has the journal closed, and what it waits with saved if there is no time for that.
func (s *session) closeJournal() {
	s.saves.add(save{name: "journal", wait: true, do: func() { _ = s.journal.Close() }})
	s.closers.add("journal", func(err error) error {
		if failed := s.journal.Close(); failed != nil { // it has been said
			err = errors.Join(err, &runError{wanted: 1, failed: 1})
		}
		return err
	})
}

// run gets what the list asks for, and writes down what of it is not done.
func (s *session) run(ctx context.Context) error {
	engine := s.flags.engine(s.conf, s.portal, s.destination)
	results := []download.ResultObserver{s.list}
	if s.journal != nil {
		results = append(results, s.journal)
		engine.Done, engine.Recorder = s.journal.Done, s.journal
	}
	results = append(results, s.describe(engine)...)
	results = append(results, s.reporter) // the last: it may have to wait for somebody who reads
	engine.Progress, engine.Results = s.reporter, results
	engine.Steps = s.request.steps(s.list.Expanded)
	s.begun = true
	tally := engine.Run(ctx, s.list.Jobs)
	unread := s.list.Err()
	notStarted, err := s.list.Close(tally.Stop != nil || unread != nil)
	sayWhyStopped(s.reporter.Screen(), tally.Stop)
	err = errors.Join(err, s.finishMetadata(ctx, tally.Stop != nil || unread != nil, s.list.Empty()))
	s.totals = report.Totals{APICalls: s.portal.calls(), CallEach: s.request.callEach, InputUnread: s.list.Unread(), NotStarted: notStarted}
	switch {
	case tally.Stop != nil:
	case unread != nil:
		return errors.Join(unread, err)
	case s.flags.failEmpty && s.list.Empty():
		return errors.Join(errors.New("nothing was asked for, which --fail-empty makes a failure"), err)
	}
	return errors.Join(outcome(ctx, tally, notStarted), err)
}
