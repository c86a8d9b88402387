package mirror

import (
	"context"
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/journal"
	"github.com/bynder-cli/bynder/internal/naming"
)

// asset is one of a listing. Its metadata are its text, so a new Modified is new metadata.
type asset struct {
	path, content string
	version       int64
	modified      string
}

// listing has assets by id. The older ones have the lesser ids.
type listing map[string]asset

// killed is what a ledger throws when the process is to be killed.
type killed struct{}

// fakeState is a state of sync. As with a journal, an intent is stored at once, and a result some time later.
type fakeState struct {
	t      *testing.T
	dir    string
	files  map[download.FileID]download.Result
	intent map[download.FileID][]download.Result
	// kill is at which call the process is killed, 0 for none; lazy says that no result is stored until then.
	kill, calls int
	lazy        bool
}

func (f *fakeState) call() {
	if f.calls++; f.calls == f.kill {
		panic(killed{})
	}
}

func (f *fakeState) Intend(r download.Result) error {
	f.call()
	f.intent[r.File()] = append(f.intent[r.File()], r)
	f.call()
	return nil
}

func (f *fakeState) Finished(_ download.Job, r download.Result) {
	f.call()
	if f.kill > 0 && f.lazy {
		return
	}
	delete(f.intent, r.File())
	switch r.Status {
	case download.Deleted:
		delete(f.files, r.File())
	case download.Downloaded, download.Unchanged, download.Moved:
		if r.Listed == nil || r.Bytes == nil || r.MD5 == "" {
			f.t.Errorf("the result of %s has no size, MD5 or list", r.Path)
		}
		f.files[r.File()] = r
	default:
		f.t.Errorf("%s is recorded as %s", r.Path, r.Status)
	}
	f.call()
}

// settle makes results of the intents that came true.
func (f *fakeState) settle() {
	for id, intents := range f.intent {
		for _, r := range slices.Backward(intents) {
			if b, err := os.ReadFile(filepath.Join(f.dir, r.Path)); err == nil && sum(string(b)) == r.MD5 {
				f.files[id] = r
				break
			}
		}
	}
	f.intent = map[download.FileID][]download.Result{}
}

func sum(content string) string { return fmt.Sprintf("%x", md5.Sum([]byte(content))) }

// rig is a folder with its state.
type rig struct {
	t          *testing.T
	dir, trash string
	root       *os.Root
	state      *fakeState
	journal    *journal.Journal // if open, has what state has at its opening
	delete     bool
	unforeseen bool // a run may do something else than its plan says: a file has other bytes, and the size and time of before
	metadata   bool
	adopt      bool
	refused    map[string]error // by asset: why it has no file
	verdicts   map[string]Verdict
	fetch      func(download.Job) error    // fails a transfer
	begun      func(download.Result)       // is called before a transferred file gets its name
	intended   func(download.Result) error // is called when anything is about to be at a path
	results    []download.Result
}

func newRig(t *testing.T) *rig {
	t.Helper()
	top := t.TempDir()
	g := &rig{t: t, dir: filepath.Join(top, "files"), verdicts: map[string]Verdict{}}
	if err := os.MkdirAll(filepath.Join(g.dir, ownFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	var err error
	if g.root, err = os.OpenRoot(g.dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.root.Close() })
	g.state = &fakeState{t: t, dir: g.dir, files: map[download.FileID]download.Result{}, intent: map[download.FileID][]download.Result{}}
	return g
}

func (g *rig) write(path, content string) {
	g.t.Helper()
	path = filepath.Join(g.dir, filepath.FromSlash(path))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(content), 0o666)); err != nil {
		g.t.Fatal(err)
	}
}

// edit changes a file, to one of another size.
func (g *rig) edit(path string) { g.write(path, "edited "+path) }

// retouch changes a file, but not its time.
func (g *rig) retouch(path, content string) {
	g.t.Helper()
	name := filepath.Join(g.dir, filepath.FromSlash(path))
	info, err := os.Stat(name)
	if err != nil {
		g.t.Fatal(err)
	}
	g.write(path, content)
	if err := os.Chtimes(name, info.ModTime(), info.ModTime()); err != nil {
		g.t.Fatal(err)
	}
}

