package sandbox

import "slices"

// catalogue is what the portal has at one moment: one call sees one catalogue, whatever
// happens meanwhile.
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

// catalogue is what the portal has now.
func (s *Sandbox) catalogue() catalogue { return s.generated }

func findCollection(all catalogue, id string) (collection, bool) {
	for _, c := range all.collections() {
		if c.id == id {
			return c, true
		}
	}
	return collection{}, false
}

// generated is the catalogue without a file: the fixed assets, and so many generated ones. They
// were created and modified in the same order.
type generated int

func (g generated) len() int { return len(fixedAssets()) + int(g) }

func (g generated) at(index int) asset {
	fixed := fixedAssets()
	if index < len(fixed) {
		return fixed[index]
	}
	return generatedAsset(index-len(fixed), index)
}

func (g generated) find(id string) (asset, bool) {
	fixed := fixedAssets()
	if i := slices.IndexFunc(fixed, func(a asset) bool { return a.id == id }); i >= 0 {
		return fixed[i], true
	}
	n, ok := idNumber(assetSalt, id)
	if !ok || n >= uint64(g) {
		return asset{}, false
	}
	return generatedAsset(int(n), len(fixed)+int(n)), true
}

func (g generated) inOrder(key string) bool { return key != "name" }

func (g generated) collections() []collection {
	all := make([]collection, collectionCount)
	for n := range all {
		all[n] = g.collection(n)
	}
	return all
}
