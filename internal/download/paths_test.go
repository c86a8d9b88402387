package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/retry"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// wish is a file of a model run: where it can go, and what is there before the run.
type wish struct {
	places  []string
	same    []bool // an identical file
	blocked []bool // what keeps it out
	fails   bool   // before it tells its places
}

func (w wish) told() []Place {
	places := make([]Place, len(w.places))
	for i, path := range w.places {
		places[i] = Place{Path: path, Same: w.same[i]}
		if w.blocked[i] {
			places[i].Blocked = errors.New("blocked")
		}
	}
	return places
}

// oneAfterTheOther is the model: the paths that files get that come one after the other.
func oneAfterTheOther(wishes []wish) []string {
	got, taken := make([]string, len(wishes)), []string{}
	for i, w := range wishes {
		for _, same := range []bool{true, false} {
			for n, path := range w.places {
				path = strings.ToLower(path)
				meets := func(other string) bool {
					return strings.HasPrefix(other+"/", path+"/") || strings.HasPrefix(path+"/", other+"/")
				}
				if got[i] == "" && !w.fails && !w.blocked[n] && (w.same[n] || !same) && !slices.ContainsFunc(taken, meets) {
					got[i], taken = w.places[n], append(taken, path)
				}
			}
		}
	}
	return got
}

// Whatever the order in which files tell their places, each gets the path that it gets if they come one after
// the other.
func TestPathsDoNotDependOnTiming(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		wishes := make([]wish, 1+random.IntN(12))
		for i := range wishes {
			for range 1 + random.IntN(3) {
				wishes[i].places = append(wishes[i].places, []string{"a", "A", "b", "c", "d", "a/b", "A/c", "b/c/d", "b/c"}[random.IntN(9)])
				wishes[i].same = append(wishes[i].same, random.IntN(5) == 0)
				wishes[i].blocked = append(wishes[i].blocked, random.IntN(8) == 0)
			}
			wishes[i].fails = random.IntN(8) == 0
		}
		want := oneAfterTheOther(wishes)
		paths := NewPaths(&memory{}, nil)
		claims := make([]*Claim, len(wishes))
		lost, refused := make([]int, len(wishes)), make([]bool, len(wishes))
		for i := range claims {
			claims[i] = paths.Claim(Job{Number: int64(i + 1)}, func() { lost[i]++ })
		}
		for _, i := range random.Perm(len(wishes)) {
			w := wishes[i]
			if w.fails {
				claims[i].End(false)
				continue
			}
			_, err := claims[i].Propose(w.told())
			_, mayChange := errors.AsType[*expected](err)
			refused[i] = err != nil && !mayChange
		}
		got := make([]string, len(wishes))
		for i, c := range claims {
			at, decided, err := c.Got()
			none := want[i] == ""
			silent := refused[i] || wishes[i].fails // it knows by itself
			if !decided || (err != nil) != (none && !wishes[i].fails) || lost[i] > 1 || lost[i] == 1 && !none || lost[i] == 0 && none && !silent {
				t.Fatalf("%d of %+v: decided %t, %v, lost %d times", i, wishes, decided, err, lost[i])
			}
			got[i] = at.Path
		}
		if !slices.Equal(got, want) {
			t.Fatalf("the paths of %+v are %q, want %q", wishes, got, want)
		}
		if len(paths.proposed) > 0 {
			t.Fatalf("%d files are still remembered", len(paths.proposed))
		}
	}
}

