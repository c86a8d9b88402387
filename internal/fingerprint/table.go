// Package fingerprint has a compact hash table for 64-bit fingerprints.
package fingerprint

import "math/bits"

// Table maps fingerprints, which must be distributed evenly over 64 bits, to values. The zero
// Table is empty. An entry takes 8 bytes and the size of its value, plus 15 to 29 percent: 9 to
// 10 bytes without a value, 18 to 21 with an int64. Table consists of 256 hash tables with open
// addressing, one per first byte of a fingerprint. Each grows independently, by an eighth when
// it is seven eighths full, so growing needs little extra memory: a Go map takes two to four
// times as much, and twice that until the garbage collector has run.
type Table[V any] struct {
	shards [256]shard[V]
	count  int
}

type shard[V any] struct {
	slots []slot[V]
	used  int
}

// slot is an entry; it is free if its fingerprint is 0.
type slot[V any] struct {
	value V // first, because an empty struct at the end would take memory
	print uint64
}

// Len returns the number of fingerprints.
func (t *Table[V]) Len() int { return t.count }

// Get returns the value that was last put for a fingerprint. 0 and 1 are the same fingerprint.
func (t *Table[V]) Get(print uint64) (value V, ok bool) {
	print = max(print, 1)
	s := &t.shards[print>>56]
	if len(s.slots) == 0 {
		return value, false
	}
	found := s.find(print)
	return found.value, found.print != 0
}

// Put sets the value of a fingerprint, and reports whether the fingerprint is new.
func (t *Table[V]) Put(print uint64, value V) (added bool) {
	print = max(print, 1)
	s := &t.shards[print>>56]
	if 8*s.used >= 7*len(s.slots) {
		s.grow()
	}
	found := s.find(print)
	if found.print == 0 {
		added = true
		s.used++
		t.count++
	}
	*found = slot[V]{value, print}
	return added
}

// find returns the slot of a fingerprint, or the free slot for it.
func (s *shard[V]) find(print uint64) *slot[V] {
	at, _ := bits.Mul64(print<<8, uint64(len(s.slots)))
	for {
		if p := s.slots[at].print; p == print || p == 0 {
			return &s.slots[at]
		}
		if at++; at == uint64(len(s.slots)) {
			at = 0
		}
	}
}

// grow enlarges the shard by an eighth.
func (s *shard[V]) grow() {
	old := s.slots
	s.slots = make([]slot[V], max(16, len(old)+len(old)/8))
	for _, each := range old {
		if each.print != 0 {
			*s.find(each.print) = each
		}
	}
}