func (g *rig) remove(path string) {
	g.t.Helper()
	if err := os.Remove(filepath.Join(g.dir, filepath.FromSlash(path))); err != nil {
		g.t.Fatal(err)
	}
}

func fileOf(id string) download.FileID {
	return download.FileID{Portal: "p", MediaID: id, Selector: "original"}
}

// described is the text of an asset's metadata.
func described(id string, a asset) string {
	return fmt.Sprintf(`{"id":%q,"modified":%q}`, id, a.modified)
}

// plan returns the steps for a listing.
func (g *rig) plan(ctx context.Context, want listing, spool *Spool) []Step {
	g.t.Helper()
	in := Input{Folder: Look(ctx, g.root), Delete: g.delete, MaxDelete: 100, Adopt: g.adopt, Metadata: g.metadata}
	addListing(g.t, &in, want, spool)
	for i := range in.Wanted {
		in.Wanted[i].Err = g.refused[in.Wanted[i].File.MediaID]
	}
	for _, r := range g.state.files {
		in.Records = append(in.Records, &r)
	}
	return planned(in, g.verdicts)
}

// planned returns the steps for an input, to whose records it adds the verdicts about their assets.
func planned(in Input, verdicts map[string]Verdict) []Step {
	listed := map[string]bool{}
	for i := range in.Wanted {
		listed[in.Wanted[i].File.MediaID] = true
	}
	in.Gone = map[string]Verdict{}
	for _, r := range in.Records {
		r.Path = filepath.ToSlash(r.Path)
		if !listed[r.MediaID] {
			in.Gone[r.MediaID] = verdicts[r.MediaID]
		}
	}
	return Plan(in)
}

// addListing adds the files of a listing to an input, and their metadata, if it has any, to a spool.
func addListing(t *testing.T, in *Input, want listing, spool *Spool) {
	t.Helper()
	for i, id := range slices.Sorted(maps.Keys(want)) {
		a := want[id]
		size := int64(len(a.content))
		w := Wanted{
			File: fileOf(id), Selector: bynder.Selector{Kind: bynder.Original}, Name: "asset " + id, Path: a.path, Key: id, Created: time.Unix(int64(i), 0),
			Listed: download.Listed{Version: a.version, Size: &size, Modified: a.modified},
		}
		if in.Metadata {
			var err error
			if w.Metadata, err = spool.Add([]byte(described(id, a))); err != nil {
				t.Fatal(err)
			}
		}
		in.Wanted = append(in.Wanted, w)
	}
}

// sync makes the folder what a listing says, with the fields of a Run changed by with.
func (g *rig) sync(ctx context.Context, want listing, with ...func(*Run)) Outcome {
	g.t.Helper()
	spool, err := NewSpool(g.root)
	if err != nil {
		g.t.Fatal(err)
	}
	defer spool.Close()
	steps := g.plan(ctx, want, spool)
	var preview []string
	for r := range Preview(steps, "p") {
		preview = append(preview, line(r))
	}
	g.results = nil
	run := &Run{
		Root: g.root, Portal: "p", State: ledger{g}, Spool: spool, Trash: g.trash, Report: func(r download.Result) { g.results = append(g.results, r) },
	}
	run.Fetch = func(ctx context.Context, jobs iter.Seq[download.Job], l download.ResultObserver, r download.Recorder) download.Tally {
		return g.transfer(ctx, want, jobs, l, r)
	}
	run.WriteMetadata = g.writeMetadata
	if g.journal != nil {
		run.State = g.journal
	}
	for _, change := range with {
		change(run)
	}
	outcome, err := run.Do(ctx, steps)
	if err != nil {
		g.t.Fatal(err)
	}
	if len(with) == 0 && ctx.Err() == nil && g.fetch == nil && g.begun == nil && g.intended == nil && !g.unforeseen {
		done := g.lines()
		slices.Sort(preview)
		if diff := cmp.Diff(preview, slices.Sorted(slices.Values(done))); diff != "" {
			g.t.Errorf("what was done is not what was planned, -plan +done:\n%s", diff)
		}
	}
	return outcome
}

