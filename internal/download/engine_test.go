package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// storage answers every request with the id in its path, but "stuck", which never comes.
type storage struct{}

func (storage) RoundTrip(r *http.Request) (*http.Response, error) {
	id := strings.TrimPrefix(r.URL.Path, "/")
	if id == "stuck" {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{
		StatusCode: http.StatusOK, Request: r, Header: http.Header{"Etag": {`"` + id + `"`}},
		ContentLength: int64(len(id)), Body: io.NopCloser(strings.NewReader(id)),
	}, nil
}

// memory is a Sink of files in memory, and the observer that keeps results.
type memory struct {
	full   bool
	rename bool // a file whose path is taken gets its key

	mu      sync.Mutex
	files   map[string]string
	results []Result
	begun   int    // files
	target  Target // of the latest one
}

func (m *memory) CanRestart() bool { return true }

func (m *memory) Preview(_ context.Context, t Target, _ transfer.Object) (Place, error) {
	return t.Claim.Propose([]Place{{Path: t.Name}})
}

func (m *memory) Show(path string) string { return "in memory: " + path }

func (m *memory) PathKey(path string) string { return strings.ToLower(path) }

func (m *memory) Begin(_ context.Context, t Target, _ transfer.Object) (Partial, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.full {
		return nil, &Error{Code: CodeDiskFull, Err: errors.New("no space")}
	}
	m.begun++
	m.target = t
	places := []Place{{Path: t.Name, Same: m.files[t.Name] != ""}}
	if m.rename {
		places = append(places, Place{Path: t.Name + "-" + t.Key, Same: m.files[t.Name+"-"+t.Key] != ""})
	}
	at, err := t.Claim.Propose(places)
	switch {
	case err != nil:
		return nil, err
	case at.Same:
		return nil, &Present{Status: Unchanged, Path: at.Path}
	}
	return &memoryFile{m: m, claim: t.Claim}, nil
}

type memoryFile struct {
	m     *memory
	claim *Claim
	strings.Builder
}

func (f *memoryFile) Held() int64                    { return 0 }
func (f *memoryFile) Prefix() (io.ReadCloser, error) { return nil, errors.ErrUnsupported }
func (f *memoryFile) Keep() error                    { return nil }
func (f *memoryFile) Discard() error                 { return nil }
func (f *memoryFile) Publish(context.Context) (string, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	at, _, err := f.claim.Got()
	f.m.files[at.Path] = f.String()
	return at.Path, err
}

func (m *memory) Started(Job, string, transfer.Object, int64) {}
func (m *memory) Advanced(Job, int64)                         {}
func (m *memory) Retried(Job, string, error, time.Duration)   {}
func (m *memory) Finished(_ Job, r Result) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.results = append(m.results, r)
}

// answers is a portal whose locations are known, but those of ids that begin with a
// status.
type answers struct{ fakePortal }

func (a *answers) Location(ctx context.Context, id string, s bynder.Selector) (bynder.Location, error) {
	var status int
	if _, err := fmt.Sscanf(id, "%d", &status); err == nil {
		return bynder.Location{}, &bynder.APIError{Status: status}
	}
	return (&fakePortal{}).Location(ctx, id, s)
}

