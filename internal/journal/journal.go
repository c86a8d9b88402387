package journal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/filelock"
	"github.com/bynder-cli/bynder/internal/fsync"
)

const (
	// groupSize is the maximum number of results that are stored together in a file. As many more may wait,
	// so at most 100 finished files are missing in the journal.
	groupSize = 50
	// groupWait is how long a result waits for more results of its group.
	groupWait = time.Second
	// closeTimeout is how long storing may go on after the run was stopped.
	closeTimeout = time.Second
)

// Options describe the run that uses a journal.
type Options struct {
	// Portal is the portal's name in the run's results: host, and port if it has one.
	Portal string
	// Dir and Output are the values of --dir and --output. The folder must exist, except for
	// a dry run.
	Dir, Output string
	// Objects, if set, says that files go to a bucket in place of Dir: it calls each with the name below the destination,
	// with /, and the size in bytes of each object there. Output is below the bucket then.
	Objects func(ctx context.Context, each func(name string, size int64)) error
	// Segments, if set, store the journal in place of a file. An intent would cost a request for
	// each file, so that they are for a journal of objects only (see Objects).
	Segments Segments
	// Skip says that the run skips files if another file has their path. Only then a file
	// that an earlier run skipped is done.
	Skip bool
	// Synced says that files are synced before their results are added.
	Synced bool
	// DryRun makes the journal read only. It is not created either.
	DryRun bool
	// State says that the journal is the state of a sync of Dir: it has a head, and a line that is neither a head nor a
	// record is an error. Failures are not recorded in it: the record of the file in place stays.
	State bool
	// KnowsHead, if set, reports whether a state with such a head can be read.
	KnowsHead func(head json.RawMessage) bool
	// HadHead says that the state had a head before: without a head it is damaged, such as an empty file. With Adopt it
	// is begun anew.
	HadHead bool
	// Adopt renames a state that cannot be read to <file>.old-<n>, and begins a new one.
	Adopt bool
	// LockWait is how long to wait for another process that uses the journal; negative = no limit.
	LockWait time.Duration
	// Waiting, if set, is called when that wait begins, and every minute of it.
	Waiting func()
	// Encode writes a result as a line of JSON, as --json shows it.
	Encode func(download.Result) ([]byte, error)
	// Failed, if set, is called once, with the first error because of which results are missing in the journal. Close
	// returns the same error.
	Failed func(error)
}

// Journal records finished files, and reports which ones are done. Its methods can be called by
// several goroutines.
type Journal struct {
	opts        Options
	location    location
	locked      bool // for this process
	destination *destination
	ctx         context.Context //nolint:containedctx // Finished gets none, and every wait must end with the run

	mu     sync.Mutex // guards view, and the end of its file
	view   *view
	broken error // why nothing can be added any more

	groupSize int           // results that are stored together
	groupWait time.Duration // for them
	queue     chan entry
	queued    queued        // the results in queue, and those that are being written
	closing   chan struct{} // closed by Close
	stored    chan struct{} // closed when nothing more is written
	release   context.CancelFunc

	failing sync.Mutex
	failure error // the first

	ending sync.Once
	ended  error // Close's
}

var (
	_ download.ResultObserver = (*Journal)(nil)
	_ download.Recorder       = (*Journal)(nil)
)

// entry is a result that is to be added, with the name of its file in the run's destination, "" for a failure. Before a
// move the file had the name from.
type entry struct {
	result     download.Result
	name, from string
	written    chan struct{} // set for a mark, which has no result: closed when all results before it are written
}

// gone reports whether the file was deleted.
func (e *entry) gone() bool { return e.result.Status == download.Deleted }

// Open opens the journal in a file, created if it is missing with 0666 less the umask, and
// locks it until Close. It takes about a second for a million lines. Every wait of the journal
// ends one second after ctx. If another process uses the journal for longer than
// Options.LockWait, the error has the code local.
//
// A file that has lines, but no result, is refused: it is not a journal.
//
// With Options.Segments, file is only the name of the journal in messages, and there is no lock.
func Open(ctx context.Context, file string, opts Options) (*Journal, error) {
	return open(ctx, file, opts, filelock.Try)
}

