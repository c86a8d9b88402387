package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

// changesOf reports results of sync, and returns what standard output and standard error have then.
func changesOf(o Options, results ...download.Result) (stdout, stderr string) {
	var out, errs bytes.Buffer
	o.Stdout, o.Stderr, o.Changes, o.Progress = &out, &errs, true, ProgressNever
	o.Show = func(path string) string { return "dest/" + path }
	r := New(o)
	for _, each := range results {
		r.Changed(each)
	}
	_ = r.Close(Totals{APICalls: 7})
	return out.String(), errs.String()
}

func TestChanges(t *testing.T) {
	size := int64(2048)
	exists := &download.Failure{Code: download.CodeExists, Message: "it was changed", Hint: "move it away"}
	results := []download.Result{
		{MediaID: "A", Action: download.ActionFetch, Status: download.Downloaded, Path: "a.jpg", Plan: download.PlanNew, Bytes: &size},
		{MediaID: "B", Action: download.ActionFetch, Status: download.Downloaded, Path: "b\u202e.jpg", Plan: download.PlanChanged, Bytes: &size},
		{MediaID: "B", Action: download.ActionMetadata, Status: download.Downloaded, Path: "b.jpg.metadata.json"},
		{MediaID: "C", Action: download.ActionMove, Status: download.Moved, From: "c.jpg", Path: "sub/c.jpg"},
		{MediaID: "D", Action: download.ActionDelete, Status: download.Deleted, Path: "d.jpg", Why: "hidden"},
		{MediaID: "E", Action: download.ActionAdopt, Status: download.Unchanged, Path: "e.jpg"},
		{MediaID: "F", Name: "F", Action: download.ActionKeep, Status: download.Kept, Path: "f.jpg", Error: exists},
		{MediaID: "G", Name: "G", Action: download.ActionFetch, Status: download.Failed, Path: "g.jpg", Error: exists},
	}
	lines := []string{
		"+ dest/a.jpg", "~ dest/b\u202e.jpg", "~ dest/b.jpg.metadata.json", "> dest/c.jpg -> dest/sub/c.jpg", "- dest/d.jpg (hidden)", "",
	}
	out, errs := changesOf(Options{}, results...)
	if out != strings.Join(lines, "\n") {
		t.Errorf("standard output is %q", out)
	}
	want := `bynder: F (F): kept: it was changed
hint: move it away
bynder: G (G): it was changed
bynder: 1 new, 1 changed, 1 with new metadata, 1 moved, 1 deleted, 1 adopted, 1 kept, 1 failed
bynder: failed by cause: 1 exists
bynder: 0 B in 0 s, API calls: 7
`
	if errs != want {
		t.Errorf("standard error is\n%s, want\n%s", errs, want)
	}
	out, errs = changesOf(Options{Print0: true, Quiet: true}, results...)
	if out != strings.Join(lines, "\x00") {
		t.Errorf("with -0 standard output is %q", out)
	}
	if strings.Contains(errs, "API calls") || !strings.Contains(errs, "kept: ") {
		t.Errorf("with -q standard error is %q", errs)
	}
	out, _ = changesOf(Options{JSON: true}, results...)
	if n := strings.Count(out, "\n"); n != len(results) || !strings.Contains(out, `"path":"dest/sub/c.jpg","action":"move","from":"dest/c.jpg"}`) {
		t.Errorf("JSON is\n%s", out)
	}
}

func TestChangesThatAreNone(t *testing.T) {
	if out, errs := changesOf(Options{}); out != "" || errs != "" {
		t.Errorf("a run that changes nothing writes %q and %q", out, errs)
	}
	size := int64(2048)
	same := download.Result{MediaID: "A", Action: download.ActionFetch, Status: download.Unchanged, Path: "a.jpg", Plan: download.PlanUnchanged, Bytes: &size}
	if out, errs := changesOf(Options{}, same); out != "" || errs != "" {
		t.Errorf("a run that finds a file to be the same writes %q and %q", out, errs)
	}
	if out, _ := changesOf(Options{JSON: true}, same); !strings.Contains(out, `"status":"unchanged"`) {
		t.Errorf("JSON of a file that is the same is %q", out)
	}
}

// A dry run says the same as the run, beside what it counts.
func TestChangesOfADryRun(t *testing.T) {
	size := int64(2048)
	out, errs := changesOf(Options{DryRun: true},
		download.Result{MediaID: "A", Action: download.ActionFetch, Status: download.Skipped, Path: "a.jpg", Plan: download.PlanChanged, Bytes: &size},
		download.Result{MediaID: "B", Action: download.ActionKeep, Status: download.Skipped, Path: "b.jpg", Error: &download.Failure{Code: download.CodeExists, Message: "edited"}},
		download.Result{MediaID: "C", Action: download.ActionFetch, Status: download.Skipped, Path: "c.jpg", Error: &download.Failure{Code: download.CodeExists, Message: "taken"}},
		download.Result{MediaID: "D", Action: download.ActionDelete, Status: download.Skipped, Path: "d.jpg", Why: "left"},
	)
	if out != "~ dest/a.jpg\n- dest/d.jpg (left)\n" {
		t.Errorf("standard output is %q", out)
	}
	want := `bynder: B: kept: edited
bynder: C: taken
bynder: dry run: 1 changed, 1 deleted, 1 kept, 1 failed
bynder: failed by cause: 1 exists
bynder: 2.0 KiB to fetch, API calls: 7
`
	if errs != want {
		t.Errorf("standard error is\n%s, want\n%s", errs, want)
	}
}
