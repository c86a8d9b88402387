package naming

import "testing"

func TestFolded(t *testing.T) {
	for _, one := range [][2]string{
		{"a/Photo.JPG", "A/photo.jpg"}, {"Größe.tif", "GRÖßE.TIF"}, {"e\u0301.txt", "É.TXT"}, {"K.txt", "\u212a.txt"}, {"σ", "ς"},
	} {
		if a, b := Folded(one[0]), Folded(one[1]); a != b {
			t.Errorf("%q and %q are two paths: %q, %q", one[0], one[1], a, b)
		}
	}
	for _, two := range [][2]string{{"a.jpg", "a.jpeg"}, {"a/b", "a_b"}, {"e.txt", "é.txt"}, {"straße", "strasse"}} {
		if Folded(two[0]) == Folded(two[1]) {
			t.Errorf("%q and %q are one path", two[0], two[1])
		}
	}
}
