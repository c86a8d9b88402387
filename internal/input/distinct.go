package input

import (
	"hash/maphash"
	"math/bits"
)

// Distinct remembers texts by 64 bits each. Two different texts of one fingerprint, of
// which the second would be passed over, are expected once in some ten million runs over
// a million.
//
// It takes 9 to 10 bytes a text, never much more while it grows, where a map of the
// language takes two to four times that.
type Distinct struct {
	seed   maphash.Seed
	shards [256]prints // by the fingerprint's first byte; each grows by itself
}

// prints is a hash table with open addressing; a slot of 0 is free.
type prints struct {
	slots []uint64
	used  int
}

// NewDistinct returns a Distinct that has seen nothing.
func NewDistinct() *Distinct { return &Distinct{seed: maphash.MakeSeed()} }

// First reports whether text was not seen before.
func (f *Distinct) First(text string) bool {
	print := max(maphash.String(f.seed, text), 1)
	s := &f.shards[print>>56]
	if 8*s.used >= 7*len(s.slots) {
		s.grow()
	}
	slot := s.find(print)
	if *slot == print {
		return false
	}
	*slot = print
	s.used++
	return true
}

// find returns the slot of a fingerprint, or the free one where it belongs.
func (s *prints) find(print uint64) *uint64 {
	at, _ := bits.Mul64(print<<8, uint64(len(s.slots)))
	for s.slots[at] != print && s.slots[at] != 0 {
		if at++; at == uint64(len(s.slots)) {
			at = 0
		}
	}
	return &s.slots[at]
}

// grow makes room for an eighth more.
func (s *prints) grow() {
	old := s.slots
	s.slots = make([]uint64, max(16, len(old)+len(old)/8))
	for _, print := range old {
		if print != 0 {
			*s.find(print) = print
		}
	}
}
