package mirror

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestSpool(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	mine := filepath.Join(dir, "mine")
	if err := os.WriteFile(mine, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		s, err := NewSpool(root)
		if err != nil {
			t.Fatal(err)
		}
		text := func(i int) string { return fmt.Sprintf("%d: %0*d", round, i*7, i) }
		var spans []Span
		for i := range 3000 {
			at, err := s.Add([]byte(text(i)))
			if err != nil {
				t.Fatal(err)
			}
			spans = append(spans, at)
		}
		var readers sync.WaitGroup
		for part := range 4 {
			readers.Go(func() {
				for i := part; i < len(spans); i += 4 {
					if got, err := s.Read(spans[i]); err != nil || string(got) != text(i) {
						t.Errorf("text %d is %.20q, %v", i, got, err)
					}
				}
			})
		}
		readers.Wait()
		if got, err := s.Read(Span{}); err != nil || len(got) != 0 {
			t.Errorf("no text is %q, %v", got, err)
		}
		if _, err := s.Read(Span{Offset: s.end, Length: 1}); err == nil {
			t.Error("a text that was not added was read")
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		wantTree(t, dir, map[string]string{"mine": "mine"})
		// What an earlier process may have left, or a link that somebody has put there, is removed and not written to.
		if err := os.Symlink("../mine", filepath.Join(dir, filepath.FromSlash(spoolName))); err != nil {
			t.Skip(err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, ownFolder)); err != nil || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("the folder has the mode %v, %v", info.Mode(), err)
	}
}