func open(ctx context.Context, file string, opts Options, try func(*os.File) error) (_ *Journal, err error) {
	j := &Journal{
		opts: opts, location: location{path: file, state: opts.State, segments: opts.Segments}, view: newView(nil), queued: queued{of: map[download.FileID]int{}},
		closing: make(chan struct{}), stored: make(chan struct{}), groupSize: groupSize, groupWait: groupWait,
	}
	if opts.Segments != nil {
		j.groupSize, j.groupWait = segmentSize, segmentWait
	} else if j.location, err = locate(file, opts.State); err != nil {
		return nil, err
	}
	j.queue = make(chan entry, j.groupSize)
	j.ctx, j.release = outlive(ctx, closeTimeout)
	defer func() {
		if err != nil {
			_ = j.free()
		}
	}()
	if opts.Objects != nil {
		j.destination, err = newBucketDestination(opts.Output)
	} else {
		j.destination, err = newDestination(opts.Dir, opts.Output)
	}
	if err != nil && (!opts.DryRun || !errors.Is(err, fs.ErrNotExist)) {
		return nil, err
	}
	err = j.begin(ctx, try)
	if errors.Is(err, errUnreadable) && opts.Adopt {
		if err = j.putAside(); err == nil && !opts.DryRun {
			err = j.begin(ctx, try)
		}
	}
	if err == nil && j.destination.inBucket() && j.view.index.Len() > 0 {
		err = j.destination.list(ctx, opts.Objects)
	}
	if wrong, ok := errors.AsType[*download.Error](err); ok && wrong.Advice == newFileHint && opts.Segments != nil {
		wrong.Advice = "choose another prefix, below which no other program stores a journal"
	}
	if err != nil {
		return nil, err
	}
	if opts.DryRun {
		close(j.stored)
	} else {
		go j.store(ctx)
	}
	return j, nil
}

// begin opens the journal's file, locks it and prepares it.
func (j *Journal) begin(ctx context.Context, try func(*os.File) error) (err error) {
	switch {
	case j.location.segments != nil:
		j.view.file, err = j.location.download(ctx)
	case j.opts.DryRun:
		j.view.file, err = j.location.read()
	default:
		j.view.file, j.locked, err = j.location.lock(ctx, &j.opts, try)
	}
	if err != nil {
		return err
	}
	return j.prepare(ctx)
}

// prepare reads the journal, and resolves intents and a torn line that earlier runs have left.
func (j *Journal) prepare(ctx context.Context) error {
	if err := j.view.load(ctx); err != nil {
		return err
	}
	check := j.view.checkJournal
	if j.opts.State {
		check = j.checkState
	}
	if err := check(j.location.path); err != nil {
		return err
	}
	if j.opts.DryRun {
		return j.resolveIntents(ctx)
	}
	if err := j.repairEnd(ctx); err != nil {
		return err
	}
	if j.view.end == 0 && j.location.segments == nil { // it may be new
		if err := fsync.Folder(j.location.folder, "."); err != nil {
			return fmt.Errorf("syncing the journal's folder: %w", err)
		}
	}
	if err := j.resolveIntents(ctx); err != nil {
		return err
	}
	switch {
	case j.location.segments != nil:
		return j.location.merge(ctx, j.view)
	case !j.locked:
		return nil
	}
	if j.opts.State {
		j.location.removeUnfinished()
	}
	return j.location.compact(ctx, j.view)
}

// free releases what the journal holds, and with its file the lock.
func (j *Journal) free() error {
	j.release()
	j.mu.Lock() // Done may still run, if the run did not end in time
	defer j.mu.Unlock()
	return errors.Join(j.destination.close(), j.location.close(j.view.file))
}

