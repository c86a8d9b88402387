package mirror

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/metadata"
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
	// Stop is why the run ended before its steps did, nil if it did not.
	Stop error
}

// running is the state of one Do.
type running struct {
	*Run
	folder *Destination
	mover  mover
	trash  *trash // nil if files are removed
	// partials are those that existed before files were transferred or, while files are deleted, after that.
	partials *sink.Partials
	stuck    map[*download.Result]bool // records of which the file or the metadata could not leave a path
	keeps    map[string]bool           // folded paths of what the plan keeps

	comparing sync.Mutex
	compare   comparer

	mu      sync.Mutex
	outcome Outcome
	unsafe  download.Code // of a failure after which nothing is deleted; "" if there was none
}

// Do carries out steps, as Plan returns them: first those that cannot be done are reported, and files that hinder others
// are deleted; then files are moved, fetched and described, taken over and given up, and deleted last. Only failures of
// the codes forbidden, not_found, exists and usage let those last deletions go on. Folders that become empty are removed. The error is why nothing was done.
func (r *Run) Do(ctx context.Context, steps []Step) (Outcome, error) {
	x := &running{
		Run: r, folder: Look(ctx, r.Root), compare: comparer{folder: r.Root}, partials: sink.NewPartials(r.Root), stuck: map[*download.Result]bool{},
		keeps: map[string]bool{},
	}
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
	todo, first := map[download.Action][]*Step{}, []*Step(nil)
	for i := range steps {
		s := &steps[i]
		x.dropStray(ctx, s)
		if s.First {
			first = append(first, s)
			continue
		}
		if s.Err != nil {
			if s.Action == download.ActionKeep {
				x.keeps[naming.Folded(s.Path)] = true
			}
			x.report(s.result(r.Portal))
			continue
		}
		todo[s.Action] = append(todo[s.Action], s)
	}
	x.dropLoneMetadata()
	x.deletions(ctx, first)
	for _, phase := range []struct {
		action download.Action
		do     func(context.Context, []*Step)
	}{
		{download.ActionMove, x.moves},
		{download.ActionFetch, x.fetches},
		{download.ActionMetadata, x.each(x.describe)},
		{download.ActionAdopt, x.each(x.adopt)},
		{"", x.each(x.note)},
		{download.ActionDelete, x.deletions},
	} {
		if x.outcome.Stop == nil && ctx.Err() == nil {
			phase.do(ctx, todo[phase.action])
		} else if phase.action == download.ActionDelete {
			x.outcome.NotDeleted += len(todo[phase.action])
		}
	}
	if x.outcome.Stop == nil && ctx.Err() != nil {
		x.outcome.Stop = context.Cause(ctx)
	}
	if x.outcome.Stop == nil && x.outcome.Failed+x.outcome.Kept == 0 {
		x.forgetBegun()
	}
	return x.outcome, nil
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

// each makes a phase of what is done with one step, until ctx ends. A step of a record that is stuck has its failure reported.
func (x *running) each(do func(context.Context, *Step)) func(context.Context, []*Step) {
	return func(ctx context.Context, steps []*Step) {
		for _, s := range steps {
			if ctx.Err() != nil {
				return
			}
			if !x.stuck[s.Record] {
				do(ctx, s)
			}
		}
	}
}

// report counts a result and hands it on.
func (x *running) report(r download.Result) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.outcome.Steps++
	x.unsafe = cmp.Or(x.unsafe, endangers(r))
	switch r.Status {
	case download.Failed:
		x.outcome.Failed++
	case download.Kept:
		x.outcome.Kept++
	case download.Deleted:
		x.outcome.Deleted++
	default:
	}
	if r.FinishedAt.IsZero() {
		r.FinishedAt = time.Now().UTC()
	}
	r.Listed = nil
	if x.Report != nil {
		x.Report(r)
	}
}

// fails reports that a step could not be done, with its path as users know it; as kept, if another file has the path or the file was edited. After the
// end of ctx the run ends, and not the step.
func (x *running) fails(ctx context.Context, s *Step, err error) {
	if ctx.Err() != nil {
		return
	}
	r := s.result(x.Portal)
	r.Status, r.Error = download.Failed, download.FailureOf(ctx, local(s.Path, err))
	about := s.Path
	if s.Action == download.ActionMetadata {
		about = sidecarOf(s.Path)
	}
	r.Error.Message = naming.Below(x.Root.Name(), filepath.FromSlash(about)) + ": " + r.Error.Message
	if r.Error.Code == download.CodeExists {
		r.Status, r.Action = download.Kept, download.ActionKeep
		if s.Action == download.ActionMetadata {
			if x.keeps[naming.Folded(sidecarOf(s.Path))] {
				return // as it was planned, and is reported
			}
			r.Path = metadata.Path(r.Path)
		}
	}
	x.report(r)
}

// local returns an error of the file system, about a path, as one with a code.
func local(path string, err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*download.Error](err); ok {
		return err
	}
	cause := err
	if link, ok := errors.AsType[*os.LinkError](err); ok {
		cause = link.Err
	} else if at, ok := errors.AsType[*fs.PathError](err); ok {
		cause = at.Err
	}
	e := &download.Error{Code: download.CodeLocal, Path: filepath.FromSlash(path), Err: cause}
	switch {
	case errors.Is(err, fs.ErrExist):
		e.Code, e.Advice = download.CodeExists, changedAdvice
	case sink.IsFull(err):
		e.Code, e.Advice = download.CodeDiskFull, "free some space, then run the same command again to continue"
	}
	return e
}

// changedAdvice is what to do about a file that appeared or was changed while sync ran: the next plan has it.
const changedAdvice = "run sync again"

// errEdited returns the reason why a file that was changed after the plan was made stays as it is.
func errEdited(path string) error {
	return &download.Error{
		Code: download.CodeExists, Path: filepath.FromSlash(path), Err: errors.New("it was changed while sync ran"),
		Advice: changedAdvice,
	}
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

// finished records what has become of a step's file.
func (x *running) finished(r download.Result) {
	if r.FinishedAt.IsZero() {
		r.FinishedAt = time.Now().UTC()
	}
	x.State.Finished(download.Job{MediaID: r.MediaID}, r)
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
