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

// Progress is what is shown while files are in flight.
type Progress string

// The three choices. None writes a control character to a stream that is
// not a terminal.
const (
	// ProgressAuto is a bar if standard error is a terminal and the process is in its foreground, and one
	// plain line every 30 s if not (or if TERM is dumb).
	ProgressAuto Progress = "auto"
	// ProgressAlways is the same, except that the first plain line does not wait
	// for 30 s but comes with the first file.
	ProgressAlways Progress = "always"
	// ProgressNever is nothing.
	ProgressNever Progress = "never"
)

// ParseProgress returns the Progress that a flag's value names.
func ParseProgress(s string) (Progress, error) {
	switch p := Progress(s); p {
	case ProgressAuto, ProgressAlways, ProgressNever:
		return p, nil
	}
	return "", fmt.Errorf("invalid value %q: must be auto, always or never", s)
}

// Options is how a run is reported.
type Options struct {
	// Stdout gets results alone, Stderr everything else. Only an *os.File can be a
	// terminal.
	Stdout, Stderr io.Writer
	// StdoutFailed, if not nil, is called once when a write to Stdout has failed, so
	// that the run can end.
	StdoutFailed func(error)

	// Progress is ProgressAuto if empty.
	Progress Progress
	// Quiet shows only results and errors.
	Quiet bool
	// Verbose reports each retry, and why.
	Verbose bool
	// Single is set if one file was requested: the bar shows its name, and there
	// is no summary.
	Single bool
	// Files returns how many files the run is for, as far as is known, and whether there may be more: until
	// there are not, neither a percentage nor the time left is shown. If it is nil, nothing is known.
	Files func() (n int, more bool)

	// JSON makes every result an object on Stdout, whatever its status; without it
	// a line is the path of a file in place.
	JSON bool
	// Print0 ends each path with NUL.
	Print0 bool
	// Show, if set, returns the path of a result as the user sees it.
	Show func(path string) string
	// Changes says that the run changes a folder (Changed), and has no summary if it changed nothing; DryRun that it
	// would.
	Changes, DryRun bool
	// Streamed is set if the bytes of the file themselves go to Stdout: no result
	// is written there, and no bar is drawn over them.
	Streamed bool
	// NoPartials is set if no partial download is kept, such as of a file that goes to a stream.
	NoPartials bool
	// NoResume is set if the run discards the partial downloads of earlier runs. It keeps its own.
	NoResume bool
}

// Reporter reports a run: it is the observer of progress and results that people and
// scripts see. Its methods are safe for concurrent use.
type Reporter struct {
	options Options
	screen  *Screen
	tally   *tally

	stop    context.CancelFunc // ends the goroutine that shows progress
	running sync.WaitGroup
	first   chan struct{} // closed when the first file has started or ended
	tell    sync.Once
	closing sync.Once
}

var (
	_ download.ProgressObserver = (*Reporter)(nil)
	_ download.ResultObserver   = (*Reporter)(nil)
)

// New starts reporting. Close ends it.
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

// Screen returns the Screen of the run. Everything else that is written to the two streams during the run must go
// through it.
func (r *Reporter) Screen() *Screen { return r.screen }

// Begin makes the time of the summary count from now, and not from New. It is called when the first id of a run has been
// read: until then the run may have waited for a pipe.
func (r *Reporter) Begin() { r.tally.begin(time.Now()) }

// ShowWait sets the reason for a wait that is not the connection's, for example "API
// allowance: 10/s, about 3 h 10 min left", and about when it ends.
func (r *Reporter) ShowWait(text string, until time.Time) {
	r.tally.setWait(text, until)
	r.begun()
}

// Listed sets how many assets have been listed, of total (-1: unknown), before the first file is known.
func (r *Reporter) Listed(n int, total int64) { r.tally.listing.Set(n, total) }

// Started implements download.ProgressObserver.
func (r *Reporter) Started(job download.Job, name string, obj transfer.Object, held int64) {
	r.tally.start(job, name, obj, held, time.Now())
	r.begun()
}

// Advanced implements download.ProgressObserver.
func (r *Reporter) Advanced(job download.Job, n int64) {
	r.tally.advance(job, n, time.Now())
}

