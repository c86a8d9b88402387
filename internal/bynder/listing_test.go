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
	for a, err := range c.Assets(q).Each(t.Context()) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		ids = append(ids, a.ID)
	}
	return ids, errs
}

// model is a portal that gives a list of n assets in one of the ways that are known.
type model struct {
	n      int
	cap    int              // elements a page at most; 0: as many as the limit
	asked  bool             // pages are counted by the limit, not by the cap
	hidden func(i int) bool // what the credentials may not see; pages lack it
	silent bool             // no total
	cursor string           // the header for cursors; "" for none
	echo   bool             // the cursor's end as Solr gives it
	calls  int
}

func (m *model) serve(t *testing.T) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		m.calls++
		q := r.URL.Query()
		limit, err := strconv.Atoi(q.Get("limit"))
		if err != nil || limit < 1 || limit > 1000 {
			t.Errorf("limit %q", q.Get("limit"))
		}
		if m.calls == 1 != (q.Get("total") == "1") || m.calls == 1 && q.Has("page") || q.Has("cursor") && (q.Has("page") || q.Has("total")) {
			t.Errorf("call %d asks for %s", m.calls, r.URL.RawQuery)
		}
		given := limit
		if m.cap > 0 {
			given = min(limit, m.cap)
		}
		from, stride := 0, given
		if m.asked {
			stride = limit
		}
		if p, _ := strconv.Atoi(q.Get("page")); p > 0 {
			from = (p - 1) * stride
		}
		if q.Has("cursor") {
			from, _ = strconv.Atoi(q.Get("cursor"))
		}
		to := min(from+given, m.n)
		if m.cursor != "" && (to < m.n || m.echo) {
			w.Header().Set(m.cursor, strconv.Itoa(to))
		}
		var ids []string
		for i := from; i < to; i++ {
			if m.hidden == nil || !m.hidden(i) {
				ids = append(ids, fmt.Sprintf(`{"id":"a%d"}`, i))
			}
		}
		body := "[" + strings.Join(ids, ",") + "]"
		if !m.silent && q.Has("total") {
			body = fmt.Sprintf(`{"total":{"count":%d},"media":%s}`, m.n, body)
		}
		_, _ = io.WriteString(w, body)
	}
}

