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
	for i := range n {
		if text := strconv.Itoa(i); f.First(text) {
			t.Fatalf("%s is forgotten", text)
		}
	}
}
