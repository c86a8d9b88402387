package bynder_test

import (
	"errors"
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

// A list that has other elements than the portal has counted says so at its end, whatever it was asked for.
func TestAssetsListedOfShortAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, ids string
		answers   []string // by page
		want      string
		short     bool
	}{
		{"nothing of one", "a", []string{`{"total":{"count":1},"media":[]}`}, "", true},
		{"two of three", "a,b,c", []string{`{"total":{"count":3},"media":[{"id":"b"},{"id":"c"}]}`}, "b c", true},
		{"the count is a number", "a", []string{`{"total":1,"media":[]}`}, "", true},
		{"the count is text", "a", []string{`{"total":{"count":"1"},"media":[]}`}, "", true},
		{"the count is last", "a", []string{`{"media":[],"total":{"count":1}}`}, "", true},
		{"the count is called so", "a", []string{`{"count":1,"limited":0,"media":[]}`}, "", true},
		{"the list is an object", "a", []string{`{"total":1,"media":{}}`}, "", true},
		{"one twice", "a,b", []string{`{"total":2,"media":[{"id":"b"},{"id":"b"}]}`}, "b", true},
		{"the second page is empty", "a,b", []string{`{"total":2,"media":[{"id":"b"}]}`, `[]`}, "b", true},
		{"the second page counts more", "a,b,c", []string{`[{"id":"b"}]`, `{"total":2,"media":[]}`}, "b", true},
		{"the second page is the first", "a,b", []string{`{"total":2,"media":[{"id":"b"}]}`, `{"total":2,"media":[{"id":"b"}]}`}, "b", true},
		{"more than counted", "a,b", []string{`{"total":0,"media":[{"id":"b"}]}`}, "b", true},
		{"nothing of none", "a", []string{`{"total":{"count":0},"media":[]}`}, "", false},
		{"all", "a,b", []string{`{"total":{"count":2},"media":[{"id":"a"},{"id":"b"}]}`}, "a b", false},
		{"some", "a,b", []string{`{"total":{"count":1},"media":[{"id":"a"}]}`}, "a", false},
		{"some, without a count", "a,b", []string{`[{"id":"a"}]`}, "a", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := portal(t, func(w http.ResponseWriter, r *http.Request) {
				n, _ := strconv.Atoi(r.URL.Query().Get("page"))
				if n = max(n, 1); n > len(tt.answers) {
					_, _ = io.WriteString(w, "[]")
					return
				}
				_, _ = io.WriteString(w, tt.answers[n-1])
			})
			ids := strings.Split(tt.ids, ",")
			var listed []string
			short := false
			for a, err := range c.AssetsListed(t.Context(), bynder.Query{IDs: ids}) {
				switch {
				case errors.Is(err, bynder.ErrMiscounted):
					short = true
				case err != nil:
					t.Fatal(err)
				case short:
					t.Error("an asset follows the error")
				default:
					listed = append(listed, a.ID)
				}
			}
			if got := strings.Join(listed, " "); got != tt.want || short != tt.short {
				t.Errorf("the list has %q, short: %t; want %q, %t", got, short, tt.want, tt.short)
			}
			for _, err := range c.AssetsByID(t.Context(), ids) {
				if err != nil {
					t.Errorf("by id: %v", err)
				}
			}
		})
	}
}

// Each batch of a list is counted by itself: one that has all does not make up for another.
func TestAssetsListedOfAShortBatch(t *testing.T) {
	ids := make([]string, 400)
	for i := range ids {
		ids[i] = fmt.Sprintf("%08X-141B-47D2-98B4FECDA8894CB2", i)
	}
	c := portal(t, func(w http.ResponseWriter, r *http.Request) {
		few := strings.Split(r.URL.Query().Get("ids"), ",")
		fmt.Fprintf(w, `{"total":%d,"media":[`, len(few))
		if slices.Contains(few, ids[0]) {
			few = few[1:]
		}
		for i, id := range few {
			fmt.Fprintf(w, `%s{"id":%q}`, []string{"", ","}[min(i, 1)], id)
		}
		_, _ = io.WriteString(w, "]}")
	})
	listed, short := 0, 0
	for _, err := range c.AssetsListed(t.Context(), bynder.Query{IDs: ids}) {
		switch {
		case errors.Is(err, bynder.ErrMiscounted):
			short++
		case err != nil:
			t.Fatal(err)
		default:
			listed++
		}
	}
	if listed != len(ids)-1 || short != 1 {
		t.Errorf("%d assets are listed, and %d batches are short", listed, short)
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
