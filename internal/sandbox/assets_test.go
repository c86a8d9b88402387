package sandbox

import (
	"regexp"
	"slices"
	"testing"
	"time"
)

func TestIDsHoldTheirNumber(t *testing.T) {
	form := regexp.MustCompile(`^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{16}$`)
	for _, n := range []uint64{0, 1, 2, 299, 999_999, 1 << 40, 1<<64 - 1} {
		id := numberedID(assetSalt, n)
		got, ok := idNumber(assetSalt, id)
		if !ok || got != n || !form.MatchString(id) {
			t.Errorf("%d: %s is %d, %v", n, id, got, ok)
		}
		if _, ok := idNumber(itemSalt, id); ok {
			t.Errorf("%s is an asset's and an item's id", id)
		}
	}
	for _, id := range []string{
		"", "x", DocumentedAsset, UUIDAsset, "../../../../../../../../../../../..", numberedID(assetSalt, 1)[:34] + "0",
	} {
		if n, ok := idNumber(assetSalt, id); ok {
			t.Errorf("%q is number %d", id, n)
		}
	}
}

func TestMix64IsABijection(t *testing.T) {
	for n := range uint64(1000) {
		if x := mix64(n); unmix64(mix64(x)) != x || unmix64(x) != n {
			t.Fatalf("%d does not come back", n)
		}
	}
}

func TestCatalogueFindsWhatItHolds(t *testing.T) {
	c := newGenerated(500, time.Now())
	seen := map[string]bool{}
	var before time.Time
	kinds := map[string]int{}
	for i := range c.len() {
		a := c.at(i)
		found, ok := c.find(a.id)
		if !ok || found.index != i || found.name != a.name {
			t.Fatalf("%s at %d is found at %d, %v", a.id, i, found.index, ok)
		}
		if a.created.Before(before) {
			t.Errorf("%d is older than the one before", i)
		}
		before = a.created
		kinds[a.kind]++
		for _, it := range append(a.allItems(), item{id: a.id}) {
			if seen[it.id] {
				t.Errorf("id %s is there twice", it.id)
			}
			seen[it.id] = true
		}
	}
	for _, kind := range []string{"image", "document", "audio", "video", "3d"} {
		if kinds[kind] < 5 {
			t.Errorf("%d of type %s", kinds[kind], kind)
		}
	}
	if _, ok := c.find(numberedID(assetSalt, 500)); ok {
		t.Error("found an asset beyond the last")
	}
}

// README and help name a tag, a season, a collection and this week: each has assets.
func TestCatalogueHasWhatHelpNames(t *testing.T) {
	now := time.Now()
	c := newGenerated(300, now)
	spring, ok := findCollection(c, CollectionSpring)
	if !ok || spring.name != "Spring campaign" {
		t.Fatalf("collection %+v, %v", spring, ok)
	}
	logos, members, edited := 0, 0, 0
	for i := range c.len() {
		a := c.at(i)
		if slices.Contains(a.tags, "logo") && a.kind == "image" {
			logos++
		}
		if spring.has(i) {
			members++
			if season := a.properties["Season"]; len(season) != 1 || season[0] != "Spring" {
				t.Errorf("%s of the collection has the seasons %q", a.name, season)
			}
		}
		if a.modified().After(now.Add(-7 * 24 * time.Hour)) {
			edited++
		}
		if a.modified().After(now) {
			t.Errorf("%s was modified at %s, which is to come", a.name, a.modified())
		}
	}
	if logos < 5 || members != spring.count || members < 5 || edited != editedAssets {
		t.Errorf("%d logos, %d assets of %d in the collection, %d modified this week", logos, members, spring.count, edited)
	}
}

func TestGeneratedSizes(t *testing.T) {
	var total int64
	near, parts, versions, additional := 0, 0, 0, 0
	const n = 2000
	for i := range n {
		a := generatedAsset(i, i)
		total += a.size
		if a.size >= 50<<10 && a.size <= 150<<10 {
			near++
		}
		it, ok := a.original(0)
		if !ok || it.size != a.size || it.version != a.versions {
			t.Fatalf("%d: active original %+v", i, it)
		}
		if it.partSize > 0 {
			parts++
		}
		if a.versions > 1 {
			versions++
		}
		if _, ok := a.additional(); ok {
			additional++
		}
	}
	if near < n*8/10 || total/n > 400<<10 {
		t.Errorf("%d of %d near 100 KiB, mean %d", near, n, total/n)
	}
	if parts < n/100 || versions < n/10 || additional < n/20 {
		t.Errorf("%d came in parts, %d have versions, %d an additional file", parts, versions, additional)
	}
}

func TestSelectors(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		media, selector, name string
		size                  int64
	}{
		{DocumentedAsset, "original", "Twitter.jpg", 183_204},
		{DocumentedAsset, "version/1", "Twitter.jpg", 150_001},
		{DocumentedAsset, "version/3", "Twitter.jpg", 183_204},
		{DocumentedAsset, "additional", "Twitter-licence.pdf", 12_345},
		{DocumentedAsset, "item/" + DocumentedItem, "Twitter-1364b483-a8c2-41fa-8feb-b8a797696990.jpg", 21_348},
		{DocumentedAsset, "derivative/mini", "mini-Twitter.png", -1},
		{
			DocumentedAsset, "item/" + DocumentedItem + "/derivative/webshop",
			"webshop-Twitter-1364b483-a8c2-41fa-8feb-b8a797696990.jpg", -1,
		},
		{EmptyAsset, "original", "empty.txt", 0},
		{LargeAsset, "original", "full-film.mov", LargeSize},
		{DocumentedAsset, "version/4", "", 0},
		{DocumentedAsset, "version/0", "", 0},
		{DocumentedAsset, "derivative/none", "", 0},
		{DocumentedAsset, "item/none", "", 0},
		{DocumentedAsset, "", "", 0},
		{NoOriginalAsset, "original", "", 0},
		{DeletedAsset, "original", "", 0},
	} {
		o, ok := s.Object(test.media, test.selector)
		if ok != (test.name != "") || o.Name != test.name || test.size >= 0 && o.Size != test.size {
			t.Errorf("%s of %s: %v %+v", test.selector, test.media, ok, o)
		}
	}
}
