package journal

import "math/bits"

// index finds offsets by fingerprints. It takes 18 to 21 bytes for each, never much more
// while it grows, and no pointer that would have to be followed: a map of the language
// takes twice that, and as much again until the collector has come round.
type index struct {
	shards [256]shard // by the fingerprint's first byte; each grows by itself
	count  int
}

type shard struct {
	slots []slot
	used  int
}

// slot holds an offset; it is free where print is 0.
type slot struct {
	print  uint64
	offset int64
}

// get returns the offset that was put last.
func (x *index) get(print uint64) (int64, bool) {
	s := &x.shards[print>>56]
	if len(s.slots) == 0 {
		return 0, false
	}
	found := s.find(occupied(print))
	return found.offset, found.print != 0
}

// put sets the offset for a fingerprint.
func (x *index) put(print uint64, offset int64) {
	s := &x.shards[print>>56]
	if 8*s.used >= 7*len(s.slots) {
		s.grow()
	}
	print = occupied(print)
	found := s.find(print)
	if found.print == 0 {
		s.used++
		x.count++
	}
	*found = slot{print, offset}
}

// occupied is a fingerprint that is not 0.
func occupied(print uint64) uint64 { return max(print, 1) }

// find returns the slot of a fingerprint, or the free one where it belongs.
func (s *shard) find(print uint64) *slot {
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

// grow makes room for an eighth more.
func (s *shard) grow() {
	old := s.slots
	s.slots = make([]slot, max(16, len(old)+len(old)/8))
	for _, each := range old {
		if each.print != 0 {
			*s.find(each.print) = each
		}
	}
}
