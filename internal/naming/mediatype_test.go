package naming_test

import (
	"testing"

	"github.com/bynder-cli/bynder/internal/naming"
)

func TestImageName(t *testing.T) {
	for _, tt := range []struct{ file, mediaType, ext, want string }{
		{"Twitter", "image/webp", "", "Twitter-made.webp"},
		{"Twitter.tif", "image/jpeg", "png", "Twitter-made.jpg"},
		{"Twitter", "IMAGE/PNG; charset=binary", "", "Twitter-made.png"},
		{"Twitter", "image/x-icon", "", "Twitter-made.ico"},
		{"Twitter", "image/x-portable", "", "Twitter-made.portable"},
		{"Twitter", "image/../x", "jpg", "Twitter-made.jpg"},
		{"Twitter", "application/octet-stream", "jpg", "Twitter-made.jpg"},
		{"Twitter", "text/html", "", "Twitter-made"},
		{"Twitter", "", "avif", "Twitter-made.avif"},
		{"../a/b", "image/gif", "", naming.Safe("../a/b") + "-made.gif"},
		{"Poster v1.2", "image/gif", "", "Poster v1.2-made.gif"},
		{"Poster.v2", "image/gif", "", "Poster.v2-made.gif"},
		{"Poster.PSD", "image/gif", "", "Poster-made.gif"},
		{"", "image/gif", "", "_-made.gif"},
	} {
		if got := naming.ImageName(tt.file, "made", tt.mediaType, tt.ext); got != tt.want {
			t.Errorf("ImageName(%q, %q, %q) = %q, want %q", tt.file, tt.mediaType, tt.ext, got, tt.want)
		}
	}
}
