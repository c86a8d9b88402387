package naming

import (
	"path/filepath"
	"testing"
)

func TestBelow(t *testing.T) {
	for _, tt := range []struct{ folder, want string }{
		{"", "a"},
		{".", "a"},
		{"./", "a"},
		{"./out", "./out/a"},
		{"out//", "out/a"},
		{"out/../other", "out/../other/a"},
		{"/", "/a"},
		{"..", "../a"},
	} {
		folder, want := filepath.FromSlash(tt.folder), filepath.FromSlash(tt.want)
		if got := Below(folder, "a"); got != want {
			t.Errorf("Below(%q, a) = %q, want %q", folder, got, want)
		}
		if got := Below(folder, "") + "a"; got != want {
			t.Errorf("before the names in %q stands %q", folder, Below(folder, ""))
		}
		if alone := filepath.Join(t.TempDir(), "a"); Below(folder, alone) != alone {
			t.Errorf("Below(%q, %q) = %q", folder, alone, Below(folder, alone))
		}
	}
}
