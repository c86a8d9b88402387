package cli

import (
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

// The parts of an item have ", " between them; a part is as the portal wrote it, also with commas.
func TestItemText(t *testing.T) {
	for _, tt := range []struct {
		item bynder.MediaItem
		want string
	}{
		{bynder.MediaItem{ID: "I", Type: "original", HasVersion: true, Version: 3, Active: true, Size: 2048, Width: 15, Height: 7, FileName: "Smith,John,1.jpg"},
			"I, original, version 3, active, 2.0 KiB, 15 x 7, Smith,John,1.jpg"},
		{bynder.MediaItem{ID: "I", Type: "a,b", Size: -1, FileName: "1, 2,3.jpg"}, "I, a,b, 1, 2,3.jpg"},
		{bynder.MediaItem{ID: "I", Size: -1}, "I"},
	} {
		if got := itemText(&tt.item); got != tt.want {
			t.Errorf("%+v is %q, want %q", tt.item, got, tt.want)
		}
	}
}
