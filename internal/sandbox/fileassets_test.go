package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// onFile is a client of a sandbox with a catalogue file.
type onFile struct {
	client
	path string
}

// startFile serves a catalogue of assets, each a JSON object.
func startFile(t testing.TB, assets ...string) onFile {
	t.Helper()
	path := filepath.Join(t.TempDir(), "assets.json")
	writeFile(t, path, assets...)
	return onFile{start(t, Options{Catalogue: path, NoRateLimit: true}), path}
}

// write replaces the catalogue, as a script would: in place.
func (c onFile) write(assets ...string) {
	c.t.Helper()
	writeFile(c.t, c.path, assets...)
}

func writeFile(t testing.TB, path string, assets ...string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("[\n"+strings.Join(assets, ",\n")+"\n]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// list returns the ids that a query of media/ finds.
func (c onFile) list(query string) string {
	c.t.Helper()
	var got []listed
	c.json("/api/v4/media/?limit=1000&"+query, &got)
	return strings.Join(ids(got), " ")
}

// seen is what a client sees of an asset that lists show.
type seen struct {
	fields      map[string]any // without URLs
	derivatives map[string]string
	name, etag  string
	body        []byte
}

func (c onFile) look(id string) seen {
	c.t.Helper()
	var all []map[string]any
	c.json("/api/v4/media/?ids="+id, &all)
	if len(all) != 1 {
		c.t.Fatalf("%d assets of id %s", len(all), id)
	}
	s := seen{fields: all[0], derivatives: map[string]string{}}
	for name, link := range s.fields["thumbnails"].(map[string]any) {
		s.derivatives[name], _, _ = strings.Cut(link.(string), "?")
	}
	for _, key := range []string{"thumbnails", "original", "transformBaseUrl"} {
		delete(s.fields, key)
	}
	a := c.original(id)
	check(c.t, "status of the file", a.StatusCode, 200)
	s.name, s.etag, s.body = a.Header.Get("Content-Disposition"), a.Header.Get("ETag"), a.body
	return s
}

// differences are the names of what differs.
func (s seen) differences(than seen) string {
	var all []string
	for key := range s.fields {
		if fmt.Sprint(s.fields[key]) != fmt.Sprint(than.fields[key]) {
			all = append(all, key)
		}
	}
	for what, differ := range map[string]bool{
		"_disposition": s.name != than.name, "_etag": s.etag != than.etag, "_bytes": !bytes.Equal(s.body, than.body),
		"_derivatives": !maps.Equal(s.derivatives, than.derivatives),
	} {
		if differ {
			all = append(all, what)
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// What a change in the file changes for clients: no more, and no less.
func TestChangesOfACatalogue(t *testing.T) {
	const file = "_bytes _derivatives _etag "
	for _, test := range []struct{ before, after, want string }{
		{`{"id":"a"}`, `{"id":"a"}`, ""},
		{`{"id":"a"}`, `{"id":"a","version":1,"name":"a","type":"image","extension":"jpg","rights":"download","trash":false}`, ""},
		{`{"id":"a"}`, `{"id":"a","version":2}`, file + "activeVersion dateModified fileSize"},
		{`{"id":"a","size":9000}`, `{"id":"a","size":9000,"version":2}`, file + "activeVersion dateModified"},
		{
			`{"id":"a","dateModified":"2026-01-31"}`, `{"id":"a","dateModified":"2026-01-31","version":2}`,
			file + "activeVersion fileSize",
		},
		{`{"id":"a","size":9000}`, `{"id":"a","size":9001}`, file + "fileSize"},
		{`{"id":"a"}`, `{"id":"a","name":"Other name"}`, "_disposition name"},
		{`{"id":"a"}`, `{"id":"a","dateModified":"2026-01-31T10:00:00Z"}`, "dateModified"},
		{`{"id":"a"}`, `{"id":"a","tags":["x"],"description":"d","copyright":"c"}`, "copyright description tags"},
		{`{"id":"a"}`, `{"id":"a","properties":{"region":["emea"],"campaigncode":["c"]}}`, "propertyOptions property_campaigncode property_region"},
		{`{"id":"a","lacks":["activeVersion","fileSize"]}`, `{"id":"a"}`, "activeVersion fileSize"},
		{`{"id":"a"}`, `{"id":"a","lacks":["mini"]}`, "_derivatives"},
		{`{"id":"a"}`, `{"id":"a","archive":true,"limited":true,"isPublic":true,"watermarked":true}`, "archive isPublic limited watermarked"},
		{`{"id":"a"}`, `{"id":"a","collections":["Spring"]}`, ""},
	} {
		c := startFile(t, test.before, `{"id":"zz"}`)
		before := c.look("a")
		c.write(`{"id":"0"}`, test.after) // what else there is makes no difference
		check(t, test.before+" "+test.after, c.look("a").differences(before), test.want)
		c.write(test.before)
		check(t, "and back", c.look("a").differences(before), "")
	}
}

func TestFilesOfACatalogue(t *testing.T) {
	c := startFile(t, `{"id":"a","version":3,"size":20000}`, `{"id":"b","name":"a","version":3,"size":20000}`)
	a := c.look("a")
	check(t, "size", len(a.body), 20000)
	check(t, "fileSize", fmt.Sprint(a.fields["fileSize"]), "20000")
	if b := c.look("b"); bytes.Equal(a.body, b.body) || a.name != b.name {
		t.Errorf("another asset of the same name is not another file of it: %s, %s", a.name, b.name)
	}
	var versions []string
	for _, version := range []string{"1", "2", "3"} {
		o := c.object("a", "version/"+version)
		versions = append(versions, o.ETag())
		var answer struct {
			Location string `json:"s3_file"`
		}
		c.json("/api/v4/media/a/"+version+"/download/", &answer)
		check(t, "version "+version, c.do("GET", answer.Location).Header.Get("ETag"), o.ETag())
	}
	if len(slices.Compact(slices.Sorted(slices.Values(versions)))) != 3 || versions[2] != a.etag {
		t.Errorf("versions: %v", versions)
	}
	check(t, "a version that will come", c.api("/api/v4/media/a/4/download/").StatusCode, 404)

	// A location of a version outlives the next one, as long as the file says nothing of its size.
	c.write(`{"id":"a"}`)
	location := c.location("a")
	first := c.do("GET", location)
	c.write(`{"id":"a","version":2,"name":"Other"}`)
	check(t, "after a new version", c.do("GET", location).Header.Get("ETag"), first.Header.Get("ETag"))
	image := c.object("a", "transform/fill,width:8&format=png")
	c.write(`{"id":"a","version":3}`)
	if o := c.object("a", "transform/fill,width:8&format=png"); o.ETag() == image.ETag() {
		t.Error("an image of another version is the same")
	}
	c.write()
	check(t, "after a deletion", c.do("GET", location).StatusCode, 404)
}

// Gone is many things.
func TestAssetsThatListsLack(t *testing.T) {
	const there, gone = `{"id":"a","tags":["x"],"collections":["Spring"]}`, ""
	spring := numberedID(itemSalt, seedOf("collection", "Spring"))
	for _, test := range []struct {
		after               string
		all, filtered       string // ids of lists
		media, download     int    // statuses
		derivative, members string
	}{
		{there, "a z", "a", 200, 200, "200", `["a","z"]`},
		{gone, "z", "", 404, 404, "404", `["z"]`},
		{`{"id":"a","tags":["x"],"collections":["Spring"],"trash":true}`, "z", "", 404, 404, "404", `["a","z"]`},
		{`{"id":"a","tags":["x"],"collections":["Spring"],"rights":"none"}`, "z", "", 403, 403, "200", `["z"]`},
		{`{"id":"a","tags":["x"],"collections":["Spring"],"lists":"none"}`, "z", "", 200, 200, "200", `["z"]`},
		{`{"id":"a","tags":["x"],"collections":["Spring"],"rights":"view"}`, "a z", "a", 200, 403, "200", `["a","z"]`},
		{`{"id":"a","tags":["y"],"collections":["Spring"]}`, "a z", "", 200, 200, "200", `["a","z"]`},
		{`{"id":"a","tags":["x"]}`, "a z", "a", 200, 200, "200", `["z"]`},
		{`{"id":"b","name":"a","tags":["x"],"collections":["Spring"]}`, "b z", "b", 404, 404, "404", `["b","z"]`},
	} {
		z := `{"id":"z","collections":["Spring","Autumn"]}`
		c := startFile(t, there, z)
		derivative := c.look("a").derivatives["mini"]
		if test.after != gone {
			c.write(z, test.after)
		} else {
			c.write(z)
		}
		sorted := func(query string) string {
			return strings.Join(slices.Sorted(slices.Values(strings.Fields(c.list(query)))), " ")
		}
		check(t, test.after+": list", sorted(""), test.all)
		check(t, test.after+": with a filter", sorted("tags=x"), test.filtered)
		check(t, test.after+": by ids", sorted("ids=a,b,z"), test.all)
		check(t, test.after+": by ids, with a filter", sorted("ids=a,b,z&tags=x"), test.filtered)
		for path, want := range map[string]int{
			"": test.media, "download/": test.download, "1/download/": test.download, "download/" + itemOf("a") + "/": test.download,
		} {
			check(t, test.after+": media/a/"+path, c.api("/api/v4/media/a/"+path).StatusCode, want)
		}
		check(t, test.after+": derivative", fmt.Sprint(c.do("GET", derivative).StatusCode), test.derivative)
		var members []string
		c.json("/api/v4/collections/"+spring+"/media/", &members)
		slices.Sort(members)
		text, _ := json.Marshal(members)
		check(t, test.after+": members", string(text), test.members)
	}
}

// itemOf is the id of an asset's first version of the usual size.
func itemOf(id string) string {
	a := fileAsset{asset: asset{id: id, size: -1}}
	a.complete()
	return a.allItems()[0].id
}

func TestArchivedAssetsOfACatalogue(t *testing.T) {
	c := startFile(t, `{"id":"a","archive":true}`, `{"id":"b"}`)
	check(t, "archive=1", c.list("archive=1"), "a")
	check(t, "archive=0", c.list("archive=0"), "b")
}

func TestCollectionsOfACatalogue(t *testing.T) {
	c := startFile(t,
		`{"id":"a","collections":["Spring","Autumn","Spring"]}`, `{"id":"b","collections":["Spring"],"trash":true}`, `{"id":"c"}`)
	var all []struct {
		ID, Name        string
		CollectionCount int
	}
	c.json("/api/v4/collections/", &all)
	check(t, "collections", len(all), 2)
	check(t, "first", all[0].Name, "Autumn")
	check(t, "second", all[1].Name, "Spring")
	check(t, "elements, deleted ones as well", all[1].CollectionCount, 2)
	check(t, "living ones", c.list("collectionId="+all[1].ID), "a")
	check(t, "an unknown one", c.list("collectionId="+CollectionEverything), "")
	check(t, "status of an unknown one", c.api("/api/v4/collections/"+CollectionEverything+"/").StatusCode, 404)
}

func TestOrdersOfACatalogue(t *testing.T) {
	c := startFile(t,
		`{"id":"c","name":"2","dateCreated":"2026-01-01","dateModified":"2026-03-03T12:00:00+02:00"}`,
		`{"id":"b","name":"3","dateCreated":"2026-01-01","dateModified":"2026-03-01"}`,
		`{"id":"a","name":"1","dateCreated":"2026-01-02","dateModified":"2026-03-02"}`)
	for order, want := range map[string]string{
		"": "b c a", "dateCreated asc": "b c a", "dateCreated desc": "a c b", "datePublished asc": "b c a",
		"dateModified asc": "b a c", "dateModified desc": "c a b", "name asc": "a c b",
	} {
		check(t, order, c.list("orderBy="+url.PathEscape(order)), want)
		check(t, order+" of ids", c.list("ids=a,b,c&orderBy="+url.PathEscape(order)), want)
	}
	check(t, "dateModified", c.list("dateModified=2026-03-02T00:00:00Z"), "c a")
	var page []listed
	a := c.json("/api/v4/media/?limit=2", &page)
	c.json("/api/v4/media/?limit=2&cursor="+a.Header.Get("X-Bynder-NextCursor"), &page)
	check(t, "second page", strings.Join(ids(page), " "), "a")
}

func TestLargeFilesOfACatalogue(t *testing.T) {
	c := startFile(t, `{"id":"parts","type":"video","size":10485760}`, `{"id":"large","type":"video","size":1099511627776}`)
	if etag := c.object("parts", "original").ETag(); !strings.HasSuffix(etag, `-2"`) {
		t.Errorf("ETag %s", etag)
	}
	a := c.original("large", "Range", "bytes=1099511627770-")
	check(t, "status", a.StatusCode, 206)
	check(t, "last bytes", len(a.body), 6)
}

func TestMalformedCatalogues(t *testing.T) {
	for text, want := range map[string]string{
		``:                            `line 1: the file ends before its list does`,
		"[\n":                         `line 2: the file ends before its list does`,
		"[\n{\"id\":\"a\"},\n{\"id\"": `line 3: asset number 2: "id": the file ends before its list does`,
		"[\n{\"id\":\"a\"}":           `line 2: the file ends before its list does`,
		`{"id":"a"}`:                  `line 1: not a list of assets: [{"id": ...}, ...]`,
		`"a"`:                         `line 1: not a list of assets: [{"id": ...}, ...]`,
		"[{\"id\":\"a\"}\n]\n[]":      `line 3: there is more after the list of assets`,
		`["a"]`:                       `line 1: asset number 1: not an object: {"id": ...}`,
		"[{\"id\":\"a\"},\n null]":    `line 2: asset number 2: not an object: {"id": ...}`,
		"[{\"id\":\"a\"}\n{}]":        `line 2: asset number 2: invalid character '{' after array element`,
		"[\n{}]":                      `line 2: asset number 1: "id" is missing`,
		"[\n{\n\"id\":\"a\",\n\"name\":\"x\",\n\"Version\":2}]": `line 5: asset "a": unknown key "Version" (known: `,
		`[{"ID":"a"}]`: `line 1: asset number 1: unknown key "ID" (known: archive, brand, collections, `,
		"[{\"id\":\"a\"},\n{\"id\":\"b\"},\n\n{\"id\":\"a\"}]": `line 4: asset "a" is also in line 1`,
		`[{"id":"a","id":"b"}]`:                                `line 1: asset "a": "id" occurs twice`,
		`[{"id":"a","version":nought}]`:                        `line 1: asset "a": "version": invalid character 'o' in literal null`,
		`[{"id":"a","version":0}]`:                             `line 1: asset "a": "version" must be a number from 1 to 1000`,
		`[{"id":"a","version":1001}]`:                          `line 1: asset "a": "version" must be a number from 1 to 1000`,
		`[{"id":"a","version":1.5}]`:                           `line 1: asset "a": "version" must be a number from 1 to 1000`,
		`[{"id":"a","version":"2"}]`:                           `line 1: asset "a": "version" must be a number from 1 to 1000`,
		`[{"id":"a","version":null}]`:                          `line 1: asset "a": "version" must be a number from 1 to 1000`,
		`[{"id":"a","size":-1}]`:                               `line 1: asset "a": "size" must be a number of bytes, at most 1 TiB`,
		`[{"id":"a","size":9223372036854775807}]`:              `line 1: asset "a": "size" must be a number of bytes, at most 1 TiB`,
		`[{"id":""}]`:                                          `line 1: asset number 1: "id" must be 1 to 100 letters, digits, - and _`,
		`[{"id":"a/b"}]`:                                       `line 1: asset "a/b": "id" must be 1 to 100 letters, digits, - and _`,
		`[{"id":7}]`:                                           `line 1: asset number 1: "id" must be 1 to 100 letters, digits, - and _`,
		`[{"id":"a","name":""}]`:                               `line 1: asset "a": "name" must be a text that is not empty`,
		`[{"id":"a","name":["x"]}]`:                            `line 1: asset "a": "name" must be a text that is not empty`,
		`[{"id":"a","description":7}]`:                         `line 1: asset "a": "description" must be a text`,
		`[{"id":"a","copyright":{}}]`:                          `line 1: asset "a": "copyright" must be a text`,
		`[{"id":"a","type":"photo"}]`:                          `line 1: asset "a": "type" must be image, document, audio, video or 3d`,
		`[{"id":"a","extension":".jpg"}]`:                      `line 1: asset "a": "extension" must be 1 to 10 letters and digits`,
		`[{"id":"a","dateCreated":"yesterday"}]`:               `line 1: asset "a": "dateCreated" must be a date such as 2026-01-31 or 2026-01-31T12:00:00Z`,
		`[{"id":"a","dateModified":1700000000}]`:               `line 1: asset "a": "dateModified" must be a date such as 2026-01-31 or 2026-01-31T12:00:00Z`,
		`[{"id":"a","tags":"x"}]`:                              `line 1: asset "a": "tags" must be a list of texts`,
		`[{"id":"a","tags":["x",null]}]`:                       `line 1: asset "a": "tags" must be a list of texts`,
		`[{"id":"a","collections":[7]}]`:                       `line 1: asset "a": "collections" must be a list of names`,
		`[{"id":"a","rights":"all"}]`:                          `line 1: asset "a": "rights" must be download, view or none`,
		`[{"id":"a","lists":"some"}]`:                          `line 1: asset "a": "lists" must be all, by-id, unfiltered, counted or none`,
		`[{"id":"a","lacks":["Id"]}]`:                          `line 1: asset "a": "lacks" must be a list of fields (id, name, `,
		`[{"id":"a","properties":{"season":["x"]}}]`:           `line 1: asset "a": "properties" must be an object with metaproperties of the sandbox, each a list of texts`,
		`[{"id":"a","properties":{"region":"emea"}}]`:          `line 1: asset "a": "properties" must be an object with metaproperties of the sandbox, each a list of texts`,
		`[{"id":"a","trash":1}]`:                               `line 1: asset "a": "trash" must be true or false`,
		`[{"id":"a","archive":"true"}]`:                        `line 1: asset "a": "archive" must be true or false`,
		`[{"id":"a","limited":null}]`:                          `line 1: asset "a": "limited" must be true or false`,
		`[{"id":"a","isPublic":[]}]`:                           `line 1: asset "a": "isPublic" must be true or false`,
		`[{"id":"a","watermarked":0}]`:                         `line 1: asset "a": "watermarked" must be true or false`,
	} {
		_, err := parseCatalogue([]byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
	for _, text := range []string{"[]", " [ ] \n"} {
		if c, err := parseCatalogue([]byte(text)); err != nil || c.len() != 0 {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzCatalogue(f *testing.F) {
	f.Add([]byte(`[{"id":"a","version":2,"tags":["x"],"rights":"view"},{"id":"b","trash":true,"collections":["c"]}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := parseCatalogue(text)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatal("accepted what is not JSON")
		}
		for i := range c.len() {
			a := c.at(i)
			if found, ok := c.find(a.id); !ok || found.index != i || a.active().id == "" {
				t.Fatalf("%s at %d is found at %d", a.id, i, found.index)
			}
		}
	})
}

// The documentation names every key, and its example is a catalogue.
func TestCatalogueIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/sandbox.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|").FindAllSubmatch(page, -1) {
		documented = append(documented, string(row[1]))
	}
	slices.Sort(documented)
	check(t, "keys", strings.Join(documented, " "), strings.Join(keyNames(), " "))
	_, rest, _ := bytes.Cut(page, []byte("```json\n"))
	example, _, ok := bytes.Cut(rest, []byte("```\n"))
	c, err := parseCatalogue(example)
	if err != nil || !ok || c.len() < 2 {
		t.Errorf("the example: %v", err)
	}
}
