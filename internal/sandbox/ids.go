package sandbox

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// Generated ids hold their number, mixed so that neighbours look unlike, in the
// first 64 bits, and a check in the last 64.
const (
	assetSalt = 0x9e3779b97f4a7c15
	itemSalt  = 0xd1b54a32d192ed03
)

// formatID spells 128 bits as ColdFusion does: 8-4-4-16 upper-case digits.
func formatID(hi, lo uint64) string {
	var raw [16]byte
	for i := range 8 {
		raw[i] = byte(hi >> (56 - 8*i))
		raw[8+i] = byte(lo >> (56 - 8*i))
	}
	const digits = "0123456789ABCDEF"
	id := make([]byte, 0, 35)
	for i, b := range raw {
		if i == 4 || i == 6 || i == 8 {
			id = append(id, '-')
		}
		id = append(id, digits[b>>4], digits[b&15])
	}
	return string(id)
}

func numberedID(salt, n uint64) string {
	hi := mix64(n ^ salt)
	return formatID(hi, mix64(hi+salt))
}

// idNumber undoes numberedID; ok is false for any other id.
func idNumber(salt uint64, id string) (n uint64, ok bool) {
	if len(id) != 35 || strings.ToUpper(id) != id {
		return 0, false
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(raw) != 16 {
		return 0, false
	}
	hi, _ := strconv.ParseUint(hex.EncodeToString(raw[:8]), 16, 64) // 16 hex digits always parse
	n = unmix64(hi) ^ salt
	return n, numberedID(salt, n) == id
}

// idHash returns the hashed form of an id: 16 lower-case digits.
func idHash(id string) string { return fmt.Sprintf("%016x", seedOf(id)) }

// seedOf makes a number of names.
func seedOf(names ...string) uint64 {
	h := fnv.New64a()
	for _, name := range names {
		h.Write([]byte(name))
		h.Write([]byte{0})
	}
	return mix64(h.Sum64())
}

// mix64 scatters its argument, one to one: the finalizer of SplitMix64.
func mix64(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

func unmix64(x uint64) uint64 {
	x ^= x>>31 ^ x>>62
	x *= 0x319642b2d24d8ec3
	x ^= x>>27 ^ x>>54
	x *= 0x96de1b173f119089
	return x ^ x>>30 ^ x>>60
}
