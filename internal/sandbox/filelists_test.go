package sandbox

import (
	"fmt"
	"strings"
	"testing"
)

// A page that leaves an asset out still counts it, and the asset is there for those who ask for it.
func TestAssetThatAPageLeavesOut(t *testing.T) {
	c := startFile(t, `{"id":"a","tags":["x"],"lists":"by-id"}`, `{"id":"z"}`)
	var page struct {
		Total struct{ Count int }
		Media []listed
	}
	c.json("/api/v4/media/?total=1", &page)
	check(t, "total", page.Total.Count, 2)
	check(t, "page", strings.Join(ids(page.Media), " "), "z")
	check(t, "by its id", c.list("ids=a"), "a")
	check(t, "by its id, with a filter", c.list("ids=a&tags=x"), "a")
	check(t, "by its id, with another filter", c.list("ids=a&tags=y"), "")
	check(t, "itself", c.api("/api/v4/media/a/").StatusCode, 200)
}

// An answer may have fewer elements than it counts, whatever it was asked for.
func TestAssetsThatListsCountAndLeaveOut(t *testing.T) {
	c := startFile(t, `{"id":"a","tags":["x"],"lists":"unfiltered"}`, `{"id":"b","tags":["x"],"lists":"counted"}`, `{"id":"z","tags":["x"]}`)
	for _, tt := range []struct {
		query, want string
		count       int
	}{
		{"ids=a", "a", 1},
		{"ids=a&tags=x", "", 1},
		{"ids=a&tags=y", "", 0},
		{"ids=b", "", 1},
		{"ids=b&tags=x", "", 1},
		{"ids=a,b,z", "a z", 3},
		{"tags=x", "z", 3},
	} {
		var page struct {
			Total struct{ Count int }
			Media []listed
		}
		c.json("/api/v4/media/?total=1&"+tt.query, &page)
		check(t, "total of "+tt.query, page.Total.Count, tt.count)
		check(t, "page of "+tt.query, sortedWords(strings.Join(ids(page.Media), " ")), tt.want)
	}
	check(t, "a itself", c.api("/api/v4/media/a/").StatusCode, 200)
	check(t, "b itself", c.api("/api/v4/media/b/").StatusCode, 200)
}

func TestPropertiesOfACatalogue(t *testing.T) {
	c := startFile(t, `{"id":"a","properties":{"region":["emea","apac"],"shootdate":["2026-01-31"]}}`, `{"id":"b","properties":{"region":["emea"]}}`)
	check(t, "several values", fmt.Sprint(c.look("a").fields["property_region"]), "[emea apac]")
	check(t, "one value", fmt.Sprint(c.look("b").fields["property_region"]), "emea")
	check(t, "a value", sortedWords(c.list("property_region=emea")), "a b")
	check(t, "another value", c.list("property_region=apac"), "a")
	check(t, "an option", c.list("propertyOptionId="+optionID("region", "apac")), "a")
	check(t, "a value that has no option", fmt.Sprint(len(c.look("a").fields["propertyOptions"].([]any))), "2")
}

// An element of a list may have no id.
func TestElementWithoutID(t *testing.T) {
	c := startFile(t, `{"id":"a","lacks":["id"]}`)
	var all []map[string]any
	c.json("/api/v4/media/", &all)
	_, has := all[0]["id"]
	check(t, "elements", len(all), 1)
	check(t, "has an id", has, false)
	check(t, "its name", fmt.Sprint(all[0]["name"]), "a")
}
