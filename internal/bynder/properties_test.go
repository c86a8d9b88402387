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

// describeProperties writes properties in one line.
func describeProperties(all []bynder.Property) string {
	var b strings.Builder
	for _, p := range all {
		fmt.Fprintf(&b, "%s(%s,%s)", p.Name, p.Label, p.Type)
		for _, o := range p.Options {
			fmt.Fprintf(&b, " %s=%s", o.Name, strings.Join(o.Labels, "|"))
		}
		b.WriteByte(';')
	}
	return b.String()
}

func TestProperties(t *testing.T) {
	for _, tt := range []struct{ name, body, want string }{
		{"by name", `{"region":{"id":"P","name":"region","label":"Region","type":"select","options":[{"name":"emea","label":"EMEA"}]}}`, "region(Region,select) emea=EMEA;"},
		{"in the order of the portal", `{"b":{"name":"b"},"a":{"name":"a"}}`, "b(,);a(,);"},
		{"named by its key alone", `{"region":{"label":"Region"}}`, "region(Region,);"},
		{"as a list", `[{"name":"a"},{"name":"b"}]`, "a(,);b(,);"},
		{"with numeric keys", `{"1":{"name":"a"},"7":{"name":"b"}}`, "a(,);b(,);"},
		{"none", `{}`, ""},
		{"none, as PHP writes it", ` [ ] `, ""},
		{"options of options", `{"p":{"options":[{"name":"x","options":[{"name":"y","label":"Y","displayLabel":"X: Y","options":[]},{"name":"z"}]},{"name":"w"}]}}`, "p(,) x= y=Y|X: Y z= w=;"},
		{"options with numeric keys", `{"p":{"options":{"1":{"name":"x"},"3":{"label":"Z"}}}}`, "p(,) x= =Z;"},
		{"no options", `{"p":{"options":null},"q":{"options":{}},"r":{"options":""}}`, "p(,);q(,);r(,);"},
		{"a number as a label", `{"p":{"label":7,"options":[{"name":2024,"label":2024}]}}`, "p(7,) 2024=2024;"},

		{"text", `"none"`, "error"},
		{"null", `null`, "error"},
		{"a page", `<html>`, "error"},
		{"cut off", `{"p":{"name":"p"}`, "error"},
		{"with something behind it", `{} {}`, "error"},
		{"a property that is text", `{"p":"none"}`, "error"},
		{"a property that is null", `{"p":null}`, "error"},
		{"a list of texts", `["p"]`, "error"},
		{"without a name", `[{"label":"P"}]`, "error"},
		{"a name that is an object", `{"p":{"name":{"en":"p"}}}`, "error"},
		{"options that are text", `{"p":{"options":"none"}}`, "error"},
		{"options by name", `{"p":{"options":{"x":{"name":"x"}}}}`, "error"},
		{"an option that is text", `{"p":{"options":["x"]}}`, "error"},
		{"an option without anything", `{"p":{"options":[{}]}}`, "error"},
		{"options nested without end", `{"p":` + strings.Repeat(`{"name":"x","options":[`, 200) + strings.Repeat(`]}`, 200) + `}`, "error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			c := portal(t, func(w http.ResponseWriter, r *http.Request) {
				if calls++; r.RequestURI != "/api/v4/metaproperties/" {
					t.Errorf("asked for %s", r.RequestURI)
				}
				_, _ = io.WriteString(w, tt.body)
			})
			all, err := c.Properties(t.Context())
			got := describeProperties(all)
			if _, ok := errors.AsType[*bynder.ProtocolError](err); ok {
				got = "error"
			}
			if got != tt.want || err != nil && got != "error" || calls != 1 {
				t.Errorf("%q and error %v after %d calls, want %q", got, err, calls, tt.want)
			}
		})
	}
}

