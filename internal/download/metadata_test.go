package download

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// fakePortal knows assets by id and writes down what it is asked.
type fakePortal struct {
	listed map[string]*bynder.Asset // what a list returns
	single map[string]*bynder.Asset // what a call for one asset returns beside that
	err    error                    // of lists
	calls  []string
}

func (p *fakePortal) Location(_ context.Context, id string, s bynder.Selector) (bynder.Location, error) {
	p.calls = append(p.calls, "location "+id+" "+s.String())
	return bynder.Location{URL: &url.URL{Scheme: "https", Host: "h", Path: "/" + id}}, nil
}

func (p *fakePortal) Link(text string) (bynder.Location, error) {
	return bynder.New(&url.URL{Scheme: "https", Host: "portal.example"}, nil).Link(text)
}

func (p *fakePortal) Asset(_ context.Context, id string) (*bynder.Asset, error) {
	p.calls = append(p.calls, "asset "+id)
	if a := p.single[id]; a != nil {
		return a, nil
	}
	return nil, &bynder.APIError{Status: http.StatusNotFound}
}

func (p *fakePortal) AssetsByID(_ context.Context, ids []string) iter.Seq2[*bynder.Asset, error] {
	return func(yield func(*bynder.Asset, error) bool) {
		p.calls = append(p.calls, fmt.Sprintf("list of %d", len(ids)))
		if p.err != nil {
			yield(nil, p.err)
			return
		}
		for _, id := range ids {
			if a := p.listed[strings.ToUpper(id)]; a != nil && !yield(a, nil) {
				return
			}
		}
	}
}

func asset(id string) *bynder.Asset {
	return &bynder.Asset{ID: id, Name: "name of " + id, Derivatives: map[string]string{"mini": "https://h/" + id, "web": "https://h/w"}}
}

