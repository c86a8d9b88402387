package journal

import (
	"math/rand/v2"
	"testing"
)

func TestIndex(t *testing.T) {
	var x index
	random := rand.New(rand.NewPCG(1, 2))
	want := map[uint64]int64{}
	for i := range 100_000 {
		print := random.Uint64()
		if i%3 == 0 {
			print = random.Uint64N(5000) << 50 // crowded, and some again
		}
		want[print] = int64(i)
		x.put(print, int64(i))
	}
	for _, print := range []uint64{0, 1, 1<<64 - 1, 255 << 56} {
		want[print] = int64(print >> 1)
		x.put(print, int64(print>>1))
	}
	want[0] = want[1] // these two share a slot, which costs a request at most
	for print, offset := range want {
		if got, ok := x.get(print); !ok || got != offset {
			t.Fatalf("%x is at %d, %v, want %d", print, got, ok, offset)
		}
	}
	if x.count != len(want)-1 {
		t.Errorf("it counts %d, want %d", x.count, len(want)-1)
	}
	for range 1000 {
		print := random.Uint64()
		if _, known := want[print]; known {
			continue
		}
		if _, ok := x.get(print); ok {
			t.Errorf("%x was never put", print)
		}
	}
}

func TestEmptyIndex(t *testing.T) {
	var x index
	if _, ok := x.get(7); ok {
		t.Error("something was found")
	}
}
