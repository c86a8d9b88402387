package bynder_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

func TestAssetIsWrittenWithoutTemporaryURLs(t *testing.T) {
	const signed = "?X-Amz-Date=20260101T000000Z&X-Amz-Signature=abc"
	a, err := bynder.ParseAsset([]byte(`{"id":"A","name":"Why? Signature=1","original":"https://s3/o.jpg` + signed + `",` +
		`"thumbnails":{"mini":"https://h/m.png?v=3","web":"HTTPS://h/w a.jpg?Expires=1&Signature=s&Key-Pair-Id=K","plain":"//h/p.jpg\u003Fsig=x"},` +
		`"videoPreviewURLs":["https://h/Web/f.mp4?hdnts=exp%3D1","https://h/Mobile/f.mp4"],"other":{"deep":[{"link":"http://h/x?%73ignature=1"}]},` +
		`"description":"see https://h/x?Signature=1"}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := a.JSON(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"description":"see https://h/x?Signature=1","id":"A","name":"Why? Signature=1","original":null,` +
		`"other":{"deep":[{"link":null}]},` +
		`"thumbnails":{"mini":"https://h/m.png?v=3","plain":null,"web":null},` +
		`"videoPreviewURLs":[null,"https://h/Mobile/f.mp4"]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	all, err := a.JSON(nil, true)
	if err != nil || !strings.Contains(string(all), "X-Amz-Signature=abc") || !strings.Contains(string(all), "Key-Pair-Id=K") {
		t.Errorf("with URLs: %s, %v", all, err)
	}
	again, err := bynder.ParseAsset(got)
	if err != nil || len(again.Derivatives) != 2 {
		t.Errorf("read again: %v, %v", again.Derivatives, err)
	}
	item := `{"id":"A","mediaItems":[{"id":"I","thumbnails":{"web":"https://h/w?Signature=s"}}]}`
	if a, err = bynder.ParseAsset([]byte(item)); err != nil {
		t.Fatal(err)
	}
	for item := range a.Items() {
		if got, err := item.JSON("A", false); err != nil || string(got) != `{"id":"I","itemId":"I","mediaId":"A","thumbnails":{"web":null}}` {
			t.Errorf("item: %s, %v", got, err)
		}
	}
}

func TestFieldsOfAnAsset(t *testing.T) {
	a, err := bynder.ParseAsset([]byte(`{"id":"A","name":"n","fileSize":"12","archive":1,"limited":0,"tags":["b","a"],"property_X":"one","property_Y":["1","2"],"property_Y":["3","4"],` +
		`"activeOriginalFocusPoint":{"x":1.50,"y":2},"width":null,"extension":[],"thumbnails":{"web":"https://h/w?Signature=s"}}`))
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"name", "id", "fileSize", "archive", "limited", "tags", "property_X", "property_Y", "property_Z", "activeOriginalFocusPoint", "width", "extension", "thumbnails"}
	want := []string{"n", "A", "12", "true", "false", "b,a", "one", "3,4", "", `{"x":1.50,"y":2}`, "", "", `{"web":null}`}
	if got := a.Texts(names, false); !slices.Equal(got, want) {
		t.Errorf("texts %q, want %q", got, want)
	}
	if got, err := a.JSON([]string{"name", "id", "property_Z", "archive"}, false); err != nil || string(got) != `{"archive":true,"id":"A","name":"n"}` {
		t.Errorf("JSON %s, %v", got, err)
	}
}

func TestAssetField(t *testing.T) {
	for name, want := range map[string]string{
		"id": "id", "FILESIZE": "fileSize", "property_Season": "property_Season", "property_": "", "": "", "size": "", "mediaItems": "", "videoPreviewURLs": "videoPreviewURLs",
	} {
		if got, ok := bynder.AssetField(name); ok != (want != "") || ok && got != want {
			t.Errorf("AssetField(%q) = %q, %v; want %q", name, got, ok, want)
		}
	}
	if all := bynder.AssetFields(); !slices.Contains(all, "property_NAME") || len(all) < 30 {
		t.Errorf("fields %q", all)
	}
}

// A URL keeps its query only if all of it is known to be harmless.
func TestTemporaryURLs(t *testing.T) {
	const uuid = "0b5e4f6a-27c1-4a11-9d0e-6f2b8a1c9d3e"
	for _, link := range []string{
		"https://h/a.jpg", "http://h/a.jpg?", "//h/a.jpg?v=3", "https://h/a.jpg?v=1612345678&width=100&h=80.5", "https://h/a.jpg?V=3f9ac1",
		"https://h/a?io=transform:fill,width:800,height:600&format=webp&quality=85", "https://h/a?io=transform%3Afill%2Cwidth%3A8&focuspoint=0.5,0.25",
		"https://h/a?w&h=", "https://h/a#top", "https://h/@a/b.jpg", "HTTPS://h/a b.jpg", "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
		"Why? Signature=1", "see https://h/x?Signature=1", "a/b?sig=x", "mailto:a@h?subject=x", "", "http", "https:", "/x?sig", "/x y?sig=1", "/a@b?v=3", "http: a/b?", "#x=y",
	} {
		if bynder.IsTemporary(link) {
			t.Errorf("%q is withheld", link)
		}
	}
	for _, key := range []string{
		"X-Amz-Signature", "x-goog-signature", "Signature", "sig", "access_token", "jwt", "__gda__", "Key", "sv", "st", "e", "t", "hash", "tok",
		"token", "hdnts", "Policy", "Expires", "se", "id", "", "%73ig", "%zz", "w[]", "width ",
	} {
		for _, link := range []string{"https://h/a?" + key + "=1", "https://h/a?v=3&" + key + "=1", "//h/a?w=1;" + key + "=1", "HTTP://h?" + key + "=1", "\ufeff https:\\\\h\\a?" + key + "=1"} {
			if !bynder.IsTemporary(link) {
				t.Errorf("%q is written", link)
			}
		}
	}
	for _, link := range []string{
		"https://h/a?SECRET", "https://h/a?v=3&SECRET", "https://user@h/a.jpg", "https://user:pw@h", "https://user:pw@h?v=1", "https://h/a#access_token=1", "https://h/a#x?SECRET",
		"https://h/a?v=" + uuid, "https://h/a?width=0123456789", "https://h/a?quality=eyJhbGciOiJIUzI1NiJ9.e30.x", "https://h/a?io=" + strings.Repeat("a", 40),
		"https://h/a?v=1?sig=x", "https://h/a??sig=x", "https://h/a?v=%zz", "https://h/a?v=1%26sig=2", "https://h/a?format=jpg%0a", "https://h/a?io=transform:" + uuid,
		"https://h/a?v=1 https://h/b?sig=x", "/a@b?sig=x", "/a#token=x",
	} {
		if !bynder.IsTemporary(link) {
			t.Errorf("%q is written", link)
		}
	}
}

// A saved asset says of which files it does not know where they are, or whether there are better ones.
func TestAssetLacksFile(t *testing.T) {
	const whole = `"id":"a","name":"n","type":"image","dateCreated":"2024-01-01T00:00:00Z","dateModified":"2024-01-01T00:00:00Z",`
	derivative := func(name string) bynder.Selector { return bynder.Selector{Kind: bynder.Derivative, Name: name} }
	transform := bynder.Selector{Kind: bynder.Transform, Name: "fill,width:8"}
	const previews = `"thumbnails":{"mini":"https://h/m"},"videoPreviewURLs":["https://h/Web/f.mp4"]`
	for _, tt := range []struct {
		raw  string
		s    bynder.Selector
		want bool
	}{
		{whole + `"thumbnails":{"mini":"https://h/m","web":"https://h/w"}`, derivative("web"), false},
		{whole + `"thumbnails":{"mini":"https://h/m","web":null}`, derivative("web"), true},
		{whole + `"thumbnails":{"mini":"https://h/m","web":null}`, derivative("web,mini"), true},
		{whole + `"thumbnails":{"mini":"https://h/m","web":null}`, derivative("x,web,mini"), true},
		{whole + `"thumbnails":{"mini":"https://h/m","web":null}`, derivative("x,mini,web"), false},
		{whole + `"thumbnails":{"mini":"https://h/m","web":null}`, derivative("web,original"), true},
		{whole + `"thumbnails":{"mini":"https://h/m","web":null}`, bynder.Selector{}, false},
		{whole + `"thumbnails":{"mini":false}`, derivative("mini"), false},
		{whole + `"thumbnails":{}`, derivative("mini,original"), false},
		{whole + previews, derivative("Web"), false},
		{whole + previews, derivative("x,Web,mini"), false},
		{whole + `"thumbnails":{"mini":"https://h/m"},"videoPreviewURLs":[null]`, derivative("Web,mini"), true},
		{whole + `"thumbnails":{"mini":"https://h/m"},"videoPreviewURLs":[null]`, derivative("mini,Web"), false},
		{whole + `"thumbnails":{},"videoPreviewURLs":["https://h/Web/f.mp4",null]`, derivative("Web"), true},
		{`"id":"a",` + previews, derivative("Web,mini"), false},
		{`"id":"a","name":"n","thumbnails":{"mini":"https://h/m"}`, derivative("mini"), false},
		{`"id":"a","name":"n","thumbnails":{"mini":"https://h/m"}`, derivative("Web,mini"), true},
		{`"id":"a","name":"n"`, derivative("mini"), true},
		{whole + `"transformBaseUrl":"https://h/t"`, transform, false},
		{whole + `"transformBaseUrl":null`, transform, true},
		{whole + `"thumbnails":{}`, transform, false},
		{`"id":"a","name":"n"`, transform, true},
	} {
		a, err := bynder.ParseAsset([]byte("{" + tt.raw + "}"))
		if err != nil {
			t.Fatal(err)
		}
		if got := a.LacksFile(tt.s); got != tt.want {
			t.Errorf("{%s} lacks %s: %t, want %t", tt.raw, tt.s, got, tt.want)
		}
	}
}

func TestWholeAssets(t *testing.T) {
	const whole = `{"id":"A","name":"n","type":"image","dateCreated":"2026-01-01T00:00:00Z","dateModified":"2026-01-01T00:00:00Z","idHash":"h",` +
		`"archive":0,"limited":0,"isPublic":1,"watermarked":0,"property_B":"x","property_A":"y","property_A":"z"}`
	a, err := bynder.ParseAsset([]byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	if got := a.PropertyFields(); !a.IsWhole() || !slices.Equal(got, []string{"property_A", "property_B"}) {
		t.Errorf("whole: %v, properties %q", a.IsWhole(), got)
	}
	some, err := a.JSON([]string{"id", "name", "type", "dateCreated", "dateModified", "archive"}, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, raw := range []string{string(some), `{"id":"A"}`} {
		if a, err := bynder.ParseAsset([]byte(raw)); err != nil || a.IsWhole() {
			t.Errorf("%s is whole, %v", raw, err)
		}
	}
}
