package bynder_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

func TestAssetsByIDFillsURLs(t *testing.T) {
	ids := make([]string, 1200)
	for i := range ids {
		ids[i] = fmt.Sprintf("%08X-141B-47D2-98B4FECDA8894CB2", i)
	}
	for _, longest := range []int{8192, 3000} {
		t.Run(strconv.Itoa(longest), func(t *testing.T) {
			served := 0
			c := portal(t, func(w http.ResponseWriter, r *http.Request) {
				if len(r.RequestURI) > 7<<10 {
					t.Errorf("a URL of %d bytes", len(r.RequestURI))
				}
				if len(r.RequestURI) > longest {
					w.WriteHeader(http.StatusRequestURITooLong)
					return
				}
				served++
				_, _ = io.WriteString(w, "[")
				for i, id := range strings.Split(r.URL.Query().Get("ids"), ",") {
					if i > 0 {
						_, _ = io.WriteString(w, ",")
					}
					fmt.Fprintf(w, `{"id":%q}`, id)
				}
				_, _ = io.WriteString(w, "]")
			})
			var got []string
			for a, err := range c.AssetsByID(t.Context(), ids) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, a.ID)
			}
			if !slices.Equal(got, ids) {
				t.Errorf("%d assets come back, want the same %d", len(got), len(ids))
			}
			if longest == 8192 && served != 7 {
				t.Errorf("%d calls for 1,200 ids", served)
			}
		})
	}
}

// Filters go along with the ids, and their URLs are no longer for that.
func TestAssetsListedFilters(t *testing.T) {
	ids := make([]string, 400)
	for i := range ids {
		ids[i] = fmt.Sprintf("%08X-141B-47D2-98B4FECDA8894CB2", i)
	}
	for _, keyword := range []string{"logo", strings.Repeat("logo ", 600)} {
		asked := 0
		c := portal(t, func(w http.ResponseWriter, r *http.Request) {
			if len(r.RequestURI) > 7<<10 {
				t.Errorf("a URL of %d bytes", len(r.RequestURI))
			}
			q := r.URL.Query()
			if q.Get("keyword") != keyword || q.Get("archive") != "0" || q.Get("tags") != "a,b" {
				t.Errorf("the query is %v", q)
			}
			few := strings.Split(q.Get("ids"), ",")
			asked += len(few)
			fmt.Fprintf(w, `[{"id":%q}]`, few[len(few)-1])
		})
		archived := false
		filters := bynder.Query{Keyword: keyword, Tags: []string{"a", "b"}, Archived: &archived, IDs: ids, Order: "dateCreated asc"}
		last := ""
		for a, err := range c.AssetsListed(t.Context(), filters) {
			if err != nil {
				t.Fatal(err)
			}
			last = a.ID
		}
		if last != ids[len(ids)-1] || asked < len(ids) {
			t.Errorf("%d ids were asked for, and the last asset is %s", asked, last)
		}
	}
}

func TestHasFilters(t *testing.T) {
	no := false
	for _, q := range []bynder.Query{{}, {IDs: []string{"A"}, Order: "dateCreated asc", Limit: 5}, {Tags: []string{""}}} {
		if q.HasFilters() {
			t.Errorf("%+v has filters", q)
		}
	}
	for _, q := range []bynder.Query{
		{Keyword: "a"}, {Types: []string{"image"}}, {Collection: "c"}, {Limited: &no}, {Properties: map[string][]string{"a": {"b"}}}, {ModifiedTo: "2024"},
	} {
		if !q.HasFilters() {
			t.Errorf("%+v has no filters", q)
		}
	}
}

// What a batch costs where not everything is found, or the portal gives fewer a page.
func TestAssetsByIDOfMissingAssets(t *testing.T) {
	ids := make([]string, 190)
	for i := range ids {
		ids[i] = fmt.Sprintf("%08X-141B-47D2-98B4FECDA8894CB2", i)
	}
	for _, tt := range []struct {
		name            string
		found, cap      int
		tells, unpaged  bool
		calls, assetsIn int
	}{
		{"all", 190, 1000, false, false, 1, 190},
		{"all, with a total", 190, 1000, true, false, 1, 190},
		{"some, with a total", 187, 1000, true, false, 1, 187},
		{"some", 187, 1000, false, false, 2, 187},
		{"few", 3, 1000, false, false, 2, 3},
		{"none", 0, 1000, false, false, 1, 0},
		{"pages of 100", 190, 100, false, false, 2, 190},
		{"pages of 50", 190, 50, true, false, 4, 190},
		{"a portal that ignores ids", 100_000, 1000, true, false, 1, 1000},
		{"a portal without pages", 187, 1000, false, true, 2, 187},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			c := portal(t, func(w http.ResponseWriter, r *http.Request) {
				calls++
				q := r.URL.Query()
				limit, _ := strconv.Atoi(q.Get("limit"))
				p, _ := strconv.Atoi(q.Get("page"))
				limit = min(limit, tt.cap)
				from := max(p-1, 0) * limit
				if tt.unpaged {
					from = 0
				}
				if tt.tells && q.Has("total") {
					fmt.Fprintf(w, `{"total":%d,"media":`, tt.found)
					defer io.WriteString(w, "}")
				}
				page(w, min(from, tt.found), min(from+limit, tt.found))
			})
			n := 0
			for _, err := range c.AssetsByID(t.Context(), ids) {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
			if calls != tt.calls || n != tt.assetsIn {
				t.Errorf("%d calls give %d assets, want %d and %d", calls, n, tt.calls, tt.assetsIn)
			}
		})
	}
}

// A batch takes what one call does, whatever the length of its ids.
func TestIDBatch(t *testing.T) {
	for _, tt := range []struct{ length, n int }{{35, 192}, {36, 186}, {128, 53}, {10_000, 1}} {
		var batch bynder.IDBatch
		n := 0
		for batch.Add(strings.Repeat("x", tt.length)) {
			n++
		}
		if n != tt.n {
			t.Errorf("%d ids of %d bytes, want %d", n, tt.length, tt.n)
		}
	}
}