func TestPathsThatAreGivenUp(t *testing.T) {
	tell := func(c *Claim) string {
		at, err := c.Propose([]Place{{Path: "a"}})
		if err != nil {
			return "refused"
		}
		return at.Path
	}
	paths := NewPaths(&memory{}, nil)
	claim := func(number int64) *Claim { return paths.Claim(Job{Number: number}, func() {}) }
	first, second, third := claim(1), claim(2), claim(3)
	if got := tell(third); got != "a" {
		t.Errorf("the third is told %q before anything is known", got)
	}
	if tell(first) != "a" || tell(second) != "refused" || third.Refused() == nil {
		t.Error("the first does not have the path alone")
	}
	first.End(false)
	first.End(false) // once is enough
	if fourth := claim(4); tell(fourth) != "a" {
		t.Error("a path that was given up is not free")
	} else if fifth := claim(5); tell(fourth) != "a" || tell(fifth) != "refused" {
		t.Error("a file that tells again does not keep its path")
	}
	if at, err := (*Claim)(nil).Propose([]Place{{Path: "b"}}); at.Path != "b" || err != nil {
		t.Errorf("a file that is alone gets %v, %v", at, err)
	}
}

// A file that was wrong about its places proposes again: what it had is free, and what it could not have may be its own.
func TestPathsThatAreWithdrawn(t *testing.T) {
	paths := NewPaths(&memory{}, nil)
	claim := func(number int64) *Claim { return paths.Claim(Job{Number: number}, func() {}) }
	tell := func(c *Claim, at Place) string {
		got, err := c.Propose([]Place{at})
		if err != nil {
			return "refused: " + err.Error()
		}
		return got.Path
	}
	blocked := Place{Path: "b", Blocked: errors.New("exists")}
	first, second, third := claim(1), claim(2), claim(3)
	if got := tell(second, blocked); got != "refused: exists" {
		t.Errorf("%s", got)
	}
	second.Withdraw() // before it is decided
	if got := tell(first, Place{Path: "page"}); got != "page" {
		t.Errorf("%s", got)
	}
	first.Withdraw()
	if got := tell(first, Place{Path: "a"}); got != "a" {
		t.Errorf("%s", got)
	}
	if second.isDecided() {
		t.Error("a proposal that was withdrawn is decided")
	}
	if got := tell(second, blocked); got != "refused: exists" {
		t.Errorf("%s", got)
	}
	second.Withdraw() // after it was refused
	if got := tell(second, Place{Path: "b"}); got != "b" || second.Refused() != nil {
		t.Errorf("%s, %v", got, second.Refused())
	}
	if got := tell(third, Place{Path: "page"}); got != "page" {
		t.Errorf("a path that was withdrawn: %s", got)
	}
	if fourth := claim(4); !strings.HasPrefix(tell(fourth, Place{Path: "a"}), "refused") {
		t.Error("two files have a path")
	}
	first.Withdraw()
	if got := tell(first, Place{Path: "page"}); !strings.HasPrefix(got, "refused") {
		t.Errorf("a path of a later file: %s", got)
	}
}

// The hint of a file whose path is taken depends on what the two have in common.
func TestHintOfFilesThatMeet(t *testing.T) {
	item := func(id, item string) Job {
		return Job{MediaID: id, Selector: bynder.Selector{Kind: bynder.Item, ItemID: item}}
	}
	derivative := func(id, name string) Job {
		return Job{MediaID: id, Selector: bynder.Selector{Kind: bynder.Derivative, Name: name}}
	}
	for _, c := range []struct {
		first, second Job
		want          string
	}{
		{Job{MediaID: "A"}, Job{MediaID: "B"}, "{id}/{filename}"},
		{derivative("A", "mini"), derivative("A", "webimage"), "{derivative}/{filename}"},
		{derivative("A", "mini"), derivative("B", "mini"), "{id}/{filename}"},
		{item("A", "1"), item("A", "2"), "{id}/{itemId}-{filename}"},
		{item("A", "1"), item("B", "2"), "{id}/{itemId}-{filename}"},
		{item("A", "1"), Job{MediaID: "A"}, "{id}/{itemId}-{filename}"},
	} {
		paths := NewPaths(&memory{}, nil)
		c.first.Number, c.second.Number = 1, 2
		_, _ = paths.Claim(c.first, func() {}).Propose([]Place{{Path: "a"}})
		_, err := paths.Claim(c.second, func() {}).Propose([]Place{{Path: "A"}})
		refused, ok := errors.AsType[*Error](err)
		if !ok || refused.Code != CodeExists || !strings.Contains(refused.Advice, "--name '"+c.want+"'") || !strings.Contains(refused.Error(), "in memory: A") {
			t.Errorf("%v after %v: %v, want the hint %s", c.second, c.first, err, c.want)
		}
	}
}

