package input

import (
	"strconv"
	"testing"
)

func TestDistinct(t *testing.T) {
	f := NewDistinct()
	const n = 100_000
	for i := range n {
		if text := strconv.Itoa(i); !f.First(text) {
			t.Fatalf("%s is known before it was seen", text)
		}
	}
	size := 0
	for i := range n {
		if text := strconv.Itoa(i); f.First(text) {
			t.Fatalf("%s is forgotten", text)
		}
	}
	for i := range f.shards {
		size += 8 * cap(f.shards[i].slots)
	}
	if perText := float64(size) / n; perText > 11 {
		t.Errorf("%.1f bytes a text", perText)
	}
}
