package bynder_test

import (
	"maps"
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