// slow is a portal and storage whose answers take a time of their own for each file.
type slow struct {
	fakePortal
	name, body map[string]time.Duration // until storage tells the name, and from then until the file has come
	missing    map[string]bool          // at the portal
	broken     map[string]bool          // on their way
}

func (s *slow) Location(ctx context.Context, id string, selector bynder.Selector) (bynder.Location, error) {
	if err := retry.Sleep(ctx, s.name[id]); err != nil {
		return bynder.Location{}, err
	}
	if s.missing[id] {
		return bynder.Location{}, &bynder.APIError{Status: http.StatusNotFound}
	}
	return (&fakePortal{}).Location(ctx, id, selector)
}

func (s *slow) RoundTrip(r *http.Request) (*http.Response, error) {
	id := strings.TrimPrefix(r.URL.Path, "/")
	answer, err := storage{}.RoundTrip(r)
	answer.Body = &slowBody{answer.Body, r.Context(), s.body[id]}
	if s.broken[id] {
		answer.ContentLength++
	}
	return answer, err
}

// slowBody yields its bytes after a while.
type slowBody struct {
	io.ReadCloser
	ctx  context.Context
	left time.Duration
}

func (b *slowBody) Read(p []byte) (int, error) {
	if err := retry.Sleep(b.ctx, b.left); err != nil {
		return 0, err
	}
	b.left = 0
	return b.ReadCloser.Read(p)
}

// In a run, names depend on neither the time that each file takes, nor how many are transferred, nor how many
// may wait. Nothing hangs, and every file has a result.
func TestNamesOfARunDoNotDependOnTiming(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 30 {
		n := 40 + random.IntN(40)
		ids, path, missing, broken := make([]string, n), map[string]string{}, map[string]bool{}, map[string]bool{}
		for i := range ids {
			id := fmt.Sprintf("id%03d", i)
			ids[i], path[id] = id, fmt.Sprintf("file%d", random.IntN(n))
			missing[id], broken[id] = random.IntN(10) == 0, random.IntN(10) == 0
		}
		var want map[string]string
		for _, shape := range []struct {
			workers, waiting int
			broken           map[string]bool
		}{{1, 0, nil}, {4, 0, nil}, {8, 3, nil}, {32, 1000, nil}, {8, 3, broken}} {
			s := &slow{name: map[string]time.Duration{}, body: map[string]time.Duration{}, missing: missing, broken: shape.broken}
			for _, id := range ids {
				s.name[id], s.body[id] = time.Duration(random.IntN(5000))*time.Millisecond, time.Duration(random.IntN(5000))*time.Millisecond
			}
			m := &memory{files: map[string]string{}, rename: true}
			synctest.Test(t, func(t *testing.T) {
				e := testEngine(m, shape.workers)
				e.API, e.Opener = s, transfer.New(transfer.Options{Client: &http.Client{Transport: s}})
				e.Options.Waiting = shape.waiting
				e.Options.Name = func(job Job, _ transfer.Object) string { return path[job.MediaID] }
				if tally := e.Run(t.Context(), func(context.Context) iter.Seq[Job] { return jobsOf(ids...) }); tally.Wanted != n || len(m.results) != n || tally.Stop != nil {
					t.Fatalf("%d of %d files have results: %+v", len(m.results), n, tally)
				}
			})
			switch {
			case shape.broken != nil: // those give up their paths, when depends on timing
			case want == nil:
				want = m.files
			case !maps.Equal(m.files, want):
				t.Fatalf("%d workers, %d waiting: %v, want %v", shape.workers, shape.waiting, m.files, want)
			}
		}
	}
}

