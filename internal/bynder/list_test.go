package bynder_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// page writes assets from..to as a bare array.
func page(w io.Writer, from, to int) {
	_, _ = io.WriteString(w, "[")
	for i := from; i < to; i++ {
		if i > from {
			_, _ = io.WriteString(w, ",")
		}
		fmt.Fprintf(w, `{"id":"a%d"}`, i)
	}
	_, _ = io.WriteString(w, "]")
}

// list collects ids and errors of a list.
func list(c *bynder.Client, t *testing.T, q bynder.Query) (ids []string, errs []error) {
	t.Helper()
	for a, err := range c.Assets(t.Context(), q) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		ids = append(ids, a.ID)
	}
	return ids, errs
}

func TestAssetsPages(t *testing.T) {
	for _, total := range []int{0, 1, 999, 1000, 1001, 2500} {
		for _, cursor := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d cursor=%t", total, cursor), func(t *testing.T) {
				calls := 0
				c := portal(t, func(w http.ResponseWriter, r *http.Request) {
					calls++
					q := r.URL.Query()
					if q.Get("limit") != "1000" {
						t.Errorf("limit %q", q.Get("limit"))
					}
					from, _ := strconv.Atoi(q.Get("cursor"))
					if p, _ := strconv.Atoi(q.Get("page")); p > 0 {
						from = (p - 1) * 1000
					}
					to := min(from+1000, total)
					if cursor && to < total {
						w.Header().Set("X-Bynder-NextCursor", strconv.Itoa(to))
					}
					page(w, from, to)
				})
				ids, errs := list(c, t, bynder.Query{})
				if len(errs) != 0 || len(ids) != total {
					t.Fatalf("%d assets and errors %v, want %d", len(ids), errs, total)
				}
				for i, id := range ids {
					if id != "a"+strconv.Itoa(i) {
						t.Fatalf("asset %d is %s", i, id)
					}
				}
				if most := total/1000 + 1; calls > most {
					t.Errorf("%d calls, want at most %d", calls, most)
				}
			})
		}
	}
}

func TestAssetsEndsWhereACursorRepeats(t *testing.T) {
	calls := 0
	c := portal(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls++; calls > 5 {
			t.Error("the list never ends")
			return
		}
		w.Header().Set("X-Bynder-NextCursor", "same")
		page(w, 0, 3)
	})
	if ids, errs := list(c, t, bynder.Query{}); len(ids) != 6 || len(errs) != 0 {
		t.Errorf("%d assets, errors %v", len(ids), errs)
	}
}

func TestAssetsAnswers(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		ids        int
		wants      string // what the error says, "" for none
	}{
		{"array", `[{"id":"a"},{"id":"b"}]`, 2, ""},
		{"empty array", `[]`, 0, ""},
		{"total as object", `{"total":{"count":2},"media":[{"id":"a"},{"id":"b"}]}`, 2, ""},
		{"total as number", `{"total":2,"media":[{"id":"a"}]}`, 1, ""},
		{"count", `{"count":{"total":1,"type":{"image":1}},"media":[{"id":"a"}]}`, 1, ""},
		{"media first", `{"media":[{"id":"a"}],"total":1}`, 1, ""},
		{"one malformed", `[{"id":"a"},{"name":"no id"},"rubbish",{"id":"b"}]`, 2, "an asset that cannot be read"},
		{"cut off", `[{"id":"a"},{"id":"b"`, 1, "unexpected EOF"},
		{"cut off between", `[{"id":"a"}`, 1, "unexpected EOF"},
		{"no list", `{"message":"x"}`, 0, "an object without media"},
		{"no media list", `{"media":{"a":1}}`, 0, "no array"},
		{"scalar", `7`, 0, "neither an array nor an object"},
		{"HTML", `<html>`, 0, "a list was expected"},
		{"empty", ``, 0, "unexpected EOF"},
		{"huge element", `[{"id":"a"},{"id":"` + strings.Repeat("x", 3<<20) + `"}]`, 1, "larger than 1 MiB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := portal(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tt.body) })
			ids, errs := list(c, t, bynder.Query{})
			if len(ids) != tt.ids {
				t.Errorf("assets %q, want %d", ids, tt.ids)
			}
			if tt.wants == "" {
				if len(errs) != 0 {
					t.Errorf("errors %v", errs)
				}
				return
			}
			joined := errors.Join(errs...)
			if _, ok := errors.AsType[*bynder.ProtocolError](joined); !ok || !strings.Contains(joined.Error(), tt.wants) {
				t.Errorf("errors %v, want a *ProtocolError that says %q", joined, tt.wants)
			}
		})
	}
}