// longWait is the wait before a retry from which on it is reported even without Options.Verbose: a server has asked for
// it (Retry-After), and a user would take the silence for a hang.
const longWait = time.Minute

// Retried implements download.ProgressObserver.
func (r *Reporter) Retried(job download.Job, name string, err error, wait time.Duration) {
	if (r.options.Verbose || wait >= longWait) && !r.options.Quiet {
		about := fileName(name, job.MediaID, job.Selector.String())
		message := Message(err.Error(), r.options.Verbose)
		when := ""
		if wait > 0 {
			when = " in " + Duration(wait)
		}
		r.screen.Say("%s: %s; trying again%s", about, Clip(Clean(message), messageLimit), when)
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

// SayStatus writes the progress of the run, in one line.
func (r *Reporter) SayStatus() { r.screen.Say("%s", r.status()) }

func (r *Reporter) status() string {
	return statusLine(r.tally.at(time.Now()), r.options.Single)
}

// EndProgress removes the bar and shows no further progress; results, errors
// and the summary are still written. It is called when a run is interrupted.
func (r *Reporter) EndProgress() {
	r.stop()
	r.running.Wait()
	r.screen.hide()
}

// Close ends progress and writes the summary, unless the run was for one file or
// is quiet. The error is that of a failed write to standard output, if any.
// No event may follow Close; a second Close does nothing.
func (r *Reporter) Close(totals Totals) error {
	r.closing.Do(func() {
		r.EndProgress()
		lines := []string(nil)
		switch {
		case !r.summarizes():
		case r.options.Changes:
			lines = r.tally.changed(time.Now(), totals, r.options.DryRun)
		default:
			lines = r.tally.summary(time.Now(), totals)
		}
		hint := r.continueHint()
		if hint != "" && r.summarizes() {
			lines = append(lines, hinted(hint))
		}
		if lines != nil {
			r.screen.message(lines...)
		}
		if n := r.tally.interrupted(); n > 0 && r.options.Quiet && !r.options.Single {
			r.screen.Fail(files(n)+" interrupted", hint)
		}
	})
	return r.screen.Err()
}

// CloseSilently ends a run that did not begin: there is nothing to sum up.
func (r *Reporter) CloseSilently() { r.closing.Do(r.EndProgress) }

func (r *Reporter) summarizes() bool { return !r.options.Single && !r.options.Quiet }

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

// writeWarning writes a warning that a file in place is probably not the requested one.
func (r *Reporter) writeWarning(result download.Result) {
	if result.Suspect == "" || result.Status == download.Failed || r.options.Quiet {
		return
	}
	r.screen.Warn(fileName(result.Name, result.MediaID, result.Selector), "suspect file: %s", Clip(Clean(result.Suspect), messageLimit))
}

// writeFailure writes what went wrong, at once. Of several files, those that an interruption stopped
// are only counted at the end: all have the same reason.
func (r *Reporter) writeFailure(result download.Result) {
	if result.Status != download.Failed && result.MetadataError == nil || cause(result) == download.CodeInterrupted && !r.options.Single {
		return
	}
	what, hint := failure(result, r.options.Verbose)
	if hint == "" {
		hint = r.continueHint()
	}
	r.screen.Fail(what, hint)
}

// begun ends the wait for the first file.
func (r *Reporter) begun() { r.tell.Do(func() { close(r.first) }) }

// bar returns the text of the bar for a number of columns.
func (r *Reporter) bar(room int) string {
	p := r.tally.at(time.Now())
	if r.options.Single {
		return oneFile(p, room)
	}
	return manyFiles(p, room)
}

// drawBar keeps the bar up to date until ctx ends. Events only count; the bar is
// redrawn by a timer, so that a stalled transfer shows too. In the background, plain lines take its place.
func (r *Reporter) drawBar(ctx context.Context) {
	defer r.screen.reserve()()
	tick, line := time.NewTicker(barInterval), time.NewTicker(lineInterval)
	defer tick.Stop()
	defer line.Stop()
	for {
		select {
		case <-tick.C:
			r.screen.redraw()
		case <-line.C:
			if r.screen.background() {
				r.SayStatus()
			}
		case <-ctx.Done():
			return
		}
	}
}

// writeLines writes the progress of the run every 30 s until ctx ends.
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
