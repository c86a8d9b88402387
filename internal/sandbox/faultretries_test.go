package sandbox

import (
	"strings"
	"testing"
)

// retryFaultTests are those of faults of answers that another try, or another link, would change.
var retryFaultTests = map[string]faultTest{
	"storage-202": {Fault{Value: 3, Times: 1}, storageStatus(202, "NotReady", "3")},
	"storage-410": {Fault{Times: 1}, storageStatus(410, "Gone", "")},
	"storage-52x": {Fault{Value: 522, Times: 2}, func(t *testing.T, c client, o Object) {
		for range 2 {
			a := c.original(DocumentedAsset)
			check(t, "status", a.StatusCode, 522)
			check(t, "type", a.Header.Get("Content-Type"), "text/html")
			check(t, "ETag", a.Header.Get("ETag"), "")
		}
		wantWhole(t, c.original(DocumentedAsset), o)
	}},
	"stale-links": {Fault{Value: 410}, func(t *testing.T, c client, o Object) {
		old := c.location(DocumentedAsset)
		check(t, "the first", c.do("GET", old).StatusCode, 410)
		wantWhole(t, c.original(DocumentedAsset), o)
		check(t, "the first again", c.do("GET", old).StatusCode, 410)
		var listed []struct {
			Thumbnails map[string]string `json:"thumbnails"`
		}
		links := map[string]bool{}
		for i := range 2 {
			c.json("/api/v4/media/?ids="+DocumentedAsset, &listed)
			link := listed[0].Thumbnails["webimage"]
			if !strings.HasPrefix(link, "http://") || links[link] {
				t.Fatalf("the link %q", link)
			}
			links[link] = true
			check(t, "a link", c.do("GET", link).StatusCode, []int{410, 200}[i])
		}
	}},
	"headers": {Fault{Value: 10_000, Times: 1}, func(t *testing.T, c client, o Object) {
		a := c.original(DocumentedAsset)
		if n := len(a.Header); n < 1000 {
			t.Errorf("%d fields", n)
		}
		wantWhole(t, a, o)
	}},
	"hints": {Fault{Value: 3}, func(t *testing.T, c client, o Object) { wantWhole(t, c.original(DocumentedAsset), o) }},
	"api-headers": {Fault{Value: 10_000, Times: 1}, func(t *testing.T, c client, _ Object) {
		a := c.api(userPath)
		check(t, "status", a.StatusCode, 200)
		if n := len(a.Header); n < 1000 {
			t.Errorf("%d fields", n)
		}
	}},
	"api-202": {Fault{Value: 3, Times: 1}, apiStatus(202, "3")},
	"api-52x": {Fault{Times: 1}, apiStatus(520, "")},
}
