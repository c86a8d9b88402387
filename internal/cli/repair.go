package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/mirror"
	"github.com/bynder-cli/bynder/internal/naming"
	"github.com/bynder-cli/bynder/internal/report"
	"github.com/bynder-cli/bynder/internal/sink"
)

// repairFlags are the flags of verify that --repair needs.
type repairFlags struct {
	repair   bool
	trash    string
	transfer transferFlags
}

// repairTransfers are the flags of download that --repair takes, too.
var repairTransfers = []string{
	"jobs", "connections", "limit-rate", "fsync", "lock-wait", "api-rate", "retries", "profile", "domain", "config", "ca-cert",
}

func (o *repairFlags) addRepair(f *pflag.FlagSet) {
	f.BoolVar(&o.repair, "repair", false, "download missing and changed files again")
	f.StringVar(&o.trash, "trash", "", "with --repair: move changed files to this `folder` (default .bynder/replaced in the folder)")
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	o.transfer.add(all)
	for _, name := range repairTransfers {
		f.AddFlag(all.Lookup(name))
	}
}

// checkRepair rejects invalid flags.
func (o *verifyOptions) checkRepair(given func(flag string) bool) error {
	if !o.repair {
		for _, name := range append([]string{"trash"}, repairTransfers...) {
			if given(name) && (!o.inBucket() || !slices.Contains(bucketFlagsOfVerify, name)) {
				return &usageError{err: fmt.Errorf("--%s belongs to --repair", name), hint: "without --repair, verify asks nothing of the portal"}
			}
		}
	}
	switch {
	case o.inBucket():
		return o.checkBucket()
	case !o.repair:
		return nil
	}
	if err := checkTrash(o.trash, o.dest); err != nil {
		return err
	}
	t := &o.transfer
	t.streams, t.verbose, t.dir, t.journal, t.md5 = o.streams, o.verbose, o.dest, o.journal, true
	t.existsHint, t.recorded = "run it again: the file has appeared meanwhile", true
	return t.check(false)
}

// repair fetches files again that are missing or have changed.
type repair struct {
	*verifyOptions
	session *session
	folder  *os.Root
	aside   *mirror.Aside // nil until a file is moved away

	broken []mirror.Finding // files that are to be repaired
	jobs   []download.Job   // for broken files, numbered from 1 on
	files  []mirror.Finding // of jobs

	received, done atomic.Int64 // bytes and files, for status

	mu      sync.Mutex // guards the fields below, and the tally
	stop    context.CancelCauseFunc
	latest  map[download.FileID]download.Result // new records
	moved   int                                 // files that were moved away
	away    map[string]string                   // paths of moved files by their old ones, until the file was fetched again
	state   bool                                // the journal is the state of a sync
	differs int                                 // files that the portal has with other bytes now
}

// openRepair loads the credentials and opens the journal, which stays locked until the end. If the journal does not
// exist, reading it has the error.
func (o *verifyOptions) openRepair(ctx context.Context, s *session, folder *os.Root) (r *repair, err error) {
	r = &repair{
		verifyOptions: o, session: s, folder: folder, latest: map[download.FileID]download.Result{}, away: map[string]string{},
		state: sink.SameFile(o.journal, filepath.Join(o.dest, stateFolder, stateFile)),
	}
	if s.conf, err = o.transfer.load(ctx, o.streams); err != nil {
		return nil, err
	}
	if _, err := os.Stat(o.journal); errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	opts := o.transfer.journalOptions(s.conf, o.screen, "waiting for another bynder that uses the journal "+o.journal)
	opts.State, opts.KnowsHead = r.state, knowsHead
	if s.journal, err = journal.Open(ctx, o.journal, opts); err != nil {
		return nil, err
	}
	s.closeJournal()
	return r, mirror.PutBack(folder)
}

// run fetches the broken files again, then writes the files with metadata that are broken.
func (r *repair) run(ctx context.Context, files *journal.Files) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r.stop = stop
	s := r.session
	var err error
	if s.portal, err = r.transfer.portal(s.conf, r.screen, notifyWaits(r.screen), r.transfer.workers.Most()); err != nil {
		return err
	}
	// Nothing is moved away if the portal does not answer.
	if _, err := s.portal.client.CurrentUser(ctx); err != nil && !isForbidden(err) {
		return err
	}
	r.choose()
	if r.needsAside() {
		if r.aside, err = mirror.OpenAside(r.folder, r.trash); err != nil {
			return err
		}
		s.closers.add("changed files", always(r.aside.Close))
	}
	if s.destination, err = r.transfer.destination(ctx, s.conf); err != nil {
		return err
	}
	s.closers.add("destination", closing(s.destination.Close))
	engine := r.transfer.engine(s.conf, s.portal, s.destination)
	engine.Progress, engine.Recorder, engine.Results = r, s.journal, []download.ResultObserver{r}
	engine.Steps.Complete = r.complete(files)
	hide := func() {}
	if !r.quiet {
		hide = r.screen.ShowStatus(r.status)
	}
	tally := engine.Run(ctx, r.source)
	if tally.Stop == nil {
		tally.Stop = r.writeMetadata(ctx, files, s.portal.client)
	}
	hide()
	r.sum()
	return r.outcome(ctx, tally)
}

// sum prints how many files were moved or differ, and which ones were not repaired.
func (r *repair) sum() {
	elsewhere := 0
	for _, found := range r.broken {
		if found.Record.Portal != r.session.conf.Portal.Host {
			elsewhere++
		}
	}
	if elsewhere > 0 {
		r.screen.Warn("", "not repaired (recorded from another portal than %s): %s", r.session.conf.Portal.Host, count(elsewhere, "file"))
	}
	aside := cmp.Or(r.trash, filepath.Join(r.dest, mirror.ReplacedFolder))
	for _, path := range slices.Sorted(maps.Keys(r.away)) {
		r.screen.Warn(naming.Below(r.dest, path), "not repaired; the changed file is at %s", report.Clean(naming.Below(aside, r.away[path])))
	}
	if r.quiet {
		return
	}
	if r.moved > 0 {
		r.screen.Say("moved to %s: %s", aside, count(r.moved, "changed file"))
	}
	if r.differs > 0 {
		r.screen.Say("repaired with other bytes than were recorded, as the portal has them now: %s", count(r.differs, "file"))
	}
}

// outcome returns why the repair was stopped, nil if it was not or the reason was printed.
func (r *repair) outcome(ctx context.Context, tally download.Tally) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	printStop(r.screen, tally.Stop)
	switch {
	case errors.Is(tally.Stop, download.ErrUnauthorized):
		return &runError{wanted: tally.Wanted, failed: tally.Failed, unauthorized: true}
	case errors.Is(tally.Stop, download.ErrDiskFull):
		return nil
	}
	return tally.Stop
}

// isForbidden reports whether the portal accepts the credentials, and they may not ask what was asked.
func isForbidden(err error) bool {
	refused, ok := errors.AsType[*bynder.APIError](err)
	return ok && refused.Status == http.StatusForbidden
}
