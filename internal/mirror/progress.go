package mirror

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/metadata"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/sink"
)

// executor carries out steps in a folder or in a bucket. Each of its methods reports and records what it has done.
type executor interface {
	// stands is Folder.Stands.
	stands(r *download.Result) Standing
	// dropSidecar removes the metadata of a file that is not at its path any more. It reports whether the record can forget
	// them: they are gone or were edited. A failure is reported.
	dropSidecar(ctx context.Context, r *download.Result) bool
	// replaceSidecar writes content beside a file and returns its MD5. An error comes with the MD5 of what is recorded then.
	replaceSidecar(ctx context.Context, r *download.Result, content []byte) (own string, err error)
	deletions(ctx context.Context, steps []*Step)
	moves(ctx context.Context, steps []*Step)
	fetches(ctx context.Context, steps []*Step)
	// adopt takes a file that is in place for sync's own, as it is.
	adopt(ctx context.Context, s *Step)
	// giveUp closes the record of a file: it is not sync's any more, or is not there. The metadata of an asset that is known
	// to be gone are deleted with it.
	giveUp(ctx context.Context, s *Step)
	// asWritten returns a record with what its file tells of itself now. ok is false if the file is not as it was written.
	asWritten(ctx context.Context, r *download.Result) (now *download.Result, ok bool)
	// bare returns a record as one without metadata, if there are none beside its file.
	bare(r download.Result) download.Result
	// show returns a path, with /, as users know it.
	show(path string) string
}

// progress is how far a plan has been carried out, in a folder or in a bucket.
type progress struct {
	*Run
	writes bool // metadata beside files
	atOnce int  // steps of a phase, see each
	by     executor
	stuck  map[*download.Result]bool // records of which the file or the metadata could not leave a path
	keeps  map[string]bool           // folded paths of what the plan keeps

	mu      sync.Mutex
	outcome Outcome
	unsafe  download.Code // of a failure after which nothing is deleted; "" if there was none
}

func newProgress(r *Run, by executor, writes bool, atOnce int) progress {
	return progress{Run: r, writes: writes, by: by, atOnce: atOnce, stuck: map[*download.Result]bool{}, keeps: map[string]bool{}}
}

// carryOut carries out steps in the order of Run.Do.
func (x *progress) carryOut(ctx context.Context, steps []Step) {
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
			x.report(s.result(x.Portal))
			continue
		}
		todo[s.Action] = append(todo[s.Action], s)
	}
	x.by.deletions(ctx, first)
	for _, phase := range []struct {
		action download.Action
		do     func(context.Context, []*Step)
	}{
		{download.ActionMove, x.by.moves},
		{download.ActionFetch, x.by.fetches},
		{download.ActionMetadata, x.each(x.describe)},
		{download.ActionAdopt, x.each(x.by.adopt)},
		{"", x.each(x.note)},
		{download.ActionDelete, x.by.deletions},
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
}

// each makes a phase of what is done with one step, until ctx ends. A step of a record that is stuck has its failure reported.
func (x *progress) each(do func(context.Context, *Step)) func(context.Context, []*Step) {
	return func(ctx context.Context, steps []*Step) {
		var work errgroup.Group
		work.SetLimit(x.atOnce)
		for _, s := range steps {
			if ctx.Err() != nil {
				break
			}
			switch {
			case x.stuck[s.Record]:
			case x.atOnce == 1:
				do(ctx, s)
			default:
				work.Go(func() error { do(ctx, s); return nil })
			}
		}
		_ = work.Wait() // it has no error
	}
}

// endangered returns the code of a failure after which nothing is deleted, "" if there was none.
func (x *progress) endangered() download.Code {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.unsafe
}

