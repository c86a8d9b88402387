package input

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
)

// List is what a run was asked for: arguments first, then lists, each a stream. It yields a job for each
// distinct line, knows which are in flight and which are not done, and writes those down at the end. It is
// a download.ResultObserver, which is how it hears of results.
type List struct {
	args    []Entry
	sources *Sources
	mediaID string
	choose  func(Entry) (bynder.Selector, error)

	count  count
	undone *undone
	unread bool
	failed error
	broken error // of a regular file that could not be read to its end

	closing    sync.Once
	notStarted int
	closed     error
}

// Options are what a List is made of.
type Options struct {
	// Args come before the sources.
	Args []Entry
	// Sources are closed by the List when the file UndoneOut may have to replace one of them. Whoever opened
	// them closes them otherwise.
	Sources *Sources
	// MediaID is the asset of entries that name none, "" where entries name theirs.
	MediaID string
	// Portal is the host of which links to assets are understood (Format.Portal).
	Portal string
	// Choose says which file of an asset an entry means.
	Choose func(Entry) (bynder.Selector, error)
	// Expands says that a line may become several files, which Expanded is told.
	Expands bool
	// UndoneOut is the file that lines which are not done are written to, "" for none. A FIFO that nobody
	// reads is waited for.
	UndoneOut string
}

// New returns a List. The error is that of opening UndoneOut, for which it waits until ctx ends. Close or Abandon must be called.
func New(ctx context.Context, o Options) (*List, error) {
	u, err := newUndone(ctx, o.UndoneOut)
	if err != nil {
		return nil, err
	}
	if len(o.Args) > 0 {
		u.declare(&form{})
	}
	for _, from := range o.Sources.all {
		from.format.Portal = o.Portal
		u.declare(from.form)
	}
	l := &List{args: o.Args, sources: o.Sources, mediaID: o.MediaID, choose: o.Choose, undone: u}
	l.count.lines, l.count.counted = l.lines()
	l.count.expands = o.Expands
	for _, from := range l.sources.all { // from now on, because lines were counted
		from.format.keep = u.keepLong(from.format.NUL)
	}
	return l, nil
}

// Files returns how many files the run is for as far as is known, each distinct line being one unless it has
// become several, and whether there may be more. It is the one place that knows: progress shows this number.
func (l *List) Files() (n int, more bool) {
	n, _, more = l.count.files()
	return n, more
}

// Left returns how many of the files have no result yet; ok is false as long as there may be more files.
func (l *List) Left() (n int, ok bool) {
	n, ended, more := l.count.files()
	return n - ended, !more
}

// Expanded notes that the line behind a job has become n files.
func (l *List) Expanded(job download.Job, n int) {
	l.count.expanded(n)
	l.undone.expanded(job.Origin, n)
}

// Finished implements download.ResultObserver.
func (l *List) Finished(job download.Job, r download.Result) {
	l.count.finished()
	l.undone.finished(job, r)
}

// Err returns why Jobs did not read on: an error of Begin, or an *OpenQuoteError. It is nil if all input was read, or
// the run was stopped before.
func (l *List) Err() error { return l.failed }

// Unread reports whether input was left unread that cannot be read any more.
func (l *List) Unread() bool { return l.unread }

// Empty reports whether nothing has been asked for: no argument and no line, good or bad.
func (l *List) Empty() bool {
	n, _, _ := l.count.files()
	return n == 0
}

// Replaces reports whether the lines that are not done are written to a file of this program alone, which
// takes its name when it is whole: writing it does not block.
func (l *List) Replaces() bool { return l.undone.file != nil && l.undone.file.replaces() }

// lines returns how many lines there are, duplicates among them; ok is false where that
// cannot be known before they are read.
func (l *List) lines() (n int, ok bool) {
	n = len(l.args)
	for _, from := range l.sources.all {
		lines, ok := from.count()
		if !ok {
			return 0, false
		}
		n += lines
	}
	return n, true
}

// Close writes down the lines that are not done and returns how many of them were not started: what was read and
// has no result and, of a run that was stopped, what was never read. It does so once, and may be called while the
// run hangs at its end.
func (l *List) Close(stopped bool) (notStarted int, err error) {
	l.closing.Do(func() {
		rest := l.rest
		if !stopped && l.broken == nil {
			rest = nil
		}
		l.notStarted, l.closed = l.undone.conclude(rest, l.sources.Close)
	})
	return l.notStarted, l.closed
}

// Abandon takes away the file that was begun, where Close did not come to be called.
func (l *List) Abandon() { l.closing.Do(l.undone.abandon) }

