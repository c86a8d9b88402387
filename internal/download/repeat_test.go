package download_test

import (
	"context"
	"crypto/md5"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/sink"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// wanted is a file of a random list.
type wanted struct {
	id, path, body string
	digest         bool // storage sends an MD5 of it
}

// unevenPortal is a portal with its storage, which takes another time for each file, and an observer of what becomes
// of them.
type unevenPortal struct {
	download.Portal

	files  map[string]wanted
	told   map[string]time.Duration // until storage tells of a file
	moving time.Duration            // between the first half of a file and the second

	mu      sync.Mutex
	results map[string]download.Result
}

func (p *unevenPortal) Location(_ context.Context, id string, _ bynder.Selector) (bynder.Location, error) {
	return bynder.Location{URL: &url.URL{Scheme: "https", Host: "storage.example", Path: "/" + id}}, nil
}

func (p *unevenPortal) RoundTrip(r *http.Request) (*http.Response, error) {
	file := p.files[strings.TrimPrefix(r.URL.Path, "/")]
	select {
	case <-time.After(p.told[file.id]):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	answer := &http.Response{StatusCode: http.StatusOK, Request: r, ContentLength: int64(len(file.body)), Header: http.Header{
		"Etag": {`"of no bytes"`}, "Last-Modified": {"Tue, 03 Jan 2017 00:00:00 GMT"}, "Accept-Ranges": {"bytes"},
	}}
	if file.digest {
		answer.Header.Set("Etag", fmt.Sprintf(`"%x"`, md5.Sum([]byte(file.body))))
	}
	from, until := 0, len(file.body)
	if span := r.Header.Get("Range"); span != "" {
		if _, err := fmt.Sscanf(span, "bytes=%d-%d", &from, &until); err == nil {
			until++
		}
		until = min(until, len(file.body))
		answer.StatusCode, answer.ContentLength = http.StatusPartialContent, int64(until-from)
		answer.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, until-1, len(file.body)))
	}
	body := file.body[from:until]
	answer.Body = &slowly{io.MultiReader(strings.NewReader(body[:len(body)/2]), &pause{p.moving}, strings.NewReader(body[len(body)/2:]))}
	return answer, nil
}

type slowly struct{ io.Reader }

func (*slowly) Close() error { return nil }

// pause reads nothing, after a time.
type pause struct{ time.Duration }

func (p *pause) Read([]byte) (int, error) {
	<-time.After(p.Duration)
	return 0, io.EOF
}

func (p *unevenPortal) Started(download.Job, string, transfer.Object, int64) {}
func (p *unevenPortal) Advanced(download.Job, int64)                         {}
func (p *unevenPortal) Retried(download.Job, string, error, time.Duration)   {}

func (p *unevenPortal) Finished(_ download.Job, r download.Result) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.results[r.MediaID] = r
}

// play is one run of a list into a folder.
type play struct {
	folder  string
	policy  sink.IfExists
	list    []wanted
	workers int
	dryRun  bool
	done    map[string]download.Result // as a journal has them
}

// start runs it and returns the results by media id.
func (run play) start(t *testing.T, random *rand.Rand) map[string]download.Result {
	p := &unevenPortal{
		files: map[string]wanted{}, told: map[string]time.Duration{},
		moving: time.Duration(random.IntN(2000)) * time.Millisecond, results: map[string]download.Result{},
	}
	paths := map[string]string{}
	for _, file := range run.list {
		p.files[file.id], paths[file.id] = file, file.path
		p.told[file.id] = time.Duration(random.IntN(3000)) * time.Millisecond
	}
	synctest.Test(t, func(t *testing.T) {
		open := sink.NewDir
		if run.dryRun {
			open = sink.NewPreview
		}
		d, err := open(run.folder, sink.DirOptions{IfExists: run.policy})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		e := &download.Engine{
			API: p, Sink: d, Progress: p, Results: []download.ResultObserver{p},
			Opener: transfer.New(transfer.Options{Client: &http.Client{Transport: p}, Jobs: run.workers, Connections: 1}),
			Options: download.Options{
				Workers: download.FixedWorkers(run.workers), Waiting: 2, DryRun: run.dryRun, Digest: transfer.DigestOptions{Verify: true},
				Name: func(job download.Job, _ transfer.Object) string { return paths[job.MediaID] },
			},
			Done: func(job download.Job) (download.Result, bool) {
				r, ok := run.done[job.MediaID]
				return r, ok
			},
		}
		e.Run(t.Context(), func(context.Context) iter.Seq[download.Job] {
			return func(yield func(download.Job) bool) {
				for _, file := range run.list {
					if !yield(download.Job{MediaID: file.id}) {
						return
					}
				}
			}
		})
	})
	if len(p.results) != len(run.list) {
		t.Fatalf("%d results of %d files", len(p.results), len(run.list))
	}
	return p.results
}

