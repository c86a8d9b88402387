package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/metadata"
	"github.com/bynder-cli/bynder/internal/mirror"
	"github.com/bynder-cli/bynder/internal/report"
)

// syncRun is one run of sync: a session whose journal is the state of the destination.
type syncRun struct {
	session
	o     *syncOptions
	root  *os.Root                  // the folder; nil if it is missing in a dry run, and for a bucket
	there *mirror.BucketDestination // the bucket; nil for a folder
	lock  *bucket.Lock              // of the bucket; nil in a dry run, and if the server cannot lock
	clean bool                      // everything that the run has begun is done

	before *syncHead         // of the state, nil if there is none
	names  *account          // what names stand for
	brands map[string]string // names of the portal's brands by their ids in capitals; nil if it was not asked
	valued map[string]bool   // metaproperties of the template of which a listed asset has a value
	// unlisted is how many assets the portal has counted and did not list.
	unlisted int64

	folder mirror.Folder
	known  map[download.FileID]*download.Result // the files of the state
	// results are the latest reported ones of each file; nil without a table of metadata.
	results map[download.FileID]download.Result
	spool   *mirror.Spool // metadata; nil if none are written
	steps   atomic.Int64  // number of steps that have results
	listed  atomic.Bool   // steps is known
}

func runSync(ctx context.Context, o *syncOptions) (err error) {
	s := &syncRun{session: session{flags: &o.transferFlags, request: request{changes: true}}, o: o}
	defer func() { err = s.closers.close(err) }()
	within, err := s.open(ctx)
	if err == nil {
		err = s.run(within)
	}
	return endedBy(ctx, within, err)
}

// open opens what the run needs; see session.open.
func (s *syncRun) open(ctx context.Context) (context.Context, error) {
	o := s.o
	var err error
	if s.conf, err = o.load(ctx, o.streams); err != nil {
		return ctx, err
	}
	if filter := o.relativeFilter(); o.delete && filter != "" {
		return ctx, errRelative(filter)
	}
	if !o.adopt && !o.toBucket() {
		if err := checkRemembered(o.dir); err != nil {
			return ctx, err
		}
	}
	s.files = func() (int, bool) { return int(s.steps.Load()), !s.listed.Load() }
	if ctx, err = s.openEnds(ctx); err != nil {
		return ctx, err
	}
	if err := s.openMetadata(ctx); err != nil {
		return ctx, err
	}
	if o.toBucket() {
		return s.openInBucket(ctx)
	}
	s.root, err = os.OpenRoot(o.dir)
	switch {
	case err == nil:
		s.closers.add("folder", closing(s.root.Close))
	case o.dryRun && errors.Is(err, fs.ErrNotExist):
		s.root = nil
	default:
		return ctx, fmt.Errorf("cannot open folder %s: %w", o.dir, withoutPath(err))
	}
	return ctx, s.openState(ctx)
}

// place returns what remember and remembers know the destination by.
func (s *syncRun) place() string {
	if s.o.toBucket() {
		return s.o.bucket.String() + " at " + s.o.client.Server()
	}
	return realPath(s.o.dir)
}

// run makes the folder equal to the search.
func (s *syncRun) run(ctx context.Context) error {
	var err error
	if s.before, err = s.readHead(); err != nil {
		return err
	}
	head, err := s.head(ctx)
	if err != nil {
		return err
	}
	if err := s.admit(head); err != nil {
		return err
	}
	if s.before != nil && !s.o.dryRun { // save remembers a new folder
		remember(s.place())
	}
	p, err := s.plan(ctx)
	if err != nil || p == nil {
		return err
	}
	if err := s.checkProperties(ctx, p); err != nil {
		return err
	}
	s.begun = true
	for i := range p.steps {
		if p.steps[i].Action != "" {
			s.steps.Add(1)
		}
	}
	s.listed.Store(true)
	var done mirror.Outcome
	if s.o.dryRun {
		done = s.preview(p)
	} else {
		head.Fields, head.Unlisted = s.o.names.kept(), s.unlisted
		if err := s.save(head); err != nil {
			return err
		}
		if done, err = s.carryOut(ctx, p); err != nil {
			return err
		}
		err = s.tabulate(ctx, p, done.Stop != nil)
	}
	s.totals = report.Totals{APICalls: s.portal.calls(), NotStarted: done.NotStarted}
	return errors.Join(s.outcome(ctx, p, done), err)
}