// A property may have more options than the answer of any other call may have bytes.
func TestPropertiesWithManyOptions(t *testing.T) {
	const n = 60_000
	c := portal(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"p":{"name":"p","options":[`)
		for i := range n {
			separator := ","
			if i == 0 {
				separator = ""
			}
			fmt.Fprintf(w, `%s{"name":"option_%d","label":"Option %d","note":%q}`, separator, i, i, strings.Repeat("x", 150))
		}
		_, _ = io.WriteString(w, `]},"q":{"name":"q"}}`)
	})
	all, err := c.Properties(t.Context())
	if err != nil || len(all) != 2 || len(all[0].Options) != n || all[0].Options[n-1].Name != fmt.Sprintf("option_%d", n-1) {
		t.Errorf("%d properties, error %v", len(all), err)
	}
}

// An answer that breaks off on its way is asked for again.
func TestPropertiesBreakOff(t *testing.T) {
	calls := 0
	c := portal(t, func(w http.ResponseWriter, _ *http.Request) {
		if calls++; calls == 1 {
			_, _ = io.WriteString(w, `{"p":{"na`)
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, `{"p":{"name":"p"}}`)
	})
	all, err := c.Properties(t.Context())
	if err != nil || calls != 2 || len(all) != 1 {
		t.Errorf("%v and error %v after %d calls", all, err, calls)
	}
}

// An option knows the one that it is below; one of a property has the portal's own fields, without those below it.
func TestOptions(t *testing.T) {
	const body = `[{"id":"X","name":"x","label":"","zindex":1,"options":[{"id":"Y","label":"Y y","image":"https://s3/i?Signature=s","options":[{"name":"z"}]}]},{"name":"w"}]`
	want := `{"id":"X","label":"","name":"x","zindex":1}
{"id":"Y","image":null,"label":"Y y","parent":"x"}
{"name":"z","parent":"Y y"}
{"name":"w"}
`
	encode := func(options []bynder.Option) string {
		var b strings.Builder
		for _, o := range options {
			if err := json.NewEncoder(&b).Encode(o); err != nil {
				t.Fatal(err)
			}
		}
		return b.String()
	}
	t.Run("in the list of metaproperties", func(t *testing.T) {
		c := portal(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, `{"p":{"name":"p","options":`+body+`},"q":{"name":"q"},"r":{"options":[]}}`)
		})
		all, err := c.Properties(t.Context())
		if err != nil || len(all) != 3 || encode(all[0].Options) != want {
			t.Fatalf("%v and error %v, want %s", all, err, want)
		}
		if all[0].Unlisted || !all[1].Unlisted || all[2].Unlisted {
			t.Errorf("unlisted: %v %v %v, want only the second", all[0].Unlisted, all[1].Unlisted, all[2].Unlisted)
		}
	})
	t.Run("by themselves", func(t *testing.T) {
		c := portal(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/api/v4/metaproperties/P/options/" {
				t.Errorf("asked for %s", r.RequestURI)
			}
			if r.URL.Query().Get("page") != "" {
				_, _ = io.WriteString(w, "[]")
				return
			}
			_, _ = io.WriteString(w, body)
		})
		listing, err := c.Options("P")
		if err != nil {
			t.Fatal(err)
		}
		var all []bynder.Option
		for options, err := range listing.Each(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, options...)
		}
		if got := encode(all); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
	for _, body := range []string{`["x"]`, `[{}]`, `[{"name":"x","options":"none"}]`} {
		c := portal(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
		listing, _ := c.Options("P")
		for _, err := range listing.Each(t.Context()) {
			if !bynder.IsMalformedElement(err) {
				t.Errorf("%s: error %v", body, err)
			}
			break
		}
	}
	if _, err := portal(t, nil).Options("../users"); err == nil {
		t.Error("an id that changes the path was accepted")
	}
}

func FuzzProperties(f *testing.F) {
	f.Add(`{"p":{"name":"p","options":[{"name":"x","options":{"1":{"label":"y"}}}]}}`)
	f.Add(`[{"name":"p"}]`)
	f.Fuzz(func(t *testing.T, body string) {
		all, err := bynder.ReadProperties(strings.NewReader(body))
		if err != nil {
			return
		}
		for _, p := range all {
			if p.Name == "" {
				t.Errorf("a property without a name in %q", body)
			}
			for _, o := range p.Options {
				if o.Name == "" && len(o.Labels) == 0 {
					t.Errorf("an option without a name in %q", body)
				}
			}
		}
	})
}
