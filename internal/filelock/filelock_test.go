package filelock_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/bynder-cli/bynder/internal/filelock"
)

func TestTry(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	open := func() *os.File {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	first, second := open(), open()
	if err := filelock.Try(first); errors.Is(err, filelock.ErrUnsupported) {
		t.Skip("no locks here")
	} else if err != nil {
		t.Fatal(err)
	}
	if err := filelock.Try(second); !errors.Is(err, filelock.ErrHeld) {
		t.Errorf("a second open is given the lock: %v", err)
	}
	if _, err := second.WriteString("x"); err != nil {
		t.Errorf("the lock keeps others from the file's bytes: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := filelock.Try(second); err != nil {
		t.Errorf("a lock outlives its file: %v", err)
	}
	if err := filelock.Try(first); err == nil {
		t.Error("a closed file is locked")
	}
}