// ledger is the state of a rig, and calls its intended.
type ledger struct{ *rig }

func (l ledger) Intend(r download.Result) error {
	if err := l.state.Intend(r); err != nil || l.intended == nil {
		return err
	}
	return l.intended(r)
}

func (l ledger) Finished(job download.Job, r download.Result) { l.state.Finished(job, r) }

// openJournal gives the rig a journal as its state, which has what is recorded.
func (g *rig) openJournal() {
	g.t.Helper()
	var err error
	g.journal, err = journal.Open(g.t.Context(), filepath.Join(g.dir, ownFolder, "journal.ndjson"), journal.Options{
		Portal: "p", Dir: g.dir, State: true, Encode: func(r download.Result) ([]byte, error) { b, err := json.Marshal(r); return append(b, '\n'), err },
		KnowsHead: func(json.RawMessage) bool { return true },
	})
	if err != nil {
		g.t.Fatal(err)
	}
	g.state.files = map[download.FileID]download.Result{}
	if err := g.journal.Each(g.t.Context(), func(r download.Result) error { g.state.files[r.File()] = r; return nil }); err != nil {
		g.t.Fatal(err)
	}
}

func (g *rig) closeJournal() {
	g.t.Helper()
	if err := g.journal.Close(); err != nil {
		g.t.Error(err)
	}
	g.journal = nil
}

// line is a result as the command line shows it.
func line(r download.Result) string {
	path, from := filepath.ToSlash(r.Path), random.ReplaceAllString(filepath.ToSlash(r.From), "moving")
	switch {
	case r.Error != nil:
		return fmt.Sprintf("! %s (%s)", path, r.Error.Code)
	case r.Action == download.ActionFetch && r.Plan == download.PlanNew:
		return "+ " + path
	case r.Action == download.ActionFetch:
		return "~ " + path
	case r.Action == download.ActionMetadata:
		return "~ " + path + sidecarEnd
	case r.Action == download.ActionMove:
		return "> " + from + " -> " + path
	case r.Action == download.ActionDelete:
		return fmt.Sprintf("- %s (%s)", path, r.Why)
	default:
		return string(r.Action) + " " + path
	}
}

// lines are the results, each as the command line shows it.
func (g *rig) lines() []string { return linesOf(g.t, g.results) }

func linesOf(t *testing.T, results []download.Result) (all []string) {
	t.Helper()
	for _, r := range results {
		if r.Listed != nil || r.FinishedAt.IsZero() || r.MediaID == "" || r.Portal != "p" || r.Selector != "original" || r.Status == "" {
			t.Errorf("the result is %+v", r)
		}
		all = append(all, line(r))
	}
	return all
}

// transfer is as download.Engine with the sink of a folder.
func (g *rig) transfer(ctx context.Context, want listing, jobs iter.Seq[download.Job], l download.ResultObserver, recorder download.Recorder) download.Tally {
	for job := range jobs {
		if ctx.Err() != nil {
			return download.Tally{Stop: context.Cause(ctx)}
		}
		content := want[job.MediaID].content
		size := int64(len(content))
		r := download.Result{
			Portal: "p", MediaID: job.MediaID, Selector: job.Selector.String(), Path: filepath.FromSlash(job.Path), Bytes: &size, MD5: sum(content),
			Listed: job.Listed, Status: download.Downloaded, FinishedAt: time.Unix(1, 0),
		}
		err := g.publish(job, r, content, recorder)
		switch {
		case errors.Is(err, errUnchanged):
			r.Status = download.Unchanged
		case err != nil:
			r.Status, r.Bytes, r.MD5, r.Error = download.Failed, nil, "", download.FailureOf(ctx, err)
		}
		g.state.call()
		l.Finished(job, r)
	}
	return download.Tally{}
}