// places has what became of each file: its path if it is in place, or else the cause.
func places(list []wanted, results map[string]download.Result) []string {
	var lines []string
	for _, file := range list {
		r := results[file.id]
		at := "at " + r.Path
		if r.Error != nil {
			at = string(r.Error.Code)
		}
		lines = append(lines, file.id+" "+file.path+" "+at)
	}
	return lines
}

// tree has the files and folders below a folder, with their content.
func tree(t *testing.T, folder string) []string {
	var found []string
	err := filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			found = append(found, path[len(folder):]+"/")
			return err
		}
		content, err := os.ReadFile(path)
		found = append(found, path[len(folder):]+" "+string(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func randomList(random *rand.Rand) []wanted {
	list := make([]wanted, 2+random.IntN(8))
	names := []string{"a", "A", "a", "b", "a/b", "a/B", "A/b/c", "b/c", "a-F2", "a-f1"}
	for i := range list {
		list[i] = wanted{
			id: fmt.Sprintf("F%d", i), path: names[random.IntN(len(names))], digest: random.IntN(2) == 0,
			body: []string{"same bytes", "other ones"}[random.IntN(2)],
		}
	}
	return list
}

// Whatever a list asks for, and whatever was in place: each run puts the same files at the same paths, however long
// each takes and however many are transferred at a time; a dry run says so before; and a second run transfers nothing.
func TestRunsAreRepeatable(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for n := range 30 {
		list, root := randomList(random), t.TempDir()
		theirs := random.IntN(4)
		for _, policy := range []sink.IfExists{sink.Fail, sink.Skip, sink.Overwrite, sink.Rename} {
			var first []string
			var want []string
			for _, workers := range []int{1, 4, 32} {
				folder := filepath.Join(root, fmt.Sprint(policy, workers))
				switch theirs {
				case 0:
					write(t, filepath.Join(folder, "a"), "of another program")
				case 1:
					write(t, filepath.Join(folder, "b", "d"), "of another program")
				}
				run := play{folder: folder, policy: policy, list: list, workers: workers, dryRun: true}
				plan := run.start(t, random)
				planned := places(list, plan)
				run.dryRun = false
				results := run.start(t, random)
				got := places(list, results)
				for i, r := range planned {
					if plan[list[i].id].Plan != download.PlanExists && r != got[i] {
						t.Fatalf("%d: %v, %d workers: the dry run said %q of %q", n, policy, workers, planned, got)
					}
				}
				if first == nil {
					first, want = got, tree(t, folder)
				}
				if !slices.Equal(got, first) || !slices.Equal(tree(t, folder), want) {
					t.Fatalf("%d: %v, %d workers: %q in %q, want %q in %q", n, policy, workers, got, tree(t, folder), first, want)
				}
				// One that is gone, as after a kill, comes again. The others stay where they are.
				if gone := list[random.IntN(len(list))].id; theirs > 1 && results[gone].Status == download.Downloaded {
					if err := os.Remove(filepath.Join(folder, results[gone].Path)); err != nil {
						t.Fatal(err)
					}
					again := run.start(t, random)
					if got := places(list, again); !slices.Equal(got, first) || !slices.Equal(tree(t, folder), want) {
						t.Fatalf("%d: %v, %d workers, without %s: %q, want %q, in %q, want %q", n, policy, workers, gone, got, first, tree(t, folder), want)
					}
					for id, r := range again {
						if (r.Status == download.Downloaded) != (id == gone) {
							t.Fatalf("%d: %v, %d workers, without %s: %s of %+v is %s", n, policy, workers, gone, id, list, r.Status)
						}
					}
				}
				for _, journal := range []bool{false, true} {
					if journal {
						run.done = map[string]download.Result{}
						for id, r := range results {
							if r.Error == nil {
								run.done[id] = r
							}
						}
					}
					again := run.start(t, random)
					if got := places(list, again); !slices.Equal(got, first) || !slices.Equal(tree(t, folder), want) {
						t.Fatalf("%d: %v, %d workers, journal %t: the second run has %q, want %q, in %q, want %q", n, policy, workers, journal, got, first, tree(t, folder), want)
					}
					for id, r := range again {
						if r.Status == download.Downloaded && !journal {
							t.Fatalf("%d: %v, %d workers: the second run transferred %s of %+v", n, policy, workers, id, list)
						}
					}
				}
			}
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}
