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

// List is the input of a run: arguments, then lists, each a stream. It yields a job for each distinct line,
// records which are in flight and which are not done, and writes the latter to a file at the end. It is a
// download.ResultObserver.
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

// Options are the options of a List.
type Options struct {
	// Args are entries before those of the sources.
	Args []Entry
	// Sources are the lists. The List closes them before UndoneOut replaces one; otherwise the caller closes
	// them.
	Sources *Sources
	// MediaID is the asset of entries without a media id, "" if all entries have one.
	MediaID string
	// Portal is the host whose links to assets are accepted (Format.Portal).
	Portal string
	// Choose returns which file of the asset an entry selects.
	Choose func(Entry) (bynder.Selector, error)
	// Shard is the share of the lines that Jobs yields jobs for.
	Shard Shard
	// Expands means that a line may be several files; the caller then calls Expanded.
	Expands bool
	// UndoneOut is the file for lines that are not done, "" for none. Opening a FIFO waits for its
	// reader.
	UndoneOut string
}

// New returns a List. The error is that of opening UndoneOut, for which New waits until ctx ends. The caller must call
// Close or Discard.
func New(ctx context.Context, o Options) (*List, error) {
	u, err := newUndone(ctx, o.UndoneOut)
	if err != nil {
		return nil, err
	}
	u.shard = o.Shard
	if len(o.Args) > 0 {
		u.declare(&form{})
	}
	for _, from := range o.Sources.all {
		from.format.Portal = o.Portal
		u.declare(from.form)
	}
	l := &List{args: o.Args, sources: o.Sources, mediaID: o.MediaID, choose: o.Choose, undone: u}
	l.count.lines, l.count.counted = l.lines()
	l.count.expands, l.count.divided = o.Expands, o.Shard.Divided()
	for _, from := range l.sources.all { // only now, because counting must not keep lines
		from.format.keep = u.keepLong(from.format.NUL)
	}
	return l, nil
}

// Files returns the known number of files of the run, and reports whether there may be more. Each distinct line
// is one file unless Expanded was called for it. Progress shows this number.
func (l *List) Files() (n int, more bool) {
	n, _, more = l.count.files()
	return n, more
}

// Lines returns the number of lines of input, including duplicates and those of other shares; 0 if it is not known
// before they are read.
func (l *List) Lines() int { return l.count.lines }

// Left returns the number of files without a result; ok is false while there may be more files.
func (l *List) Left() (n int, ok bool) {
	n, ended, more := l.count.files()
	return n - ended, !more
}

// Expanded records that the line of a job is n files.
func (l *List) Expanded(job download.Job, n int) {
	l.count.expanded(n)
	l.undone.expanded(job.Origin, n)
}

// Finished implements download.ResultObserver.
func (l *List) Finished(job download.Job, r download.Result) {
	l.count.finished()
	l.undone.finished(job, r)
}

// Err returns the error that ended Jobs: that of Begin, or an *OpenQuoteError. It is nil if all input was read, or the
// run was stopped before.
func (l *List) Err() error { return l.failed }

// Unread reports whether some input was not read and cannot be read again.
func (l *List) Unread() bool { return l.unread }

// Empty reports whether there was no argument and no line, valid or not, of any share.
func (l *List) Empty() bool {
	n, _, _ := l.count.files()
	_, skipped := l.undone.otherShares()
	return n == 0 && !skipped
}

// OtherShares returns the number of distinct ids that were read and belong to other shares. The case of an id does not
// matter, as in Shard.Holds, and lines without a valid id do not count.
func (l *List) OtherShares() int {
	ids, _ := l.undone.otherShares()
	return ids
}

// Replaces reports whether the lines that are not done are written to a temporary file, which is renamed when it
// is complete: writing it does not block.
func (l *List) Replaces() bool { return l.undone.file != nil && l.undone.file.replaces() }

// lines returns the number of lines, including duplicates; ok is false if that is not known
// before they are read.
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

// Close writes the lines that are not done to UndoneOut and returns the number of those that were not started: lines
// that were read and have no result and, if the run was stopped, lines that were not read. Further calls return the
// same. It may be called while Jobs is running.
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

// Discard removes the incomplete UndoneOut file, unless Close was called.
func (l *List) Discard() { l.closing.Do(l.undone.discard) }

// Jobs returns an iterator over jobs, one per distinct entry of the share, each as soon as it is read, until ctx ends.
// It calls Begin. Each job is recorded as not done until its result is known.
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
				continue // a duplicate, or a line of another share
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
// The error is a *download.Error for an invalid header, or an *OpenQuoteError. It reads no list twice. If ctx ends,
// it returns nil, because Jobs then yields nothing.
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

// job returns the job of an entry, and its line for undone.
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
		err = errors.New("the line has a path for one file, but the flags select several")
	}
	if err != nil {
		refuse(&job, e, err)
		asked.key = job.Origin
	}
	return job, asked
}

// refuse makes a job fail with the error of its line.
func refuse(job *download.Job, e Entry, err error) {
	if e.Line > 0 {
		err = fmt.Errorf("line %d: %w", e.Line, err)
	}
	job.Err = &download.Error{Code: download.CodeUsage, Err: err, Advice: e.advice}
	job.Origin = e.mistake(job.Origin)
}

// mistake returns the key of an invalid line: its list and number, and its text if it is an argument.
func (e *Entry) mistake(key string) string {
	if e.list > 0 {
		key = ""
	}
	return fmt.Sprintf("# list %d, line %d: %.300q", e.list, e.Line, key)
}

// spelled returns a line that Read parses as these ids.
func spelled(mediaID, itemID string) string {
	if itemID != "" {
		return mediaID + "\t" + itemID
	}
	return mediaID
}

// entries yields all entries. A list that cannot be read to its end yields an entry with
// the error.
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
					e.Err, e.wholeList = fmt.Errorf("%s: %w", from.name, err), true
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

// leave records that sources are not read to their ends.
func (l *List) leave(sources []*source) {
	l.unread = l.unread || slices.ContainsFunc(sources, func(s *source) bool { return !s.regular })
}

// stopAt records that a source is not read after an unclosed quote.
func (l *List) stopAt(from *source, open *OpenQuoteError) {
	l.undone.mu.Lock() // Close may be called concurrently
	defer l.undone.mu.Unlock()
	from.open = open
	l.unread = !from.regular && !open.whole
}

// breakOff records that a source cannot be read to its end.
func (l *List) breakOff(from *source, err error) {
	l.undone.mu.Lock()
	defer l.undone.mu.Unlock()
	if from.regular {
		l.broken = errors.Join(l.broken, err)
	} else {
		l.unread = true
	}
}
