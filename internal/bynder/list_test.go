package bynder_test

import (
	"bytes"
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
		{"no list", `{"message":"x"}`, 0, "it says: x"},
		{"no media list", `{"media":{"a":1}}`, 0, "no array"},
		{"scalar", `7`, 0, "neither an array nor an object"},
		{"HTML", `<html>`, 0, "a list was expected"},
		{"empty", ``, 0, "unexpected EOF"},
		{"huge element", `[{"id":"a"},{"id":"` + strings.Repeat("x", 3<<20) + `"},{"id":"b"}]`, 2, "larger than 1 MiB"},
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
		{"never further", []int{7, 7, 7, 7}, 7, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			asked := 0
			c := portal(t, func(w http.ResponseWriter, r *http.Request) {
				p, _ := strconv.Atoi(r.URL.Query().Get("page"))
				if p == 1 && asked < len(tt.after) {
					w.Header().Set("Content-Length", "100000")
					part := tt.after[asked]
					asked++
					var b strings.Builder
					page(&b, 0, part)
					_, _ = io.WriteString(w, strings.TrimSuffix(b.String(), "]")+",")
					return // with fewer bytes than promised: the connection closes
				}
				page(w, (p-1)*1000, min(p*1000, 1500))
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

func TestAssetsAsksForNoMoreThanAreWanted(t *testing.T) {
	c := portal(t, func(w http.ResponseWriter, r *http.Request) {
		if limit := r.URL.Query().Get("limit"); limit != "5" {
			t.Errorf("limit %s", limit)
		}
		page(w, 0, 3)
	})
	list(c, t, bynder.Query{Limit: 5})
}

// The elements of a list are those that encoding/json finds in it.
func FuzzElements(f *testing.F) {
	for _, seed := range []string{
		`[]`, `[1, 2 ,"a\"]","\\",{"a":[1,{}]},null,true,-1.5e3]`, `{"total":{"count":2},"media":[{"id":"a"}],"x":1}`,
		`{"count":[1,"]"], "media" : [ ] }`, `[1,]`, `[,]`, `[1`, `{"media":7}`, `{}`, `7`, `[1 2]`, `["\u00e9"]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got []json.RawMessage
		var failed error
		for raw, err := range bynder.Elements(bytes.NewReader(body)) {
			if err != nil {
				failed = err
				continue
			}
			got = append(got, raw)
		}
		var want []json.RawMessage
		if json.Unmarshal(body, &want) != nil || want == nil {
			return // nothing to compare with; that it ends is enough
		}
		if failed != nil || len(got) != len(want) {
			t.Fatalf("%q: %d elements, %v; want %d", body, len(got), failed, len(want))
		}
		for i := range want {
			if string(bytes.TrimSpace(got[i])) != string(want[i]) {
				t.Errorf("%q: element %d is %q, want %q", body, i, got[i], want[i])
			}
		}
	})
}

// Whatever an error or a list of collections holds, reading it ends, and shows no more
// than a line's worth.
func FuzzAnswers(f *testing.F) {
	f.Add(500, []byte(`{"message":"x","statuscode":"500"}`))
	f.Add(200, []byte(`[{"id":"c","collectionCount":"7","dateCreated":"March, 01 2017 10:49:12 +0000"}]`))
	f.Add(404, []byte("<html>"))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		c := bynder.New(&url.URL{Scheme: "https", Host: "h"}, &http.Client{Transport: answer{status, body}})
		for found, err := range c.Collections(t.Context(), "") {
			if err == nil && found.ID == "" {
				t.Errorf("%q gives a collection without an id", body)
			}
			if api, ok := errors.AsType[*bynder.APIError](err); ok && len(api.Message) > 400 {
				t.Errorf("a message of %d bytes", len(api.Message))
			}
		}
	})
}

// answer is a portal that always says the same.
type answer struct {
	status int
	body   []byte
}

func (a answer) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(a.body)), Request: r}, nil
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
