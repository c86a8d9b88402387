package mirror

import (
	"context"
	"path/filepath"

	"github.com/bynder-cli/bynder/internal/download"
)

// fetching has the steps whose files are transferred, by the number of their jobs, from 1 on. Its methods are called by
// several goroutines.
type fetching struct {
	*running
	ctx   context.Context //nolint:containedctx // observers get none
	steps []*Step
	// displacing are those that displace a file, and gone is what was put into the trash for them (guarded by mu).
	displacing map[download.FileID]*Step
	gone       map[*Step][]taken
	left       []*download.Result // records of files that have left their paths, guarded by mu
}

var (
	_ download.ResultObserver = (*fetching)(nil)
	_ download.Recorder       = (*fetching)(nil)
)

// fetches transfers files.
func (x *running) fetches(ctx context.Context, steps []*Step) {
	f := &fetching{running: x, ctx: ctx, displacing: map[download.FileID]*Step{}, gone: map[*Step][]taken{}}
	for _, s := range steps {
		if s.Record != nil && x.stuck[s.Record] {
			continue // its failure is reported
		}
		f.steps = append(f.steps, s)
		if s.Displaces != nil {
			f.displacing[s.Wanted.File] = s
		}
	}
	if len(f.steps) > 0 {
		x.outcome.Stop = x.Fetch(ctx, f.jobs, f, f).Stop
	}
	for _, r := range f.left { // while files are published, no folder is removed
		x.dropSidecar(ctx, r)
		x.swept(r.Path, r)
	}
}

// jobs yields the jobs of the steps, in their order.
func (f *fetching) jobs(yield func(download.Job) bool) {
	for i, s := range f.steps {
		if !yield(f.job(s, int64(i)+1)) {
			return
		}
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
	r, _ = Bare(f.Root, r)
	f.State.Finished(job, r)
	f.report(r)
	f.displaced(s)
}

// leave notes that the file of a record has left its path.
func (f *fetching) leave(r *download.Result) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left = append(f.left, r)
}
