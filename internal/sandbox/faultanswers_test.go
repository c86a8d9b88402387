package sandbox

import (
	"bytes"
	"encoding/json"
	"image"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode"
)

// answerFaultTests are those of faults in which an answer says, or is, something else. They are
// faultTests, too.
var answerFaultTests = map[string]faultTest{
	"stub": {Fault{Value: 10}, func(t *testing.T, c client, o Object) {
		a := c.original(DocumentedAsset)
		o.Size = 10
		wantWhole(t, a, o)
		check(t, "ETag", a.Header.Get("ETag"), o.ETag())
	}},
	"page": {Fault{}, func(t *testing.T, c client, o Object) {
		kind, _ := faultKind("page")
		check(t, "pages", len(kind.Texts), len(storedPages))
		for _, text := range kind.Texts {
			mustSet(t, c, Fault{Name: "page", Text: text})
			a := c.original(DocumentedAsset)
			check(t, text, a.StatusCode, 200)
			check(t, text, string(a.body), storedPages[text].text)
			want := storedPages[text].mediaType
			if want == "" {
				want = "image/jpeg"
			}
			check(t, text, a.Header.Get("Content-Type"), want)
			check(t, text, a.Header.Get("Content-Disposition"), contentDisposition(o.Name))
		}
	}},
	"image": {Fault{}, func(t *testing.T, c client, o Object) {
		kind, _ := faultKind("image")
		check(t, "images", len(kind.Texts), len(storedImages))
		side := map[string]int{"jpeg": 320, "gif": 320, "bomb": 60_000, "gif-bomb": 65_535, "jpeg-bomb": 6000, "scans": 4000}
		for _, text := range kind.Texts {
			mustSet(t, c, Fault{Name: "image", Text: text})
			a := c.original(DocumentedAsset)
			wantWhole(t, a, storedImage(o, text))
			config, _, err := image.DecodeConfig(bytes.NewReader(a.body))
			if want := side[text]; err == nil != (want > 0 || text == "half" || text == "large") || want > 0 && config.Width != want {
				t.Errorf("%s: %d pixels wide, %v", text, config.Width, err)
			}
		}
	}},
	"clock": {Fault{Value: -7200}, func(t *testing.T, c client, o Object) {
		for _, seconds := range []int64{-7200, 7200} {
			mustSet(t, c, Fault{Name: "clock", Value: seconds})
			location := c.location(DocumentedAsset)
			a := c.do("GET", location)
			wantWhole(t, a, o)
			date, err := http.ParseTime(a.Header.Get("Date"))
			off := time.Until(date) - time.Duration(seconds)*time.Second
			if err != nil || off.Abs() > time.Hour {
				t.Errorf("with clock=%d the Date is %q (%v)", seconds, a.Header.Get("Date"), err)
			}
			mustSet(t, c) // the location is of another time
			check(t, "a location of its clock", c.do("GET", location).StatusCode, map[bool]int{true: 403, false: 200}[seconds < 0])
		}
	}},
	"said": {Fault{Value: 410}, func(t *testing.T, c client, o Object) {
		a := c.api("/api/v4/media/" + DocumentedAsset + "/download/")
		check(t, "status", a.StatusCode, 200)
		check(t, "body", strings.TrimSpace(string(a.body)), `{"message":"Original file not available","statuscode":"410"}`)
	}},
	"said-as": {Fault{}, func(t *testing.T, c client, o Object) {
		kind, _ := faultKind("said-as")
		check(t, "sayings", len(kind.Texts), len(sayings))
		for _, text := range kind.Texts {
			mustSet(t, c, Fault{Name: "said-as", Text: text})
			var answer map[string]any
			c.json("/api/v4/media/"+DocumentedAsset+"/download/", &answer)
			if location, _ := answer["s3_file"].(string); location != "" || len(answer) == 0 {
				t.Errorf("%s is %v", text, answer)
			}
		}
	}},
	"account-shape": {Fault{}, func(t *testing.T, c client, o Object) {
		for _, text := range accountShapes {
			mustSet(t, c, Fault{Name: "account-shape", Text: text})
			for _, path := range []string{"metaproperties", "brands", "tags"} {
				var answer any
				c.json("/api/v4/"+path+"/", &answer)
				entries, isObject := answer.(map[string]any)
				check(t, path+" as "+text, isObject && entries["1"] != nil, text == "numbered" || text == "texts" && path != "metaproperties")
			}
		}
		wantWhole(t, c.original(DocumentedAsset), o)
	}},
	"account-names": {Fault{}, func(t *testing.T, c client, o Object) {
		for text, names := range accountNames {
			mustSet(t, c, Fault{Name: "account-names", Text: text})
			for _, path := range []string{"metaproperties", "brands", "tags", "account/derivatives"} {
				for _, name := range names {
					quoted, _ := json.Marshal(name)
					var body json.RawMessage
					c.json("/api/v4/"+path+"/?limit=1000", &body)
					check(t, path+" has "+name, bytes.Contains(body, append([]byte(":"), quoted...)), true)
				}
			}
		}
		wantWhole(t, c.original(DocumentedAsset), o)
	}},
	"no-options": {Fault{}, func(t *testing.T, c client, o Object) {
		var properties map[string]map[string]any
		c.json("/api/v4/metaproperties/", &properties)
		_, has := properties["product"]["options"]
		check(t, "options in the list", has, false)
		var options, page []map[string]any
		path := "/api/v4/metaproperties/" + properties["product"]["id"].(string) + "/options/"
		c.json(path, &options)
		check(t, "options", len(options), 2)
		check(t, "below the first", len(options[0]["options"].([]any)), 2)
		c.json(path+"?limit=1&page=2", &page)
		check(t, "page 2", len(page) == 1 && page[0]["id"] == options[1]["id"], true)
		wantWhole(t, c.original(DocumentedAsset), o)
	}},
	"many-options": {Fault{Value: 7}, func(t *testing.T, c client, o Object) {
		var properties map[string]struct{ Options []any }
		c.json("/api/v4/metaproperties/", &properties)
		check(t, "options", len(properties["region"].Options), 10)
		check(t, "of a text", len(properties["campaigncode"].Options), 0)
		wantWhole(t, c.original(DocumentedAsset), o)
	}},
	"control": {Fault{}, func(t *testing.T, c client, o Object) {
		kind, _ := faultKind("control")
		for _, text := range kind.Texts {
			mustSet(t, c)
			location := c.location(DocumentedAsset)
			mustSet(t, c, Fault{Name: "control", Text: text})
			answer := httptest.NewRecorder()
			c.Storage().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, location, nil))
			controls := 0
			for _, values := range answer.Header() {
				if strings.ContainsFunc(values[0], unicode.IsControl) {
					controls++
				}
			}
			check(t, text, controls, 1)
			check(t, text, answer.Body.Len(), int(o.Size))
			// Neither does Go's server take them out, nor does its client take them.
			if a := c.do("GET", location); a.err == nil || !strings.Contains(a.err.Error(), "malformed MIME header") {
				t.Errorf("%s: error %v", text, a.err)
			}
		}
	}},
	"api-control": {Fault{}, func(t *testing.T, c client, o Object) {
		if a := c.api("/api/v4/media/" + DocumentedAsset + "/"); a.err == nil || !strings.Contains(a.err.Error(), "malformed MIME header") {
			t.Errorf("error %v", a.err)
		}
	}},
	"spelling": {Fault{}, func(t *testing.T, c client, o Object) {
		kind, _ := faultKind("spelling")
		check(t, "spellings", len(kind.Texts), len(spellings))
		for _, text := range kind.Texts {
			mustSet(t, c)
			right := c.location(DocumentedAsset)
			mustSet(t, c, Fault{Name: "spelling", Text: text})
			odd := c.location(DocumentedAsset)
			if want := spellings[text]; want.name == "" && len(odd) == len(right) && strings.HasPrefix(odd, right[:len(right)/2]) ||
				want.name != "" && !strings.Contains(odd, want.name) {
				t.Errorf("%s is %q", text, odd)
			}
			if want := spellings[text]; want.name != "" {
				// The right spelling of it is the file's.
				wantWhole(t, c.do("GET", strings.Replace(odd, want.name, url.PathEscape(want.name), 1)), o)
			}
			var described struct{ Thumbnails map[string]string }
			c.json("/api/v4/media/"+DocumentedAsset+"/", &described)
			if name := spellings[text].name; !strings.Contains(described.Thumbnails["mini"], name) {
				t.Errorf("%s: a thumbnail is %q", text, described.Thumbnails["mini"])
			}
		}
	}},
}
