package mirror

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"iter"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/semaphore"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// bucketRig is a bucket with the state of a sync, each of whose runs is a process of its own.
type bucketRig struct {
	t *testing.T
	*store
	metadata, adopts bool
	trash            bucket.Location // none if it is zero
	verdicts         map[string]Verdict
	refused          map[string]error  // by asset: why it has no file
	held             func() error      // is asked whether the lock is held
	fetch            func()            // is called before a file is transferred, if it is set
	copies           func(to string)   // is called with the path of a copy before it is made, if it is set
	removes          func(path string) // is called with the path of an object before it is removed, if it is set

	mu      sync.Mutex
	files   map[download.FileID]download.Result // the state
	lazy    bool                                // no result of a run is stored
	results []download.Result
	dead    context.CancelFunc // set while a process is alive that is to be killed
	kill    int                // at which request, whose answer does not come; 0 for none
	count   int                // of requests
	begun   bool               // the list of what was begun stays, because the last run has not done all
}

// newBucketRig returns an empty prefix in the bucket of a store.
func newBucketRig(t *testing.T, s *store) *bucketRig {
	t.Helper()
	own := *s
	own.at.Prefix = rand.Text() + "/"
	own.Client = own.open(t, own.connections)
	return &bucketRig{
		t: t, store: &own, held: func() error { return nil },
		verdicts: map[string]Verdict{}, files: map[download.FileID]download.Result{},
	}
}

var errKilled = errors.New("the process was killed")

// RoundTrip implements http.RoundTripper.
func (g *bucketRig) RoundTrip(req *http.Request) (*http.Response, error) {
	g.mu.Lock()
	g.count++
	last, gone := g.count == g.kill, g.isKilled()
	if last {
		g.dead()
	}
	g.mu.Unlock()
	if gone && !last {
		return nil, errKilled
	}
	_, path, _ := strings.Cut(req.URL.Path, g.at.Prefix)
	if g.copies != nil && req.Header.Get("X-Amz-Copy-Source") != "" {
		g.copies(path)
	}
	if g.removes != nil && req.Method == http.MethodDelete {
		g.removes(path)
	}
	resp, err := g.connections.RoundTrip(req.WithContext(context.WithoutCancel(req.Context())))
	if last && err == nil {
		_ = resp.Body.Close()
		return nil, errKilled
	}
	return resp, err
}

// isKilled reports whether the process has been killed, with mu held.
func (g *bucketRig) isKilled() bool { return g.kill > 0 && g.count >= g.kill }

// Intend implements Ledger.
func (g *bucketRig) Intend(r download.Result) error {
	g.t.Errorf("%s is intended", r.Path)
	return nil
}

// Finished implements Ledger.
func (g *bucketRig) Finished(_ download.Job, r download.Result) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.isKilled() || g.lazy:
	case r.Status == download.Deleted:
		delete(g.files, r.File())
	case r.Listed == nil || r.Bytes == nil || r.ObjectETag == "":
		g.t.Errorf("the result of %s has no size, ETag or list", r.Path)
	default:
		g.files[r.File()] = r
	}
}

// sync makes the bucket what a listing says.
func (g *bucketRig) sync(want listing) Outcome {
	g.t.Helper()
	ctx, cancel := context.WithCancel(g.t.Context())
	defer cancel()
	g.mu.Lock()
	g.count, g.dead, g.results = 0, cancel, nil
	g.mu.Unlock()
	outcome, err := g.run(ctx, want)
	if err != nil && !g.isKilled() {
		g.t.Fatal(err)
	}
	return outcome
}

func (g *bucketRig) run(ctx context.Context, want listing) (Outcome, error) {
	client := g.open(g.t, g)
	there, err := LookInBucket(ctx, client, client, g.at)
	if err == nil {
		err = there.List(ctx, nil)
	}
	if err != nil {
		return Outcome{}, err
	}
	if !g.trash.IsZero() {
		there.KeepIn(g.trash)
	}
	known := map[download.FileID]*download.Result{}
	for id, r := range g.files {
		known[id] = &r
	}
	recovered, err := there.Recover(ctx, known, false)
	if err != nil {
		return Outcome{}, err
	}
	g.mu.Lock()
	for _, r := range recovered {
		if !g.isKilled() { // they are stored at once
			g.files[r.File()] = *r
		}
	}
	g.mu.Unlock()
	root, err := os.OpenRoot(g.t.TempDir())
	if err != nil {
		g.t.Fatal(err)
	}
	defer root.Close()
	spool, err := NewSpool(root)
	if err != nil {
		g.t.Fatal(err)
	}
	defer spool.Close()
	in := Input{Records: slices.Collect(maps.Values(known)), Folder: there, Delete: true, MaxDelete: 100, Adopt: g.adopts, Metadata: g.metadata}
	addListing(g.t, &in, want, spool)
	for i := range in.Wanted {
		in.Wanted[i].Err = g.refused[in.Wanted[i].File.MediaID]
	}
	steps := planned(in, g.verdicts)
	if err := there.Err(); err != nil {
		return Outcome{}, err
	}
	run := &Run{Portal: "p", State: g, Spool: spool, Report: func(r download.Result) { g.results = append(g.results, r) }}
	run.Fetch = func(ctx context.Context, jobs iter.Seq[download.Job], l download.ResultObserver, recorder download.Recorder) download.Tally {
		return g.transfer(ctx, client, want, jobs, l, recorder)
	}
	outcome, err := run.DoInBucket(ctx, there, g.metadata, func(context.Context) error { return g.held() }, steps)
	if g.begun = err != nil || outcome.Failed+outcome.Kept > 0 || ctx.Err() != nil || g.lazy; !g.begun {
		err = there.Forget(ctx)
	}
	return outcome, err
}

