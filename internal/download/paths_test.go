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

// wish is a file of a model run: where it can go, and what it is.
type wish struct {
	places  []string
	content string // "" for one without a digest
	fails   bool   // before it tells its places
}

func (w wish) object() transfer.Object {
	if w.content == "" {
		return transfer.Object{Size: 1, ETag: `"no digest"`}
	}
	return transfer.Object{Size: 1, ETag: fmt.Sprintf(`"%032x"`, w.content)}
}

// oneAfterTheOther is the model: the paths that files get that come one after the other.
func oneAfterTheOther(wishes []wish) []string {
	got, taken := make([]string, len(wishes)), map[string]string{}
	for i, w := range wishes {
		for _, path := range w.places {
			content, is := taken[strings.ToLower(path)]
			if !w.fails && (!is || content == w.content && content != "") {
				got[i], taken[strings.ToLower(path)] = path, w.content
				break
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
				wishes[i].places = append(wishes[i].places, []string{"a", "A", "b", "c", "d"}[random.IntN(5)])
			}
			wishes[i].content = []string{"", "1", "2"}[random.IntN(3)]
			wishes[i].fails = random.IntN(8) == 0
		}
		want := oneAfterTheOther(wishes)
		paths := NewPaths(strings.ToLower)
		claims := make([]*Claim, len(wishes))
		lost := make([]int, len(wishes))
		for i := range claims {
			claims[i] = paths.Claim(int64(i+1), func() { lost[i]++ })
		}
		for _, i := range random.Perm(len(wishes)) {
			w := wishes[i]
			if w.fails && i%2 == 0 {
				paths.Pass(int64(i + 1))
				claims[i], lost[i] = paths.Claim(0, func() {}), 1
				close(claims[i].decided)
				continue
			} else if w.fails {
				claims[i].End(false)
				continue
			}
			places := make([]Place, len(w.places))
			for n, path := range w.places {
				places[n].Path = path
			}
			if at, err := claims[i].Tell(places, w.object(), errors.New("refused")); err == nil {
				claims[i].Taken(at.Path, w.object()) // must not hang
			}
		}
		got := make([]string, len(wishes))
		for i, c := range claims {
			at, decided, err := c.Got()
			if !decided || (err != nil) != (want[i] == "" && !wishes[i].fails) || (lost[i] == 1) != (want[i] == "") {
				t.Fatalf("%d of %+v: decided %t, %v, lost %d times", i, wishes, decided, err, lost[i])
			}
			got[i] = at.Path
		}
		if !slices.Equal(got, want) {
			t.Fatalf("the paths of %+v are %q, want %q", wishes, got, want)
		}
		if len(paths.told) > 0 {
			t.Fatalf("%d files are still remembered", len(paths.told))
		}
	}
}

func TestPathsThatAreGivenUp(t *testing.T) {
	tell := func(c *Claim, content string) string {
		at, err := c.Tell([]Place{{Path: "a"}}, wish{content: content}.object(), errors.New("refused"))
		if err != nil {
			return err.Error()
		}
		return at.Path
	}
	paths := NewPaths(strings.ToLower)
	claim := func(number int64) *Claim { return paths.Claim(number, func() {}) }
	first, double, third, fourth := claim(1), claim(2), claim(3), claim(4)
	if got := tell(fourth, "4"); got != "a" {
		t.Errorf("the fourth is told %q before anything is known", got)
	}
	if tell(first, "1") != "a" || tell(double, "1") != "a" {
		t.Error("two files of the same bytes do not share a path")
	}
	if got := tell(third, "3"); got != "refused" {
		t.Errorf("the third is told %q", got)
	}
	if fourth.Refused() == nil {
		t.Error("the fourth has the path too")
	}
	first.End(false)
	first.End(false) // once is enough
	if fifth := claim(5); tell(fifth, "5") != "refused" {
		t.Error("a path that a double still has is given away")
	}
	double.End(false)
	if sixth := claim(6); tell(sixth, "6") != "a" {
		t.Error("a path that was given up is not free")
	} else if seventh := claim(7); tell(sixth, "other") != "a" || tell(seventh, "7") != "refused" {
		t.Error("a file that tells again does not keep its path")
	}
	if at, err := (*Claim)(nil).Tell([]Place{{Path: "b"}}, transfer.Object{}, nil); at.Path != "b" || err != nil {
		t.Errorf("a file that is alone gets %v, %v", at, err)
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

// While the first file keeps its name to itself, as many files are transferred as may wait, and not one more.
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
		<-time.After(time.Minute) // of the fake clock
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

// A file that was in place before the run loses its path to an earlier one, if that replaces it.
func TestDoneFileWhosePathIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{name: map[string]time.Duration{"first": time.Second}}
		m := &memory{files: map[string]string{"p": "", "q": ""}}
		e := testEngine(m, 2)
		e.API, e.Options.ClaimDone = s, true
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
