package download

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// A file that is known to be done is looked at again if it was not the first choice: the asset may have a better
// derivative now. Those of the first choice cost nothing.
func TestDoneOfChoices(t *testing.T) {
	selector := bynder.Selector{Kind: bynder.Derivative, Name: "web,mini"}
	poor := func(id string) *bynder.Asset {
		a := asset(id)
		delete(a.Derivatives, "web")
		return a
	}
	recorded := map[string]string{"first": "web", "same": "mini", "better": "mini", "gone": "mini", "handed": "mini", "old": ""}
	p := &fakePortal{listed: map[string]*bynder.Asset{"SAME": poor("same"), "BETTER": asset("better"), "OLD": poor("old")}}
	sink := &memory{files: map[string]string{}}
	e := &Engine{
		API:  p,
		Sink: sink, Progress: sink, Results: []ResultObserver{sink},
		Opener: transfer.New(transfer.Options{Client: &http.Client{Transport: storage{}}, Jobs: 1, Connections: 1}),
		Options: Options{
			Workers: FixedWorkers(1),
			Name:    func(job Job, _ transfer.Object) string { return job.MediaID + " " + job.Chosen },
		},
		Steps: Steps{Complete: WithMetadata},
		Done: func(job Job) (Result, bool) {
			return Result{MediaID: job.MediaID, Selector: job.Selector.String(), Status: Unchanged, Path: "done " + job.MediaID, Chosen: recorded[job.MediaID]}, true
		},
	}
	e.Run(t.Context(), func(context.Context) iter.Seq[Job] {
		return func(yield func(Job) bool) {
			for _, id := range []string{"first", "same", "better", "gone", "handed", "old"} {
				job := Job{MediaID: id, Selector: selector}
				if id == "handed" {
					job.Asset = poor(id)
				}
				if !yield(job) {
					return
				}
			}
		}
	})
	got := map[string]string{}
	for _, r := range sink.results {
		got[r.MediaID] = string(r.Status) + " " + r.Chosen
	}
	want := map[string]string{
		"first": "unchanged web", "same": "unchanged mini", "handed": "unchanged mini", "better": "downloaded web", "gone": "failed ", "old": "downloaded mini",
	}
	if !maps.Equal(got, want) {
		t.Errorf("results %q, want %q", got, want)
	}
	if want := []string{"list of 4", "asset gone"}; !slices.Equal(p.calls, want) {
		t.Errorf("calls %q, want %q", p.calls, want)
	}
}

// Several files of one asset are as many jobs, and count once in the ids of a call.
func TestEachName(t *testing.T) {
	bad := errors.New("bad")
	var expanded []string
	each := EachName([]string{"mini", "x,web"}, func(job Job, n int) { expanded = append(expanded, fmt.Sprint(job.MediaID, " ", n)) })
	ids := make([]string, 0, 100)
	for i := range 100 {
		ids = append(ids, fmt.Sprintf("%035d", i))
	}
	jobs := func(yield func(Job) bool) {
		if !yield(Job{MediaID: "x", Err: bad}) {
			return
		}
		for job := range jobsOf(ids...) {
			job.Selector.Kind = bynder.Derivative
			if !yield(job) {
				return
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		p := &fakePortal{listed: map[string]*bynder.Asset{}}
		for _, id := range ids {
			p.listed[id] = asset(id)
		}
		var got []string
		for job := range WithMetadata(t.Context(), p, each(t.Context(), p, jobs)) {
			got = append(got, job.MediaID+" "+job.Selector.String())
			if job.Asset == nil && job.Err == nil {
				t.Errorf("%s has no metadata", job.MediaID)
			}
		}
		if len(got) != 201 || got[0] != "x original" || got[1] != ids[0]+" derivative/mini" || got[2] != ids[0]+" derivative/x,web" || got[3] != ids[1]+" derivative/mini" {
			t.Errorf("%d jobs: %q", len(got), got[:4])
		}
		if len(expanded) != 100 || expanded[0] != ids[0]+" 2" {
			t.Errorf("expanded %q", expanded)
		}
		if want := []string{"list of 100"}; !slices.Equal(p.calls, want) {
			t.Errorf("calls %q, want %q", p.calls, want)
		}
	})
}