// parsed is an asset as the portal describes it.
func parsed(t *testing.T, text string) *bynder.Asset {
	t.Helper()
	a, err := bynder.ParseAsset([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func jobsOf(ids ...string) iter.Seq[Job] {
	return func(yield func(Job) bool) {
		for _, id := range ids {
			if !yield(Job{MediaID: id}) {
				return
			}
		}
	}
}

func TestWithMetadata(t *testing.T) {
	refused := errors.New("refused")
	known := asset("K")
	for _, tt := range []struct {
		name   string
		portal *fakePortal
		jobs   iter.Seq[Job]
		want   []string // the name of each asset, or "error"
		calls  []string
	}{
		{
			name:   "one call for all",
			portal: &fakePortal{listed: map[string]*bynder.Asset{"A": asset("A"), "B": asset("B")}},
			jobs:   jobsOf("A", "B"),
			want:   []string{"name of A", "name of B"},
			calls:  []string{"list of 2"},
		},
		{
			name:   "ids are found whatever their case, and asked for once",
			portal: &fakePortal{listed: map[string]*bynder.Asset{"A": asset("A")}},
			jobs:   jobsOf("a", "A"),
			want:   []string{"name of A", "name of A"},
			calls:  []string{"list of 1"},
		},
		{
			name:   "what a list leaves out is asked for by itself",
			portal: &fakePortal{single: map[string]*bynder.Asset{"A": asset("A")}},
			jobs:   jobsOf("A", "B"),
			want:   []string{"name of A", "error"},
			calls:  []string{"list of 2", "asset A", "asset B"},
		},
		{
			name:   "a list that fails is not made up for by a call an asset",
			portal: &fakePortal{err: refused},
			jobs:   jobsOf("A", "B"),
			want:   []string{"error", "error"},
			calls:  []string{"list of 2"},
		},
		{
			name:   "what is known is not asked for, nor what has failed",
			portal: &fakePortal{listed: map[string]*bynder.Asset{"B": asset("B")}},
			jobs: slices.Values([]Job{
				{MediaID: "K", Asset: known}, {MediaID: "x", Err: refused}, {MediaID: "B"},
			}),
			want:  []string{"name of K", "error", "name of B"},
			calls: []string{"list of 1"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // batches are as they come in time
				var got []string
				for job := range WithMetadata(t.Context(), tt.portal, tt.jobs) {
					if job.Err != nil {
						got = append(got, "error")
					} else {
						got = append(got, job.Asset.Name)
					}
				}
				if !slices.Equal(got, tt.want) || !slices.Equal(tt.portal.calls, tt.calls) {
					t.Errorf("got %q by %q, want %q by %q", got, tt.portal.calls, tt.want, tt.calls)
				}
			})
		})
	}
}

// 1,200 ids cost seven calls, whichever of their two lengths they have, and an input that
// pauses is not waited for.
func TestBatches(t *testing.T) {
	for length, want := range map[int][]int{35: {192, 192, 192, 192, 192, 192, 48}, 36: {186, 186, 186, 186, 186, 186, 84}} {
		synctest.Test(t, func(t *testing.T) {
			long := ids(1200)
			for i := range long {
				long[i] = fmt.Sprintf("%0*d", length, i)
			}
			var sizes []int
			for batch := range batches(jobsOf(long...)) {
				sizes = append(sizes, len(batch))
			}
			if !slices.Equal(sizes, want) {
				t.Errorf("batches of %v, want %v", sizes, want)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		slow := func(yield func(Job) bool) {
			for _, pause := range []time.Duration{0, time.Millisecond, time.Hour, 0} {
				time.Sleep(pause) //nolint:forbidigo // in a bubble of synctest, time is not waited for
				if !yield(Job{}) {
					return
				}
			}
		}
		start := time.Now()
		var arrived []string
		for batch := range batches(slow) {
			arrived = append(arrived, fmt.Sprintf("%d after %v", len(batch), time.Since(start)))
		}
		if want := []string{"2 after 201ms", "2 after 1h0m0.001s"}; !slices.Equal(arrived, want) {
			t.Errorf("batches %q, want %q", arrived, want)
		}
	})
	synctest.Test(t, func(t *testing.T) { // a consumer that stops ends the reading
		for range batches(jobsOf(ids(1000)...)) {
			break
		}
	})
}

func ids(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint(i)
	}
	return out
}

func TestAllItems(t *testing.T) {
	a := parsed(t, `{"id":"A","mediaItems":[{"id":"1"},{},{"id":"2"},null,{"id":".."},{"id":"1"}]}`) // one twice
	p := &fakePortal{single: map[string]*bynder.Asset{"A": a, "E": asset("E")}}
	var got, expanded []string
	for job := range AllItems(t.Context(), p, jobsOf("A", "E", "gone"), func(job Job, n int) {
		expanded = append(expanded, fmt.Sprintf("%s %d", job.MediaID, n))
	}) {
		what := job.MediaID + " " + job.Selector.String()
		if job.Err != nil {
			what += " " + string(failure(t.Context(), job, job.Err).Code)
		}
		got = append(got, what)
	}
	want := []string{"A item/1", "A item/2", "A item/ protocol", "E original not_found", "gone original not_found"}
	if !slices.Equal(got, want) || !slices.Equal(expanded, []string{"A 3", "E 1", "gone 1"}) {
		t.Errorf("jobs %q expanded as %q, want %q", got, expanded, want)
	}
}

func TestWithItemsAsksOnceForItemsThatFollowEachOther(t *testing.T) {
	p := &fakePortal{single: map[string]*bynder.Asset{"A": asset("A"), "B": asset("B")}}
	n := 0
	for job := range WithItems(t.Context(), p, jobsOf("A", "A", "B", "gone", "gone")) {
		n++
		if (job.Asset == nil) != (job.MediaID == "gone") || (job.Err != nil) != (job.MediaID == "gone") {
			t.Errorf("job %+v", job)
		}
	}
	if want := []string{"asset A", "asset B", "asset gone"}; n != 5 || !slices.Equal(p.calls, want) {
		t.Errorf("%d jobs by %q, want 5 by %q", n, p.calls, want)
	}
}

// The size of a media item, which is compared with what storage sends, is known from its asset.
func TestItemsHaveTheirSizes(t *testing.T) {
	p := &fakePortal{single: map[string]*bynder.Asset{
		"A": parsed(t, `{"id":"A","fileSize":9,"mediaItems":[{"id":"one","size":100},{"id":"two"}]}`),
	}}
	want := map[string]int64{"one": 100, "two": 0}
	for job := range AllItems(t.Context(), p, jobsOf("A"), func(Job, int) {}) {
		if id := job.Selector.ItemID; job.Size != want[id] {
			t.Errorf("AllItems: the item %s has %d bytes, want %d", id, job.Size, want[id])
		}
	}
	asked := []Job{
		{MediaID: "A", Selector: bynder.Selector{Kind: bynder.Item, ItemID: "ONE"}},
		{MediaID: "A", Selector: bynder.Selector{Kind: bynder.Item, ItemID: "two"}},
	}
	var sizes []int64
	for job := range WithItems(t.Context(), p, slices.Values(asked)) {
		sizes = append(sizes, job.Size)
	}
	if !slices.Equal(sizes, []int64{100, 0}) {
		t.Errorf("WithItems: sizes %d, want 100 and 0", sizes)
	}
}

func TestLocate(t *testing.T) {
	withItem := parsed(t, `{"id":"A","mediaItems":[{"id":"I","thumbnails":{"mini":"https://h/item"}}]}`)
	bad := asset("A")
	bad.Derivatives["mini"] = "file:///etc/passwd"
	derivative := bynder.Selector{Kind: bynder.Derivative, Name: "mini"}
	choice := func(names string) bynder.Selector { return bynder.Selector{Kind: bynder.Derivative, Name: names} }
	ofItem := bynder.Selector{Kind: bynder.Derivative, Name: "mini", ItemID: "i"}
	odd := asset("A")
	odd.Derivatives["mini"] = "//h/100% mini.jpg "
	fresh := asset("A")
	fresh.TransformBase = "https://h/fresh"
	image := bynder.Selector{Kind: bynder.Transform, Name: "fill,width:8"}
	onDemand := parsed(t, `{"id":"A","transformBaseUrl":"https://h/t#x"}`)
	fresh.Derivatives["mini"] = "https://h/fresh"
	for _, tt := range []struct {
		name  string
		job   Job
		again int
		want  string // the URL and what is chosen, or the code of the failure and a part of its hint
		calls int
	}{
		{"an original", Job{MediaID: "A"}, 0, "https://h/A", 1},
		{"a derivative that is known", Job{MediaID: "A", Asset: asset("A"), Selector: derivative}, 0, "https://h/A", 0},
		{"its URL has expired", Job{MediaID: "A", Asset: asset("A"), Selector: derivative}, 1, "https://h/fresh", 1},
		{"of an item", Job{MediaID: "A", Asset: withItem, Selector: ofItem}, 0, "https://h/item", 0},
		{"of no such item", Job{MediaID: "A", Asset: asset("A"), Selector: ofItem}, 0, "not_found list the files of the asset", 0},
		{"it lacks", Job{MediaID: "A", Asset: asset("A"), Selector: bynder.Selector{Kind: bynder.Derivative, Name: "x"}}, 0, "not_found mini, web", 0},
		{"there are none", Job{MediaID: "A", Asset: &bynder.Asset{}, Selector: derivative}, 0, "not_found has no derivatives", 0},
		{"the first of two", Job{MediaID: "A", Asset: asset("A"), Selector: choice("web,mini")}, 0, "https://h/w web", 0},
		{"the second, for want of the first", Job{MediaID: "A", Asset: asset("A"), Selector: choice("x,mini")}, 0, "https://h/A mini", 0},
		{"neither", Job{MediaID: "A", Asset: asset("A"), Selector: choice("x,y")}, 0, "not_found mini, web", 0},
		{"the original, for want of others", Job{MediaID: "A", Asset: asset("A"), Selector: choice("x,original")}, 0, "https://h/A original", 1},
		{"the original alone: no metadata", Job{MediaID: "A", Selector: choice("original")}, 1, "https://h/A original", 1},
		{"an item's", Job{MediaID: "A", Asset: withItem, Selector: bynder.Selector{Kind: bynder.Derivative, Name: "x,original", ItemID: "I"}}, 0, "https://h/A original", 1},
		{"a URL as browsers take it", Job{MediaID: "A", Asset: odd, Selector: derivative}, 0, "https://h/100%25%20mini.jpg", 0},
		{"a URL that is none, in a saved list", Job{MediaID: "A", Asset: bad, Selector: derivative}, 0, "https://h/fresh", 1},
		{"an image on demand", Job{MediaID: "A", Asset: onDemand, Selector: image}, 0, "https://h/t?io=transform:fill,width:8 fill-width8", 0},
		{"one again", Job{MediaID: "A", Asset: onDemand, Selector: image}, 1, "https://h/fresh?io=transform:fill,width:8 fill-width8", 1},
		{"one, from a list that lacks it", Job{MediaID: "A", Asset: asset("A"), Selector: image}, 0, "https://h/fresh?io=transform:fill,width:8 fill-width8", 1},
		{"one that is not made", Job{MediaID: "A", Asset: asset("A"), Selector: image, asked: time.Now()}, 0, "not_found Dynamic Asset", 0},
		{"one at no URL", Job{MediaID: "A", Asset: parsed(t, `{"id":"A","transformBaseUrl":"ftp://h/t"}`), Selector: image, asked: time.Now()}, 0, "protocol ", 0},
		{"a URL that is none, asked for by this run", Job{MediaID: "A", Asset: bad, Selector: derivative, asked: time.Now()}, 0, "protocol ", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &fakePortal{single: map[string]*bynder.Asset{"A": fresh}}
			got, chosen, err := locate(t.Context(), p, tt.job, tt.again)
			wantURL, wantChosen, _ := strings.Cut(tt.want, " ")
			if wantChosen == "" && tt.job.Selector.Kind == bynder.Derivative {
				wantChosen = tt.job.Selector.Name
			}
			if err != nil {
				f := failure(t.Context(), tt.job, err)
				code, hint, _ := strings.Cut(tt.want, " ")
				if string(f.Code) != code || !strings.Contains(f.Hint, hint) {
					t.Errorf("failure %+v, want %s", f, tt.want)
				}
			} else if got.URL.String() != wantURL || chosen != wantChosen {
				t.Errorf("location %s of %q, want %s", got.URL, chosen, tt.want)
			}
			if len(p.calls) != tt.calls {
				t.Errorf("calls %q, want %d", p.calls, tt.calls)
			}
		})
	}
}

// When the URLs of a batch have expired, one call brings all of them again, and another
// one only when those have expired, too.
func TestBatchAsksAgainTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &fakePortal{listed: map[string]*bynder.Asset{"A": asset("A"), "B": asset("B")}, single: map[string]*bynder.Asset{"H": asset("H")}}
		mini := bynder.Selector{Kind: bynder.Derivative, Name: "mini"}
		var jobs []Job
		for job := range WithMetadata(t.Context(), p, jobsOf("A", "B", "H")) {
			job.Selector = mini
			jobs = append(jobs, job)
		}
		p.calls = nil
		for _, again := range []int{0, 1, 1, 2} {
			for _, job := range jobs {
				if _, _, err := locate(t.Context(), p, job, again); err != nil {
					t.Errorf("%s: %v", job.MediaID, err)
				}
			}
		}
		if want := []string{"list of 3", "asset H", "asset H", "list of 3", "asset H"}; !slices.Equal(p.calls, want) {
			t.Errorf("calls %q, want %q", p.calls, want)
		}
	})
}

func TestForbiddenNamesTheRole(t *testing.T) {
	for _, tt := range []struct {
		asset *bynder.Asset
		want  string
	}{
		{nil, "MEDIAHIGHRES; archived"},
		{&bynder.Asset{}, "MEDIAHIGHRES is"},
		{&bynder.Asset{Archived: true, Limited: true}, "ARCHIVEDOWNLOAD is"},
		{&bynder.Asset{Limited: true}, "KEYVISUALSDOWNLOAD is"},
		{&bynder.Asset{Watermarked: true}, "DOWNLOADWATERMARK is"},
	} {
		f := failure(t.Context(), Job{Asset: tt.asset}, &bynder.APIError{Status: http.StatusForbidden, Path: "/api/v4/media/a/download/"})
		if f.Code != CodeForbidden || !strings.Contains(f.Hint, strings.Fields(tt.want)[0]) {
			t.Errorf("asset %+v: %+v, want %s", tt.asset, f, tt.want)
		}
	}
}