// syncPlan says what a run is to do.
type syncPlan struct {
	wanted  []mirror.Wanted
	records []*download.Result
	steps   []mirror.Step
	touched []*download.Result // records of files that have another time than recorded
	over    error              // that there are more files to remove than --max-delete; may be nil
}

// plan returns what is to be done; nil if nothing matches and the state has no file.
func (s *syncRun) plan(ctx context.Context) (*syncPlan, error) {
	records, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	collectOften()
	s.known = make(map[download.FileID]*download.Result, len(records))
	for _, r := range records {
		s.known[r.File()] = r
	}
	p := &syncPlan{records: records}
	if err := s.look(ctx, p); err != nil {
		return nil, err
	}
	if err := s.openSpool(); err != nil {
		return nil, err
	}
	if p.wanted, err = s.list(ctx); err != nil {
		return nil, err
	}
	if s.table == nil {
		s.known = nil
	} else {
		s.results = map[download.FileID]download.Result{}
	}
	if len(p.wanted) == 0 {
		if len(p.records) > 0 {
			return nil, errEmpty(s.o.dir, len(p.records))
		}
		if err := s.o.checkTypes(); err != nil {
			return nil, err
		}
		s.reporter.Screen().Say("nothing matches")
		return nil, nil
	}
	in := mirror.Input{
		Wanted: p.wanted, Records: p.records, Folder: s.folder, Delete: s.o.delete, Adopt: s.o.adopt, Metadata: s.o.metadata != "",
	}
	if s.o.delete {
		if err := s.confirm(ctx, &in, p); err != nil {
			return nil, err
		}
	}
	p.steps = mirror.Plan(in)
	mirror.ShowPaths(p.steps, s.shown)
	switch at := s.folder.(type) {
	case *mirror.Destination:
		if err := at.Err(); err != nil {
			return nil, s.errUnreadable(err)
		}
		p.touched = at.Touched()
	case *mirror.BucketDestination:
		if err := at.Err(); err != nil {
			return nil, err
		}
	}
	if s.o.metadataCSV != "" {
		err = s.checkTable(p.records, p.steps)
	}
	return p, err
}

// look opens the destination for a plan, whose records it may complete.
func (s *syncRun) look(ctx context.Context, p *syncPlan) (err error) {
	switch {
	case s.there != nil:
		s.folder = s.there
		p.records, err = s.recover(ctx, p.records)
	case s.root != nil:
		s.folder = mirror.Look(ctx, s.root)
	default:
		s.folder = missingFolder{}
	}
	return err
}

// errUnreadable returns the error of a folder that cannot be looked at, with the path as users see it.
func (s *syncRun) errUnreadable(err error) error {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return fmt.Errorf("cannot look at %s: %w", s.shown(failed.Path), failed.Err)
	}
	return fmt.Errorf("looking at the files in %s: %w", s.o.dir, err)
}

// confirm asks the portal about the assets that its list does not have. If it would remove more of their files than
// --max-delete allows, it asks nothing and no file is removed.
func (s *syncRun) confirm(ctx context.Context, in *mirror.Input, p *syncPlan) (err error) {
	ids := mirror.Gone(in.Wanted, in.Records, s.conf.Portal.Host)
	if in.MaxDelete, err = mirror.Limit(s.o.maxDelete, len(in.Records)); err != nil {
		return err
	}
	files := 0
	for _, r := range in.Records {
		_, gone := slices.BinarySearch(ids, r.MediaID)
		if gone && r.Portal == s.conf.Portal.Host && s.folder.Stands(r) == mirror.AsWritten { // others stay in any case
			files++
		}
	}
	if files > in.MaxDelete {
		in.Delete = false
		p.over = &download.Error{
			Code:   download.CodeLocal,
			Err:    fmt.Errorf("the assets of %s of %d are not in the list any more, and --max-delete allows %d: no file was removed", count(files, "file"), len(in.Records), in.MaxDelete),
			Advice: fmt.Sprintf("check the portal; if that is right, run once with --max-delete %d", files),
		}
		return nil
	}
	in.Gone, err = mirror.Confirm(ctx, s.portal.client, s.o.query, ids)
	return err
}

// openSpool opens the spool for metadata, if the run writes any.
func (s *syncRun) openSpool() (err error) {
	if s.o.dryRun || !s.o.wantsMetadata() {
		return nil
	}
	if s.spool, err = mirror.NewSpool(s.root); err != nil {
		return err
	}
	s.closers.add("spool", closing(s.spool.Close))
	return nil
}

