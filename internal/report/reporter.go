package report

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transfer"
)

const (
	barInterval  = 100 * time.Millisecond
	lineInterval = 30 * time.Second
)

// Progress says what is shown while files are on their way.
type Progress string

// The three choices. Under none of them does a control character reach a stream
// that is no terminal.
const (
	// ProgressAuto is a bar where standard error is a terminal, and one plain line
	// every 30 s where it is not (or where TERM is dumb).
	ProgressAuto Progress = "auto"
	// ProgressAlways is the same, except that the first plain line does not wait
	// for 30 s but comes with the first file.
	ProgressAlways Progress = "always"
	// ProgressNever is nothing.
	ProgressNever Progress = "never"
)

// ParseProgress is the Progress that a flag means.
func ParseProgress(s string) (Progress, error) {
	switch p := Progress(s); p {
	case ProgressAuto, ProgressAlways, ProgressNever:
		return p, nil
	}
	return "", fmt.Errorf("%q is none of auto, always, never", s)
}

// Options says how a run is reported.
type Options struct {
	// Stdout gets results alone, Stderr everything else. Only an *os.File can be a
	// terminal.
	Stdout, Stderr io.Writer
	// StdoutFailed, if not nil, is called once when Stdout cannot be written to any
	// more, so that the run can end.
	StdoutFailed func(error)

	// Progress is ProgressAuto where empty.
	Progress Progress
	// Quiet leaves only results and errors.
	Quiet bool
	// Verbose says when something is tried again, and why.
	Verbose bool
	// Single tells that one file was asked for: the bar bears its name, and there
	// is no summary.
	Single bool
	// Files returns how many files the run is for, as far as is known, and whether there may be more: until
	// there are not, neither a percentage nor the time left is shown. If it is nil, nothing is known.
	Files func() (n int, more bool)

	// JSON makes every result an object on Stdout, whatever its status; without it
	// a line is the path of a file that is there.
	JSON bool
	// Print0 ends each path with NUL.
	Print0 bool
	// Show, if set, returns the path of a result as the user sees it.
	Show func(path string) string
	// Changes says that the run changes a folder (Changed), and has no summary if it changed nothing; DryRun that it
	// would.
	Changes, DryRun bool
	// Streamed tells that the bytes of the file themselves go to Stdout: no result
	// is written there, and no bar is drawn over them.
	Streamed bool
}

// Reporter reports a run: it is the observer of progress and results that people and
// scripts see. Its methods are safe for concurrent use.
type Reporter struct {
	options Options
	screen  *Screen
	tally   *tally

	stop    context.CancelFunc // ends the goroutine that shows progress
	running sync.WaitGroup
	first   chan struct{} // closed when there is something to tell
	tell    sync.Once
	closing sync.Once
}

var (
	_ download.ProgressObserver = (*Reporter)(nil)
	_ download.ResultObserver   = (*Reporter)(nil)
)

// New begins to report. Close ends it.
func New(o Options) *Reporter {
	ctx, stop := context.WithCancel(context.Background())
	r := &Reporter{
		options: o,
		screen:  NewScreen(o.Stdout, o.Stderr, o.StdoutFailed),
		tally:   newTally(time.Now(), o.Files),
		stop:    stop,
		first:   make(chan struct{}),
	}
	overBytes := o.Streamed && r.screen.stdoutIsTerminal
	switch {
	case o.Quiet || o.Progress == ProgressNever || overBytes:
	case r.screen.canDraw:
		r.screen.show(r.bar)
		r.running.Go(func() { r.drawBar(ctx) })
	default:
		r.running.Go(func() { r.writeLines(ctx) })
	}
	return r
}

// Screen is what else writes to the two streams during the run must go through.
func (r *Reporter) Screen() *Screen { return r.screen }

// Hold says what holds things up when it is not the line, for example "API
// allowance: 10/s, about 3 h 10 min left", and about when that ends.
func (r *Reporter) Hold(text string, until time.Time) {
	r.tally.setHold(text, until)
	r.begun()
}

// Started implements download.ProgressObserver.
func (r *Reporter) Started(job download.Job, name string, obj transfer.Object, held int64) {
	r.tally.start(job, name, obj, held, time.Now())
	r.begun()
}

// Advanced implements download.ProgressObserver.
func (r *Reporter) Advanced(job download.Job, n int64) {
	r.tally.advance(job, n, time.Now())
}

// longWait is a wait before another try that is told without Options.Verbose: a server has asked for it
// (Retry-After), and whoever is not told takes it for a hang.
const longWait = time.Minute

