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
	const want = `{"description":"see https://h/x?Signature=1","id":"A","name":"Why? Signature=1","original":"https://s3/o.jpg",` +
		`"other":{"deep":[{"link":"http://h/x"}]},` +
		`"thumbnails":{"mini":"https://h/m.png?v=3","plain":"//h/p.jpg","web":"HTTPS://h/w a.jpg"},` +
		`"videoPreviewURLs":["https://h/Web/f.mp4","https://h/Mobile/f.mp4"]}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	all, err := a.JSON(nil, true)
	if err != nil || !strings.Contains(string(all), "X-Amz-Signature=abc") || !strings.Contains(string(all), "Key-Pair-Id=K") {
		t.Errorf("with URLs: %s, %v", all, err)
	}
	again, err := bynder.ParseAsset(got)
	if err != nil || len(again.Derivatives) != 5 {
		t.Errorf("read again: %v, %v", again.Derivatives, err)
	}
	item := `{"id":"A","mediaItems":[{"id":"I","thumbnails":{"web":"https://h/w?Signature=s"}}]}`
	if a, err = bynder.ParseAsset([]byte(item)); err != nil {
		t.Fatal(err)
	}
	for item := range a.Items() {
		if got, err := item.JSON("A", false); err != nil || string(got) != `{"id":"I","itemId":"I","mediaId":"A","thumbnails":{"web":"https://h/w"}}` {
			t.Errorf("item: %s, %v", got, err)
		}
	}
}

func TestFieldsOfAnAsset(t *testing.T) {
	a, err := bynder.ParseAsset([]byte(`{"id":"A","name":"n","fileSize":"12","archive":1,"tags":["b","a"],"property_X":"one","property_Y":["1","2"],"property_Y":["3","4"],` +
		`"activeOriginalFocusPoint":{"x":1.50,"y":2},"width":null,"extension":[],"thumbnails":{"web":"https://h/w?Signature=s"}}`))
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"name", "id", "fileSize", "archive", "tags", "property_X", "property_Y", "property_Z", "activeOriginalFocusPoint", "width", "extension", "thumbnails"}
	want := []string{"n", "A", "12", "true", "b,a", "one", "3,4", "", `{"x":1.50,"y":2}`, "", "", `{"web":"https://h/w"}`}
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