// Jobs yields a job for each distinct entry, as soon as it is there, until ctx ends. It calls Begin. Whatever is
// yielded is noted as undone until its result says otherwise.
func (l *List) Jobs(ctx context.Context) iter.Seq[download.Job] {
	return func(yield func(download.Job) bool) {
		if l.failed = l.Begin(ctx); l.failed != nil {
			l.leave(l.sources.all)
			return
		}
		for entry := range l.entries(ctx) {
			job, asked := l.job(entry)
			isNew, err := l.undone.read(asked)
			l.count.read(!isNew)
			if !isNew {
				continue // a double
			}
			if err != nil {
				refuse(&job, entry, err)
			}
			if !yield(job) || ctx.Err() != nil {
				return
			}
		}
		if ctx.Err() == nil {
			l.count.end()
		}
	}
}

// Begin reads the beginnings of the lists that are not regular files; those of files were read when they were opened.
// The error is that of a list that cannot be read as it was meant: a *download.Error for a header, or an
// *OpenQuoteError. It reads no list twice. When ctx ends it returns nil, as Jobs then yields nothing.
func (l *List) Begin(ctx context.Context) error {
	for _, from := range l.sources.all {
		if from.regular || from.parser != nil || ctx.Err() != nil {
			continue
		}
		from.reader = &interruptibleReader{ctx: ctx, r: from.r}
		parser, err := from.begin(from.reader)
		l.undone.declare(from.form)
		if err != nil {
			return err
		}
		from.parser = parser
	}
	return nil
}

// job is what an entry asks for, and the line that is not done until it is.
func (l *List) job(e Entry) (download.Job, *line) {
	if e.MediaID == "" && e.Err == nil {
		e.MediaID = l.mediaID
	}
	asked := &line{key: spelled(e.MediaID, e.ItemID), entry: e, files: 1}
	job := download.Job{MediaID: e.MediaID, Asset: e.Asset, Size: e.Size, Path: e.SaveAs, Origin: asked.key}
	asked.entry.Asset = nil // it may be large
	err := e.Err
	if err == nil {
		job.Selector, err = l.choose(e)
	}
	if err == nil && e.SaveAs != "" && l.count.expands {
		err = errors.New("the line gives a path for one file, and the flags select several")
	}
	if err != nil {
		refuse(&job, e, err)
		asked.key = job.Origin
	}
	return job, asked
}

// refuse makes a job fail as a mistake on its line.
func refuse(job *download.Job, e Entry, err error) {
	if e.Line > 0 {
		err = fmt.Errorf("line %d: %w", e.Line, err)
	}
	job.Err = &download.Error{Code: download.CodeUsage, Err: err, Advice: e.advice}
	job.Origin = e.mistake(job.Origin)
}

// mistake is the key of a line that asks for no file: where it stands and, of an argument, what it is.
func (e *Entry) mistake(key string) string {
	if e.list > 0 {
		key = ""
	}
	return fmt.Sprintf("# list %d, line %d: %.300q", e.list, e.Line, key)
}

// spelled is a line that Read reads as these ids.
func spelled(mediaID, itemID string) string {
	if itemID != "" {
		return mediaID + "\t" + itemID
	}
	return mediaID
}

// entries yields what is asked for. A list that cannot be read on is an entry with an
// error: what it would have held is not done.
func (l *List) entries(ctx context.Context) iter.Seq[Entry] {
	return func(yield func(Entry) bool) {
		for _, e := range l.args {
			if !yield(e) {
				l.leave(l.sources.all)
				return
			}
		}
		for i, from := range l.sources.all {
			if ctx.Err() != nil {
				l.leave(l.sources.all[i:])
				return
			}
			parser := from.parser
			if from.regular {
				parser = newParser(from.r, from.format)
			} else {
				from.reader.ctx = ctx
			}
			for e, err := range parser.entries {
				e.list = i + 1
				if open := (*OpenQuoteError)(nil); errors.As(err, &open) {
					l.failed = fmt.Errorf("%s: %w", from.name, err)
					l.stopAt(from, open)
					l.leave(l.sources.all[i+1:])
					return
				}
				if err != nil && ctx.Err() == nil {
					e.Err = fmt.Errorf("%s: %w", from.name, err)
					l.breakOff(from, e.Err)
				}
				if ctx.Err() != nil || !yield(e) {
					l.leave(l.sources.all[i:])
					return
				}
			}
		}
	}
}

// leave notes that sources are not read, or not to their ends.
func (l *List) leave(sources []*source) {
	l.unread = l.unread || slices.ContainsFunc(sources, func(s *source) bool { return !s.regular })
}

// stopAt notes that a source is not read on behind a quote that is not closed.
func (l *List) stopAt(from *source, open *OpenQuoteError) {
	l.undone.mu.Lock() // the list may be closed meanwhile
	defer l.undone.mu.Unlock()
	from.open = open
	l.unread = !from.regular && !open.whole
}

// breakOff notes that a source cannot be read to its end.
func (l *List) breakOff(from *source, err error) {
	l.undone.mu.Lock()
	defer l.undone.mu.Unlock()
	if from.regular {
		l.broken = errors.Join(l.broken, err)
	} else {
		l.unread = true
	}
}
