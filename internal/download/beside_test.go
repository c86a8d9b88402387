package download

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

func metadataPath(path string) string { return path + ".meta" }

// Files and the metadata of others do not meet, whichever comes first in the input.
func TestPathsOfMetadata(t *testing.T) {
	for _, c := range []struct {
		paths   []string
		refused string // the number of the file that is, and what its message has
		message string
	}{
		{[]string{"a", "b", "c.meta"}, "", ""},
		{[]string{"a", "b", "A.meta"}, "3", "A.meta is where the metadata are of an earlier file"},
		{[]string{"a.meta", "b", "a"}, "3", "a.meta is the path or a folder of an earlier file"},
		{[]string{"a.meta/x", "b", "a"}, "3", "a.meta is the path or a folder of an earlier file"},
		{[]string{"a", "b", "a.meta/x"}, "3", "a.meta/x is where the metadata are of an earlier file"},
		{[]string{"a", "b", "a.meta.meta"}, "", ""},
		{[]string{"a", "A"}, "2", "A is the path of an earlier file"},
	} {
		for order := range 2 {
			paths := NewPaths(&memory{}, metadataPath)
			claims := make([]*Claim, len(c.paths))
			for i := range claims {
				claims[i] = paths.Claim(Job{Number: int64(i + 1), MediaID: fmt.Sprint(i)}, func() {})
			}
			tell := func(i int) { _, _ = claims[i].Propose([]Place{{Path: c.paths[i]}}) }
			for i := range claims {
				if order == 1 {
					i = len(claims) - 1 - i
				}
				tell(i)
			}
			refused := ""
			for i, claim := range claims {
				if err := claim.Refused(); err != nil {
					refused += fmt.Sprint(i + 1)
					if failed, ok := errors.AsType[*Error](err); !ok || failed.Code != CodeExists || !strings.Contains(err.Error(), c.message) {
						t.Errorf("%q: %v, want %s", c.paths, err, c.message)
					}
				}
			}
			if refused != c.refused {
				t.Errorf("%q: refused %q, want %q", c.paths, refused, c.refused)
			}
		}
	}
}

func TestPathsOfMetadataAreGivenUp(t *testing.T) {
	paths := NewPaths(&memory{}, metadataPath)
	first, second := paths.Claim(Job{Number: 1, MediaID: "A"}, func() {}), paths.Claim(Job{Number: 2, MediaID: "B"}, func() {})
	_, _ = first.Propose([]Place{{Path: "a"}})
	first.End(false)
	if _, err := second.Propose([]Place{{Path: "a.meta"}}); err != nil {
		t.Errorf("the metadata of a file that failed keep their path: %v", err)
	}
}

// Files that are in place, those of earlier runs among them, have their metadata written; what goes wrong with that
// leaves them in place, and counts as a failure.
func TestMetadataOfFilesInPlace(t *testing.T) {
	ids := []string{"new", "old", "done", "skipped", "404", "unlisted", "foreign", "last"}
	full := &Error{Code: CodeDiskFull, Err: errors.New("no space")}
	for _, c := range []struct {
		name   string
		change func(*Engine)
		want   map[string]string // by id: the status, and the cause of what went wrong
		failed int
		stop   error
	}{
		{
			name: "all", failed: 3,
			want: map[string]string{
				"new": "downloaded", "old": "unchanged", "done": "unchanged", "skipped": "skipped", "404": "failed not_found",
				"unlisted": "unchanged not_found", "foreign": "downloaded exists", "last": "downloaded",
			},
		},
		{
			name: "too many fail", change: func(e *Engine) { e.Options.MaxFailures = 2 }, failed: 2, stop: ErrMaxFailures,
			want: map[string]string{
				"new": "downloaded", "old": "unchanged", "done": "unchanged", "skipped": "skipped", "404": "failed not_found", "unlisted": "unchanged not_found",
			},
		},
		{
			name: "a full disk", failed: 1, stop: ErrDiskFull, want: map[string]string{"new": "downloaded disk_full"},
			change: func(e *Engine) { e.Metadata = func(Job, Result) error { return full } },
		},
		{
			name: "a dry run", failed: 1,
			change: func(e *Engine) {
				e.Options.DryRun = true
				e.Metadata = func(Job, Result) error { return errors.New("a dry run writes") }
			},
			want: map[string]string{
				"new": "skipped", "old": "skipped", "done": "unchanged", "skipped": "skipped", "404": "failed not_found",
				"unlisted": "unchanged", "foreign": "skipped", "last": "skipped",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, p := &memory{files: map[string]string{"old": "old"}}, &fakePortal{listed: map[string]*bynder.Asset{}}
			for _, id := range ids {
				if id != "unlisted" && id != "404" {
					p.listed[strings.ToUpper(id)] = asset(id)
				}
			}
			e := testEngine(m, 1)
			e.API, e.Steps.Complete = p, WithMetadata
			e.Done = func(job Job) (Result, bool) {
				known := map[string]Status{"done": Unchanged, "unlisted": Unchanged, "skipped": Skipped}[job.MediaID]
				return Result{MediaID: job.MediaID, Status: known, Path: job.MediaID}, known != ""
			}
			e.Metadata = func(job Job, r Result) error {
				if job.Asset.ID != job.MediaID || r.Path != job.MediaID || r.Status != Downloaded && r.Status != Unchanged {
					t.Errorf("the metadata of %+v are written with %+v", job, r)
				}
				if job.MediaID == "foreign" {
					return &Error{Code: CodeExists, Err: errors.New("another file"), Advice: "move it"}
				}
				return nil
			}
			if c.change != nil {
				c.change(e)
			}
			tally := e.Run(t.Context(), func(context.Context) iter.Seq[Job] { return jobsOf(ids...) })
			got := map[string]string{}
			for _, r := range m.results {
				got[r.MediaID] = string(r.Status)
				if problem := r.Problem(); problem != nil {
					got[r.MediaID] += " " + string(problem.Code)
				}
				if bad := r.MetadataError; bad != nil && !strings.HasPrefix(bad.Message, "the file is in place, but not its metadata: ") {
					t.Errorf("%s: %+v", r.MediaID, bad)
				}
				if r.MediaID == "foreign" && r.MetadataError != nil && r.MetadataError.Hint != "move it" {
					t.Errorf("the hint is %q", r.MetadataError.Hint)
				}
			}
			for id, want := range c.want {
				if got[id] != want {
					t.Errorf("%s is %q, want %q", id, got[id], want)
				}
			}
			if tally.Failed < c.failed || c.stop == nil && (tally.Failed != c.failed || len(got) != len(ids)) || !errors.Is(tally.Stop, c.stop) || c.stop == nil && tally.Stop != nil {
				t.Errorf("%+v, want %d failures, %v; results %q", tally, c.failed, c.stop, got)
			}
			if want := fmt.Sprintf("list of %d", len(ids)); len(p.calls) == 0 || p.calls[0] != want {
				t.Errorf("calls %q, want first a %s", p.calls, want)
			}
		})
	}
}
