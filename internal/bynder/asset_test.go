package bynder_test

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// What portals send for one field, and what the program makes of it.
func TestFieldsAreBroughtToTheirShape(t *testing.T) {
	for _, tt := range []struct{ field, sent, want string }{
		{"archive", `1`, `true`},
		{"archive", `0`, `false`},
		{"archive", `"1"`, `true`},
		{"archive", `"0"`, `false`},
		{"archive", `true`, `true`},
		{"archive", `"False"`, `false`},
		{"archive", `null`, `null`},
		{"archive", `"maybe"`, `! its archive is`},
		{"archive", `[1]`, `! its archive is a list, not a flag`},
		{"width", `640`, `640`},
		{"width", `"640"`, `640`},
		{"width", `" 640 "`, `640`},
		{"width", `640.5`, `640.5`},
		{"width", `1e3`, `1e3`},
		{"width", `""`, `null`},
		{"width", `"wide"`, `! its width is`},
		{"width", `"0x10"`, `! not a number`},
		{"width", `"NaN"`, `! not a number`},
		{"width", `null`, `null`},
		{"width", `{}`, `! its width is an object, not a number`},
		{"fileSize", `9007199254740993`, `9007199254740993`},
		{"name", `"a"`, `"a"`},
		{"name", `7`, `"7"`},
		{"name", `"<b>&"`, `"<b>&"`},
		{"name", `null`, `null`},
		{"tags", `["a","b"]`, `["a","b"]`},
		{"tags", `"a"`, `["a"]`},
		{"tags", `""`, `[]`},
		{"tags", `[]`, `[]`},
		{"tags", `["a",7,true]`, `["a","7","true"]`},
		{"tags", `["a",null,"",false,[],{ },"b"]`, `["a","b"]`},
		{"tags", `[null]`, `[]`},
		{"tags", `[0]`, `["0"]`},
		{"videoPreviewURLs", `[null,"https://h/Web/f.mp4"]`, `["https://h/Web/f.mp4"]`},
		{"property_Season", `{}`, `[]`},
		{"property_Season", `[]`, `[]`},
		{"property_Season", `false`, `[]`},
		{"property_Season", `[false]`, `[]`},
		{"name", `false`, `null`},
		{"name", `""`, `""`},
		{"thumbnails", `{"mini":false,"a":0,"b":"","c":null,"d":[],"e":{},"web":"https://h"}`, `{"web":"https://h"}`},
		{"thumbnails", `{"mini":"https://h","mini":null}`, `{}`},
		{"thumbnails", `7`, `! its thumbnails is a number, not an object of URLs`},
		{"thumbnails", `{"mini":true}`, `! its thumbnails["mini"] is true, not a URL`},
		{"tags", `["a",{"x":1}]`, `! its tags[1] is an object, not text`},
		{"tags", `{"1":"a","7":"b"}`, `["a","b"]`},
		{"tags", `{}`, `[]`},
		{"tags", `{"01":"a"}`, `! not a list`},
		{"tags", `{"1":["a"]}`, `! its tags[0] is a list, not text`},
		{"tags", `null`, `null`},
		{"tags", `{"a":1}`, `! its tags is an object, not a list`},
		{"width", `false`, `null`},
		{"width", `[640]`, `! its width is a list, not a number`},
		{"archive", `"2"`, `! its archive is "2", not a flag`},
		{"name", `{"en":"x"}`, `! its name is an object, not text`},
		{"dateModified", `[]`, `! its dateModified is a list, not text`},
		{"description", `["x"]`, `! its description is a list, not text`},
		{"property_Season", `{"0":"Spring"}`, `["Spring"]`},
		{"property_Season", `{"label":"Spring"}`, `! its property_Season is an object, not a list`},
		{"property_Season", `[["Spring"]]`, `! its property_Season[0] is a list, not text`},
		{"thumbnails", `[]`, `{}`},
		{"thumbnails", `""`, `{}`},
		{"thumbnails", `null`, `null`},
		{"thumbnails", `{"mini":"https://h","odd":null}`, `{"mini":"https://h"}`},
		{"thumbnails", `["x"]`, `! its thumbnails is a list, not an object of URLs`},
		{"thumbnails", `"none"`, `! its thumbnails is text`},
		{"thumbnails", `{"mini":{"url":"x"}}`, `! its thumbnails["mini"] is an object, not a URL`},
		{"thumbnails", `{"mini":7}`, `! its thumbnails["mini"] is a number, not a URL`},
		{"mediaItems", `{"0":{"id":"x"},"2":{"id":"y"}}`, `[{"id":"x"},{"id":"y"}]`},
		{"mediaItems", `null`, `null`},
		{"mediaItems", `""`, `! its mediaItems is text, not a list`},
		{"mediaItems", `{"original":{"id":"x"}}`, `! its mediaItems is an object, not a list`},
		{"property_Season", `"Spring"`, `["Spring"]`},
		{"property_Season", `["Spring","Fall"]`, `["Spring","Fall"]`},
		{"property_Season", `null`, `null`},
		{"unknown", `{"kept":[1,"2",null]}`, `{"kept":[1,"2",null]}`},
		{"activeOriginalFocusPoint", `{"x":1,"y":2.5}`, `{"x":1,"y":2.5}`},
	} {
		t.Run(tt.field+" "+tt.sent, func(t *testing.T) {
			a, err := bynder.ParseAsset(json.RawMessage(`{"id":"a","` + tt.field + `":` + tt.sent + `}`))
			if wrong, fails := strings.CutPrefix(tt.want, "! "); fails {
				if !bynder.IsMalformedElement(err) || !strings.Contains(err.Error(), wrong) || !strings.Contains(err.Error(), `the asset "a"`) {
					t.Errorf("%s is read as %v, want an error that says %q", tt.sent, err, wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			encoded, err := a.JSON(nil, true)
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]json.RawMessage
			if err := json.Unmarshal(encoded, &got); err != nil {
				t.Fatal(err)
			}
			var gotValue, wantValue any
			_ = json.Unmarshal(got[tt.field], &gotValue)
			_ = json.Unmarshal([]byte(tt.want), &wantValue)
			if !reflect.DeepEqual(gotValue, wantValue) || tt.field == "fileSize" && string(got[tt.field]) != tt.want {
				t.Errorf("%s becomes %s, want %s", tt.sent, got[tt.field], tt.want)
			}
		})
	}
}

// itemsOf collects an asset's items, and the errors in their place.
func itemsOf(a *bynder.Asset) (items []bynder.MediaItem, errs []error) {
	for item, err := range a.Items() {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		items = append(items, item)
	}
	return items, errs
}

// The documented media item, and those that real payloads show.
func TestMediaItems(t *testing.T) {
	c := portal(t, func(w http.ResponseWriter, r *http.Request) {
		if r.RequestURI != "/api/v4/media/a/?versions=1" {
			t.Errorf("asked for %s", r.RequestURI)
		}
		_, _ = io.WriteString(w, `{"id":"a","name":"Deck","archive":0,"limited":"1","thumbnails":{"mini":"https://h/m","odd":null},
		"activeVersion":"3","mediaItems":[
		 {"height":220,"version":1,"fileName":"Twitter-1364b483.jpg","dateCreated":"2017-03-22T13:40:36Z","size":21348,"width":440,
		  "id":"1364B483-A8C2-41FA-8FEBB8A797696990","thumbnails":{"mini":"https://h/1","thul":"https://h/2"},"active":1,"type":"web"},
		 {"id":"B","fileName":null,"name":"deck.pdf","width":null,"height":null,"size":"77"},
		 {"id":"C","active":"0","type":"original","thumbnails":[]},
		 "rubbish", null, {"type":"web"}, {"id":"."}, {"id":"D","size":{}}, {"id":" "}]}`)
	})
	a, err := c.Asset(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if a.Version != 3 || !a.Limited || a.Archived || !reflect.DeepEqual(a.Derivatives, map[string]string{"mini": "https://h/m"}) {
		t.Errorf("asset %+v", a)
	}
	items, errs := itemsOf(a)
	if len(items) != 3 {
		t.Fatalf("%d items, want 3", len(items))
	}
	wrong := []string{"media item 4: it is text, not an object", "media item 5: it is null, not an object", "media item 6: the id is empty", `media item 7: invalid id "."`,
		`media item 8 "D": its size is an object`, `media item 9: invalid id " "`}
	if len(errs) != len(wrong) {
		t.Fatalf("errors %q, want %q", errs, wrong)
	}
	for i, err := range errs {
		if !bynder.IsMalformedElement(err) || !strings.Contains(err.Error(), wrong[i]) {
			t.Errorf("error %v, want %q", err, wrong[i])
		}
	}
	first := items[0]
	if first.ID != "1364B483-A8C2-41FA-8FEBB8A797696990" || first.Type != "web" || first.Version != 1 || !first.HasVersion ||
		!first.Active || first.Size != 21348 || first.Width != 440 || first.Height != 220 ||
		first.FileName != "Twitter-1364b483.jpg" || first.Created.Format("2006-01-02T15:04:05Z") != "2017-03-22T13:40:36Z" || len(first.Derivatives) != 2 {
		t.Errorf("the documented item is read as %+v", first)
	}
	if twin := items[1]; twin.FileName != "deck.pdf" || twin.Width != -1 || twin.Height != -1 || twin.Size != 77 || !twin.Active || twin.HasVersion || twin.Type != "" {
		t.Errorf("the item of nulls is read as %+v", twin)
	}
	if inactive := items[2]; inactive.Active || inactive.Size != -1 || len(inactive.Derivatives) != 0 {
		t.Errorf("the inactive item is read as %+v", inactive)
	}
	encoded, err := items[1].JSON("a", true)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"fileName":null,"height":null,"id":"B","itemId":"B","mediaId":"a","name":"deck.pdf","size":77,"width":null}`; string(encoded) != want {
		t.Errorf("the item as JSON is %s, want %s", encoded, want)
	}
}

func TestParseAssetRefuses(t *testing.T) {
	for _, raw := range []string{``, `null`, `7`, `"a"`, `[]`, `{}`, `{"id":null}`, `{"id":""}`, `{"id":{}}`, `{"id":"a"`, `{"id":".."}`, `{"id":" "}`, `{"id":"a\u0000"}`,
		`{"id":"a","x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, `{"id":"a"` + strings.Repeat(`,"x":0`, 10_000) + `}`,
		`{"id":"a","mediaItems":[{}` + strings.Repeat(`,{}`, 1_000_000) + `]}`, `{"id":"a","thumbnails":{"a":""` + strings.Repeat(`,"a":""`, 10_000) + `}}`,
		`{"id":"` + strings.Repeat("x", 1000) + `"}`, `{"id":"` + strings.Repeat("x", 1000) + `","width":"` + strings.Repeat("y", 1000) + `"}`,
		`{"id":"a","property_` + strings.Repeat("x", 1000) + `":{"a":1}}`, `{"id":"a","thumbnails":{"` + strings.Repeat("\\u0000", 1000) + `":1}}`,
		`{"id":"a","tags":[0` + strings.Repeat(`,0`, 10_000) + `]}`,
		`{"id":"a","name":{"en":"x"}}`, `{"id":"a","type":["image"]}`, `{"id":"a","thumbnails":"none"}`, `{"id":"a","mediaItems":7}`} {
		a, err := bynder.ParseAsset(json.RawMessage(raw))
		if err != nil && len(err.Error()) > 500 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
		if err == nil {
			t.Errorf("ParseAsset(%.100s) = %v, want an error", raw, a.ID)
		}
	}
}

// A part of an asset lacks what it does not have, and a whole one nothing.
func TestAssetLacks(t *testing.T) {
	const whole = `"name":"n","type":"image","dateCreated":"2024-01-01T00:00:00Z","dateModified":"2024-01-01T00:00:00Z"`
	for _, tt := range []struct {
		raw   string
		names []string
		want  bool
	}{
		{`{"id":"a",` + whole + `}`, []string{"tags", "property_x", "name"}, false},
		{`{"id":"a","name":"n","thumbnails":{}}`, []string{"name"}, false},
		{`{"id":"a","name":"n","thumbnails":{}}`, []string{"name", "dateCreated"}, true},
		{`{"id":"a","name":"n","tags":[]}`, []string{"tags"}, false},
		{`{"id":"a","name":"n"}`, nil, false},
		{`{"id":"a","property_x":[null],` + whole + `}`, []string{"property_x"}, true},
		{`{"id":"a","property_x":null,"brandId":null,` + whole + `}`, []string{"property_x", "brandId"}, false},
		{`{"id":"a","tags":["t"],"type":"image","name":null}`, []string{"name"}, true},
	} {
		a, err := bynder.ParseAsset(json.RawMessage(tt.raw))
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Lacks(tt.names...); got != tt.want {
			t.Errorf("%s lacks one of %v: %t, want %t", tt.raw, tt.names, got, tt.want)
		}
	}
}

func FuzzParseAsset(f *testing.F) {
	f.Add([]byte(`{"id":"a","archive":"1","width":"7","tags":"x","property_A":["b"],"thumbnails":[],"mediaItems":[{"id":1},null]}`))
	f.Add([]byte(`{"id":1e9,"mediaItems":{"a":1},"thumbnails":{"mini":7},"dateModified":"March, 01 2017 10:49:12 +0000"}`))
	f.Add([]byte(`{"id":"a","mediaItems":{"0":{"id":"x"},"3":{"id":".."},"4":null},"property_A":{"1":"b"},"thumbnails":{"m":{}}}`))
	f.Add([]byte(`{"id":"a","tags":[[[[]]]],"width":false,"active":"no","mediaItems":[{"id":"x","size":"1e3","thumbnails":""}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := bynder.ParseAsset(raw)
		if err != nil {
			return
		}
		encoded, err := a.JSON(nil, true)
		if err != nil {
			t.Fatalf("an asset that was read cannot be written: %v", err)
		}
		again, err := bynder.ParseAsset(encoded)
		if err != nil {
			t.Fatalf("%s cannot be read again: %v", encoded, err)
		}
		second, _ := again.JSON(nil, true)
		if string(second) != string(encoded) {
			t.Errorf("reading it again changes %s to %s", encoded, second)
		}
		items, _ := itemsOf(a)
		for i := range items {
			line, err := items[i].JSON(a.ID, true)
			if err != nil || strings.ContainsRune(string(line), '\n') || bynder.CheckID(items[i].ID) != nil {
				t.Errorf("item %d as JSON: %q, %v", i, line, err)
			}
		}
	})
}

// Reading the items of an asset keeps one of them at a time: what is held is the answer.
func TestItemsAreReadOneAtATime(t *testing.T) {
	const n = 200_000
	raw := []byte(`{"id":"a","mediaItems":[{"id":"x"}` + strings.Repeat(`,{"id":"x"}`, n-1) + `]}`)
	a, err := bynder.ParseAsset(raw)
	if err != nil {
		t.Fatal(err)
	}
	held := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, most, i := held(), int64(0), 0
	for _, err := range a.Items() {
		if err != nil {
			t.Fatal(err)
		}
		if i++; i%(n/8) == 0 {
			most = max(most, held()-before)
		}
	}
	if i != n || most > int64(len(raw)) {
		t.Errorf("%d items take %d bytes more than the %d of the answer", i, most, len(raw))
	}
	runtime.KeepAlive(a)
}

func TestVersionAndExtension(t *testing.T) {
	for _, c := range []struct {
		raw, ext string
		version  int64
	}{
		{`{"id":"a"}`, "", 0},
		{`{"id":"a","activeVersion":3,"version":2,"extension":["jpg","png"]}`, "jpg", 3},
		{`{"id":"a","version":"2","extension":"PDF"}`, "PDF", 2},
		{`{"id":"a","activeVersion":null,"version":2,"extension":["", " .tar.gz "]}`, "tar.gz", 2},
		{`{"id":"a","activeVersion":0,"version":5,"extension":[]}`, "", 5},
	} {
		a, err := bynder.ParseAsset([]byte(c.raw))
		if err != nil {
			t.Fatal(err)
		}
		if a.Extension() != c.ext || a.Version != c.version {
			t.Errorf("%s has the extension %q and version %d", c.raw, a.Extension(), a.Version)
		}
	}
}

func TestSlim(t *testing.T) {
	a, err := bynder.ParseAsset([]byte(`{"id":"a","name":"A","type":"image","fileSize":7,"transformBaseUrl":"https://h/t",
		"tags":["x"],"archive":1,"thumbnails":{"mini":"https://h/1","thul":"https://h/2"},"property_x":"y"}`))
	if err != nil {
		t.Fatal(err)
	}
	slim := a.Slim("mini")
	if len(slim.Derivatives) != 1 || slim.Derivatives["mini"] != "https://h/1" || a.Slim("").Derivatives != nil {
		t.Errorf("the derivatives are %v and %v", slim.Derivatives, a.Slim("").Derivatives)
	}
	if slim.ID != "a" || slim.Name != "A" || slim.Type != "image" || slim.Size != 7 || slim.TransformBase != "https://h/t" || !slim.Archived {
		t.Errorf("the rest is %+v", slim)
	}
	if slim.Property("x") != nil || slim.Tags != nil {
		t.Errorf("metadata are kept: %+v", slim)
	}
	if len(a.Derivatives) != 2 || a.Property("x") == nil {
		t.Errorf("the asset itself has become %+v", a)
	}
}

func TestMalformedID(t *testing.T) {
	for raw, want := range map[string]string{
		`{"id":"a","fileSize":{}}`:       "a",
		`{"id":"../a","fileSize":{}}`:    "",
		`{"fileSize":{}}`:                "",
		`{"id":["a"],"fileSize":{}}`:     "",
		`{"id":["a"]}`:                   "",
		`[]`:                             "",
		`{"id":"a\u0000","fileSize":{}}`: "",
	} {
		_, err := bynder.ParseAsset([]byte(raw))
		if !bynder.IsMalformedElement(err) || bynder.MalformedID(err) != want {
			t.Errorf("%s: %v is about %q, want %q", raw, err, bynder.MalformedID(err), want)
		}
	}
	if id := bynder.MalformedID(io.EOF); id != "" {
		t.Errorf("io.EOF is about %q", id)
	}
}