// report counts a result and hands it on.
func (x *progress) report(r download.Result) {
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
func (x *progress) fails(ctx context.Context, s *Step, err error) {
	if ctx.Err() != nil {
		return
	}
	r := s.result(x.Portal)
	r.Status, r.Error = download.Failed, download.FailureOf(ctx, local(s.Path, err))
	about := s.Path
	if s.Action == download.ActionMetadata {
		about = sidecarOf(s.Path)
	}
	r.Error.Message = x.by.show(about) + ": " + r.Error.Message
	if r.Error.Code == download.CodeExists {
		r.Status, r.Action, r.Why = download.Kept, download.ActionKeep, ""
		if s.Action == download.ActionMetadata {
			if x.keeps[naming.Folded(sidecarOf(s.Path))] {
				return // as it was planned, and is reported
			}
			r.Path = metadata.Path(r.Path)
		}
	}
	x.report(r)
}

// failsBeside reports that something could not be done with the metadata beside the path of a record's file.
func (x *progress) failsBeside(ctx context.Context, r *download.Result, path string, err error) {
	x.fails(ctx, &Step{Action: download.ActionMetadata, Record: r, Path: filepath.ToSlash(path)}, err)
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

// finished records what has become of a step's file.
func (x *progress) finished(r download.Result) {
	if r.FinishedAt.IsZero() {
		r.FinishedAt = time.Now().UTC()
	}
	x.State.Finished(download.Job{MediaID: r.MediaID}, r)
}

// listed returns what is on record of a step's file when it gets its name. Modified is that of the metadata in place, if
// there are any or they are to be written: the file's new metadata follow.
func (x *progress) listed(s *Step) download.Listed {
	l, before := s.Wanted.Listed, listedOf(s.Record)
	l.Metadata = before.Metadata
	if !x.describes(s) {
		if l.Metadata != "" {
			l.Modified = before.Modified
		}
		return l
	}
	l.Modified = ""
	if s.Displaces != nil {
		l.Metadata = listedOf(s.Displaces).Metadata
	}
	return l
}

// describes reports whether metadata are written beside a step's file.
func (x *progress) describes(s *Step) bool {
	return x.writes && !s.Bare && s.Wanted.Metadata.Length > 0 && !x.keeps[naming.Folded(sidecarOf(s.Path))]
}

// dropStray removes the metadata of a step's file if that is not in place any more and does not come back to its path:
// another file may need theirs. If that fails, the record stays as it is. Metadata of an asset that is gone are removed with
// their record (see executor.giveUp).
func (x *progress) dropStray(ctx context.Context, s *Step) {
	r := s.Record
	if r == nil || r.Portal != x.Portal || s.Replaces {
		return
	}
	goes := false
	switch s.Action {
	case download.ActionFetch, download.ActionAdopt:
		goes = r.Path != s.Path
	case closes:
		goes = s.Wanted == nil && s.Why == ""
	default:
	}
	if goes && x.by.stands(r) != AsWritten && !x.by.dropSidecar(ctx, r) {
		x.stuck[r] = true
	}
}

// writeSidecar writes the metadata of a file, and their MD5 and date to the file's record. It reports a failure, and
// returns whether there was none. r.Listed has what was known before; meanwhile a record says that there are no
// metadata of this dateModified, and after a kill the next plan writes them.
func (x *progress) writeSidecar(ctx context.Context, s *Step, r *download.Result) bool {
	before := listedOf(r)
	listed := before
	content, err := x.Spool.Read(s.Wanted.Metadata)
	if err == nil {
		listed.Metadata, err = x.by.replaceSidecar(ctx, r, content)
	}
	if err == nil {
		listed.Modified = s.Wanted.Listed.Modified
	}
	r.Listed = &listed
	if err != nil {
		failed := *s
		failed.Action = download.ActionMetadata
		x.fails(ctx, &failed, err)
	}
	return err == nil
}

// describe writes the metadata of a file that stays as it is.
func (x *progress) describe(ctx context.Context, s *Step) {
	r := s.record()
	if told := learned(s.Wanted, r); told != nil {
		r.Listed = told
	}
	if now, ok := x.by.asWritten(ctx, r); ok { // the file itself may have been edited
		r = now
	}
	if !x.writeSidecar(ctx, s, r) {
		return
	}
	r.Status = download.Unchanged
	x.finished(*r)
	done := s.result(x.Portal)
	done.Status = download.Unchanged
	x.report(done)
}

// note carries out a step that changes the state alone.
func (x *progress) note(ctx context.Context, s *Step) {
	if s.Wanted == nil {
		x.by.giveUp(ctx, s)
		return
	}
	r := s.record()
	told := learned(s.Wanted, r)
	if told == nil {
		return
	}
	r.Listed = told
	if now, ok := x.by.asWritten(ctx, r); ok {
		now.Status = download.Unchanged
		x.finished(x.by.bare(*now))
	}
}

// adopted writes the metadata of a step's file that was adopted, and records and reports it.
func (x *progress) adopted(ctx context.Context, s *Step, r download.Result) {
	if x.describes(s) {
		x.writeSidecar(ctx, s, &r)
	}
	r = x.by.bare(r)
	x.finished(r)
	r.Status = download.Unchanged
	x.report(r)
}

// deleted records and reports that a step's file was deleted.
func (x *progress) deleted(s *Step) {
	r := s.record()
	done := s.result(x.Portal)
	r.Status, done.Status = download.Deleted, download.Deleted
	x.finished(*r)
	x.report(done)
}

// displaced records and reports that the file which a step displaces is gone.
func (x *progress) displaced(s *Step) {
	if was := s.displacing(); was != nil {
		x.deleted(was)
	}
}
