package bynder_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

func TestBrands(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{"a list", `[{"id":"B","name":"House","description":"","image":null,"subBrands":[]},{"id":"C","name":"Outlet"}]`, "B=House;C=Outlet;"},
		{"with numeric keys", `{"1":{"id":"B","name":"House"}}`, "B=House;"},
		{"without a name", `[{"id":"B"}]`, "B=;"},
		{"none", `[]`, ""},
		{"an object", `{"House":{"id":"B"}}`, "error"},
		{"text", `"none"`, "error"},
		{"null", `null`, "error"},
		{"one that is text", `["House"]`, "error"},
		{"one without an id", `[{"id":"B"},{"name":"House"}]`, "error"},
		{"a name that is an object", `[{"id":"B","name":{"en":"House"}}]`, "error"},
		{"cut off", `[{"id":"B"}`, "error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			c := portal(t, func(w http.ResponseWriter, r *http.Request) {
				if calls++; r.RequestURI != "/api/v4/brands/" {
					t.Errorf("asked for %s", r.RequestURI)
				}
				_, _ = io.WriteString(w, tt.body)
			})
			all, err := c.Brands(t.Context())
			got := ""
			for _, brand := range all {
				got += brand.ID + "=" + brand.Name + ";"
			}
			if _, ok := errors.AsType[*bynder.ProtocolError](err); ok {
				got = "error"
			}
			if got != tt.want || calls != 1 {
				t.Errorf("%q and error %v after %d calls, want %q", got, err, calls, tt.want)
			}
		})
	}
}

func TestDerivatives(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{"numbers as texts", `[{"id":"D","prefix":"mini","extension":"png","width":"80","height":null,"isOnTheFly":false,"isPublic":"1"}]`, "mini png 80x-1 false true {\"extension\":\"png\",\"height\":null,\"id\":\"D\",\"isOnTheFly\":false,\"isPublic\":\"1\",\"prefix\":\"mini\",\"width\":\"80\"};"},
		{"a name alone", `[{"prefix":"web"}]`, "web  -1x-1 false false {\"prefix\":\"web\"};"},
		{"with numeric keys", `{"3":{"prefix":"web","isOnTheFly":1,"extension":["jpg","png"]}}`, "web jpg,png -1x-1 true false {\"extension\":[\"jpg\",\"png\"],\"isOnTheFly\":1,\"prefix\":\"web\"};"},
		{"none", `[]`, ""},
		{"without a name", `[{"id":"D"}]`, "error"},
		{"a list of texts", `["mini"]`, "error"},
		{"by name", `{"mini":{"prefix":"mini"}}`, "error"},
		{"a width that is a word", `[{"prefix":"mini","width":"wide"}]`, "error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := portal(t, func(w http.ResponseWriter, r *http.Request) {
				if r.RequestURI != "/api/v4/account/derivatives/" {
					t.Errorf("asked for %s", r.RequestURI)
				}
				_, _ = io.WriteString(w, tt.body)
			})
			all, err := c.Derivatives(t.Context())
			got := ""
			for _, d := range all {
				fields, err := json.Marshal(d)
				got += fmt.Sprintf("%s %s %dx%d %t %t %s;", d.Name, d.Extension, d.Width, d.Height, d.OnTheFly, d.Public, fields)
				if err != nil {
					t.Error(err)
				}
			}
			if _, ok := errors.AsType[*bynder.ProtocolError](err); ok {
				got = "error"
			}
			if got != tt.want {
				t.Errorf("%q and error %v, want %q", got, err, tt.want)
			}
		})
	}
}

// Tags have pages. A portal that ignores page sends all of them each time: that is the whole list if it is shorter than a page
// may be, and never ends otherwise.
func TestTags(t *testing.T) {
	page := func(from, n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,{"id":"T%d","tag":"tag %d","mediaCount":"%d"}`, from+i, from+i, i)
		}
		return "[" + strings.TrimPrefix(b.String(), ",") + "]"
	}
	for _, tt := range []struct {
		name        string
		answer      func(limit, page string) string
		tags, calls int
		failed      string
	}{
		{"two pages", func(_, number string) string {
			return map[string]string{"": page(0, 1000), "2": page(1000, 60), "3": "[]"}[number]
		}, 1060, 3, ""},
		{"one page again and again", func(string, string) string { return page(0, 60) }, 60, 3, ""},
		{"a few tags again and again", func(string, string) string { return page(0, 3) }, 3, 3, ""},
		{"a full page again and again", func(string, string) string { return page(0, 1000) }, 1000, 2, "repeat"},
		{"page 2 again and again", func(_, number string) string {
			return map[bool]string{true: page(0, 1000), false: page(1000, 60)}[number == ""]
		}, 1060, 3, "repeat"},
		{"none", func(string, string) string { return "[]" }, 0, 1, ""},
		{"texts", func(string, string) string { return `["a"]` }, 0, 0, "cannot read a tag"},
		{"without a text", func(string, string) string { return `[{"id":"T"}]` }, 0, 0, "cannot read a tag"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			c := portal(t, func(w http.ResponseWriter, r *http.Request) {
				calls++
				if r.URL.Path != "/api/v4/tags/" {
					t.Errorf("asked for %s", r.RequestURI)
				}
				_, _ = io.WriteString(w, tt.answer(r.URL.Query().Get("limit"), r.URL.Query().Get("page")))
			})
			tags := 0
			var failed error
			for tag, err := range c.Tags().Each(t.Context()) {
				if failed = err; err != nil {
					break
				}
				if tag.Name != fmt.Sprintf("tag %d", tags) || tag.ID != fmt.Sprintf("T%d", tags) || tag.Assets < 0 {
					t.Errorf("tag %d is %+v", tags, tag)
				}
				tags++
			}
			if tags != tt.tags || tt.calls > 0 && calls != tt.calls || (failed == nil) != (tt.failed == "") || failed != nil && !strings.Contains(failed.Error(), tt.failed) {
				t.Errorf("%d tags and error %v after %d calls, want %d, %q, %d", tags, failed, calls, tt.tags, tt.failed, tt.calls)
			}
		})
	}
}
