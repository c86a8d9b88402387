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

// lockPatience is how long a process waits for a lock that is held for microseconds when
// all is well. Whoever holds it longer is stopped, or the file system does not tell the
// truth about locks.
const lockPatience = 10 * time.Second

// errLockHeld means that another process has held the lock for all of lockPatience.
var errLockHeld = errors.New("another process does not let go of its lock")

// store keeps a state for all processes of the user in a small file, which it opens anew
// for each update: a file that someone removed is replaced, and a lock goes with its
// process. Where that fails the state goes on in memory, for this process alone.
type store struct {
	path string
	busy chan struct{} // holds a value during an update: flock does not exclude goroutines
	seen state         // as read or written last; guarded by busy

	mu    sync.Mutex
	alone error // why the state is in memory; nil while it is shared
}

// newStore returns the store for a portal in dir, or in the user's state folder where dir
// is empty.
func newStore(portal *url.URL, dir string) *store {
	s := &store{busy: make(chan struct{}, 1)}
	if dir == "" {
		dir, s.alone = StateDir()
	}
	if s.alone != nil {
		return s
	}
	s.path = filepath.Join(dir, "allowance-v2-"+portalKey(portal))
	f, err := s.open()
	if err != nil {
		s.alone = err
		return s
	}
	f.Close()
	return s
}

// StateDir returns the folder in which this program keeps what should outlive it, which may not exist yet: bynder in
// $XDG_STATE_HOME on every system, else in ~/.local/state, or in the user's cache folder on the systems that have a
// place of their own for that.
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

// portalKey names a portal by a hash of its scheme, host and port.
func portalKey(portal *url.URL) string {
	port := portal.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[portal.Scheme]
	}
	host := strings.TrimSuffix(strings.ToLower(portal.Hostname()), ".")
	sum := sha256.Sum256([]byte(portal.Scheme + "\x00" + host + "\x00" + port))
	return fmt.Sprintf("%x", sum[:12])
}

// update applies change to the shared state, which nobody else touches meanwhile. Its only
// error is ctx's. change may be called twice, the second time with another state, of which
// the result counts.
func (s *store) update(ctx context.Context, change func(*state)) error {
	select {
	case s.busy <- struct{}{}:
		defer func() { <-s.busy }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.reasonAlone() == nil {
		err := s.updateFile(ctx, change)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		s.goAlone(err)
	}
	change(&s.seen)
	return nil
}

// reasonAlone says why the state is not shared with other processes, nil when it is.
func (s *store) reasonAlone() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.alone
}

// goAlone keeps the state in memory from now on.
func (s *store) goAlone(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.alone = err
}

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
			return fmt.Errorf("keeping the API allowance: %w", err)
		}
	}
	s.seen = now
	return nil
}

// open opens the file, which it makes where it is missing.
func (s *store) open() (*os.File, error) {
	const flags = os.O_RDWR | os.O_CREATE
	f, err := os.OpenFile(s.path, flags, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
			return nil, fmt.Errorf("making the state folder: %w", err)
		}
		f, err = os.OpenFile(s.path, flags, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("keeping the API allowance: %w", err)
	}
	return f, nil
}

// read reads the state. An empty file is a new one: what this process knows already is all
// there is to know.
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
		return s.seen.drained(), nil //nolint:nilerr // a torn record is an empty bucket
	}
	return shared, nil
}

// lock locks the file, in no more than lockPatience.
func lock(ctx context.Context, f *os.File) error {
	patient, cancel := context.WithTimeoutCause(ctx, lockPatience, errLockHeld)
	defer cancel()
	err := filelock.Lock(patient, f)
	if err != nil && patient.Err() != nil {
		return &os.PathError{Op: "lock", Path: f.Name(), Err: err}
	}
	return err
}
