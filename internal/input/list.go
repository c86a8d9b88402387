package input

import (
	"context"
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

// New returns a List. The error is that of opening UndoneOut. Close or Abandon must be called.
func New(o Options) (*List, error) {
	u, err := newUndone(o.UndoneOut)
	if err != nil {
		return nil, err
	}
	for i := range o.Sources.all {
		o.Sources.all[i].format.Portal = o.Portal
	}
	l := &List{args: o.Args, sources: o.Sources, mediaID: o.MediaID, choose: o.Choose, undone: u}
	l.count.lines, l.count.counted = l.lines()
	l.count.expands = o.Expands
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

// Unread reports whether input was left unread that cannot be read any more.
func (l *List) Unread() bool { return l.unread }

// Replaces reports whether the lines that are not done are written to a file of this program alone, which
// takes its name when it is whole: writing it waits for nobody.
func (l *List) Replaces() bool { return l.undone.replaces() }

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
		if !stopped {
			rest = func(func(string) bool) {}
		}
		l.notStarted, l.closed = l.undone.conclude(rest, l.sources.Close)
	})
	return l.notStarted, l.closed
}

// Abandon takes away the file that was begun, where Close did not come to be called.
func (l *List) Abandon() { l.closing.Do(l.undone.abandon) }

// Jobs yields a job for each distinct entry, as soon as it is there, until ctx ends.
// Whatever is yielded is noted as undone until its result says otherwise.
func (l *List) Jobs(ctx context.Context) iter.Seq[download.Job] {
	return func(yield func(download.Job) bool) {
		for entry := range l.entries(ctx) {
			job := l.job(entry)
			isNew := l.undone.read(job.Origin)
			l.count.read(!isNew)
			if isNew && (!yield(job) || ctx.Err() != nil) {
				return
			}
		}
		if ctx.Err() == nil {
			l.count.end()
		}
	}
}

// job is what an entry asks for.
func (l *List) job(e Entry) download.Job {
	if e.MediaID == "" && e.Err == nil {
		e.MediaID = l.mediaID
	}
	job := download.Job{MediaID: e.MediaID, Asset: e.Asset, Size: e.Size, Origin: spelled(e.MediaID, e.ItemID)}
	err := e.Err
	if err == nil {
		job.Selector, err = l.choose(e)
	}
	if err != nil {
		if e.Line > 0 {
			err = fmt.Errorf("line %d: %w", e.Line, err)
		}
		job.Err = &download.Error{Code: download.CodeUsage, Err: err}
		job.Origin = fmt.Sprintf("# line %d: %.300q", e.Line, job.Origin)
	}
	return job
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
			for e, err := range Read(interruptible(ctx, from.r), from.format) {
				if err != nil && ctx.Err() == nil {
					e.Err = fmt.Errorf("%s: %w", from.name, err)
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
func (l *List) leave(sources []source) {
	l.unread = slices.ContainsFunc(sources, func(s source) bool { return !s.regular })
}

// rest yields the arguments and the lines of regular files, all of them; those that the
// run has come to are known to it.
func (l *List) rest(yield func(string) bool) {
	for _, entry := range l.args {
		if !yield(l.job(entry).Origin) {
			return
		}
	}
	for _, from := range l.sources.all {
		if !from.regular {
			continue
		}
		for entry, err := range Read(from.again(), from.format) {
			if err != nil || !yield(l.job(entry).Origin) {
				return
			}
		}
	}
}
