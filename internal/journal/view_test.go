package journal

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Lines are the same in whatever order they are asked for, however long they are.
func TestViewLine(t *testing.T) {
	var lines []string
	for i := range 300 {
		lines = append(lines, strings.Repeat(string(rune('a'+i%26)), i%7*40))
	}
	lines = append(lines, strings.Repeat("x", leastRead), strings.Repeat("y", 3*ahead), strings.Repeat("z", maxLine), "last")
	content := strings.Join(lines, "\n") + "\ntorn"
	path := filepath.Join(t.TempDir(), "journal")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var inOrder []int
	offsets := make([]int64, len(lines))
	for i := range lines {
		inOrder = append(inOrder, i)
		if i > 0 {
			offsets[i] = offsets[i-1] + int64(len(lines[i-1])) + 1
		}
	}
	backwards := slices.Clone(inOrder)
	slices.Reverse(backwards)
	var jumping []int
	for i := range lines {
		jumping = append(jumping, i*37%len(lines), i)
	}
	for name, order := range map[string][]int{"in order": inOrder, "backwards": backwards, "jumping": jumping} {
		v := &view{file: f}
		for _, i := range order {
			if got := v.line(offsets[i]); !bytes.Equal(got, []byte(lines[i])) {
				t.Fatalf("%s: line %d has %d bytes, want %d", name, i, len(got), len(lines[i]))
			}
		}
		for _, offset := range []int64{int64(len(content) - len("torn")), int64(len(content)), int64(len(content)) + 7} {
			if got := v.line(offset); got != nil {
				t.Errorf("%s: there is a line %q at %d", name, got, offset)
			}
		}
	}
}
