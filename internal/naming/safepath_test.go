package naming_test

import (
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/naming"
)

func TestSafePath(t *testing.T) {
	for path, want := range map[string]string{
		"a.jpg": "a.jpg", "photos/2026/a b.jpg": "photos/2026/a b.jpg", "Größe/日本.jpg": "Größe/日本.jpg",
		"": "_", "/": "_", "..": "_", "/etc/passwd": "etc/passwd", "../../x.jpg": "x.jpg", "a/../b": "a/b", "./a": "a", "a//b": "a/b", "a/": "a",
		`a\b.jpg`: "a_b.jpg", `C:\a.jpg`: "C__a.jpg", "a\nb": "a_b", "a/CON/b": "a/_CON/b", "a.jpg.": "a.jpg", " a/b ": "a/b", ".hidden/-x": "_hidden/_x",
		"a.part": "a_part", "\ufeffa": "a", "e\u0301.jpg": "é.jpg", "\xff": "_",
		strings.Repeat("a", 300) + ".jpg":  strings.Repeat("a", naming.MaxName-4) + ".jpg",
		strings.Repeat("a/", 5000) + "jpg": strings.Repeat("a/", 2046) + "jpg",
	} {
		if got := naming.SafePath(path); got != want {
			t.Errorf("SafePath(%.80q) is %.80q, want %.80q", path, got, want)
		}
	}
}

func FuzzSafePath(f *testing.F) {
	f.Add("../a/./b\\c\x00/CON")
	f.Fuzz(func(t *testing.T, path string) {
		safe := naming.SafePath(path)
		if again := naming.SafePath(safe); again != safe || len(safe) > 4096 {
			t.Errorf("%q becomes %q, and that %q", path, safe, again)
		}
		for element := range strings.SplitSeq(safe, "/") {
			if naming.Safe(element) != element {
				t.Errorf("%q becomes %q", path, safe)
			}
		}
	})
}
