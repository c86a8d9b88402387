package cli

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// named is an asset of a list with a brand and, unless it is "", a value of the metaproperty m.
func named(server *httptest.Server, id, brand, value string) string {
	text := fmt.Sprintf(`{"id":%q,"name":%q,"brandId":%q,"thumbnails":{"mini":"%s/files/%s/1.jpg"}`, id, id, brand, server.URL, id)
	if value != "" {
		text += fmt.Sprintf(`,"property_m":%q`, value)
	}
	return text + "}"
}

// The state keeps what the portal calls the fields of the template, whatever it calls them later, until a run with
// --accept-changes. If files would be renamed because a metaproperty is gone, nothing is.
func TestSyncKeepsNamesOfFields(t *testing.T) {
	server, list, calls := portalWith(t)
	var brands, properties atomic.Value
	inner := server.Config.Handler
	server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := map[string]*atomic.Value{"/api/v4/brands/": &brands, "/api/v4/metaproperties/": &properties}[r.URL.Path]
		if body == nil {
			inner.ServeHTTP(w, r)
			return
		}
		calls.Add(1)
		text, _ := body.Load().(string)
		if text == "" {
			w.WriteHeader(http.StatusForbidden)
		}
		fmt.Fprint(w, text)
	})
	t.Chdir(t.TempDir())
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	const house, houses, m = `[{"id":"b1","name":"House"}]`, `[{"id":"B1","name":"Houses"},{"id":"B2","name":"Two"}]`, `{"m":{"name":"m","label":"Mood"}}`
	a, b := named(server, "a", "b1", "x"), named(server, "b", "B2", "y")
	for _, c := range []struct {
		why, list, brands, properties string
		args                          []string
		calls                         int64
		status                        int
		out, err                      string
	}{
		{"a metaproperty that does not exist", a, house, `{"n":{"name":"n"}}`, nil, 1, 2, "", `has no metaproperty "Mood"`},
		{"no metaproperties for these credentials", a, house, "", nil, 1, 1, "", "cannot fill in --name: the portal does not list its metaproperties"},
		{"no brands for these credentials", a, "", m, nil, 4, 1, "", "cannot fill in --name: the portal does not list its brands"},
		{"the first run", a, house, m, nil, 4, 0, "+ d/House/x/a.jpg\n", ""},
		{"a quiet night", a, "", "", nil, 2, 0, "", ""},
		{"a brand that was renamed, another label", a, houses, `{"m":{"name":"m","label":"Feeling"}}`, nil, 2, 0, "", ""},
		{"a new brand", a + "," + b, houses, "", nil, 3, 0, "+ d/Two/y/b.jpg\n", ""},
		{"a brand that no list has", a + "," + b + "," + named(server, "c", "b3", "z"), houses, "", nil, 3, 0, "+ d/b3/z/c.jpg\n", ""},
		{"that brand again", a + "," + b + "," + named(server, "c", "B3", "z"), houses, "", nil, 2, 0, "", ""},
		{"another value", named(server, "a", "b1", "w") + "," + b, houses, "", nil, 2, 0, "> d/House/x/a.jpg -> d/House/w/a.jpg\n", ""},
		{"the metaproperty is gone", named(server, "a", "b1", "") + "," + named(server, "b", "B2", ""), houses, `{"n":{"name":"n"}}`, nil, 3, 2, "", `has no metaproperty "Mood"`},
		{"its rights are gone", named(server, "a", "b1", "") + "," + named(server, "b", "B2", ""), houses, "", nil, 3, 1, "", "cannot fill in --name: "},
		{"no asset has a value", named(server, "a", "b1", "") + "," + b, houses, m, nil, 2, 0, "> d/House/w/a.jpg -> d/House/_/a.jpg\n", ""},
		{"changes are accepted", named(server, "a", "b1", "") + "," + b, houses, m, []string{"--accept-changes"}, 4, 0, "> d/House/_/a.jpg -> d/Houses/_/a.jpg\n", ""},
		{"a quiet night after that", named(server, "a", "b1", "") + "," + b, houses, m, nil, 2, 0, "", ""},
	} {
		list.Store(fmt.Sprintf(`{"total":{"count":%d},"media":[%s]}`, strings.Count(c.list, `"id"`), c.list))
		brands.Store(c.brands)
		properties.Store(c.properties)
		before := calls.Load()
		status, stdout, stderr := syncAt(t, server, append(c.args, "--name", "{brand}/{property_Mood}/{id}.{ext}", "d")...)
		if status != c.status || stdout != c.out || !strings.Contains(stderr, c.err) || c.err == "" && c.out == "" && stderr != "" {
			t.Errorf("%s: status %d, %q and %q; want %d, %q and %q", c.why, status, stdout, stderr, c.status, c.out, c.err)
		}
		if n := calls.Load() - before; n != c.calls {
			t.Errorf("%s: %d calls, want %d", c.why, n, c.calls)
		}
	}
}

