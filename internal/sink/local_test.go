package sink

import (
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

func TestLocal(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "a/b.jpg": true, "o\xff": true, "\xff/\xfe": true, "a b/..c": true,
		"": false, ".": false, "..": false, "../a": false, "a/..": false, "a/../b": false, "a/./b": false, "a//b": false, "a/": false, "/a": false,
		"./a": false,
	} {
		_, err := local(download.Target{Name: name})
		if (err == nil) != want {
			t.Errorf("local(%q) fails with %v", name, err)
		}
	}
}