func TestRun(t *testing.T) {
	unauthorized := &bynder.APIError{Status: http.StatusUnauthorized}
	for _, tt := range []struct {
		name    string
		ids     []string
		change  func(*Engine, *memory)
		want    map[string]string // id → status or cause, of jobs that have to have a result
		stop    error
		atMost  int // results, where the run is stopped
		workers int
	}{
		{name: "nothing"},
		{
			name: "one failure does not stop the others", ids: []string{"a", "404", "b", "403", "500", "c"}, workers: 3,
			want: map[string]string{"a": "downloaded", "b": "downloaded", "c": "downloaded", "404": "not_found", "403": "forbidden", "500": "protocol"},
		},
		{name: "there already", ids: []string{"old"}, want: map[string]string{"old": "unchanged"}},
		{name: "a first 401 ends it", ids: []string{"401", "a", "b", "c"}, workers: 1, want: map[string]string{"401": "auth"}, stop: ErrUnauthorized, atMost: 2},
		{
			name: "a 401 after successes that is confirmed ends it", ids: []string{"a", "401", "b", "c", "d"}, workers: 1,
			change: func(e *Engine, _ *memory) { e.Confirm = func(context.Context) error { return unauthorized } },
			want:   map[string]string{"a": "downloaded", "401": "auth"}, stop: ErrUnauthorized, atMost: 3,
		},
		{
			name: "one that is not confirmed does not", ids: []string{"a", "401", "b"}, workers: 1,
			change: func(e *Engine, _ *memory) { e.Confirm = func(context.Context) error { return nil } },
			want:   map[string]string{"a": "downloaded", "401": "auth", "b": "downloaded"},
		},
		{
			name: "a full disk ends it", ids: []string{"a", "b", "c", "d"}, workers: 1, stop: ErrDiskFull, atMost: 2,
			change: func(_ *Engine, m *memory) { m.full = true }, want: map[string]string{"a": "disk_full"},
		},
		{
			name: "too many failures end it", ids: []string{"404", "a", "404x", "b", "c", "d"}, workers: 1, stop: ErrMaxFailures, atMost: 4,
			change: func(e *Engine, _ *memory) { e.Options.MaxFailures = 2 },
			want:   map[string]string{"404": "not_found", "a": "downloaded", "404x": "not_found"},
		},
		{
			name: "what is known to be done is not asked for", ids: []string{"401", "a"}, workers: 1,
			change: func(e *Engine, _ *memory) {
				e.Done = func(job Job) (Result, bool) {
					return Result{MediaID: job.MediaID, Status: Unchanged}, job.MediaID == "401"
				}
			},
			want: map[string]string{"401": "unchanged", "a": "downloaded"},
		},
		{
			name: "a dry run writes nothing", ids: []string{"a"}, want: map[string]string{"a": "skipped"},
			change: func(e *Engine, _ *memory) {
				e.Options.DryRun = true
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &memory{files: map[string]string{"old": "old"}}
			e := testEngine(m, tt.workers)
			if tt.change != nil {
				tt.change(e, m)
			}
			tally := e.Run(t.Context(), func(context.Context) iter.Seq[Job] { return jobsOf(tt.ids...) })
			if !errors.Is(tally.Stop, tt.stop) || tt.stop == nil && tally.Stop != nil {
				t.Errorf("stopped by %v, want %v", tally.Stop, tt.stop)
			}
			got := outcomes(t, m.results)
			for id, want := range tt.want {
				if got[id] != want {
					t.Errorf("%s is %q, want %q", id, got[id], want)
				}
			}
			if tt.stop == nil && len(got) != len(tt.ids) || tt.stop != nil && len(got) > tt.atMost {
				t.Errorf("results %v of %q", got, tt.ids)
			}
			if tally.Wanted != len(m.results) {
				t.Errorf("%d wanted, %d results", tally.Wanted, len(m.results))
			}
		})
	}
}

// numbers is a ResultObserver that keeps the numbers of jobs.
type numbers struct {
	mu  sync.Mutex
	all []int64
}

func (n *numbers) Finished(job Job, _ Result) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, job.Number)
}

func TestJobsAreNumbered(t *testing.T) {
	e, seen := testEngine(&memory{files: map[string]string{}}, 3), &numbers{}
	e.Results = append(e.Results, seen)
	e.Run(t.Context(), func(context.Context) iter.Seq[Job] {
		return slices.Values([]Job{{MediaID: "A"}, {MediaID: "A"}, {MediaID: "404"}, {MediaID: "A"}})
	})
	slices.Sort(seen.all)
	if !slices.Equal(seen.all, []int64{1, 2, 3, 4}) {
		t.Errorf("four jobs have the numbers %d", seen.all)
	}
}

