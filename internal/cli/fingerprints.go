package cli

import "hash/maphash"

// fingerprints remember texts by 64 bits each, so that a million take little memory. Two
// different texts of one fingerprint, of which the second would be passed over, are
// expected once in some ten million runs over a million.
type fingerprints struct {
	seed maphash.Seed
	set  map[uint64]struct{}
}

func newFingerprints() *fingerprints {
	return &fingerprints{maphash.MakeSeed(), map[uint64]struct{}{}}
}

// first tells whether text was not seen before.
func (f *fingerprints) first(text string) bool {
	print := maphash.String(f.seed, text)
	if _, known := f.set[print]; known {
		return false
	}
	f.set[print] = struct{}{}
	return true
}
