package budget

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"testing"
	"time"
)

// usedState is a state in which every field is set.
func usedState() state {
	s, _ := state{}.reserve(epoch, 5)
	s, _ = s.reserve(epoch.add(time.Second), 7.25)
	s = s.block(epoch.add(2*time.Second), time.Minute)
	return s
}

func TestRecordRoundTrip(t *testing.T) {
	longest := state{
		tat: math.MaxInt64, last: math.MaxInt64, until: math.MaxInt64, rate: 0.10000000000000002, blocks: math.MaxUint32, streak: math.MaxUint32,
		asks: [4]ask{
			{0.10000000000000002, math.MaxInt64}, {0.20000000000000004, math.MaxInt64},
			{0.30000000000000004, math.MaxInt64}, {0.40000000000000013, math.MaxInt64},
		},
	}
	for name, want := range map[string]state{"zero": {}, "used": usedState(), "drained": usedState().drained(), "longest": longest} {
		b := want.record()
		if len(b) != recordSize || bytes.IndexByte(b, '\n') != recordSize-1 {
			t.Errorf("%s: %q is not one line of %d bytes", name, b, recordSize)
		}
		if got, err := parseRecord(b); err != nil || got != want {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
	}
}

func TestTornRecord(t *testing.T) {
	good := usedState().record()
	for n := range good {
		if _, err := parseRecord(good[:n]); !errors.Is(err, errTorn) {
			t.Fatalf("the first %d bytes alone: %v", n, err)
		}
		flipped := bytes.Clone(good)
		flipped[n] ^= 0x10
		if _, err := parseRecord(flipped); !errors.Is(err, errTorn) {
			t.Fatalf("byte %d flipped: %v", n, err)
		}
	}
	other := state{}.record()
	if _, err := parseRecord(append(bytes.Clone(good[:64]), other[64:]...)); !errors.Is(err, errTorn) {
		t.Errorf("half of one and half of another: %v", err)
	}
	if _, err := parseRecord(sealed(bytes.Replace(good, []byte("rate=5"), []byte("rate=NaN"), 1))); !errors.Is(err, errTorn) {
		t.Errorf("a rate that is not a number: %v", err)
	}
	for name, s := range map[string]state{
		"negative time":     {tat: -1},
		"unheard-of rate":   {rate: 99},
		"rates that fall":   {asks: [4]ask{{rate: 5}, {rate: 4}}},
		"rates with a hole": {asks: [4]ask{{}, {rate: 4}}},
	} {
		if _, err := parseRecord(s.record()); !errors.Is(err, errTorn) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever stands in the file, also with a right checksum: no call waits for longer than a
// block lasts.
func FuzzParseRecord(f *testing.F) {
	f.Add(usedState().record(), int64(epoch), 10.0)
	f.Add(state{}.record(), int64(epoch), 0.0)
	f.Add(usedState().drained().record(), int64(0), 14.0)
	f.Add([]byte("bynder"), int64(epoch), 0.1)
	f.Fuzz(func(t *testing.T, b []byte, now int64, rate float64) {
		b = sealed(b)
		s, err := parseRecord(b)
		if err != nil {
			return
		}
		if again := s.record(); !bytes.Equal(again, b) {
			t.Fatalf("written again it is %x, not %x", again, b)
		}
		if now < 0 || now > 1<<62 || !(rate >= MinRate && rate <= MaxRate) {
			return
		}
		after, g := s.reserve(instant(now), rate)
		if g.wait < 0 || g.wait > maxBlock {
			t.Errorf("a wait of %v", g.wait)
		}
		if _, err := parseRecord(after.record()); err != nil {
			t.Errorf("%+v became %+v, which cannot be read", s, after)
		}
	})
}

// sealed replaces the checksum of a record by the right one, so that its values are looked at.
func sealed(b []byte) []byte {
	body, _, found := bytes.Cut(b, []byte("crc="))
	if !found {
		return b
	}
	body = append(bytes.Clone(body), "crc="...)
	body = fmt.Appendf(body, "%08x", crc32.Checksum(body, castagnoli))
	return fmt.Appendf(body, "%*s", max(1, recordSize-len(body)), "\n")
}