// Every asset that the portal shows is listed once, in order, however it makes its pages,
// and with few calls.
func TestAssetsAreAllListed(t *testing.T) {
	between := func(from, to int) func(int) bool { return func(i int) bool { return i >= from && i < to } }
	for _, tt := range []struct {
		name  string
		model model
		calls int
	}{
		{"nothing", model{n: 0}, 1},
		{"one", model{n: 1}, 1},
		{"a page", model{n: 1000}, 1},
		{"a page and one", model{n: 1001}, 2},
		{"three pages", model{n: 2500}, 3},
		{"no total: nothing", model{n: 0, silent: true}, 1},
		{"no total", model{n: 2500, silent: true}, 4},
		{"no total: short", model{n: 60, silent: true}, 3},
		{"cursor", model{n: 2500, cursor: "X-Bynder-NextCursor"}, 3},
		{"cursor of the other name", model{n: 2500, cursor: "Bynder-NextCursor", silent: true}, 3},
		{"cursor as Solr ends it", model{n: 2500, cursor: "X-Bynder-NextCursor", echo: true}, 3},
		{"cursor as Solr ends it, no total", model{n: 2500, cursor: "X-Bynder-NextCursor", echo: true, silent: true}, 4},
		{"cursor as Solr ends it: nothing", model{cursor: "X-Bynder-NextCursor", echo: true, silent: true}, 2},
		{"cursor: an empty page between", model{n: 3000, cursor: "X-Bynder-NextCursor", hidden: between(1000, 2000)}, 3},
		{"cap 100", model{n: 300, cap: 100}, 3},
		{"cap 333", model{n: 1000, cap: 333}, 4},
		{"cap 100 without a total", model{n: 300, cap: 100, silent: true}, 4},
		{"cap 100 of the stride asked for", model{n: 300, cap: 100, asked: true}, 3},
		{"cap 100 of the stride asked for, many", model{n: 2500, cap: 100, asked: true}, 25},
		{"cap 100 of the stride asked for, no total", model{n: 300, cap: 100, asked: true, silent: true}, 4},
		{"cap 7", model{n: 30, cap: 7}, 5},
		{"cap 100 and a cursor", model{n: 300, cap: 100, cursor: "X-Bynder-NextCursor"}, 3},
		{"three hidden in the middle", model{n: 3000, hidden: between(1500, 1503)}, 3},
		{"three hidden at the end", model{n: 3000, hidden: between(2997, 3000)}, 3},
		{"an empty page in the middle", model{n: 3000, hidden: between(1000, 2000)}, 3},
		{"an empty page at first", model{n: 3000, hidden: between(0, 1000)}, 3},
		{"cap 100, three hidden in each page", model{n: 300, cap: 100, hidden: func(i int) bool { return i%100 < 3 }}, 5},
		{"nearly all hidden", model{n: 1000, hidden: between(3, 1000)}, 21},
		{"the first 940 hidden, no total", model{n: 20000, hidden: between(0, 940), silent: true}, 22},
		{"the first 940 hidden", model{n: 20000, hidden: between(0, 940)}, 21},
		{"the first 500 hidden", model{n: 3000, hidden: between(0, 500)}, 4},
		{"some of the first page hidden", model{n: 3000, hidden: func(i int) bool { return i < 1000 && i%7 == 0 }}, 4},
		{"cap 100 of the stride asked for, three hidden on page 2", model{n: 312, cap: 100, asked: true, hidden: between(150, 153)}, 4},
		{"the end of the first page hidden", model{n: 3000, hidden: between(600, 1000)}, 5},
		{"cap 49 of the stride asked for", model{n: 300, cap: 49, asked: true}, 7},
		{"cap 49 of the stride asked for, no total", model{n: 300, cap: 49, asked: true, silent: true}, 8},
		{"cap 1 of the stride asked for", model{n: 60, cap: 1, asked: true}, 60},
		{"cap 1 of the stride asked for, no total", model{n: 60, cap: 1, asked: true, silent: true}, 61},
		{"all hidden", model{n: 300, hidden: between(0, 300)}, 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := tt.model
			c := portal(t, m.serve(t))
			listing, got := c.Assets(bynder.Query{}), []string{}
			for a, err := range listing.Each(t.Context()) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, a.ID)
			}
			want := []string{}
			for i := range m.n {
				if m.hidden == nil || !m.hidden(i) {
					want = append(want, "a"+strconv.Itoa(i))
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d assets listed, want %d in their order", len(got), len(want))
			}
			if m.calls != tt.calls {
				t.Errorf("%d calls, want %d", m.calls, tt.calls)
			}
			if counted := listing.Counted(); !m.silent && counted != int64(m.n) || m.silent && counted != -1 {
				t.Errorf("counted %d", counted)
			}
		})
	}
}

