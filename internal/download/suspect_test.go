package download

import (
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/transfer"
)

func TestSuspicion(t *testing.T) {
	item := bynder.Selector{Kind: bynder.Item, ItemID: "i"}
	known := &bynder.Asset{Size: 1000}
	for _, tt := range []struct {
		why, name, mediaType string
		size                 int64
		job                  Job
		want                 string
	}{
		{"HTML as an image", "logo.jpg", "text/html; charset=utf-8", 9, Job{}, "HTML (text/html) as logo.jpg"},
		{"in capitals", "logo.jpg", " TEXT/HTML ", 9, Job{}, "HTML"},
		{"XHTML", "film.mov", "application/xhtml+xml", 9, Job{}, "HTML (application/xhtml+xml)"},
		{"JSON", "logo.jpg", "application/json", 9, Job{}, "JSON (application/json) as logo.jpg"},
		{"a problem", "logo.jpg", "application/problem+json", 9, Job{}, "JSON"},
		{"another +json", "logo.jpg", "application/vnd.api+json;v=1", 9, Job{}, "JSON"},
		{"XML", "logo.jpg", "text/xml", 9, Job{}, "XML (text/xml) as logo.jpg"},
		{"S3's XML", "logo.ai", "application/xml", 9, Job{}, "XML"},
		{"an SVG as an image", "logo.jpg", "image/svg+xml", 9, Job{}, "XML"},
		{"XML as a document", "a.docx", "application/xml", 9, Job{}, "XML"},
		{"HTML as JSON", "a.json", "text/html", 9, Job{}, "HTML"},
		{"JSON as HTML", "a.html", "application/json", 9, Job{}, "JSON"},
		{"an extension in capitals", "LOGO.JPG", "text/html", 9, Job{}, "HTML"},

		{"HTML", "a.HTM", "text/html", 9, Job{}, ""},
		{"SVG", "logo.svg", "image/svg+xml", 9, Job{}, ""},
		{"SVG as XML", "logo.svg", "text/xml; charset=utf-8", 9, Job{}, ""},
		{"glTF", "a.gltf", "model/gltf+json", 9, Job{}, ""},
		{"a feed", "a.rss", "application/rss+xml", 9, Job{}, ""},
		{"a map", "a.kml", "application/vnd.google-earth.kml+xml", 9, Job{}, ""},
		{"a document", "a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", 9, Job{}, ""},
		{"an image", "logo.jpg", "image/jpeg", 9, Job{}, ""},
		{"plain text", "logo.jpg", "text/plain", 9, Job{}, ""},
		{"no type", "logo.jpg", "", 9, Job{}, ""},
		{"no extension", "download", "text/html", 9, Job{}, ""},

		{"a fraction of the original", "a.jpg", "image/jpeg", 499, Job{Asset: known}, "499 bytes, and the portal reports 1000"},
		{"half of it", "a.jpg", "image/jpeg", 500, Job{Asset: known}, ""},
		{"nothing of it", "a.jpg", "image/jpeg", 0, Job{Asset: known}, "0 bytes"},
		{"more than it", "a.jpg", "image/jpeg", 5000, Job{Asset: known}, ""},
		{"not told yet", "a.jpg", "image/jpeg", -1, Job{Asset: known}, ""},
		{"a fraction of what the line told", "a.jpg", "image/jpeg", 9, Job{Size: 1000}, "9 bytes, and the portal reports 1000"},
		{"a fraction of the item", "a.jpg", "image/jpeg", 1999, Job{Asset: known, Size: 4000, Selector: item}, "1999 bytes, and the portal reports 4000"},
		{"an item whose size is unknown", "a.jpg", "image/jpeg", 9, Job{Asset: known, Selector: item}, ""},
		{"an item whose size the line told", "a.jpg", "image/jpeg", 9, Job{Size: 1000, Selector: item}, "9 bytes"},
		{"no size is known", "a.jpg", "image/jpeg", 9, Job{Asset: &bynder.Asset{Size: -1}}, ""},
		{"a page in place of an image", "a", "text/html", 9, Job{Selector: bynder.Selector{Kind: bynder.Transform}}, "in place of an image"},
		{"an error in place of an image", "a", "application/xml", 9, Job{Selector: bynder.Selector{Kind: bynder.Transform}}, "in place of an image"},
		{"an image", "a", "image/svg+xml", 9, Job{Selector: bynder.Selector{Kind: bynder.Transform}}, ""},
		{"an original in place of a derivative", "a.jpg", "image/jpeg", 9, Job{Asset: known, Chosen: "original", Selector: bynder.Selector{Kind: bynder.Derivative, Name: "x,original"}}, "has 9 bytes"},
		{"a derivative", "a.jpg", "image/jpeg", 9, Job{Asset: known, Size: 1000, Selector: bynder.Selector{Kind: bynder.Derivative, Name: "mini"}}, ""},
		{"another version", "a.jpg", "image/jpeg", 9, Job{Asset: known, Size: 1000, Selector: bynder.Selector{Kind: bynder.Version, Version: 1}}, ""},
		{"an additional file", "a.jpg", "image/jpeg", 9, Job{Asset: known, Size: 1000, Selector: bynder.Selector{Kind: bynder.Additional}}, ""},
	} {
		t.Run(tt.why, func(t *testing.T) {
			got := suspicion(tt.job, "template/name.html", transfer.Object{Name: tt.name, ContentType: tt.mediaType}, tt.size)
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got := suspicion(Job{Asset: known}, "a.svg", transfer.Object{Kept: "gzip", Size: 9}, 9); got != "" {
		t.Errorf("a packed file is suspect: %s", got)
	}
	if got := suspicion(Job{Asset: known}, "a.jpg", transfer.Object{Coding: "gzip", Size: -1, CodedSize: 9}, -1); got != "" {
		t.Errorf("coded bytes: %q", got)
	}
	if got := suspicion(Job{}, "a/logo.jpg", transfer.Object{ContentType: "text/html"}, 9); got != "storage sent HTML (text/html) as logo.jpg" {
		t.Errorf("no name of storage's own: %q", got)
	}
}
