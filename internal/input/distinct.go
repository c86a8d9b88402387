package input

import (
	"hash/maphash"

	"github.com/bynder-cli/bynder/internal/fingerprint"
)

// Distinct is a set of texts that stores 64 bits of each. Two different texts with the same
// fingerprint, of which the second is taken for a duplicate, are expected once in about ten
// million runs over a million texts.
type Distinct struct {
	seed maphash.Seed
	seen fingerprint.Table[struct{}]
}

// NewDistinct returns an empty Distinct.
func NewDistinct() *Distinct { return &Distinct{seed: maphash.MakeSeed()} }

// First adds text, and reports whether it was not in the set before.
func (d *Distinct) First(text string) bool {
	return d.seen.Put(maphash.String(d.seed, text), struct{}{})
}