// Lists that never end do.
func TestAssetsWithoutEnd(t *testing.T) {
	for _, tt := range []struct {
		name  string
		total string
		page  func(call int) string
		calls int
		wants string
	}{
		{"empty pages", "-", func(int) string { return "[]" }, 101, "no new element"},
		{"empty pages of a million", "1000000", func(int) string { return "[]" }, 1001, "no new element"},
		{"a malformed element each", "-", func(call int) string { return fmt.Sprintf(`[{"name":"%d"}]`, call) }, 101, "no new element"},
		{"malformed elements", "-", func(call int) string { return "[" + strings.Repeat("7,", call*600) + "7]" }, 1, "elements in a row cannot be read"},
		{"ever another asset", "-", func(call int) string { return fmt.Sprintf(`[{"id":"a%d"}]`, call) }, bynder.MaxPages, "goes on after"},
		{"the same assets in another order", "-", func(call int) string { return []string{`[{"id":"a"},{"id":"b"}]`, `[{"id":"b"},{"id":"a"}]`}[call%2] }, 2, "repeat"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			c := bynder.New(&url.URL{Scheme: "https", Host: "h"}, &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				calls++
				body := tt.page(calls)
				if tt.total != "-" && calls == 1 {
					body = `{"total":` + tt.total + `,"media":` + body + `}`
				}
				header := http.Header{"X-Bynder-Nextcursor": {strconv.Itoa(calls)}}
				return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
			})})
			var last error
			for _, err := range c.Assets(bynder.Query{}).Each(t.Context()) {
				last = err
			}
			if _, ok := errors.AsType[*bynder.ProtocolError](last); !ok || !strings.Contains(last.Error(), tt.wants) || bynder.IsMalformedElement(last) {
				t.Errorf("ends with %v, want %q", last, tt.wants)
			}
			if calls != tt.calls && !strings.Contains(tt.name, "malformed elements") {
				t.Errorf("%d calls, want %d", calls, tt.calls)
			}
		})
	}
}

// roundTrip is a portal without a network.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A page that breaks off is asked for again, and each of its elements comes once.
func TestAssetsContinuesAPageThatBreaksOff(t *testing.T) {
	for _, tt := range []struct {
		name  string
		after []int // elements that the answers bring before they break off
		ids   int
		fails bool
	}{
		{"once", []int{400}, 1500, false},
		{"further each time", []int{1, 2, 3, 4, 5, 6}, 1500, false},
		{"further by one for ever", counting(40), 20, true},
		{"never further", []int{7, 7, 7, 7}, 7, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := 0
			c := portal(t, func(w http.ResponseWriter, r *http.Request) {
				p, _ := strconv.Atoi(r.URL.Query().Get("page"))
				if p = max(p, 1); p == 1 && asked < len(tt.after) {
					w.Header().Set("Content-Length", "100000")
					part := tt.after[asked]
					asked++
					var b strings.Builder
					page(&b, 0, part)
					_, _ = io.WriteString(w, strings.TrimSuffix(b.String(), "]")+",")
					return // with fewer bytes than promised: the connection closes
				}
				page(w, min((p-1)*1000, 1500), min(p*1000, 1500))
			})
			ids, errs := list(c, t, bynder.Query{})
			if len(ids) != tt.ids || (len(errs) > 0) != tt.fails {
				t.Fatalf("%d assets and errors %v, want %d", len(ids), errs, tt.ids)
			}
			for i, id := range ids {
				if id != "a"+strconv.Itoa(i) {
					t.Fatalf("asset %d is %s", i, id)
				}
			}
			if _, ok := errors.AsType[*bynder.ProtocolError](errors.Join(errs...)); ok {
				t.Errorf("a broken connection is called an answer that is wrong: %v", errs)
			}
		})
	}
}

func counting(n int) (numbers []int) {
	for i := range n {
		numbers = append(numbers, i+1)
	}
	return numbers
}

// Lists that repeat themselves end in an error, and soon.
func TestAssetsRepeating(t *testing.T) {
	for name, next := range map[string]func(asked int) string{
		"one cursor":      func(int) string { return "same" },
		"cursors in turn": func(asked int) string { return []string{"a", "b", "c"}[asked%3] },
		"one page":        func(int) string { return "" },
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			c := portal(t, func(w http.ResponseWriter, _ *http.Request) {
				if asked++; asked > 9 {
					t.Error("the list never ends")
					return
				}
				if cursor := next(asked); cursor != "" {
					w.Header().Set("X-Bynder-NextCursor", cursor)
				}
				page(w, 0, 1000)
			})
			_, errs := list(c, t, bynder.Query{})
			if len(errs) != 1 || !strings.Contains(errs[0].Error(), "repeat") {
				t.Errorf("errors %v, want one", errs)
			}
		})
	}
}