// Retried implements download.ProgressObserver.
func (r *Reporter) Retried(job download.Job, name string, err error, wait time.Duration) {
	if (r.options.Verbose || wait >= longWait) && !r.options.Quiet {
		about := fileName(name, job.MediaID, job.Selector.String())
		r.screen.Say("%s: %s; trying again in %s", about, Clip(Clean(err.Error()), messageLimit), Duration(wait))
	}
}

// Finished implements download.ResultObserver.
func (r *Reporter) Finished(job download.Job, result download.Result) {
	r.tally.finish(job, result)
	if result.Path != "" && r.options.Show != nil {
		result.Path = r.options.Show(result.Path)
	}
	r.writeResult(result)
	r.writeWarning(result)
	r.writeFailure(result)
	r.begun()
}

// SayStatus says where things stand, in one line.
func (r *Reporter) SayStatus() { r.screen.Say("%s", r.status()) }

func (r *Reporter) status() string {
	return statusLine(r.tally.at(time.Now()), r.options.Single)
}

// EndProgress takes the bar away and shows no further progress; results, errors
// and the summary are still written. It is for the moment of an interruption.
func (r *Reporter) EndProgress() {
	r.stop()
	r.running.Wait()
	r.screen.hide()
}

// Close ends progress and, unless one file alone was asked for or quiet, writes
// the summary. The error is the one that ended standard output, if one did.
// Events must not come after it; a second Close does nothing more.
func (r *Reporter) Close(totals Totals) error {
	r.closing.Do(func() {
		r.EndProgress()
		lines := []string(nil)
		switch {
		case !r.summarises():
		case r.options.Changes:
			lines = r.tally.changed(time.Now(), totals, r.options.DryRun)
		default:
			lines = r.tally.summary(time.Now(), totals)
		}
		if lines != nil {
			r.screen.message(lines...)
		}
	})
	return r.screen.Err()
}

// Abandon ends a run that did not begin: there is nothing to sum up.
func (r *Reporter) Abandon() { r.closing.Do(r.EndProgress) }

func (r *Reporter) summarises() bool { return !r.options.Single && !r.options.Quiet }

func (r *Reporter) writeResult(result download.Result) {
	if r.options.Streamed {
		return
	}
	if !r.options.JSON {
		if line := planLine(result, r.options.Print0, r.screen.stdoutIsTerminal); line != nil {
			r.screen.Result(line)
		}
		return
	}
	r.writeJSON(result)
}

func (r *Reporter) writeJSON(result download.Result) {
	line, err := JSONLine(withPathBytes(result))
	if err != nil {
		r.screen.attempt(func() error { return err })
		return
	}
	r.screen.Result(line)
}

// writeWarning says that a file in place is probably not the one that was asked for.
func (r *Reporter) writeWarning(result download.Result) {
	if result.Suspect == "" || result.Status == download.Failed || r.options.Quiet {
		return
	}
	r.screen.Warn(fileName(result.Name, result.MediaID, result.Selector), "this is probably not the file: %s", Clip(Clean(result.Suspect), messageLimit))
}

// writeFailure says at once what went wrong. Files that an interruption stopped
// are left to the summary, if there is one: they went wrong for one reason.
func (r *Reporter) writeFailure(result download.Result) {
	if result.Status != download.Failed && result.MetadataError == nil || cause(result) == download.CodeInterrupted && r.summarises() {
		return
	}
	r.screen.Fail(failure(result))
}

// begun tells that there is something to tell.
func (r *Reporter) begun() { r.tell.Do(func() { close(r.first) }) }

// bar is the text of the bar for a number of columns.
func (r *Reporter) bar(room int) string {
	p := r.tally.at(time.Now())
	if r.options.Single {
		return oneFile(p, room)
	}
	return manyFiles(p, room)
}

// drawBar keeps the bar up to date until ctx ends. Events only count: drawing
// follows the clock, so that a stall shows as well as a hurry.
func (r *Reporter) drawBar(ctx context.Context) {
	tick := time.NewTicker(barInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.screen.redraw()
		case <-ctx.Done():
			return
		}
	}
}

// writeLines says where things stand every 30 s until ctx ends.
func (r *Reporter) writeLines(ctx context.Context) {
	select {
	case <-r.first:
	case <-ctx.Done():
		return
	}
	if r.options.Progress == ProgressAlways {
		r.SayStatus()
	}
	tick := time.NewTicker(lineInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.SayStatus()
		case <-ctx.Done():
			return
		}
	}
}
