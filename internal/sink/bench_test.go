package sink

import (
	"fmt"
	"testing"
)

// What a file of 100 KiB costs beside its bytes.
func BenchmarkSmallFile(b *testing.B) {
	d, err := NewDir(b.TempDir(), DirOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	content := make([]byte, 100<<10)
	obj := object(string(content))
	b.SetBytes(int64(len(content)))
	for i := 0; b.Loop(); i++ {
		name := fmt.Sprintf("%d.jpg", i)
		p, err := d.Begin(b.Context(), original(name, name), obj)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Write(content); err != nil {
			b.Fatal(err)
		}
		if _, err := p.Publish(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