func TestTarget(t *testing.T) {
	for _, tt := range []struct {
		selector       bynder.Selector
		id             string
		key, ofTheItem string
	}{
		{bynder.Selector{}, "p:1\nA\noriginal", "A", ""},
		{bynder.Selector{Kind: bynder.Additional}, "p:1\nA\nadditional", "A-additional", ""},
		{bynder.Selector{Kind: bynder.Version, Version: 2}, "p:1\nA\nversion/2", "A-version/2", ""},
		{bynder.Selector{Kind: bynder.Derivative, Name: "item/x"}, "p:1\nA\nderivative/item/x", "A-derivative/item/x", ""},
		{bynder.Selector{Kind: bynder.Item, ItemID: "I"}, "p:1\nA\nitem/I", "I", "I"},
		{bynder.Selector{Kind: bynder.Derivative, ItemID: "I", Name: "web"}, "p:1\nA\nitem/I/derivative/web", "A-item/I/derivative/web", "I"},
	} {
		job := Job{MediaID: "A", Selector: tt.selector}
		r := Result{Portal: "p:1", MediaID: job.MediaID, Selector: job.Selector.String()}
		got := target(&r, job, "name")
		if got.Identity.String() != tt.id || got.Key != tt.key || got.ItemID != tt.ofTheItem {
			t.Errorf("target(%+v) = %+v", tt.selector, got)
		}
	}
}

// What a job was told of its file goes along with it, to where it lands and to its result.
func TestJobGoesAlong(t *testing.T) {
	m := &memory{files: map[string]string{}}
	e := testEngine(m, 1)
	recorded := &intents{}
	e.Recorder = recorded
	job := Job{MediaID: "A", Replaces: &Replaceable{Size: 3, MD5: "abc"}, Listed: &Listed{Version: 7}}
	e.Run(t.Context(), func(context.Context) iter.Seq[Job] { return slices.Values([]Job{job}) })
	if len(m.results) != 1 || m.results[0].Listed == nil || m.results[0].Listed.Version != 7 {
		t.Errorf("results %+v", m.results)
	}
	if m.target.Replaces == nil || *m.target.Replaces != *job.Replaces {
		t.Errorf("the target may replace %+v", m.target.Replaces)
	}
	if err := m.target.Intend("a.jpg"); err != nil || len(recorded.all) != 1 || recorded.all[0].Listed != job.Listed || recorded.all[0].Path != "a.jpg" {
		t.Errorf("intents %+v, %v", recorded.all, err)
	}
}

// intents are a Recorder.
type intents struct{ all []Result }

func (i *intents) Intend(r Result) error {
	i.all = append(i.all, r)
	return nil
}

func testEngine(m *memory, workers int) *Engine {
	return &Engine{
		API: &answers{}, Sink: m, Progress: m, Results: []ResultObserver{m},
		Opener:  transfer.New(transfer.Options{Client: &http.Client{Transport: storage{}}}),
		Options: Options{Portal: "p", Workers: FixedWorkers(workers), Waiting: 8, Name: func(job Job, _ transfer.Object) string { return job.MediaID }},
	}
}

// outcomes is what each id's one result says.
func outcomes(t *testing.T, results []Result) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, r := range results {
		if _, twice := got[r.MediaID]; twice {
			t.Errorf("%s has two results", r.MediaID)
		}
		got[r.MediaID] = string(r.Status)
		if r.Error != nil {
			got[r.MediaID] = string(r.Error.Code)
		}
		if (r.Status == Failed) != (r.Error != nil) {
			t.Errorf("result %+v", r)
		}
	}
	return got
}

// When the context ends, what is in flight ends as interrupted, and what no worker has
// taken has no result.
func TestRunIsInterrupted(t *testing.T) {
	cause := errors.New("a signal")
	ctx, stop := context.WithCancelCause(t.Context())
	m := &memory{files: map[string]string{}}
	tally := testEngine(m, 2).Run(ctx, func(context.Context) iter.Seq[Job] {
		return func(yield func(Job) bool) {
			for i, id := range []string{"a", "stuck", "stuck", "never"} {
				if i == 3 {
					stop(cause)
				}
				if !yield(Job{MediaID: id}) {
					return
				}
			}
		}
	})
	var codes []string
	for _, r := range m.results {
		if r.Error != nil {
			codes = append(codes, r.MediaID+" "+string(r.Error.Code))
		}
	}
	if want := []string{"stuck interrupted", "stuck interrupted"}; !slices.Equal(codes, want) || !errors.Is(tally.Stop, cause) {
		t.Errorf("failures %q, stopped by %v; want %q", codes, tally.Stop, want)
	}
	if m.files["a"] != "a" || len(m.results) != 3 {
		t.Errorf("files %v, results %+v", m.files, m.results)
	}
}
