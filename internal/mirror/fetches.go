package mirror

import (
	"context"
	"path/filepath"
	"sync"

	"github.com/bynder-cli/bynder/internal/download"
)

// transfers are the steps whose files are transferred, by the number of their jobs, from 1 on.
type transfers struct {
	steps []*Step
	// displacing are those that displace a file.
	displacing map[download.FileID]*Step

	mu   sync.Mutex
	left []*download.Result // records of files that have left their paths
}

// transfersOf returns the transfers of steps. A step of a record that is stuck has its failure reported.
func (x *progress) transfersOf(steps []*Step) *transfers {
	t := &transfers{displacing: map[download.FileID]*Step{}}
	for _, s := range steps {
		if s.Record != nil && x.stuck[s.Record] {
			continue
		}
		t.steps = append(t.steps, s)
		if s.Displaces != nil {
			t.displacing[s.Wanted.File] = s
		}
	}
	return t
}

// fetch carries out transfers.
func (x *progress) fetch(ctx context.Context, t *transfers, results download.ResultObserver, recorder download.Recorder) {
	if len(t.steps) == 0 {
		return
	}
	jobs := func(yield func(download.Job) bool) {
		for i, s := range t.steps {
			if !yield(x.job(s, int64(i)+1)) {
				return
			}
		}
	}
	tally := x.Fetch(ctx, jobs, results, recorder)
	if x.outcome.Stop = tally.Stop; tally.Stop != nil {
		x.outcome.NotStarted = max(len(t.steps)-tally.Wanted, 0)
	}
}

// job returns the job that transfers a step's file.
func (x *progress) job(s *Step, number int64) download.Job {
	w, listed := s.Wanted, x.listed(s)
	j := download.Job{
		Number: number, MediaID: w.File.MediaID, Selector: w.Selector, Asset: w.Asset, Chosen: w.Chosen, Path: s.Path, Listed: &listed,
	}
	if w.Listed.Size != nil {
		j.Size = *w.Listed.Size
	}
	was := s.Displaces
	if s.Replaces {
		was = s.Record
	}
	if was != nil && was.Bytes != nil {
		j.Replaces = &download.Replaceable{Size: *was.Bytes, MD5: was.MD5, ETag: was.DigestETag(), ObjectETag: was.ObjectETag}
	}
	return j
}

// fetched completes the result of a step's transfer. ok is false if it failed.
func (x *progress) fetched(s *Step, r download.Result) (_ download.Result, ok bool) {
	told := s.result(x.Portal)
	r.Action, r.Plan = told.Action, told.Plan
	if r.Status == download.Failed {
		if r.Error.Code == download.CodeExists && s.Replaces {
			r.Status, r.Action = download.Kept, download.ActionKeep
		}
		return r, false
	}
	if r.Status == download.Unchanged && s.Replaces {
		r.Plan = download.PlanUnchanged // the portal tells otherwise of it, and has the same file
	}
	listed := x.listed(s)
	r.Listed = &listed
	return r, true
}

// leave notes that the file of a record has left its path.
func (t *transfers) leave(r *download.Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left = append(t.left, r)
}

// fetching is the transfers to a folder. Its methods are called by several goroutines.
type fetching struct {
	*running
	*transfers
	ctx  context.Context   //nolint:containedctx // observers get none
	gone map[*Step][]taken // what was put into the trash for steps that displace a file, guarded by transfers.mu
}

var (
	_ download.ResultObserver = (*fetching)(nil)
	_ download.Recorder       = (*fetching)(nil)
)

// fetches transfers files.
func (x *running) fetches(ctx context.Context, steps []*Step) {
	f := &fetching{running: x, transfers: x.transfersOf(steps), ctx: ctx, gone: map[*Step][]taken{}}
	x.fetch(ctx, f.transfers, f, f)
	for _, r := range f.left { // while files are published, no folder is removed
		x.dropSidecar(ctx, r)
		x.swept(r.Path, r)
	}
}

// Intend implements download.Recorder. A file that the new one displaces goes to the trash, if there is one; without it
// the new one replaces it.
func (f *fetching) Intend(r download.Result) error {
	s := f.displacing[r.File()]
	if s == nil || f.trash == nil {
		return f.State.Intend(r)
	}
	gone, err := f.displace(f.ctx, s)
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.gone[s] = gone
	f.mu.Unlock()
	return f.State.Intend(r)
}

// Finished implements download.ResultObserver.
func (f *fetching) Finished(job download.Job, r download.Result) {
	s := f.steps[job.Number-1]
	r, ok := f.fetched(s, r)
	if !ok {
		f.mu.Lock()
		gone := f.gone[s]
		f.mu.Unlock()
		f.giveBack(f.ctx, gone)
		f.report(r)
		return
	}
	f.stamp(&r)
	if f.describes(s) {
		f.writeSidecar(f.ctx, s, &r)
	} else if s.Displaces != nil {
		f.dropSidecar(f.ctx, s.displacing().record())
	}
	if was := s.displacing(); was != nil && was.Path != s.Path { // in case; so it may be another file
		_, _ = f.displace(f.ctx, s) // if it was edited meanwhile, it stays
		f.leave(s.Displaces)
	}
	if s.Record != nil && filepath.ToSlash(s.Record.Path) != s.Path { // it was not there any more, or was moved
		f.leave(s.Record)
	}
	r = f.bare(r)
	f.State.Finished(job, r)
	f.report(r)
	f.displaced(s)
}
