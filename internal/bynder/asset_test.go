package bynder_test

import (
	"encoding/json"
	"io"
	"net/http"
	"reflect"
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
		{"archive", `"maybe"`, `null`},
		{"archive", `[1]`, `null`},
		{"width", `640`, `640`},
		{"width", `"640"`, `640`},
		{"width", `" 640 "`, `640`},
		{"width", `640.5`, `640.5`},
		{"width", `1e3`, `1e3`},
		{"width", `""`, `null`},
		{"width", `"wide"`, `null`},
		{"width", `"0x10"`, `null`},
		{"width", `"NaN"`, `null`},
		{"width", `null`, `null`},
		{"width", `{}`, `null`},
		{"fileSize", `9007199254740993`, `9007199254740993`},
		{"name", `"a"`, `"a"`},
		{"name", `7`, `"7"`},
		{"name", `"<b>&"`, `"<b>&"`},
		{"name", `null`, `null`},
		{"tags", `["a","b"]`, `["a","b"]`},
		{"tags", `"a"`, `["a"]`},
		{"tags", `""`, `[]`},
		{"tags", `[]`, `[]`},
		{"tags", `["a",null,{"x":1},7]`, `["a","7"]`},
		{"tags", `null`, `null`},
		{"tags", `{"a":1}`, `null`},
		{"property_Season", `"Spring"`, `["Spring"]`},
		{"property_Season", `["Spring","Fall"]`, `["Spring","Fall"]`},
		{"property_Season", `null`, `null`},
		{"unknown", `{"kept":[1,"2",null]}`, `{"kept":[1,"2",null]}`},
		{"activeOriginalFocusPoint", `{"x":1,"y":2.5}`, `{"x":1,"y":2.5}`},
	} {
		t.Run(tt.field+" "+tt.sent, func(t *testing.T) {
			a, err := bynder.ParseAsset(json.RawMessage(`{"id":"a","` + tt.field + `":` + tt.sent + `}`))
			if err != nil {
				t.Fatal(err)
			}
			encoded, err := json.Marshal(a)
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
		 "rubbish", null]}`)
	})
	a, err := c.Asset(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if a.Version != 3 || !a.Limited || a.Archived || !reflect.DeepEqual(a.Thumbnails, map[string]string{"mini": "https://h/m"}) {
		t.Errorf("asset %+v", a)
	}
	if len(a.Items) != 3 {
		t.Fatalf("%d items, want 3", len(a.Items))
	}
	first := a.Items[0]
	if first.ID != "1364B483-A8C2-41FA-8FEBB8A797696990" || first.Type != "web" || first.Version != 1 || !first.HasVersion ||
		!first.Active || first.Size != 21348 || first.Width != 440 || first.Height != 220 ||
		first.FileName != "Twitter-1364b483.jpg" || first.Created.Format("2006-01-02T15:04:05Z") != "2017-03-22T13:40:36Z" || len(first.Thumbnails) != 2 {
		t.Errorf("the documented item is read as %+v", first)
	}
	if twin := a.Items[1]; twin.FileName != "deck.pdf" || twin.Width != -1 || twin.Height != -1 || twin.Size != 77 || !twin.Active || twin.HasVersion || twin.Type != "" {
		t.Errorf("the item of nulls is read as %+v", twin)
	}
	if inactive := a.Items[2]; inactive.Active || inactive.Size != -1 || len(inactive.Thumbnails) != 0 {
		t.Errorf("the inactive item is read as %+v", inactive)
	}
	encoded, err := a.Items[1].JSON("a")
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"fileName":null,"height":null,"id":"B","itemId":"B","mediaId":"a","name":"deck.pdf","size":77,"width":null}`; string(encoded) != want {
		t.Errorf("the item as JSON is %s, want %s", encoded, want)
	}
}

func TestParseAssetRefuses(t *testing.T) {
	for _, raw := range []string{``, `null`, `7`, `"a"`, `[]`, `{}`, `{"id":null}`, `{"id":""}`, `{"id":{}}`, `{"id":"a"`,
		`{"id":"a","name":{"en":"x"}}`, `{"id":"a","type":["image"]}`, `{"id":"a","thumbnails":"none"}`, `{"id":"a","mediaItems":7}`} {
		if a, err := bynder.ParseAsset(json.RawMessage(raw)); err == nil {
			t.Errorf("ParseAsset(%s) = %+v, want an error", raw, a)
		}
	}
}

func FuzzParseAsset(f *testing.F) {
	f.Add([]byte(`{"id":"a","archive":"1","width":"7","tags":"x","property_A":["b"],"thumbnails":[],"mediaItems":[{"id":1},null]}`))
	f.Add([]byte(`{"id":1e9,"mediaItems":{"a":1},"thumbnails":{"mini":7},"dateModified":"March, 01 2017 10:49:12 +0000"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := bynder.ParseAsset(raw)
		if err != nil {
			return
		}
		encoded, err := json.Marshal(a)
		if err != nil {
			t.Fatalf("an asset that was read cannot be written: %v", err)
		}
		again, err := bynder.ParseAsset(encoded)
		if err != nil {
			t.Fatalf("%s cannot be read again: %v", encoded, err)
		}
		second, _ := json.Marshal(again)
		if string(second) != string(encoded) {
			t.Errorf("reading it again changes %s to %s", encoded, second)
		}
		for i := range a.Items {
			line, err := a.Items[i].JSON(a.ID)
			if err != nil || strings.ContainsRune(string(line), '\n') {
				t.Errorf("item %d as JSON: %q, %v", i, line, err)
			}
		}
	})
}
