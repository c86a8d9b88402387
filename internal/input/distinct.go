package input

import (
	"hash/maphash"

	"github.com/bynder-cli/bynder/internal/fingerprint"
)

// Distinct remembers texts by 64 bits each. Two different texts of one fingerprint, of
// which the second would be passed over, are expected once in some ten million runs over
// a million.
type Distinct struct {
	seed maphash.Seed
	seen fingerprint.Table[struct{}]
}

// NewDistinct returns a Distinct that has seen nothing.
func NewDistinct() *Distinct { return &Distinct{seed: maphash.MakeSeed()} }

// First reports whether text was not seen before.
func (d *Distinct) First(text string) bool {
	return d.seen.Put(maphash.String(d.seed, text), struct{}{})
}