// Done reports whether a job is recorded as done and its file is still in place:
// a regular file, or an object, of the recorded size, in the run's destination. The result is unchanged (or skipped,
// see Options.Skip).
func (j *Journal) Done(job download.Job) (download.Result, bool) {
	if job.Err != nil {
		return download.Result{}, false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	r, ok := j.view.latest(download.FileID{Portal: j.opts.Portal, MediaID: job.MediaID, Selector: job.Selector.String()})
	if !ok || len(r.suspect) > 0 { // the next run looks at a suspect file again
		return download.Result{}, false
	}
	name, ok := j.destination.find(&r, j.opts.Skip)
	if !ok || job.Path != "" && job.Path != filepath.ToSlash(name) {
		return download.Result{}, false
	}
	status := download.Unchanged
	if r.is(download.Skipped) {
		status = download.Skipped
	}
	if j.destination.inBucket() {
		name = filepath.ToSlash(name)
	}
	result := r.result(status, name)
	if !r.sized {
		result.Bytes = nil
	}
	result.FinishedAt = time.Now().UTC()
	return result, true
}

// Finished implements download.ResultObserver: it adds the result, unless the journal
// has the same. It waits while 100 results have not been stored yet, or 2,000 with Options.Segments.
func (j *Journal) Finished(job download.Job, r download.Result) {
	if j.opts.DryRun || job.Done {
		return
	}
	e, ok := j.entry(r)
	if !ok {
		return
	}
	j.queued.add(e.result.File(), 1)
	select {
	case j.queue <- e:
	case <-j.ctx.Done():
		j.queued.add(e.result.File(), -1)
	}
}

// entry returns the entry for a result; false if nothing is to be added.
func (j *Journal) entry(r download.Result) (entry, bool) {
	for _, s := range []string{r.MediaID, r.Selector, r.Path} {
		if !utf8.ValidString(s) { // JSON cannot hold it: it would be read as another text
			return entry{}, false
		}
	}
	// A state does not hold the steps of sync.
	from := filepath.FromSlash(r.From)
	if !j.destination.has(from) {
		from = ""
	}
	r.Action, r.From, r.Why, r.Plan = "", "", "", ""
	switch {
	case r.MediaID == "", r.Status == download.Kept, j.opts.State && (r.Status == download.Failed || r.Status == download.Skipped):
		return entry{}, false
	case r.Status == download.Deleted:
		name := filepath.FromSlash(r.Path)
		if r.Path, r.Listed = j.recorded(name), nil; r.Path == "" {
			name = ""
		}
		return entry{result: r, name: name}, true
	case r.Status == download.Moved:
		r.Status = download.Downloaded
	case r.Status == download.Failed:
		r.Path = j.recorded(r.Path)
		// A usage error is about a line of input, and not about a file.
		return entry{result: r}, r.Error != nil && r.Error.Code != download.CodeUsage
	}
	name := filepath.FromSlash(r.Path)
	if !j.destination.has(name) || r.Status != download.Downloaded && j.knows(r, name) {
		return entry{}, false
	}
	r.Path = j.destination.path(name)
	return entry{result: r, name: name, from: from}, true
}

// recorded returns the path of a result as the journal has it; "" if that is not a file of the destination.
func (j *Journal) recorded(path string) string {
	if !j.destination.has(path) {
		return ""
	}
	return j.destination.path(path)
}

// knows reports whether the latest record of the result's file equals the result, and no other result of it is queued.
func (j *Journal) knows(r download.Result, name string) bool {
	if j.queued.has(r.File()) {
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	known, ok := j.view.latest(r.File())
	if !ok {
		return false
	}
	where, ok := j.destination.find(&known, r.Status == download.Skipped)
	return ok && where == name && string(known.chosen) == r.Chosen && known.is(download.Skipped) == (r.Status == download.Skipped) &&
		(r.Listed == nil || known.listsSame(r))
}

// Close stores the results that wait, and closes the journal; no other method may be called
// afterwards. After the run was stopped it takes at most a second, and results that could not be
// stored in that time are missing in the journal. It returns the first error of storing
// results. It may be called twice, also at the same time.
func (j *Journal) Close() error {
	j.ending.Do(func() { j.ended = j.end() })
	return j.ended
}

func (j *Journal) end() error {
	close(j.closing)
	select {
	case <-j.stored:
	case <-j.ctx.Done():
		select {
		case <-j.stored:
		default: // it is in a system call that cannot be interrupted
			return errors.Join(j.err(), fmt.Errorf("the last results were not written to the journal: %w", context.Cause(j.ctx)))
		}
	}
	if err := j.free(); err != nil {
		j.fail(fmt.Errorf("closing the journal: %w", err))
	}
	return j.err()
}