// A page that is too large as a whole is asked for in halves, and nothing is lost.
func TestAssetsHalvesAPageThatIsTooLarge(t *testing.T) {
	big := strings.Repeat("x", 100<<10) // 1,000 of them are more than 64 MiB
	var limits []string
	c := portal(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		limits = append(limits, q.Get("limit")+"/"+q.Get("page"))
		limit, _ := strconv.Atoi(q.Get("limit"))
		p, _ := strconv.Atoi(q.Get("page"))
		from := (p - 1) * limit
		if limit == 1000 { // too large before the first element
			fmt.Fprintf(w, `{"count":{"a":1},"padding":%s`, strings.Repeat("[1],\"p\":", 9<<20))
			return
		}
		_, _ = io.WriteString(w, "[")
		for i := from; i < min(from+limit, 700); i++ {
			if i > from {
				_, _ = io.WriteString(w, ",")
			}
			fmt.Fprintf(w, `{"id":"a%d","description":%q}`, i, big)
		}
		_, _ = io.WriteString(w, "]")
	})
	ids, errs := list(c, t, bynder.Query{})
	if len(ids) != 700 || len(errs) != 0 || !slices.Equal(limits, []string{"1000/1", "500/1", "500/2"}) {
		t.Errorf("%d assets, errors %v, asked %q", len(ids), errs, limits)
	}
}

func TestQuery(t *testing.T) {
	no := false
	q := bynder.Query{
		Keyword: "a&b +c", Types: []string{"image", "video"}, Tags: []string{"x", "y"}, Brands: []string{"B"},
		Collection: "C", Properties: map[string][]string{"Season": {"Spring", "Fall"}},
		CreatedFrom: "2026-01-31T00:00:00Z", ModifiedTo: "2026-02-01T00:00:00Z",
		Archived: &no, Order: "dateModified desc", IDs: []string{"1", "2"},
	}
	c := portal(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.RawQuery, "+") || !strings.Contains(r.URL.RawQuery, "orderBy=dateModified%20desc") {
			t.Errorf("query %s: spaces are to be %%20", r.URL.RawQuery)
		}
		want := url.Values{
			"keyword": {"a&b +c"}, "type": {"image,video"}, "tags": {"x,y"}, "brandId": {"B"}, "collectionId": {"C"},
			"property_Season": {"Spring,Fall"}, "dateCreated": {"2026-01-31T00:00:00Z"}, "dateModifiedTo": {"2026-02-01T00:00:00Z"},
			"archive": {"0"}, "orderBy": {"dateModified desc"}, "ids": {"1,2"}, "limit": {"1000"}, "page": {"1"},
		}
		if got := r.URL.Query(); got.Encode() != want.Encode() {
			t.Errorf("query\n%s, want\n%s", got.Encode(), want.Encode())
		}
		page(w, 0, 0)
	})
	list(c, t, q)
}

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

func TestCollections(t *testing.T) {
	c := portal(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.RequestURI, "/api/v4/collections/?") || r.URL.Query().Get("keyword") != "spring" {
			t.Errorf("asked for %s", r.RequestURI)
		}
		_, _ = io.WriteString(w, `[{"id":"c1","name":"Spring","collectionCount":"12","dateCreated":"March, 01 2017 10:49:12 +0000","x":1},{"name":"none"}]`)
	})
	var got []*bynder.Collection
	var errs []error
	for found, err := range c.Collections(t.Context(), "spring") {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		got = append(got, found)
	}
	if len(got) != 1 || len(errs) != 1 || got[0].ID != "c1" || got[0].Count != 12 || got[0].Created != "2017-03-01T10:49:12Z" {
		t.Errorf("collections %+v, errors %v", got, errs)
	}
	if encoded, err := json.Marshal(got[0]); err != nil || !strings.Contains(string(encoded), `"collectionCount":12`) || !strings.Contains(string(encoded), `"x":1`) {
		t.Errorf("as JSON: %s, %v", encoded, err)
	}
}
