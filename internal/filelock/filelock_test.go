package filelock_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

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

// A folder is locked like a file, on every system.
func TestOpenFolder(t *testing.T) {
	folder := t.TempDir()
	open := func() *os.File {
		f, err := filelock.OpenFolder(folder)
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
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := filelock.Try(second); err != nil {
		t.Errorf("a lock outlives its folder: %v", err)
	}
}

// Lock waits for the other open, and no longer than its context.
func TestLock(t *testing.T) {
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
	if err := filelock.Lock(t.Context(), first); errors.Is(err, filelock.ErrUnsupported) {
		t.Skip("no locks here")
	} else if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		const patience = 5 * time.Minute
		ctx, cancel := context.WithTimeoutCause(t.Context(), patience, errImpatient)
		defer cancel()
		begun := time.Now()
		if err := filelock.Lock(ctx, second); !errors.Is(err, errImpatient) || time.Since(begun) != patience {
			t.Errorf("the wait ended after %v with %v", time.Since(begun), err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		const held = time.Hour
		time.AfterFunc(held, func() { first.Close() })
		begun := time.Now()
		if err := filelock.Lock(t.Context(), second); err != nil || time.Since(begun) > held+time.Second {
			t.Errorf("locked after %v: %v", time.Since(begun), err)
		}
	})
}

var errImpatient = errors.New("waited long enough")