// Filters whose names these credentials may not look up are used as they are. That is said once, and asked once; any other
// refusal may pass.
func TestSyncOfNamesThatAreNotListed(t *testing.T) {
	for status, quiet := range map[int]bool{http.StatusForbidden: true, http.StatusNotFound: false, http.StatusBadRequest: false} {
		server, list, calls := portalWith(t)
		inner := server.Config.Handler
		server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/api/v4/brands/" {
				inner.ServeHTTP(w, r)
				return
			}
			calls.Add(1)
			w.WriteHeader(status)
		})
		t.Chdir(t.TempDir())
		t.Setenv("XDG_STATE_HOME", t.TempDir())
		t.Setenv("XDG_CONFIG_HOME", t.TempDir())
		list.Store(`{"total":{"count":1},"media":[` + element(server, "a", 1) + `]}`)
		for night := range 3 {
			before := calls.Load()
			exit, _, stderr := syncAt(t, server, "--brand", "B1", "d")
			asks := night == 0 || !quiet
			if said := strings.Contains(stderr, "--brand is not checked"); exit != 0 || said != asks || (calls.Load()-before == 3) != asks {
				t.Errorf("%d, night %d: exit %d, %d calls, %s", status, night+1, exit, calls.Load()-before, stderr)
			}
		}
	}
}

// A state keeps as many brands as a line of it can have.
func TestKeptNames(t *testing.T) {
	n := templateNames{Properties: map[string]string{"a": "b"}, Brands: map[string]string{}}
	for i := range 100 {
		n.Brands[fmt.Sprintf("B%02d", i)] = strings.Repeat("x", maxBrandNames/10)
	}
	kept := slices.Sorted(maps.Keys(n.kept().Brands))
	if len(kept) != 9 || kept[0] != "B00" || kept[8] != "B08" || len(n.Brands) != 100 || n.kept().Properties["a"] != "b" {
		t.Errorf("of %d brands %q are kept", len(n.Brands), kept)
	}
	if kept := (templateNames{}).kept(); kept.Brands != nil || kept.Properties != nil {
		t.Errorf("of nothing %v is kept", kept)
	}
}

// That assets are counted and not listed is said once, and again if there are more or fewer.
func TestSyncOfAssetsThatNoListHas(t *testing.T) {
	server, list, _ := portalWith(t)
	t.Chdir(t.TempDir())
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	a := element(server, "a", 1)
	for i, c := range []struct {
		total int
		args  string
		says  bool
	}{
		{3, "--dry-run d", true},
		{3, "d", true},
		{3, "d", false},
		{3, "--dry-run d", false},
		{3, "-v d", true},
		{4, "d", true},
		{4, "d", false},
		{1, "d", false},
		{4, "d", true},
	} {
		list.Store(fmt.Sprintf(`{"total":{"count":%d},"media":[%s]}`, c.total, a))
		status, _, stderr := syncAt(t, server, strings.Fields(c.args)...)
		if said := strings.Contains(stderr, fmt.Sprintf("the portal counted %d assets and listed 1", c.total)); status != 0 || said != c.says {
			t.Errorf("night %d: status %d, %q", i+1, status, stderr)
		}
	}
}