// preview reports what carryOut would do.
func (s *syncRun) preview(p *syncPlan) (done mirror.Outcome) {
	for r := range mirror.Preview(p.steps, s.conf.Portal.Host) {
		switch r.Status {
		case download.Failed:
			done.Failed++
		case download.Kept:
			done.Kept++
		default:
		}
		s.changed(r)
	}
	return done
}

// carryOut carries out a plan.
func (s *syncRun) carryOut(ctx context.Context, p *syncPlan) (mirror.Outcome, error) {
	s.note(p)
	run := mirror.Run{
		Root: s.root, Portal: s.conf.Portal.Host, State: s.journal, Spool: s.spool, Trash: s.o.trash, Report: s.changed, Fetch: s.fetch,
	}
	writes := s.o.metadata != "" // the spool may have metadata for the table alone
	if s.there != nil {
		done, err := run.DoInBucket(ctx, s.there, writes, s.held, p.steps)
		s.clean = err == nil && done.Stop == nil && done.Failed+done.Kept == 0
		return done, err
	}
	if writes {
		run.WriteMetadata = s.writeMetadata
	}
	return run.Do(ctx, p.steps)
}

// writeMetadata writes the metadata of a file beside it; see metadata.Write.
func (s *syncRun) writeMetadata(path string, content []byte, own string) (md5 string, err error) {
	if err := s.destination.Dir.CheckInUse(metadata.Path(path)); err != nil {
		return "", err
	}
	md5, err = metadata.Write(s.root, path, content, own)
	if err == nil && s.o.fsync {
		err = metadata.Sync(s.root, path)
	}
	return md5, err
}

// changed reports a result. The path of a result about metadata is that of their file.
func (s *syncRun) changed(r download.Result) {
	if s.table != nil && !s.keepsMetadata(r) {
		s.results[r.File()] = r
	}
	if r.Action == download.ActionMetadata {
		r.Path = filepath.FromSlash(metadata.Path(filepath.ToSlash(r.Path)))
	}
	if r.Error != nil && r.Path != "" {
		why := *r.Error
		why.Message = withPath(s.shown(r.Path), why.Message)
		r.Error = &why
	}
	s.reporter.Changed(r)
}

// shown returns the path of a file below the folder as users see it.
func (s *syncRun) shown(path string) string {
	if s.there != nil {
		return s.destination.Show(filepath.ToSlash(path))
	}
	return s.destination.Show(filepath.FromSlash(path))
}

// withPath returns a message about a file that names its path.
func withPath(path, message string) string {
	if regexp.MustCompile(`(^|[\s"])` + regexp.QuoteMeta(path) + `($|[\s":,;])`).MatchString(message) {
		return message
	}
	return path + ": " + message
}

// keepsMetadata reports whether a result is about the metadata of a file that are kept, and not about the file.
func (s *syncRun) keepsMetadata(r download.Result) bool {
	was := s.known[r.File()]
	return r.Status == download.Kept && strings.HasSuffix(r.Path, metadata.Path("")) && (was == nil || filepath.FromSlash(was.Path) != r.Path)
}

// fetch transfers files.
func (s *syncRun) fetch(ctx context.Context, jobs iter.Seq[download.Job], results download.ResultObserver, recorder download.Recorder) download.Tally {
	engine := s.flags.engine(s.conf, s.portal, s.destination)
	engine.Progress, engine.Results, engine.Recorder = s.reporter, []download.ResultObserver{ended{s.reporter}, results}, recorder
	return engine.Run(ctx, func(context.Context) iter.Seq[download.Job] { return jobs })
}

// ended removes files from the progress when they have ended, before their results are reported.
type ended struct{ reporter *report.Reporter }

func (e ended) Finished(job download.Job, _ download.Result) { e.reporter.Ended(job) }

// outcome returns the error of a run in which something failed or was kept.
func (s *syncRun) outcome(ctx context.Context, p *syncPlan, done mirror.Outcome) error {
	printStop(s.reporter.Screen(), done.Stop)
	if done.NotDeleted > 0 {
		s.reporter.Screen().Say("not removed, because the run ended before it: %s of assets that are gone", count(done.NotDeleted, "file"))
	}
	all := len(p.wanted) + done.Kept
	tally := download.Tally{Wanted: all - done.NotStarted, Failed: done.Failed, Stop: done.Stop}
	err := s.session.outcome(ctx, tally, done.NotStarted)
	if err != nil && done.Stop != nil {
		return err
	}
	if p.over != nil {
		return p.over
	}
	if err == nil && done.Kept > 0 {
		err = &runError{wanted: all, failed: done.Kept}
	}
	return err
}
