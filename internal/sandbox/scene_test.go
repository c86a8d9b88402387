package sandbox

import (
	"bytes"
	"image/png"
	"testing"
)

// The derivatives that every asset has are pictures of its proportions, one unlike the other, and all bytes behind are noise.
func TestDerivativesArePictures(t *testing.T) {
	s, err := New(Options{Assets: 5})
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.catalogue()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, id := range []string{DocumentedAsset, PresentationAsset, VideoAsset, numberedID(assetSalt, 0), numberedID(assetSalt, 1)} {
		for name, side := range builtIn {
			o, ok := s.Object(id, "derivative/"+name)
			if !ok {
				t.Fatalf("%s has no %s", id, name)
			}
			bytesOf := content(t, o)
			picture, err := png.Decode(bytes.NewReader(bytesOf))
			if err != nil {
				t.Fatalf("%s of %s: %v", name, id, err)
			}
			a, _ := all.find(id)
			width, height := picture.Bounds().Dx(), picture.Bounds().Dy()
			if max(width, height) != side || width > height != (a.width > a.height) {
				t.Errorf("%s of %s has %dx%d pixels", name, id, width, height)
			}
			head := o.scene.png()
			if int64(len(head)) > o.Size-stampSize {
				t.Errorf("the picture of %s has %d of %d bytes", name, len(head), o.Size)
			}
			if other := seen[string(head)]; other != "" {
				t.Errorf("%s of %s is the picture of %s", name, id, other)
			}
			seen[string(head)] = id
			if other, ok := s.Object(id, "derivative/print_rgb"); ok && other.scene != (scene{}) {
				t.Errorf("print_rgb of %s begins with a picture", id)
			}
			if changed := content(t, o.changed()); bytes.Equal(changed[:len(head)], head) {
				t.Errorf("%s of %s is the same after a change", name, id)
			}
		}
	}
}

func BenchmarkScene(b *testing.B) {
	for i := range b.N {
		scene{800, 600, uint64(i)}.png()
	}
}
