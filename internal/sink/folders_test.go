package sink

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

// A file and a folder of one name meet: whichever is received first, the first in the input has the path, and the
// other one leaves nothing behind.
func TestFileAndFolderMeet(t *testing.T) {
	for policy, want := range map[IfExists]map[string]string{
		Fail:      {"a": whole},
		Skip:      {"a": whole},
		Overwrite: {"a": whole},
		Rename:    {"a": whole},
	} {
		t.Run(policy.String(), func(t *testing.T) {
			folder := t.TempDir()
			d := newDir(t, folder, DirOptions{IfExists: policy})
			to := newRun(t, d)
			file, below := to(1, "a", "A"), to(2, "a/b/c", "B")
			loser := begin(t, d, below, object(other))
			write(t, loser, other)
			put(t, d, file, whole)
			_, err := loser.Publish(t.Context())
			wantCode(t, err, download.CodeExists)
			wantFiles(t, folder, want)
		})
		t.Run(policy.String()+", the folder first", func(t *testing.T) {
			folder := t.TempDir()
			d := newDir(t, folder, DirOptions{IfExists: policy})
			to := newRun(t, d)
			below, file := to(1, "a/b/c", "B"), to(2, "A", "A")
			loser := begin(t, d, file, object(other))
			write(t, loser, other)
			put(t, d, below, whole)
			if policy == Rename {
				if path := publish(t, loser); path != "A-A" {
					t.Errorf("the file is %s", path)
				}
				wantFiles(t, folder, map[string]string{"a/b/c": whole, "A-A": other})
				return
			}
			_, err := loser.Publish(t.Context())
			wantCode(t, err, download.CodeExists)
			wantFiles(t, folder, map[string]string{"a/b/c": whole})
		})
	}
}

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
