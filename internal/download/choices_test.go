package download

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"slices"
	"testing"

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
			Workers: 1,
			Name:    func(job Job, _ transfer.Object) string { return job.MediaID + " " + job.Chosen },
		},
		Steps: Steps{Complete: WithMetadata},
		Done: func(job Job) (Result, bool) {
			return Result{MediaID: job.MediaID, Selector: job.Selector.String(), Status: Unchanged, Chosen: recorded[job.MediaID]}, true
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
