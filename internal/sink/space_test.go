package sink

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// A file for which the file system has too little space fails before it is transferred, if the file system knows.
func TestTooLittleSpace(t *testing.T) {
	const size = 20 << 20
	for _, tt := range []struct {
		name string
		free uint64
		err  error
		size int64
		full bool
	}{
		{"a byte too little", size - 1, nil, size, true},
		{"enough", size, nil, size, false},
		{"more than there can be", 1 << 63, nil, size, false},
		{"not known", 0, nil, size, false},
		{"not known, with an error", 1, errors.ErrUnsupported, size, false},
		{"a small file", 1, nil, smallFile - 1, false},
		{"a file of unknown size", 1, nil, -1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			folder := t.TempDir()
			d := newDir(t, folder, DirOptions{})
			d.freeSpace = func(*os.File) (uint64, error) { return tt.free, tt.err }
			p, err := d.Begin(t.Context(), original("a.jpg", "A"), transfer.Object{Size: tt.size, ETag: `"a"`})
			if !tt.full {
				if err != nil {
					t.Fatal(err)
				}
				_ = p.Discard()
				return
			}
			if hint := wantCode(t, err, download.CodeDiskFull); !strings.Contains(hint, "free some space") {
				t.Errorf("the hint is %q", hint)
			}
			if !strings.Contains(err.Error(), "20971520 bytes are needed, and 20971519 are free") {
				t.Errorf("error %v", err)
			}
			if got := files(t, folder); len(got) != 0 {
				t.Errorf("the folder has %q", got)
			}
		})
	}
}

// What an earlier run left of a file needs no space any more, and stays if there is too little for the rest.
func TestSpaceForTheRest(t *testing.T) {
	folder, content := t.TempDir(), strings.Repeat("x", 40<<20)
	d := newDir(t, folder, DirOptions{})
	p := begin(t, d, original("a.jpg", "A"), object(content))
	write(t, p, content[:20<<20])
	if err := p.Keep(); err != nil {
		t.Fatal(err)
	}
	free := uint64(20<<20 - 1)
	d.freeSpace = func(*os.File) (uint64, error) { return free, nil }
	_, err := d.Begin(t.Context(), original("a.jpg", "A"), object(content))
	wantCode(t, err, download.CodeDiskFull)
	free++
	if p = begin(t, d, original("a.jpg", "A"), object(content)); p.Held() != 20<<20 {
		t.Errorf("%d bytes are held", p.Held())
	}
	_ = p.Discard()
}

// The system says how much is free.
func TestFreeSpace(t *testing.T) {
	f, err := os.Create(t.TempDir() + "/a")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if free, err := freeSpace(f); err != nil && !errors.Is(err, errors.ErrUnsupported) || err == nil && free == 0 {
		t.Errorf("%d bytes are free, %v", free, err)
	}
}
