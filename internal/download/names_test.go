package download

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// places is a portal whose locations are https://storage.example/<id>.jpg, but for ids of answers. Storage refuses those
// that have "refused" in them.
type places struct{ answers }

func (p *places) Location(ctx context.Context, id string, s bynder.Selector) (bynder.Location, error) {
	if _, err := p.answers.Location(ctx, id, s); err != nil {
		return bynder.Location{}, err
	}
	u, err := url.Parse("https://storage.example/" + id + ".jpg")
	return bynder.Location{URL: u}, err
}

func (p *places) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := storage{}.RoundTrip(r)
	switch {
	case strings.Contains(r.URL.Path, "refused"):
		answer.StatusCode = http.StatusNotFound
	case strings.Contains(r.URL.Path, "called"):
		answer.Header.Set("Content-Disposition", `attachment; filename="storage's name.jpg"`)
	case strings.Contains(r.URL.Path, "short"):
		answer.ContentLength++
	}
	return answer, err
}

// A result has the asset's name or, if that is not known, the file's own as soon as anybody has told it, and a
// failure the path where the file would have gone, as soon as the sink has told it.
func TestNamesAndPathsOfResults(t *testing.T) {
	asset := &bynder.Asset{Name: "Spring\x1b[2J logo"}
	endless := &bynder.Asset{Name: strings.Repeat("ä", maxName)}
	for _, c := range []struct {
		job        Job
		status     string // or cause
		name, path string
	}{
		{Job{MediaID: "a"}, "downloaded", "a.jpg", "p/a"},
		{Job{MediaID: "called"}, "downloaded", "storage's name.jpg", "p/called"},
		{Job{MediaID: "called", Asset: asset}, "downloaded", asset.Name, "p/called"},
		{Job{MediaID: "a", Asset: &bynder.Asset{}}, "downloaded", "a.jpg", "p/a"},
		{Job{MediaID: "a", Asset: endless}, "downloaded", endless.Name[:maxName], "p/a"},
		{Job{MediaID: "404"}, "not_found", "", ""},
		{Job{MediaID: "404", Asset: asset}, "not_found", asset.Name, ""},
		{Job{MediaID: "refused"}, "storage", "refused.jpg", ""},
		{Job{MediaID: "short"}, "network", "short.jpg", "p/short"},
		{Job{MediaID: "taken"}, "exists", "taken.jpg", "p/taken"},
		{Job{Err: &Error{Code: CodeUsage, Err: fmt.Errorf("line 1 is empty")}}, "usage", "", ""},
	} {
		m, p := &memory{files: map[string]string{}}, &places{}
		e := testEngine(m, 1)
		e.API, e.Opener = p, transfer.New(transfer.Options{Client: &http.Client{Transport: p}, Connections: 1})
		e.Options.Name = func(job Job, _ transfer.Object) string { return "p/" + job.MediaID }
		e.Run(t.Context(), func(context.Context) iter.Seq[Job] {
			if c.job.MediaID == "taken" {
				return slices.Values([]Job{c.job, c.job})
			}
			return slices.Values([]Job{c.job})
		})
		r := m.results[len(m.results)-1]
		status := string(r.Status)
		if r.Error != nil {
			status = string(r.Error.Code)
		}
		if status != c.status || r.Name != c.name || r.Path != c.path || !utf8.ValidString(r.Name) {
			t.Errorf("%s: %s, %q at %q; want %s, %q at %q", c.job.MediaID, status, r.Name, r.Path, c.status, c.name, c.path)
		}
	}
}
