package budget

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math"
)

// The record is the state as it stands in the file: little-endian, always the same size,
// so that it is written in place with one write, and ended by a checksum that shows a torn
// one.
//
//	 0  magic, the last byte of which is the version
//	 8  tat, last: nanoseconds since 1970
//	24  rate: float64
//	32  until: nanoseconds since 1970
//	40  blocks, streak: uint32
//	48  four asks: rate float64, at nanoseconds
//	112 CRC-32C of all that
const (
	recordMagic = "bynder\x00\x01"
	recordSize  = 116
	recordBody  = recordSize - crc32.Size
)

var (
	errTorn    = errors.New("the record is torn or not one of ours")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// record writes the state down.
func (s state) record() []byte {
	le := binary.LittleEndian
	b := make([]byte, 0, recordSize)
	b = append(b, recordMagic...)
	b = le.AppendUint64(b, uint64(s.tat))
	b = le.AppendUint64(b, uint64(s.last))
	b = le.AppendUint64(b, math.Float64bits(s.rate))
	b = le.AppendUint64(b, uint64(s.until))
	b = le.AppendUint32(b, s.blocks)
	b = le.AppendUint32(b, s.streak)
	for _, a := range s.asks {
		b = le.AppendUint64(b, math.Float64bits(a.rate))
		b = le.AppendUint64(b, uint64(a.at))
	}
	return le.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// parseRecord reads a state. It refuses what record cannot have written; whether the times
// make sense is for settle to say.
func parseRecord(b []byte) (state, error) {
	le := binary.LittleEndian
	if len(b) != recordSize || string(b[:len(recordMagic)]) != recordMagic ||
		le.Uint32(b[recordBody:]) != crc32.Checksum(b[:recordBody], castagnoli) {
		return state{}, errTorn
	}
	at := func(i int) instant { return instant(le.Uint64(b[i:])) }
	rate := func(i int) float64 { return math.Float64frombits(le.Uint64(b[i:])) }
	s := state{
		tat: at(8), last: at(16), rate: rate(24), until: at(32),
		blocks: le.Uint32(b[40:]), streak: le.Uint32(b[44:]),
	}
	for i := range s.asks {
		s.asks[i] = ask{rate: rate(48 + 16*i), at: at(56 + 16*i)}
	}
	if !s.plausible() {
		return state{}, errTorn
	}
	return s, nil
}

// plausible says whether all values are in the ranges that the arithmetic relies on: no
// time before 1970, no rate that nobody can ask for, rates in their order.
func (s state) plausible() bool {
	known := func(rate float64) bool { return rate == 0 || rate >= MinRate && rate <= MaxRate }
	if s.tat < 0 || s.last < 0 || s.until < 0 || !known(s.rate) {
		return false
	}
	for i, a := range s.asks {
		if a.at < 0 || !known(a.rate) {
			return false
		}
		if i > 0 && a.rate > 0 && s.asks[i-1].rate >= a.rate || i > 0 && a.rate > 0 && s.asks[i-1].rate == 0 {
			return false
		}
	}
	return true
}