// A cursor after the last element of the total leads nowhere, and one that is "null" is none.
func TestAssetsEndsWithItsCursors(t *testing.T) {
	for name, cursor := range map[string]string{"the one that was sent": "1000", "none, in a word": "null", "another": "x"} {
		t.Run(name, func(t *testing.T) {
			c := portal(t, func(w http.ResponseWriter, r *http.Request) {
				switch r.URL.Query().Get("cursor") {
				case "":
					w.Header().Set("X-Bynder-NextCursor", "1000")
					fmt.Fprint(w, `{"total":1500,"media":`)
					page(w, 0, 1000)
					fmt.Fprint(w, "}")
				case "1000":
					w.Header().Set("X-Bynder-NextCursor", cursor)
					page(w, 1000, 1500)
				default:
					http.Error(w, "invalid cursor", http.StatusBadRequest)
				}
			})
			if ids, errs := list(c, t, bynder.Query{}); len(ids) != 1500 || len(errs) > 0 {
				t.Errorf("%d assets and errors %v, want 1500", len(ids), errs)
			}
		})
	}
}

func TestAssetsAsksForNoMoreThanAreWanted(t *testing.T) {
	c := portal(t, func(w http.ResponseWriter, r *http.Request) {
		if limit := r.URL.Query().Get("limit"); limit != "5" {
			t.Errorf("limit %s", limit)
		}
		page(w, 0, 3)
	})
	list(c, t, bynder.Query{Limit: 5})
}

func TestQuery(t *testing.T) {
	no := false
	q := bynder.Query{
		Keyword: "a&b +c", Types: []string{"image", "video"}, Tags: []string{"x", "y"}, Brands: []string{"B"},
		Collection: "C", Properties: map[string][]string{"Season": {"Spring", "Fall"}},
		CreatedFrom: "2026-01-31T00:00:00Z", ModifiedTo: "2026-02-01T00:00:00Z",
		Archived: &no, Order: "dateModified desc", IDs: []string{"1", "2"}, Versions: true,
	}
	c := portal(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.RawQuery, "+") || !strings.Contains(r.URL.RawQuery, "orderBy=dateModified%20desc") {
			t.Errorf("query %s: spaces are to be %%20", r.URL.RawQuery)
		}
		want := url.Values{
			"keyword": {"a&b +c"}, "type": {"image,video"}, "tags": {"x,y"}, "brandId": {"B"}, "collectionId": {"C"},
			"property_Season": {"Spring,Fall"}, "dateCreated": {"2026-01-31T00:00:00Z"}, "dateModifiedTo": {"2026-02-01T00:00:00Z"},
			"archive": {"0"}, "orderBy": {"dateModified desc"}, "ids": {"1,2"}, "limit": {"1000"}, "total": {"1"},
			"includeVersionNumber": {"1"},
		}
		if got := r.URL.Query(); got.Encode() != want.Encode() {
			t.Errorf("query\n%s, want\n%s", got.Encode(), want.Encode())
		}
		page(w, 0, 0)
	})
	list(c, t, q)
}

func TestCollections(t *testing.T) {
	c := portal(t, func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.RequestURI, "/api/v4/collections/?") || r.URL.Query().Get("keyword") != "spring" {
			t.Errorf("asked for %s", r.RequestURI)
		}
		if r.URL.Query().Has("page") {
			_, _ = io.WriteString(w, `[]`)
			return
		}
		if r.URL.Query().Has("total") {
			t.Error("it asks for a total, which collections do not know")
		}
		_, _ = io.WriteString(w, `[{"id":"c1","name":"Spring","collectionCount":"12","dateCreated":"March, 01 2017 10:49:12 +0000","x":1},{"name":"none"}]`)
	})
	var got []*bynder.Collection
	var errs []error
	for found, err := range c.Collections("spring").Each(t.Context()) {
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
