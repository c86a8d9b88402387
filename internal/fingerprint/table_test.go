package fingerprint

import (
	"math/rand/v2"
	"testing"
	"unsafe"
)

func TestTable(t *testing.T) {
	var table Table[int64]
	random := rand.New(rand.NewPCG(1, 2))
	want := map[uint64]int64{}
	put := func(print uint64, value int64) {
		_, known := want[print]
		want[print] = value
		if table.Put(print, value) == known {
			t.Fatalf("%x is new: %v", print, known)
		}
	}
	for i := range 100_000 {
		print := random.Uint64()
		if i%3 == 0 {
			print = random.Uint64N(5000) << 50 // crowded, and some again
		}
		if print != 0 {
			put(print, int64(i))
		}
	}
	for _, print := range []uint64{1, 1<<64 - 1, 255 << 56} {
		put(print, int64(print>>1))
	}
	for print, value := range want {
		if got, ok := table.Get(print); !ok || got != value {
			t.Fatalf("%x has %d, %v, want %d", print, got, ok, value)
		}
	}
	if table.Len() != len(want) {
		t.Errorf("it counts %d, want %d", table.Len(), len(want))
	}
	for range 1000 {
		print := random.Uint64()
		if _, known := want[print]; known {
			continue
		}
		if _, ok := table.Get(print); ok {
			t.Errorf("%x was never put", print)
		}
	}
	if table.Put(0, 5) {
		t.Error("0 and 1 are two")
	}
	if got, _ := table.Get(1); got != 5 {
		t.Errorf("1 has %d, want what 0 was given", got)
	}
}

func TestEmptyTable(t *testing.T) {
	var table Table[int64]
	if _, ok := table.Get(7); ok || table.Len() != 0 {
		t.Error("something was found")
	}
}

// bytesEach returns how many bytes an entry takes on average, and at most while a table grows
// to n of them.
func bytesEach[V any](n int) (most, last float64) {
	var table Table[V]
	var none V
	random := rand.New(rand.NewPCG(3, 4))
	for i := range n {
		table.Put(random.Uint64(), none)
		if i < n/2 || i%1000 > 0 {
			continue
		}
		size := 0
		for _, s := range table.shards {
			size += cap(s.slots) * int(unsafe.Sizeof(slot[V]{}))
		}
		last = float64(size) / float64(i+1)
		most = max(most, last)
	}
	return most, last
}

// What the table takes is what its documentation says.
func TestBytes(t *testing.T) {
	const n = 300_000
	for what, c := range map[string]struct {
		measure    func(int) (float64, float64)
		from, most float64
	}{
		"no value": {bytesEach[struct{}], 9, 10.4},
		"an int64": {bytesEach[int64], 18, 20.8},
	} {
		if most, last := c.measure(n); last < c.from || most > c.most {
			t.Errorf("%s: %.1f bytes, at most %.1f", what, last, most)
		}
	}
}
