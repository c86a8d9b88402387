package budget

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
)

// The record is the state in the file: one line of text, so that an operator can read it.
// Times are nanoseconds since 1970, rates are API calls per second, and asks are up to four
// rates with the time at which each was last asked for. The line always has the same length
// (padded with blanks), so that one write in place replaces it; the CRC-32C at its end
// detects a torn write.
const (
	recordFormat = "bynder-allowance v2 tat=%d last=%d rate=%v until=%d blocks=%d streak=%d asks=%v@%d,%v@%d,%v@%d,%v@%d crc="
	recordSize   = 448 // bytes, newline included: room for the longest values
)

var (
	errTorn    = errors.New("the allowance record is incomplete or invalid")
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
)

// record returns s as a record.
func (s state) record() []byte {
	a := s.asks
	b := fmt.Appendf(make([]byte, 0, recordSize), recordFormat, s.tat, s.last, s.rate, s.until, s.blocks, s.streak,
		a[0].rate, a[0].at, a[1].rate, a[1].at, a[2].rate, a[2].at, a[3].rate, a[3].at)
	b = fmt.Appendf(b, "%08x", crc32.Checksum(b, castagnoli))
	return fmt.Appendf(b, "%*s", recordSize-len(b), "\n")
}

// parseRecord reads a record. The error is errTorn if record cannot have written it; state.at
// checks the times.
func parseRecord(b []byte) (state, error) {
	var s state
	a := &s.asks
	if len(b) != recordSize {
		return state{}, errTorn
	}
	_, err := fmt.Sscanf(string(b), recordFormat, &s.tat, &s.last, &s.rate, &s.until, &s.blocks, &s.streak,
		&a[0].rate, &a[0].at, &a[1].rate, &a[1].at, &a[2].rate, &a[2].at, &a[3].rate, &a[3].at)
	if err != nil || !s.plausible() || !bytes.Equal(s.record(), b) { // the comparison includes the checksum
		return state{}, errTorn
	}
	return s, nil
}

// plausible reports whether all values are in the ranges that the arithmetic relies on:
// times since 1970, rates that can be asked for, asks in rising order.
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
