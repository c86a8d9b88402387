package sandbox

import (
	"encoding/json"
	"strings"
	"testing"
)

// listFaultTests shows of each fault of lists and shapes that it does what it says.
var listFaultTests = map[string]faultTest{
	"no-derivative": {Fault{Text: "mini"}, func(t *testing.T, c client, _ Object) {
		var got []map[string]any
		c.json("/api/v4/media/?limit=1", &got)
		thumbnails := got[0]["thumbnails"].(map[string]any)
		check(t, "mini", thumbnails["mini"], nil)
		check(t, "others", len(thumbnails), 4)
		mustSet(t, c, Fault{Name: "no-derivative", Text: "WebPrimary"})
		var video map[string]any
		c.json("/api/v4/media/"+VideoAsset+"/", &video)
		check(t, "previews", len(video["videoPreviewURLs"].([]any)), 1)
	}},
	"page-cap": {Fault{Value: 5}, func(t *testing.T, c client, _ Object) {
		for endpoint, first := range map[string]string{
			"media": DocumentedAsset, "collections": CollectionSocial, "tags": numberedID(itemSalt, seedOf("tag", "fixed")),
		} {
			var page, next []listed
			c.json("/api/v4/"+endpoint+"/?limit=20", &page)
			check(t, endpoint, len(page), 5)
			check(t, endpoint+" begins", page[0].ID, first)
			c.json("/api/v4/"+endpoint+"/?limit=10", &page)
			c.json("/api/v4/"+endpoint+"/?limit=10&page=2", &next)
			check(t, endpoint+" counts by five", ids(next)[0] != ids(page)[4] && len(next) == 5, true)
			mustSet(t, c, Fault{Name: "page-cap", Value: 5, Text: "asked"})
			c.json("/api/v4/"+endpoint+"/?limit=1000&page=2", &next)
			check(t, endpoint+" counts by the limit", len(next), 0)
			mustSet(t, c, Fault{Name: "page-cap", Value: 5})
		}
	}},
	"short-page": {Fault{}, func(t *testing.T, c client, _ Object) {
		for _, endpoint := range []string{"media", "collections"} {
			for page, want := range map[string]int{"": 10, "&page=2": 7, "&page=3": 10} {
				var got []listed
				c.json("/api/v4/"+endpoint+"/?limit=10"+page, &got)
				check(t, endpoint+page, len(got), want)
			}
		}
	}},
	"cursor-echo": {Fault{}, func(t *testing.T, c client, _ Object) {
		var got []listed
		total, path := 0, "/api/v4/media/?limit=100"
		for sent := ""; ; path = "/api/v4/media/?limit=100&cursor=" + sent {
			next := c.json(path, &got).Header.Get("X-Bynder-NextCursor")
			if total += len(got); next == sent {
				break
			}
			sent = next
		}
		check(t, "the last page", len(got), 0)
		check(t, "in all", total, c.generated.len())
	}},
	"list-shape": {Fault{}, func(t *testing.T, c client, _ Object) {
		for text, begins := range map[string]string{
			"array": `[{`, "total-number": `{"total":312,"media":[{`, "total-text": `{"total":{"count":"312"},"media":[{`,
			"total-last": `{"media":[{`, "limited": `{"count":312,"limited":0,"media":[{`,
			"numbered-media": `{"total":312,"media":{"0":{`, "numbered": `{"1":{`,
		} {
			mustSet(t, c, Fault{Name: "list-shape", Text: text})
			a := c.api("/api/v4/media/?total=1&limit=3")
			if !strings.HasPrefix(string(a.body), begins) || !json.Valid(a.body) {
				t.Errorf("%s: %.200s", text, a.body)
			}
		}
	}},
	"wrong-shape": {Fault{Asset: DocumentedAsset}, func(t *testing.T, c client, _ Object) {
		right := string(c.api("/api/v4/media/" + DocumentedAsset + "/?versions=1").body)
		shapes := map[string]bool{}
		for _, text := range wrongShapes {
			mustSet(t, c, Fault{Name: "wrong-shape", Text: text, Asset: DocumentedAsset})
			body := c.api("/api/v4/media/" + DocumentedAsset + "/?versions=1").body
			if !json.Valid(body) || string(body) == right || shapes[string(body)] {
				t.Errorf("%s: %.200s", text, body)
			}
			shapes[string(body)] = true
		}
	}},
	"no-transform": {Fault{Asset: DocumentedAsset}, func(t *testing.T, c client, _ Object) {
		var got []map[string]any
		c.json("/api/v4/media/?limit=3", &got)
		check(t, "its transformBaseUrl", got[0]["transformBaseUrl"], nil)
		check(t, "another's", got[2]["transformBaseUrl"] != nil, true)
	}},
	"transform-refused": {Fault{Value: 422, Times: 1}, func(t *testing.T, c client, _ Object) {
		wanted := c.StorageURL() + "/transform/" + DocumentedAsset + "/Twitter?io=transform:fill,width:8"
		check(t, "status", c.do("GET", wanted).StatusCode, 422)
		check(t, "status", c.do("GET", wanted).StatusCode, 200)
	}},
	"endless": {Fault{}, func(t *testing.T, c client, _ Object) {
		for _, text := range []string{"empty", "malformed"} {
			mustSet(t, c, Fault{Name: "endless", Text: text})
			seen, cursor := map[string]bool{}, ""
			for range 10 {
				var got []listed
				cursor = c.json("/api/v4/media/?cursor="+cursor, &got).Header.Get("X-Bynder-NextCursor")
				if cursor == "" || seen[cursor] || len(got) > 1 {
					t.Errorf("%s: cursor %q, %d assets", text, cursor, len(got))
				}
				seen[cursor] = true
			}
		}
	}},
	"many-items": {Fault{Value: 2500}, func(t *testing.T, c client, _ Object) {
		for text, id := range map[string]string{"ids": "9C3", "empty": ""} {
			mustSet(t, c, Fault{Name: "many-items", Value: 2500, Text: text})
			var a struct{ MediaItems []listed }
			c.json("/api/v4/media/"+DocumentedAsset+"/?versions=1", &a)
			check(t, text, len(a.MediaItems), 2500)
			check(t, text+": the last", a.MediaItems[2499].ID, id)
		}
	}},
}