// While the first file keeps its name to itself, as many files are transferred as may wait, and not one more. For a moment,
// those that wait keep their workers.
func TestFilesWaitForTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const workers, waiting = 4, 10
		ids := make([]string, 40)
		s := &slow{name: map[string]time.Duration{}, body: map[string]time.Duration{}}
		for i := range ids {
			ids[i] = fmt.Sprintf("id%03d", i)
			s.name[ids[i]] = time.Millisecond
		}
		s.name[ids[0]] = time.Hour
		m := &memory{files: map[string]string{}}
		e := testEngine(m, workers)
		e.API, e.Opener = s, transfer.New(transfer.Options{Client: &http.Client{Transport: s}})
		e.Options.Waiting = waiting
		ended := make(chan struct{})
		go func() {
			e.Run(t.Context(), func(context.Context) iter.Seq[Job] { return jobsOf(ids...) })
			close(ended)
		}()
		<-time.After(shortWait / 2) // of the fake clock
		synctest.Wait()
		m.mu.Lock()
		if m.begun != workers-1 {
			t.Errorf("%d files were begun at first, want %d", m.begun, workers-1)
		}
		m.mu.Unlock()
		<-time.After(time.Minute)
		synctest.Wait()
		m.mu.Lock()
		if m.begun != workers-1+waiting || len(m.files) != 0 {
			t.Errorf("%d files were transferred and %d published before the first, want %d and 0", m.begun, len(m.files), workers-1+waiting)
		}
		m.mu.Unlock()
		<-ended
		if len(m.files) != len(ids) {
			t.Errorf("%d files in the end", len(m.files))
		}
	})
}

// A file that is found in place at a path that a slower, earlier one turns out to have goes to its other path: it is
// transferred again, or is in place there, too.
func TestFileInPlaceWhosePathIsTaken(t *testing.T) {
	for _, inPlace := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			s := &slow{name: map[string]time.Duration{"first": time.Second}}
			m := &memory{rename: true, files: map[string]string{"p": "first"}}
			if inPlace {
				m.files["p-twin"] = "twin"
			}
			e := testEngine(m, 2)
			e.API, e.Options.Waiting = s, 1
			e.Options.Name = func(Job, transfer.Object) string { return "p" }
			e.Run(t.Context(), func(context.Context) iter.Seq[Job] { return jobsOf("first", "twin") })
			want := map[string]string{"first": "unchanged p", "twin": "downloaded p-twin"}
			if inPlace {
				want["twin"] = "unchanged p-twin"
			}
			for _, r := range m.results {
				if got := string(r.Status) + " " + r.Path; got != want[r.MediaID] {
					t.Errorf("%s: %s, want %s", r.MediaID, got, want[r.MediaID])
				}
			}
			if len(m.results) != 2 || m.files["p"] != "first" || m.files["p-twin"] != "twin" {
				t.Errorf("%d results, files %v", len(m.results), m.files)
			}
		})
	}
}

// A file that was in place before the run loses its path to an earlier one, if that replaces it.
func TestDoneFileWhosePathIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{name: map[string]time.Duration{"first": time.Second}}
		m := &memory{files: map[string]string{"p": "", "q": ""}}
		e := testEngine(m, 2)
		e.API = s
		e.Options.Name = func(Job, transfer.Object) string { return "p" }
		e.Done = func(job Job) (Result, bool) {
			size := int64(1)
			return Result{MediaID: job.MediaID, Status: Unchanged, Path: map[string]string{"done": "P", "other": "q"}[job.MediaID], Bytes: &size}, job.MediaID != "first"
		}
		e.Run(t.Context(), func(context.Context) iter.Seq[Job] { return jobsOf("first", "done", "other") })
		want := map[string]string{"first": "downloaded", "done": "exists", "other": "unchanged"}
		if got := outcomes(t, m.results); !maps.Equal(got, want) {
			t.Errorf("results %v, want %v", got, want)
		}
	})
}
