package cli

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// accountOf is an account whose portal answers with these bodies by path; what it is asked and what it says is
// counted and kept.
func accountOf(t *testing.T, answers map[string]string) (names *account, calls map[string]int, said *[]string) {
	t.Helper()
	calls, said = map[string]int{}, &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls[r.URL.Path]++
		body, ok := answers[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusForbidden)
		}
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	origin, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	say := func(format string, args ...any) { *said = append(*said, fmt.Sprintf(format, args...)) }
	return newAccount(bynder.New(origin, server.Client()), say), calls, said
}

func TestResolveFilters(t *testing.T) {
	const properties = `{"season":{"name":"season","label":"Time of year","type":"select","options":[
		{"name":"spring","label":"Spring"},{"name":"warm","label":"Warm","options":[{"name":"high_summer","label":"High summer"}]},
		{"name":"a,b","label":"Both"}]},
		"note":{"name":"note","type":"text"},"shot":{"name":"shot","type":"date"}}`
	const brands = `[{"id":"B1","name":"House"},{"id":"B2","name":"Smith, Jones"}]`
	const collections = `{"count":2,"collections":[{"id":"C1","name":"Spring"},{"id":"C2","name":"Fall"}]}`
	all := map[string]string{"/api/v4/metaproperties/": properties, "/api/v4/brands/": brands, "/api/v4/collections/": collections}
	for _, tt := range []struct {
		why     string
		filters filterFlags
		answers map[string]string
		want    string // the query, or the error
		said    int
	}{
		{"nothing", filterFlags{}, all, "[]  map[]", 0},
		{"a label and an option's label", filterFlags{properties: []string{"time of YEAR=spring"}}, all, "[]  map[season:[spring]]", 0},
		{"an option of an option", filterFlags{properties: []string{"property_season=High summer"}}, all, "[]  map[season:[high_summer]]", 0},
		{"several", filterFlags{properties: []string{"season=Spring,warm", "Season=Both", "note=any,thing"}}, all, "[]  map[note:[any,thing] season:[spring warm a,b]]", 0},
		{"an option with a comma", filterFlags{properties: []string{"season=a,b"}}, all, "[]  map[season:[a,b]]", 0},
		{"brands", filterFlags{query: bynder.Query{Brands: []string{"b1,smith, jones", "smith, jones"}}}, all, `error --brand: the portal has no brand "smith"`, 0},
		{"a brand with a comma", filterFlags{query: bynder.Query{Brands: []string{"smith, jones", "House,b2"}}}, all, "[B2 B1 B2]  map[]", 0},
		{"a collection", filterFlags{query: bynder.Query{Collection: "fall"}}, all, "[] C2 map[]", 0},
		{"an unknown option", filterFlags{properties: []string{"season=winter"}}, all, `error --property: the metaproperty "season" has no option "winter"`, 0},
		{"a date", filterFlags{properties: []string{"shot=2024"}}, all, `error --property: the metaproperty "shot" is a date`, 0},
		{"nothing can be listed", filterFlags{query: bynder.Query{Brands: []string{"House,B9"}, Collection: "Fall"}, properties: []string{"x=y", "x=z"}}, nil, "[House B9] Fall map[x:[y z]]", 3},
		{
			"a collection beside one that cannot be read", filterFlags{query: bynder.Query{Collection: "Fall"}},
			map[string]string{"/api/v4/collections/": `{"count":2,"collections":[{"name":"?"},{"id":"C2","name":"Fall"}]}`}, "error cannot read a collection", 0,
		},
	} {
		names, calls, said := accountOf(t, tt.answers)
		err := tt.filters.resolveFilters(t.Context(), names)
		q := tt.filters.query
		got := fmt.Sprint(q.Brands, " ", q.Collection, " ", q.Properties)
		if err != nil {
			got = "error " + err.Error()
		}
		if got != tt.want && (err == nil || !strings.HasPrefix(got, tt.want)) || len(*said) != tt.said {
			t.Errorf("%s: %s, said %q; want %s", tt.why, got, *said, tt.want)
		}
		for path, n := range calls {
			if n != 1 {
				t.Errorf("%s: %d calls of %s", tt.why, n, path)
			}
		}
	}
}

func TestTemplateNames(t *testing.T) {
	names, calls, said := accountOf(t, map[string]string{"/api/v4/brands/": `[{"id":"b1","name":"House"},{"id":"b2"}]`})
	brands, err := names.brandNames(t.Context(), brandIsID)
	if err != nil || fmt.Sprint(brands) != "map[B1:House B2:]" || len(*said) != 0 {
		t.Errorf("%v, %v, said %q", brands, err, *said)
	}
	for range 2 {
		if key, err := names.property(t.Context(), "--name", "x"); key != "x" || err != nil {
			t.Errorf("property %q, %v", key, err)
		}
	}
	if len(*said) != 1 || calls["/api/v4/metaproperties/"] != 1 {
		t.Errorf("said %q after %v", *said, calls)
	}
}
