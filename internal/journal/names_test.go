package journal

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
)

// A failure tells where the file would have gone. That is neither a file that is done nor an intent, whatever is at the
// path; a file of another destination has none.
func TestPathOfAFailure(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, filepath.Join(dir, "sub", "A"), "12345")
	j := openJournal(t, file, Options{Dir: dir})
	fail := func(id, path string) {
		r := failed(original(id), download.CodeNetwork)
		r.Name, r.Path, r.Bytes, r.MD5 = "name of "+id, path, ptr(int64(5)), "827ccb0eea8a706c4c34a16891f84e7b"
		j.Finished(original(id), r)
	}
	fail("A", filepath.Join("sub", "A"))
	fail("device", filepath.Join(string(filepath.Separator)+"dev", "full"))
	fail("out", filepath.Join("..", "A"))
	fail("none", "")
	closeJournal(t, j)

	j = openJournal(t, file, Options{Dir: dir})
	wantDone(t, j, false, "A", "device", "out", "none")
	closeJournal(t, j)
	paths := map[string]string{}
	for line := range strings.Lines(readFile(t, file)) {
		var r download.Result
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Status != download.Failed || r.Name != "name of "+r.MediaID {
			t.Errorf("%s: %v", line, err)
		}
		paths[r.MediaID] = r.Path
	}
	if len(paths) != 4 || paths["A"] != "sub/A" || paths["device"]+paths["out"]+paths["none"] != "" {
		t.Errorf("the paths are %q", paths)
	}
}

// A failure does not settle the intent before it, and takes no path from it.
func TestFailureWithAPathAfterAnIntent(t *testing.T) {
	dir, file := newFolder(t)
	writeFile(t, filepath.Join(dir, "A"), "12345")
	j := openJournal(t, file, Options{Dir: dir})
	about := downloaded(original("A"), "A", 5)
	about.Name, about.MD5 = "Logo", "827ccb0eea8a706c4c34a16891f84e7b"
	if err := j.Intend(about); err != nil {
		t.Fatal(err)
	}
	r := failed(original("A"), download.CodeLocal)
	r.Path = "elsewhere"
	j.Finished(original("A"), r)
	closeJournal(t, j)
	j = openJournal(t, file, Options{Dir: dir})
	defer closeJournal(t, j)
	if got, done := j.Done(original("A")); !done || got.Path != "A" || got.Name != "Logo" {
		t.Errorf("done: %v, %+v", done, got)
	}
}