var errUnchanged = errors.New("an identical file has the name")

func (g *rig) publish(job download.Job, r download.Result, content string, recorder download.Recorder) error {
	if g.fetch != nil {
		if err := g.fetch(job); err != nil {
			return err
		}
	}
	name := filepath.Join(g.dir, r.Path)
	if there, err := os.ReadFile(name); err == nil && string(there) == content {
		return errUnchanged
	}
	if g.begun != nil {
		g.begun(r)
	}
	there, err := os.ReadFile(name)
	replaces := err == nil && job.Replaces != nil && job.Replaces.Size == int64(len(there)) && job.Replaces.MD5 == sum(string(there))
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), os.WriteFile(name+".0123.part", []byte(content), 0o666)); err != nil {
		return err
	}
	defer os.Remove(name + ".0123.part")
	if err := recorder.Intend(r); err != nil {
		return err
	}
	if _, err := os.Lstat(name); err == nil && !replaces {
		return &download.Error{Code: download.CodeExists, Err: fs.ErrExist, Path: r.Path}
	}
	g.state.call()
	return os.Rename(name+".0123.part", name)
}

// writeMetadata is as metadata.Write.
func (g *rig) writeMetadata(path string, content []byte, own string) (string, error) {
	g.state.call()
	name := filepath.Join(g.dir, path+sidecarEnd)
	id, _, _ := strings.Cut(string(content), ",")
	if there, err := os.ReadFile(name); err == nil && string(there) != string(content) && sum(string(there)) != own &&
		(own != "" || !strings.HasPrefix(string(there), id)) {
		return "", &download.Error{Code: download.CodeExists, Err: errors.New("it is not its own"), Path: path}
	}
	err := os.WriteFile(name+".part", content, 0o666)
	if err == nil {
		err = os.Rename(name+".part", name)
	}
	g.state.call()
	return sum(string(content)), err
}

// random is the name of a file on its way.
var random = regexp.MustCompile("moving-[A-Z0-9]{26}")

// tree returns the contents of the files below a folder, by path; folders that are empty have a / behind their path. What
// sync has for itself is left out, unless it is a file on its way.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		name = random.ReplaceAllString(filepath.ToSlash(name), "moving")
		if !e.IsDir() {
			b, err := os.ReadFile(path)
			all[name] = string(b)
			return err
		}
		if entries, err := os.ReadDir(path); err != nil || len(entries) > 0 || name == ownFolder {
			return err
		}
		all[name+"/"] = ""
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	delete(all, spoolName)
	delete(all, ownFolder+"/journal.ndjson")
	delete(all, begunName)
	return all
}

// files returns what the folder has if it is what a listing says.
func (c listing) files(withMetadata bool) map[string]string {
	all := map[string]string{}
	for id, a := range c {
		path := a.path
		if _, twice := all[path]; twice {
			path = naming.Renamed(path, id)
		}
		all[path] = a.content
		if withMetadata {
			all[path+sidecarEnd] = described(id, a)
		}
	}
	return all
}

// wantTree fails the test unless a folder has these files.
func wantTree(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, tree(t, dir)); diff != "" {
		t.Errorf("%s, -want +got:\n%s", filepath.Base(dir), diff)
	}
}

// wantRecorded fails the test unless the state has exactly the files of a listing, as they are in the folder.
func (g *rig) wantRecorded(want listing) {
	g.t.Helper()
	got := map[string]string{}
	for id, r := range g.state.files {
		got[id.MediaID] = r.MD5
		if b, err := os.ReadFile(filepath.Join(g.dir, r.Path)); err != nil || sum(string(b)) != r.MD5 {
			g.t.Errorf("the record of %s is not of what is at %s (%v)", id.MediaID, r.Path, err)
		}
	}
	wanted := map[string]string{}
	for id, a := range want {
		wanted[id] = sum(a.content)
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		g.t.Errorf("recorded, -want +got:\n%s", diff)
	}
}
