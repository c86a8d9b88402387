package sink

import (
	"os"
	"path/filepath"
	"testing"
)

// A folder is made when a file in it is published. A partial that was begun before is found, and continued or removed.
func TestFoldersAreMadeForWholeFiles(t *testing.T) {
	folder := t.TempDir()
	d := newDir(t, folder, DirOptions{})
	keep(t, d, original("a/b/c.jpg", "A"), object(whole), whole[:5])
	keep(t, d, original("a/b/d.jpg", "B"), object(whole), whole[:5])
	if _, err := os.Lstat(filepath.Join(folder, "a")); err == nil {
		t.Error("the folder is made before it has a file")
	}
	put(t, d, original("a/b/e.jpg", "C"), whole)
	d = newDir(t, folder, DirOptions{})
	p := begin(t, d, original("a/b/c.jpg", "A"), object(whole))
	if p.Held() != 5 {
		t.Errorf("held is %d", p.Held())
	}
	write(t, p, whole[5:])
	publish(t, p)
	put(t, d, original("a/b/d.jpg", "B"), other) // another version
	wantFiles(t, folder, map[string]string{"a/b/c.jpg": whole, "a/b/d.jpg": other, "a/b/e.jpg": whole})
}
