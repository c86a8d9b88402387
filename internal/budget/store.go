package budget

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/bynder-cli/bynder/internal/filelock"
)

// lockPatience is how long a process waits for the lock, which is normally held for
// microseconds. A process that holds it longer is stopped, or the file system's locks do not
// work.
const lockPatience = 10 * time.Second

// errLockHeld means that another process held the lock for lockPatience.
var errLockHeld = errors.New("another process holds the lock")

// store stores the state for all processes of the user in a small file, which it opens anew
// for each update, so that a file that was removed is created again, and a lock ends with
// its process. If that fails, the state is in memory, for this process only.
type store struct {
	path string
	busy chan struct{} // holds a value during an update, because flock does not exclude goroutines
	seen state         // as last read or written; guarded by busy

	mu       sync.Mutex
	unshared error // why the state is in memory; nil while it is shared
}

// newStore returns the store for a share of a portal's allowance in dir, or in the user's state
// folder if dir is empty.
func newStore(portal *url.URL, share Share, dir string) *store {
	s := &store{busy: make(chan struct{}, 1), seen: state{shares: share.Of}}
	if dir == "" {
		dir, s.unshared = StateDir()
	}
	if s.unshared != nil {
		return s
	}
	s.path = filepath.Join(dir, "allowance-v2-"+portalKey(portal)+share.suffix())
	f, err := s.open()
	if err != nil {
		s.unshared = err
		return s
	}
	f.Close()
	return s
}

// StateDir returns this program's folder for state that outlives a process, which may not exist yet: bynder in
// $XDG_STATE_HOME on every system, else in the user's cache folder on macOS and Windows, and
// in ~/.local/state on others (XDG Base Directory Specification).
func StateDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "bynder"), nil
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("no state folder: %w", err)
		}
		return filepath.Join(dir, "bynder"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no state folder: %w", err)
	}
	if !filepath.IsAbs(home) {
		return "", fmt.Errorf("no state folder: the home folder %q is not absolute", home)
	}
	return filepath.Join(home, ".local", "state", "bynder"), nil
}

// portalKey returns a hash of a portal's scheme, host and port.
func portalKey(portal *url.URL) string {
	port := portal.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[portal.Scheme]
	}
	host := strings.TrimSuffix(strings.ToLower(portal.Hostname()), ".")
	sum := sha256.Sum256([]byte(portal.Scheme + "\x00" + host + "\x00" + port))
	return fmt.Sprintf("%x", sum[:12])
}

// update applies change to the shared state under the lock. Its only error is ctx's. change
// may be called twice, the second time with another state; then the second result counts.
func (s *store) update(ctx context.Context, change func(*state)) error {
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.whyUnshared() == nil {
		err := s.updateFile(ctx, change)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		s.unshare(err)
	}
	change(&s.seen)
	return nil
}

// whyUnshared returns why the state is not shared with other processes, nil if it is.
func (s *store) whyUnshared() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unshared
}

// unshare makes the store use its memory from now on.
func (s *store) unshare(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unshared = err
}

// updateFile applies change to the state in the file.
func (s *store) updateFile(ctx context.Context, change func(*state)) error {
	f, err := s.open()
	if err != nil {
		return err
	}
	defer f.Close() // and with it the lock
	if err := lock(ctx, f); err != nil {
		return err
	}
	was, err := s.read(f)
	if err != nil {
		return err
	}
	now := was
	change(&now)
	if now != was {
		if _, err := f.WriteAt(now.record(), 0); err != nil {
			return fmt.Errorf("storing the API allowance: %w", err)
		}
	}
	s.seen = now
	return nil
}

// open opens the file, which it creates if it is missing.
func (s *store) open() (*os.File, error) {
	const flags = os.O_RDWR | os.O_CREATE
	f, err := os.OpenFile(s.path, flags, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
			return nil, fmt.Errorf("creating the state folder: %w", err)
		}
		f, err = os.OpenFile(s.path, flags, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("storing the API allowance: %w", err)
	}
	return f, nil
}

// read reads the state. An empty file is a new one: the state is then what this process has
// last seen.
func (s *store) read(f *os.File) (state, error) {
	b := make([]byte, recordSize)
	n, err := f.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return state{}, fmt.Errorf("reading the API allowance: %w", err)
	}
	if n == 0 {
		return s.seen, nil
	}
	shared, err := parseRecord(b[:n])
	if err != nil {
		return s.seen.drained(), nil //nolint:nilerr // a torn record counts as a bucket without a burst
	}
	shared.shares = s.seen.shares
	return shared, nil
}

// lock locks the file. It waits for lockPatience at most.
func lock(ctx context.Context, f *os.File) error {
	patient, cancel := context.WithTimeoutCause(ctx, lockPatience, errLockHeld)
	defer cancel()
	err := filelock.Lock(patient, f)
	if err != nil && patient.Err() != nil {
		return &os.PathError{Op: "lock", Path: f.Name(), Err: err}
	}
	return err
}
