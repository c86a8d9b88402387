package sandbox

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

type listed struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Type         string `json:"type"`
	DateModified string `json:"dateModified"`
}

func ids(list []listed) []string {
	all := []string{}
	for _, a := range list {
		all = append(all, a.ID)
	}
	return all
}

func TestListShapes(t *testing.T) {
	c := start(t, Options{})
	total := c.generated.len()
	var bare []listed
	c.json("/api/v4/media/", &bare)
	check(t, "default page", len(bare), 50)
	check(t, "first", bare[0].ID, DocumentedAsset)
	c.json("/api/v4/media/?count=false&limit=3", &bare)
	check(t, "count=false", len(bare), 3)
	var counted struct {
		Count struct{ Total int }
		Media []listed
	}
	c.json("/api/v4/media/?count=1&limit=2", &counted)
	check(t, "count", counted.Count.Total, total)
	check(t, "its page", len(counted.Media), 2)
	var totalled struct {
		Total struct{ Count int }
		Media []listed
	}
	c.json("/api/v4/media/?total=1&limit=2&type=image", &totalled)
	if totalled.Total.Count < 100 || totalled.Total.Count >= total {
		t.Errorf("total of images: %d of %d", totalled.Total.Count, total)
	}
	c.json("/api/v4/media/?keyword=no+such+thing", &bare)
	check(t, "nothing", len(bare), 0)
}

func TestPages(t *testing.T) {
	for _, cursor := range []bool{true, false} {
		c := start(t, Options{Assets: 230, NoCursor: !cursor})
		for _, filter := range []string{"", "&type=image", "&orderBy=dateModified%20desc", "&orderBy=name%20asc"} {
			var all []string
			path := "/api/v4/media/?limit=50" + filter
			for page := 1; ; page++ {
				var got []listed
				next := c.json(path, &got).Header.Get("X-Bynder-NextCursor")
				all = append(all, ids(got)...)
				if !cursor && next != "" {
					t.Fatal("a cursor all the same")
				}
				if len(got) < 50 || cursor && next == "" {
					break
				}
				path = fmt.Sprintf("/api/v4/media/?limit=50%s&page=%d", filter, page+1)
				if cursor {
					path = "/api/v4/media/?limit=50" + filter + "&cursor=" + url.QueryEscape(next)
				}
			}
			var counted struct{ Count struct{ Total int } }
			c.json("/api/v4/media/?count=1"+filter, &counted)
			check(t, filter, len(all), counted.Count.Total)
			slices.Sort(all)
			check(t, filter+" distinct", len(slices.Compact(all)), counted.Count.Total)
		}
		check(t, "cursor of the catalogue's last page", c.api("/api/v4/media/?limit=1000").Header.Get("X-Bynder-NextCursor"), "")
	}
}

func TestLimitIsCapped(t *testing.T) {
	c := start(t, Options{Assets: 1500})
	var got []listed
	c.json("/api/v4/media/?limit=5000", &got)
	check(t, "page", len(got), 1000)
	check(t, "limit=0", c.api("/api/v4/media/?limit=0").StatusCode, 400)
	check(t, "page=0", c.api("/api/v4/media/?page=0").StatusCode, 400)
}

func TestFilters(t *testing.T) {
	c := start(t, Options{})
	type fits func(*asset) bool
	for query, fits := range map[string]fits{
		"type=audio,3d":             func(a *asset) bool { return a.kind == "audio" || a.kind == "3d" },
		"tags=generated,london":     func(a *asset) bool { return slices.Contains(a.tags, "london") },
		"brandId=" + brands[1].id:   func(a *asset) bool { return a.brand == 1 },
		"subBrandId=x":              func(*asset) bool { return false },
		"orientation=portrait":      func(a *asset) bool { return a.height > a.width },
		"limited=1":                 func(a *asset) bool { return a.limited },
		"archive=0":                 func(a *asset) bool { return !a.archived },
		"isPublic=1&type=image":     func(a *asset) bool { return a.public && a.kind == "image" },
		"keyword=BOSTON":            func(a *asset) bool { return strings.Contains(a.name, "Boston") },
		"property_region=apac":      func(a *asset) bool { return a.region == "apac" },
		"property_nothing=x":        func(*asset) bool { return false },
		"dateCreatedTo=2017-12-31":  func(a *asset) bool { return a.created.Year() == 2017 },
		"dateModified=2018-01-01":   func(a *asset) bool { return a.modified().Year() >= 2018 },
		"dateModifiedOn=2018-01-01": func(a *asset) bool { return a.modified().Format("2006-01-02") == "2018-01-01" },
		"dateCreated=2017-06-01&dateCreatedTo=2017-12-01T00:00:00Z": func(a *asset) bool {
			return a.created.Year() == 2017 && a.created.Month() >= 6 && a.created.Month() <= 11
		},
		"collectionId=" + CollectionSocial:          func(a *asset) bool { return a.index < 10 },
		"collectionId=none":                         func(*asset) bool { return false },
		"ids=" + DocumentedAsset + "," + LargeAsset: func(a *asset) bool { return a.id == DocumentedAsset || a.id == LargeAsset },
		"id=" + UUIDAsset:                           func(a *asset) bool { return a.id == UUIDAsset },
		"ids=" + DeletedAsset:                       func(*asset) bool { return false },
		"property_photographer=A._de_Vries":         func(a *asset) bool { return slices.Contains(a.photographers, "A. de Vries") },
	} {
		var got []listed
		c.json("/api/v4/media/?limit=1000&"+query, &got)
		var want []string
		for i := range c.generated.len() {
			if a := c.generated.at(i); fits(&a) {
				want = append(want, a.id)
			}
		}
		if !slices.Equal(ids(got), want) && len(got)+len(want) > 0 {
			t.Errorf("%s: got %d, want %d", query, len(got), len(want))
		}
	}
}

