package budget

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bynder-cli/bynder/internal/filelock"
	"github.com/bynder-cli/bynder/internal/retry"
)

func portalURL(t *testing.T, portal string) *url.URL {
	t.Helper()
	u, err := url.Parse(portal)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// sharedStore returns a store in a folder of the test, and fails the test if it is not
// shared.
func sharedStore(t *testing.T, dir string) *store {
	t.Helper()
	s := newStore(portalURL(t, "https://brand.example"), Share{}, dir)
	if err := s.whyUnshared(); err != nil {
		t.Fatal(err)
	}
	return s
}

func addBlock(s *state) { s.blocks++ }

func update(t *testing.T, s *store, change func(*state)) {
	t.Helper()
	if err := s.update(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

func blocks(t *testing.T, s *store) (n uint32) {
	t.Helper()
	update(t, s, func(s *state) { n = s.blocks })
	return n
}

func TestStoreIsSmallAndPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "bynder")
	s := sharedStore(t, dir)
	for range 3 {
		update(t, s, addBlock)
	}
	info, err := os.Stat(s.path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() != recordSize {
		t.Errorf("%d bytes, want %d", info.Size(), recordSize)
	}
	if runtime.GOOS == "windows" {
		return
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the file has mode %v", mode)
	}
	if info, err = os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, %v", info.Mode().Perm(), err)
	}
}

func TestStoreIsOnePerPortal(t *testing.T) {
	same := []string{"https://brand.example", "https://BRAND.example.", "https://brand.example:443/api/v4/?x=1", "https://user@brand.example"}
	others := []string{"http://brand.example", "https://brand.example:8443", "https://other.example", "http://[::1]:443"}
	want := portalKey(portalURL(t, same[0]))
	for _, portal := range same {
		if got := portalKey(portalURL(t, portal)); got != want {
			t.Errorf("%s has another allowance than %s", portal, same[0])
		}
	}
	seen := map[string]string{want: same[0]}
	for _, portal := range others {
		key := portalKey(portalURL(t, portal))
		if before, ok := seen[key]; ok {
			t.Errorf("%s shares the allowance of %s", portal, before)
		}
		seen[key] = portal
	}
}

func TestStateDir(t *testing.T) {
	root := t.TempDir()
	t.Run("XDG_STATE_HOME", func(t *testing.T) {
		t.Setenv("XDG_STATE_HOME", root)
		if dir, err := StateDir(); err != nil || dir != filepath.Join(root, "bynder") {
			t.Errorf("%q, %v", dir, err)
		}
	})
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		return
	}
	for name, xdg := range map[string]string{"unset": "", "relative": "here"} {
		t.Run("XDG_STATE_HOME "+name, func(t *testing.T) {
			t.Setenv("XDG_STATE_HOME", xdg)
			t.Setenv("HOME", root)
			if dir, err := StateDir(); err != nil || dir != filepath.Join(root, ".local", "state", "bynder") {
				t.Errorf("%q, %v", dir, err)
			}
		})
	}
	for name, home := range map[string]string{"unset": "", "relative": "here"} {
		t.Run("HOME "+name, func(t *testing.T) {
			t.Setenv("XDG_STATE_HOME", "")
			t.Setenv("HOME", home)
			if dir, err := StateDir(); err == nil {
				t.Errorf("%q, want an error", dir)
			}
		})
	}
}

func TestStoreIsUnsharedWithoutAFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newStore(portalURL(t, "https://brand.example"), Share{}, filepath.Join(file, "bynder"))
	if s.whyUnshared() == nil {
		t.Fatal("the store is shared, although its folder is below a file")
	}
	update(t, s, addBlock)
	update(t, s, addBlock)
	if n := blocks(t, s); n != 2 {
		t.Errorf("in memory %d of 2 updates are known", n)
	}
}

