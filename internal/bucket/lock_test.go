package bucket

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
)

// lock returns the lock as another process gets it.
func (s *server) lock(opts LockOptions) (*Lock, error) {
	s.t.Helper()
	return s.client().Lock(s.t.Context(), "x/lock", opts)
}

// age makes the lock older.
func (s *server) age(by time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.objects["x/lock"]
	o.modified = o.modified.Add(-by)
}

func unlock(t *testing.T, l *Lock) {
	t.Helper()
	if err := l.Unlock(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestOneProcessHoldsALock(t *testing.T) {
	s := newServer(t)
	one, err := s.lock(LockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.age(lockLife - time.Minute)
	_, err = s.lock(LockOptions{})
	if e := wantCode(t, err, download.CodeLocal); !strings.Contains(e.Error(), "another process has the lock s3://bucket/x/lock since 20") {
		t.Errorf("the error is %v", e)
	}
	if err := one.Held(t.Context()); err != nil {
		t.Error(err)
	}
	unlock(t, one)
	wantContents(t, s, map[string]string{})
	again, err := s.lock(LockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	unlock(t, again)
}

func TestAProcessWaitsForALock(t *testing.T) {
	s := newServer(t)
	one, err := s.lock(LockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c, waits, told := s.client(), 0, 0
	c.sleep = func(ctx context.Context, _ time.Duration) error {
		if waits++; waits == 3 {
			unlock(t, one)
		}
		return ctx.Err()
	}
	two, err := c.Lock(t.Context(), "x/lock", LockOptions{Wait: -1, Waiting: func() { told++ }})
	if err != nil || waits != 3 || told != 1 {
		t.Fatalf("%v after %d waits, told %d times", err, waits, told)
	}
	defer unlock(t, two)
	ctx, cancel := context.WithCancel(t.Context())
	c.sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	_, err = c.Lock(ctx, "x/lock", LockOptions{Wait: -1})
	wantCode(t, err, download.CodeInterrupted)
}

// The lock of a process that was killed counts for three minutes. A process that only seemed to be dead finds out.
func TestALockIsTakenOver(t *testing.T) {
	s := newServer(t)
	ticks, lost := make(chan time.Time), make(chan error, 1)
	one, err := s.lock(LockOptions{ticks: ticks, Lost: func(err error) { lost <- err }})
	if err != nil {
		t.Fatal(err)
	}
	s.age(lockLife)
	two, err := s.lock(LockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, one.Held(t.Context()), download.CodeLocal)
	if err := two.Held(t.Context()); err != nil {
		t.Error(err)
	}
	ticks <- time.Now()
	if err := <-lost; !errors.Is(err, errTakenOver) {
		t.Errorf("it was told %v", err)
	}
	unlock(t, one)
	if err := two.Held(t.Context()); err != nil {
		t.Errorf("the other one's lock was removed: %v", err)
	}
	unlock(t, two)
	wantContents(t, s, map[string]string{})
}

func TestALockIsRefreshed(t *testing.T) {
	s := newServer(t)
	ticks := make(chan time.Time)
	l, err := s.lock(LockOptions{ticks: ticks, Lost: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	before := s.contents()["x/lock"]
	ticks <- time.Now()
	ticks <- time.Now() // the first one is done then
	s.mu.Lock()
	s.objects["x/lock"].modified = time.Now().Add(-lockLife) // as if it were old
	s.mu.Unlock()
	ticks <- time.Now()
	ticks <- time.Now()
	if after := s.contents()["x/lock"]; after == before {
		t.Error("it has the same content as before")
	}
	s.mu.Lock()
	old := time.Since(s.objects["x/lock"].modified)
	s.mu.Unlock()
	if old > time.Minute {
		t.Errorf("it was written %v ago", old)
	}
	unlock(t, l)
	wantContents(t, s, map[string]string{})
}

// A failure or two while it is refreshed lose nothing.
func TestALockThatCannotBeRefreshedAtOnce(t *testing.T) {
	s := newServer(t)
	ticks := make(chan time.Time)
	l, err := s.lock(LockOptions{ticks: ticks, Lost: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	s.fault = func(w http.ResponseWriter, _ *http.Request) bool {
		refuse(w, http.StatusServiceUnavailable, "SlowDown")
		return true
	}
	s.mu.Unlock()
	ticks <- time.Now()
	ticks <- time.Now()
	s.mend()
	ticks <- time.Now()
	unlock(t, l)
	wantContents(t, s, map[string]string{})
}

func TestNoLocks(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(*server)
	}{
		{"a server that ignores conditions", func(s *server) { s.ignorant = true }},
		{"a server that refuses them", func(s *server) {
			s.fault = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("If-None-Match") == "" {
					return false
				}
				refuse(w, http.StatusNotImplemented, "NotImplemented")
				return true
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newServer(t)
			tt.set(s)
			if _, err := s.lock(LockOptions{}); !errors.Is(err, ErrNoLocks) {
				t.Errorf("%v is not ErrNoLocks", err)
			}
			wantContents(t, s, map[string]string{})
		})
	}
}

// A lock that another process takes over at the last moment stays that one's.
func TestALockIsTakenOverAtTheLastMoment(t *testing.T) {
	s := newServer(t)
	l, err := s.lock(LockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.fault = func(_ http.ResponseWriter, r *http.Request) bool {
		if operation(r) == "delete" {
			s.put("x/lock", "of another process")
		}
		return false
	}
	unlock(t, l)
	wantContents(t, s, map[string]string{"x/lock": "of another process"})
}

// An answer that does not come makes no process wait for itself.
func TestALockWhoseAnswerIsLost(t *testing.T) {
	s := newServer(t)
	lost := 0
	s.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if lost++; r.Method != http.MethodPut || lost > 1 {
			return false
		}
		s.serveInstead(w, r, func(http.Header, string) string { return "" })
		panic(http.ErrAbortHandler)
	}
	l, err := s.lock(LockOptions{})
	if err != nil {
		t.Fatal(err)
	}
	unlock(t, l)
	wantContents(t, s, map[string]string{})
}
