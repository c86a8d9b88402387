package bynder_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

func TestParseDerivative(t *testing.T) {
	for text, want := range map[string]string{
		"webimage":                     "webimage",
		" webimage , mini,original":    "webimage,mini,original",
		"original":                     "original",
		"no/such":                      "no/such",
		"":                             "",
		"webimage,":                    "",
		"webimage,,mini":               "",
		"mini,webimage,mini":           "",
		"webimage,original,mini":       "",
		"original,original":            "",
		"print rgb,Ünïcödé,WebPrimary": "print rgb,Ünïcödé,WebPrimary",
	} {
		got, err := bynder.ParseDerivative(text)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("ParseDerivative(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestSelectorChooses(t *testing.T) {
	links := map[string]string{"mini": "https://h/m", "webimage": "https://h/w", "original": "https://h/o"}
	for name, want := range map[string]string{
		"mini": "mini", "print,webimage,mini": "webimage", "print,original": "original", "print": "", "print,thul": "", "original": "original",
	} {
		s := bynder.Selector{Kind: bynder.Derivative, Name: name}
		got, ok := s.Choose(links)
		if got != want || ok != (want != "") {
			t.Errorf("of %q it chooses %q, %v; want %q", name, got, ok, want)
		}
		if text := s.String(); text != "derivative/"+name {
			t.Errorf("it is spelled %q", text)
		}
	}
	if got, ok := (bynder.Selector{Kind: bynder.Derivative, Name: "print,original"}).Choose(nil); got != "original" || !ok {
		t.Errorf("without derivatives it chooses %q, %v", got, ok)
	}
}

// The previews of a video are derivatives, whose names stand in their URLs.
func TestDerivativesOfVideos(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`{"id":"A"}`, ""},
		{`{"id":"A","thumbnails":[],"videoPreviewURLs":null}`, ""},
		{`{"id":"A","thumbnails":{"mini":"https://h/m"},"videoPreviewURLs":[]}`, "mini"},
		{`{"id":"A","thumbnails":{"mini":"https://h/m"},"videoPreviewURLs":["https://h/asset/u/WebPrimary/WebPrimary-Film.web"]}`, "WebPrimary|mini"},
		{`{"id":"A","videoPreviewURLs":"https://h/WebPrimary/Film.web?Expires=1&Signature=a/b"}`, "WebPrimary"},
		{`{"id":"A","videoPreviewURLs":["//h/Web%20Primary/f.web","https://h/Mobile/f.mp4#t=1"]}`, "Mobile|Web Primary"},
		{`{"id":"A","videoPreviewURLs":["https://h/p/Web/f.webm","https://h/p/Web/f.mp4","https://h/p/Web/g.mp4"]}`, "Web|Web.mp4"},
		{`{"id":"A","thumbnails":{"mini":"https://h/m"},"videoPreviewURLs":["https://h/mini/f.mp4"]}`, "mini|mini.mp4"},
		{`{"id":"A","videoPreviewURLs":["https://h/film.mp4","/p/Web/f.mp4","https://h",""]}`, "Web|film"},
	} {
		a, err := bynder.ParseAsset([]byte(tt.text))
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if got := strings.Join(slices.Sorted(maps.Keys(a.Derivatives)), "|"); got != tt.want {
			t.Errorf("%s has the derivatives %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestParseTransform(t *testing.T) {
	for _, tt := range []struct {
		spec, format string
		quality      int
		want         string
	}{
		{"fill,width:800,height:600", "", 0, "fill,width:800,height:600"},
		{"fill,width:800,height:600", "jpg", 85, "fill,width:800,height:600&format=jpg&quality=85"},
		{"scale,width:0.5", "", 0, ""},
		{"crop,gravity:north-east,x:-5,background:ff00aa", "", 100, "crop,gravity:north-east,x:-5,background:ff00aa&quality=100"},
		{"fill", "webp", 0, "fill&format=webp"},
		{"", "", 0, ""},
		{"Fill,width:8", "", 0, ""},
		{"fill,width", "", 0, ""},
		{"fill,width:", "", 0, ""},
		{"fill,:8", "", 0, ""},
		{"fill,width:8,", "", 0, ""},
		{"fill,width:8,width:9", "", 0, ""},
		{"fill,width:-8", "", 0, ""},
		{"fill, width:8", "", 0, ""},
		{"fill,width:8\n", "", 0, ""},
		{"fill,width:8&io=x", "", 0, ""},
		{"fill,a:%2e", "", 0, ""},
		{"fill,a:b#c", "", 0, ""},
		{"fill,a:b/../c", "", 0, ""},
		{"fill,a:ü", "", 0, ""},
		{"f" + strings.Repeat("i", 512), "", 0, ""},
		{"fill,width:8", "j&g", 0, ""},
		{"fill,width:8", "", 101, ""},
		{"fill,width:8", "", -1, ""},
	} {
		got, err := bynder.ParseTransform(tt.spec, tt.format, tt.quality)
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("ParseTransform(%q, %q, %d) = %q, %v; want %q", tt.spec, tt.format, tt.quality, got, err, tt.want)
		}
	}
}

func TestTransformURL(t *testing.T) {
	for base, want := range map[string]string{
		"https://h/transform/u/A%20b": "https://h/transform/u/A%20b?io=transform:fill,width:8&format=jpg",
		"https://h/t?v=1#x":           "https://h/t?v=1&io=transform:fill,width:8&format=jpg",
		"https://h/transform/u/a?":    "https://h/transform/u/a?io=transform:fill,width:8&format=jpg",
	} {
		u, err := url.Parse(base)
		if err != nil {
			t.Fatal(err)
		}
		if got := bynder.TransformURL(u, "fill,width:8&format=jpg").String(); got != want {
			t.Errorf("%s: %s, want %s", base, got, want)
		}
		if u.String() != strings.TrimSpace(base) {
			t.Errorf("%s became %s", base, u)
		}
	}
}

func TestTransformLabel(t *testing.T) {
	for name, want := range map[string][2]string{
		"fill,width:800,height:600":                       {"fill-width800-height600", ""},
		"fill,width:800,height:600&format=jpg&quality=85": {"fill-width800-height600-quality85", "jpg"},
		"crop&quality=5":                                  {"crop-quality5", ""},
		"crop&format=webp":                                {"crop", "webp"},
	} {
		if got := [2]string{bynder.TransformLabel(name), bynder.TransformFormat(name)}; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestParseSelector(t *testing.T) {
	for _, s := range []bynder.Selector{
		{}, {Kind: bynder.Additional}, {Kind: bynder.Version, Version: 1}, {Kind: bynder.Version, Version: 12},
		{Kind: bynder.Item, ItemID: "1364B483-A8C2-41FA-8FEBB8A797696990"}, {Kind: bynder.Item, ItemID: "derivative"},
		{Kind: bynder.Derivative, Name: "webimage"}, {Kind: bynder.Derivative, Name: "print rgb,no/such,original"},
		{Kind: bynder.Derivative, ItemID: "I1", Name: "mini"}, {Kind: bynder.Derivative, ItemID: "I1", Name: "a/derivative/b"},
		{Kind: bynder.Transform, Name: "fill,width:800,height:600"}, {Kind: bynder.Transform, Name: "fill,width:800&format=webp"},
		{Kind: bynder.Transform, Name: "crop,width:8&format=jpg&quality=85"}, {Kind: bynder.Transform, Name: "fill,width:800&quality=1"},
	} {
		got, err := bynder.ParseSelector(s.String())
		if err != nil || got != s {
			t.Errorf("%q became %+v, %v", s, got, err)
		}
	}
	for _, text := range []string{
		"", "unknown", "Original", "original/", "original/x", "additional/x", "version", "version/", "version/0", "version/-1", "version/01", "version/x",
		"version/1/2", "item", "item/", "item/a/b", "item/../x", "item/I1/derivative/", "item//derivative/mini", "derivative", "derivative/",
		"derivative/a,,b", "derivative/ mini", "derivative/original,mini", "transform/", "transform/fill,width:0",
		"transform/fill,width:8&quality=0", "transform/fill,width:8&quality=101", "transform/fill,width:8&quality=085", "transform/fill,width:8&quality=x",
		"transform/fill,width:8&format=", "transform/fill,width:8&x=1", "transform/fill,width:8&quality=5&format=jpg", "transform/fill,width:8&format=JPG",
	} {
		if got, err := bynder.ParseSelector(text); err == nil || got != (bynder.Selector{}) {
			t.Errorf("%q became %+v, %v", text, got, err)
		}
	}
}

func FuzzParseSelector(f *testing.F) {
	f.Add("item/I1/derivative/mini,original")
	f.Add("transform/fill,width:8&format=jpg&quality=85")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := bynder.ParseSelector(text); err == nil && s.String() != text {
			t.Errorf("%q became %+v", text, s)
		}
	})
}