func TestStoreIsUnsharedWithWhatItKnows(t *testing.T) {
	s := sharedStore(t, t.TempDir())
	update(t, s, addBlock)
	if err := os.Remove(s.path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(s.path, 0o700); err != nil {
		t.Fatal(err)
	}
	update(t, s, addBlock)
	if n := blocks(t, s); n != 2 {
		t.Errorf("%d of 2 updates are known", n)
	}
	if s.whyUnshared() == nil {
		t.Error("a folder in the file's place, and the state is shared")
	}
}

func TestStoreFindsTheFileRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bynder")
	a, b := sharedStore(t, dir), sharedStore(t, dir)
	update(t, a, addBlock)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	update(t, a, addBlock)
	if n := blocks(t, b); n != 2 {
		t.Errorf("the other process knows %d of 2 updates", n)
	}
}

func TestStoreTornFile(t *testing.T) {
	good := usedState().record()
	for name, tt := range map[string]struct {
		file    []byte
		drained bool
	}{
		"empty":     {nil, false},
		"whole":     {good, false},
		"longer":    {append(good[:len(good):len(good)], "rest"...), false},
		"cut":       {good[:50], true},
		"scrambled": {append([]byte("x"), good[1:]...), true},
		"foreign":   {[]byte("#!/bin/sh\n"), true},
	} {
		t.Run(name, func(t *testing.T) {
			s := sharedStore(t, t.TempDir())
			if err := os.WriteFile(s.path, tt.file, 0o600); err != nil {
				t.Fatal(err)
			}
			now := instantOf(time.Now())
			var g reservation
			update(t, s, func(s *state) { *s, g = s.reserve(now, 10) })
			if waits := g.wait > 0; tt.drained && !waits {
				t.Error("a burst was left")
			}
			if g.blocked > 0 && name != "whole" && name != "longer" || g.wait > maxBlock {
				t.Errorf("the call has to wait: %+v", g)
			}
			update(t, s, addBlock)
			if n := blocks(t, sharedStore(t, filepath.Dir(s.path))); n == 0 {
				t.Error("the file was not made whole again")
			}
		})
	}
}

func TestStoreExcludesGoroutinesAndOtherOpens(t *testing.T) {
	dir := t.TempDir()
	stores := []*store{sharedStore(t, dir), sharedStore(t, dir), sharedStore(t, dir)}
	const each = 50
	var all sync.WaitGroup
	for _, s := range stores {
		for range 4 {
			all.Go(func() {
				for range each {
					if err := s.update(t.Context(), addBlock); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	all.Wait()
	if n, want := blocks(t, stores[0]), uint32(len(stores)*4*each); n != want {
		t.Errorf("the state has %d of %d updates", n, want)
	}
	for _, s := range stores {
		if err := s.whyUnshared(); err != nil {
			t.Error(err)
		}
	}
}

// held locks the store's file as another process would.
func held(t *testing.T, s *store) *os.File {
	t.Helper()
	f, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	if err := filelock.Try(f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestStoreWaitsForTheLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sharedStore(t, t.TempDir())
		f := held(t, s)
		done := make(chan error, 1)
		go func() { done <- s.update(t.Context(), addBlock) }()
		if retry.Sleep(t.Context(), time.Second) != nil || len(done) > 0 {
			t.Fatal("the state was changed under another's lock")
		}
		f.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if s.whyUnshared() != nil || blocks(t, s) != 1 {
			t.Errorf("after the lock: %v", s.whyUnshared())
		}
	})
}

// A process may be stopped at any point, also with the lock in its hands.
func TestStoreIsUnsharedWhenTheLockIsNeverFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sharedStore(t, t.TempDir())
		defer held(t, s).Close()
		start := time.Now()
		update(t, s, addBlock)
		if waited := time.Since(start); waited > lockPatience+time.Second {
			t.Errorf("waited %v", waited)
		}
		if err := s.whyUnshared(); !errors.Is(err, errLockHeld) {
			t.Errorf("alone because of %v", err)
		}
		start = time.Now()
		update(t, s, addBlock)
		if waited := time.Since(start); waited > 0 {
			t.Errorf("and waited once more, %v", waited)
		}
	})
}

func TestStoreWaitsForTheLockUntilTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := sharedStore(t, t.TempDir())
		defer held(t, s).Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := s.update(ctx, addBlock); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the update ended with %v", err)
		}
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("it ended after %v", waited)
		}
		if err := s.whyUnshared(); err != nil {
			t.Errorf("an interrupted process went alone: %v", err)
		}
	})
}