// transfer is as download.Engine with the sink of a bucket.
func (g *bucketRig) transfer(ctx context.Context, client *bucket.Client, want listing, jobs iter.Seq[download.Job], l download.ResultObserver, recorder download.Recorder) download.Tally {
	to := bucket.NewSink(client, bucket.SinkOptions{MD5: true, Memory: semaphore.NewWeighted(bucket.MinMemory)})
	for job := range jobs {
		if ctx.Err() != nil {
			return download.Tally{Stop: context.Cause(ctx)}
		}
		content := want[job.MediaID].content
		size := int64(len(content))
		r := download.Result{
			Portal: "p", MediaID: job.MediaID, Selector: job.Selector.String(), Path: job.Path, Bytes: &size, MD5: sum(content), Status: download.Downloaded,
			FinishedAt: time.Unix(1, 0),
		}
		obj := transfer.Object{Size: size, ETag: `"` + sum(content) + `"`}
		target := download.Target{Name: job.Path, Identity: fileOf(job.MediaID), Key: job.MediaID, Replaces: job.Replaces}
		if g.fetch != nil {
			g.fetch()
		}
		target.Intend = func(string) error { return recorder.Intend(r) }
		partial, err := to.Begin(ctx, target, obj)
		if err == nil {
			_, err = io.Copy(struct{ io.Writer }{partial}, strings.NewReader(content))
		}
		if err == nil {
			_, err = partial.Publish(ctx)
		}
		present, isPresent := errors.AsType[*download.Present](err)
		switch {
		case isPresent:
			r.Status, r.ObjectETag = present.Status, present.ETag
		case err != nil:
			r.Status, r.Bytes, r.MD5, r.Error = download.Failed, nil, "", download.FailureOf(ctx, err)
		default:
			r.ObjectETag = partial.(download.Tagged).ETag()
		}
		l.Finished(job, r)
	}
	return download.Tally{}
}

// wantOutcome fails the test unless an outcome has these numbers, and nothing was deleted.
func (g *bucketRig) wantOutcome(got Outcome, failed, kept int) {
	g.t.Helper()
	if got.Failed != failed || got.Kept != kept || got.Deleted != 0 || got.Stop != nil {
		g.t.Errorf("the outcome is %+v, %v", got, linesOf(g.t, g.results))
	}
}

// tree returns the contents of the objects, by path.
func (g *bucketRig) tree() map[string]string {
	g.t.Helper()
	return g.below(g.at)
}

// below returns the contents of the objects below a location, by path.
func (g *bucketRig) below(at bucket.Location) map[string]string {
	g.t.Helper()
	all := map[string]string{}
	for o, err := range g.List(g.t.Context(), at.Prefix) {
		var content bytes.Buffer
		if err == nil {
			err = g.Read(g.t.Context(), o, &content)
		}
		if err != nil {
			g.t.Fatal(err)
		}
		all[random.ReplaceAllString(strings.TrimPrefix(o.Key, at.Prefix), "moving")] = content.String()
	}
	return all
}

// wantTree fails the test unless the bucket has exactly these objects.
func (g *bucketRig) wantTree(want map[string]string) {
	g.t.Helper()
	got := g.tree()
	maps.DeleteFunc(got, func(path, _ string) bool { return g.begun && strings.HasPrefix(path, ownFolder+"/begun/") })
	if diff := cmp.Diff(want, got); diff != "" {
		g.t.Errorf("the objects, -want +got:\n%s", diff)
	}
}

// wantTrash fails the test unless the trash has exactly these objects.
func (g *bucketRig) wantTrash(want map[string]string) {
	g.t.Helper()
	if diff := cmp.Diff(want, g.below(g.trash)); diff != "" {
		g.t.Errorf("the trash, -want +got:\n%s", diff)
	}
}

// wantLines fails the test unless the last run had these results.
func (g *bucketRig) wantLines(want ...string) {
	g.t.Helper()
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(linesOf(g.t, g.results)))); diff != "" {
		g.t.Errorf("the results, -want +got:\n%s", diff)
	}
}

// wantRecorded fails the test unless the state has exactly the files of a listing, as they are in the bucket.
func (g *bucketRig) wantRecorded(want listing) {
	g.t.Helper()
	wanted, got, there := map[string]string{}, map[string]string{}, g.tree()
	for id, a := range want {
		wanted[id] = a.path + ": " + a.content
	}
	for id, r := range g.files {
		got[id.MediaID] = r.Path + ": " + there[r.Path]
		if o, err := g.Head(g.t.Context(), g.at.Prefix+r.Path); err != nil || o.ETag != r.ObjectETag || o.Size != *r.Bytes {
			g.t.Errorf("the record of %s has the ETag %s, and the object is %+v (%v)", id.MediaID, r.ObjectETag, o, err)
		}
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		g.t.Errorf("recorded, -want +got:\n%s", diff)
	}
}
