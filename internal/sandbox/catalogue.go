package sandbox

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// catalogue is what the portal has at one moment. Each call sees one catalogue, even if the file
// changes meanwhile.
type catalogue interface {
	// len is the number of assets that lists show.
	len() int
	// at returns the asset at an index from 0 up to len, in the order of the dates of creation.
	at(index int) asset
	// find returns the asset of an id.
	find(id string) (asset, bool)
	// collections returns all collections.
	collections() []collection
	// inOrder reports whether the order of at is that of a key of orderBy, too.
	inOrder(key string) bool
}

// catalogue returns what the portal has now. It fails if that is in a file that cannot be read.
func (s *Sandbox) catalogue() (catalogue, error) {
	if s.file == nil {
		return s.generated, nil
	}
	return s.file.current()
}

func findCollection(all catalogue, id string) (collection, bool) {
	for _, c := range all.collections() {
		if c.id == id {
			return c, true
		}
	}
	return collection{}, false
}

// generated is the catalogue without a file: the fixed assets, and count generated ones. They
// were created and modified in the same order, the last few at edited.
type generated struct {
	count  int
	edited time.Time
}

// newGenerated returns a catalogue whose last assets were modified on the day before now.
func newGenerated(count int, now time.Time) generated {
	const day = 24 * time.Hour
	return generated{max(count, 0), now.UTC().Truncate(day).Add(-day / 2)}
}

// editedAssets is the number of assets that were modified lately.
const editedAssets = 3

// generatedAt returns generated asset n, from 0 up to count.
func (g generated) generatedAt(n int) asset {
	a := generatedAsset(n, len(fixedAssets())+n)
	if n >= g.count-editedAssets && g.edited.After(a.modified()) {
		a.edited = g.edited
	}
	return a
}

func (g generated) len() int { return len(fixedAssets()) + g.count }

func (g generated) at(index int) asset {
	fixed := fixedAssets()
	if index < len(fixed) {
		return fixed[index]
	}
	return g.generatedAt(index - len(fixed))
}

func (g generated) find(id string) (asset, bool) {
	fixed := fixedAssets()
	if i := slices.IndexFunc(fixed, func(a asset) bool { return a.id == id }); i >= 0 {
		return fixed[i], true
	}
	n, ok := idNumber(assetSalt, id)
	if !ok || n >= uint64(g.count) {
		return asset{}, false
	}
	return g.generatedAt(int(n)), true
}

func (g generated) inOrder(key string) bool { return key != "name" }

func (g generated) collections() []collection {
	all := make([]collection, collectionCount)
	for n := range all {
		all[n] = g.collection(n)
	}
	return all
}

// fileCatalogue is what one reading of a catalogue file has.
type fileCatalogue struct {
	listed  []asset          // by date of creation and id, their index that in here
	byID    map[string]asset // those that no list shows among them, with the index -1
	grouped []collection     // by name
}

// newFileCatalogue makes a catalogue of assets with different ids.
func newFileCatalogue(assets []fileAsset) *fileCatalogue {
	slices.SortFunc(assets, func(a, b fileAsset) int {
		return cmp.Or(a.created.Compare(b.created), strings.Compare(a.id, b.id))
	})
	c := &fileCatalogue{byID: make(map[string]asset, len(assets))}
	byName := map[string]*collection{}
	for _, a := range assets {
		a.index = -1
		if !a.trash && a.rights != rightsNone && a.lists != inNoList {
			a.index = len(c.listed)
			c.listed = append(c.listed, a.asset)
		}
		if !a.trash {
			c.byID[a.id] = a.asset
		}
		for _, name := range a.collections {
			group := byName[name]
			if group == nil {
				group = &collection{
					id: numberedID(itemSalt, seedOf("collection", name)), name: name, created: generatedEpoch, chosen: []int{},
				}
				byName[name] = group
			}
			switch {
			case a.trash:
				group.deleted = append(group.deleted, a.id)
			case a.index >= 0 && !group.has(a.index): // a name may be there twice
				group.chosen = append(group.chosen, a.index)
				group.count++
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		c.grouped = append(c.grouped, *byName[name])
	}
	return c
}

func (c *fileCatalogue) len() int { return len(c.listed) }

func (c *fileCatalogue) at(index int) asset { return c.listed[index] }

func (c *fileCatalogue) find(id string) (asset, bool) {
	a, ok := c.byID[id]
	return a, ok
}

func (c *fileCatalogue) inOrder(key string) bool { return key != "name" && key != "dateModified" }

func (c *fileCatalogue) collections() []collection { return c.grouped }