func TestOrders(t *testing.T) {
	c := start(t, Options{})
	for order, less := range map[string]func(a, b listed) int{
		"dateModified asc":  func(a, b listed) int { return strings.Compare(a.DateModified, b.DateModified) },
		"dateModified desc": func(a, b listed) int { return strings.Compare(b.DateModified, a.DateModified) },
		"name asc":          func(a, b listed) int { return strings.Compare(a.Name, b.Name) },
		"name desc":         func(a, b listed) int { return strings.Compare(b.Name, a.Name) },
	} {
		var got []listed
		c.json("/api/v4/media/?limit=1000&orderBy="+url.PathEscape(order), &got)
		if len(got) != c.generated.len() || !slices.IsSortedFunc(got, less) {
			t.Errorf("%s: %d assets, not in order", order, len(got))
		}
	}
}

// The default limit holds for ids too: 190 of them need a limit.
func TestIDsArePaged(t *testing.T) {
	c := start(t, Options{})
	var want []string
	for i := range 190 {
		a := c.generated.at(i + 20)
		want = append(want, a.id)
	}
	var got []listed
	path := "/api/v4/media/?ids=" + strings.Join(want, ",")
	c.json(path, &got)
	check(t, "default", len(got), 50)
	c.json(path+"&limit=1000", &got)
	if !slices.Equal(ids(got), want) {
		t.Errorf("%d of %d", len(got), len(want))
	}
}

func TestCollections(t *testing.T) {
	c := start(t, Options{})
	type described struct {
		ID, Name, DateCreated string
		CollectionCount       int
	}
	var page []described
	c.json("/api/v4/collections/", &page)
	check(t, "default page", len(page), 50)
	check(t, "date", page[0].DateCreated, "March, 01 2017 10:49:12 +0000")
	c.json("/api/v4/collections/?page=2", &page)
	check(t, "second page", len(page), 10)
	c.json("/api/v4/collections/?keyword=SAME", &page)
	check(t, "by keyword", len(page), 2)
	c.json("/api/v4/collections/?ids="+CollectionEmpty+","+CollectionSocial, &page)
	check(t, "by ids", len(page), 2)

	var one described
	c.json("/api/v4/collections/"+CollectionWithDeleted+"/", &one)
	check(t, "its count", one.CollectionCount, 13)
	var members []string
	c.json("/api/v4/collections/"+CollectionWithDeleted+"/media/", &members)
	check(t, "members", len(members), 13)
	check(t, "with the deleted", slices.Contains(members, DeletedAsset), true)
	check(t, "a deleted one", c.api("/api/v4/media/"+DeletedAsset+"/").StatusCode, 404)
	var living []listed
	c.json("/api/v4/media/?collectionId="+CollectionWithDeleted, &living)
	check(t, "living", len(living), 10)

	c.json("/api/v4/collections/"+CollectionEmpty+"/media/", &members)
	check(t, "of the empty one", len(members), 0)
	c.json("/api/v4/collections/"+CollectionEverything+"/media/", &members)
	check(t, "everything", len(members), c.generated.len())
}

func TestLastOfAMillionAssets(t *testing.T) {
	c := start(t, Options{Assets: 1_000_000})
	var last []listed
	c.json("/api/v4/media/?limit=1000&orderBy=dateModified%20desc", &last)
	check(t, "page", len(last), 1000)
	var a listed
	c.json("/api/v4/media/"+last[0].ID+"/", &a)
	check(t, "the last one", a, last[0])
	check(t, "its bytes", c.original(last[0].ID).ContentLength, c.object(last[0].ID, "original").Size)
}
