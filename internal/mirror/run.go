package mirror

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/sink"
)

// Ledger is the state of a sync: a *journal.Journal. Several goroutines use it at once.
type Ledger interface {
	// Intend records that a file is about to be at r.Path. Without the record it does not get there.
	Intend(r download.Result) error
	// Finished records what has become of a file.
	Finished(job download.Job, r download.Result)
}

// Run carries out plans. Its fields are set once, before Do.
type Run struct {
	Root   *os.Root // the destination
	Portal string   // host, and port if it has one
	State  Ledger
	Spool  *Spool // has the metadata of Wanted; nil if there are none
	Trash  string // the folder for files that are deleted; "" removes them
	// Report, if set, is called with each result, by one goroutine at a time. A fetched file has Plan: new,
	// changed, or unchanged if what is in place was found to be the same.
	Report func(download.Result)
	// Fetch transfers the files of jobs, numbered from 1 on in their order, and tells l and r as download.Engine does.
	Fetch func(ctx context.Context, jobs iter.Seq[download.Job], l download.ResultObserver, r download.Recorder) download.Tally
	// WriteMetadata is metadata.Write below Root; nil if each file is to have none beside it.
	WriteMetadata func(path string, content []byte, own string) (md5 string, err error)
}

// Outcome says how a plan was carried out.
type Outcome struct {
	Steps   int // results
	Failed  int // results of files that are not in place as they should be
	Kept    int // results of files that stay as they are though the portal has them otherwise
	Deleted int // results of files that were deleted
	// NotDeleted counts the files that stay, although their assets are gone, because the run was stopped.
	NotDeleted int
	// NotStarted counts the files that were to be fetched, and were not begun because the run was stopped.
	NotStarted int
	// Stop is why the run ended before its steps did, nil if it did not.
	Stop error
}

// running is a plan that is carried out in a folder.
type running struct {
	progress
	folder *Destination
	mover  mover
	trash  *trash // nil if files are removed
	// partials are those that existed before files were transferred or, while files are deleted, after that.
	partials *sink.Partials

	comparing sync.Mutex
	compare   comparer
}

var _ executor = (*running)(nil)

func newRunning(ctx context.Context, r *Run) *running {
	x := &running{folder: Look(ctx, r.Root), compare: comparer{folder: r.Root}, partials: sink.NewPartials(r.Root)}
	x.progress = newProgress(r, x, r.WriteMetadata != nil, 1)
	return x
}

// Do carries out steps, as Plan returns them: first those that cannot be done are reported, and files that hinder others
// are deleted; then files are moved, fetched and described, taken over and given up, and deleted last. Only failures of
// the codes forbidden, not_found, exists and usage let those last deletions go on. Folders that become empty are removed. The error is why nothing was done.
func (r *Run) Do(ctx context.Context, steps []Step) (Outcome, error) {
	x := newRunning(ctx, r)
	if r.Trash != "" && deletes(steps) {
		var err error
		if x.trash, err = openTrash(r); err != nil {
			return Outcome{}, err
		}
		defer x.trash.close()
	}
	if err := x.sweepBegun(steps); err != nil {
		return Outcome{}, fmt.Errorf("noting which files are written: %w", err)
	}
	x.dropLoneMetadata()
	x.carryOut(ctx, steps)
	if x.outcome.Stop == nil && x.outcome.Failed+x.outcome.Kept == 0 {
		x.forgetBegun()
	}
	return x.outcome, nil
}

// stands implements executor.
func (x *running) stands(r *download.Result) Standing { return x.folder.Stands(r) }

// show implements executor.
func (x *running) show(path string) string {
	return naming.Below(x.Root.Name(), filepath.FromSlash(path))
}

// deletes reports whether steps take away files.
func deletes(steps []Step) bool {
	for i := range steps {
		if s := &steps[i]; s.Action == download.ActionDelete || s.Displaces != nil || s.Action == "" && s.Why != "" {
			return true
		}
	}
	return false
}

// proven returns what has become of a record's file right before it is taken away: its MD5 decides. One that is as it was
// written is returned as it was looked at. The error is why that is not known.
func (x *running) proven(ctx context.Context, r *download.Result) (fs.FileInfo, Standing, error) {
	name := filepath.FromSlash(r.Path)
	before, err := x.Root.Lstat(name)
	switch {
	case isMissing(err):
		return nil, NotThere, nil
	case err != nil:
		return nil, Edited, local(r.Path, err)
	}
	same, err := x.matches(ctx, r)
	if err != nil || !same {
		return nil, Edited, local(r.Path, err)
	}
	after, err := x.Root.Lstat(name)
	if err != nil || !sink.IsSame(before, after) {
		return nil, Edited, nil //nolint:nilerr // it was taken away or changed while it was read
	}
	return after, AsWritten, nil
}

// stamp sets the time of a record's file, unless the file is another one by now.
func (x *running) stamp(r *download.Result) {
	info, err := x.Root.Lstat(filepath.FromSlash(r.Path))
	if err == nil && r.Bytes != nil && info.Size() == *r.Bytes {
		r.Listed = dated(r, info).Listed
	}
}

// removeEmpty removes the folders that a path was in, as far as they are empty now.
func (x *running) removeEmpty(path string) {
	for folder := filepath.Dir(filepath.FromSlash(path)); folder != "." && folder != ownFolder; folder = filepath.Dir(folder) {
		info, err := x.Root.Lstat(folder)
		if isMissing(err) {
			continue
		}
		if err != nil || !info.IsDir() || x.Root.Remove(folder) != nil {
			return
		}
	}
}

// swept removes what interrupted transfers have left of a file at a path that it does not have any more, and the
// folders that are empty then.
func (x *running) swept(path string, r *download.Result) {
	x.partials.Remove(filepath.ToSlash(path), r.File())
	x.removeEmpty(path)
}
