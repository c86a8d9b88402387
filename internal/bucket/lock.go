package bucket

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
)

// ErrNoLocks is the error of a server on which no process can exclude another: it ignores conditions, or does not know them.
var ErrNoLocks = errors.New("the server does not know the condition If-None-Match, without which two processes cannot exclude each other")

const (
	// lockRefresh is how often the holder of a lock writes it again, and lockLife how long it is valid after that, by the
	// server's clock. Without success for lockLost, by this machine's clock, the holder gives up.
	lockRefresh, lockLost, lockLife = 30 * time.Second, 2 * time.Minute, 3 * time.Minute
	// lockLook is how often a process that waits looks at the lock.
	lockLook = 2 * time.Second
)

// metaLock is the user metadata of a lock that names its holder.
const metaLock = "Bynder-Lock"

// LockOptions are the choices about a lock.
type LockOptions struct {
	Wait    time.Duration // for another process; negative = no limit
	Waiting func()        // called when it begins to wait, and each minute then
	Lost    func(error)   // called, at most once, if the lock is held no more

	ticks <-chan time.Time // in place of lockRefresh, in tests
}

// Lock is an object that at most one process holds at a time. It stays after a kill, and counts no more three minutes later.
type Lock struct {
	client     *Client
	key, token string
	opts       LockOptions

	mu     sync.Mutex
	etag   string // as of the latest write
	writes int

	stop       context.CancelFunc
	refreshing sync.WaitGroup
}

// Lock makes an object at a path below the location that no other process has, and keeps it until Unlock, also after the end
// of ctx. The error is ErrNoLocks if this server cannot do that, and of code local if another process has the lock for longer
// than Wait.
func (c *Client) Lock(ctx context.Context, path string, opts LockOptions) (*Lock, error) {
	l := &Lock{client: c, key: c.at.Prefix + path, token: rand.Text(), opts: opts}
	if err := l.acquire(ctx); err != nil {
		return nil, err
	}
	// A server that lets the same condition hold again ignores it.
	if _, err := l.put(ctx, Condition{IfAbsent: true}); err == nil || !c.Conditional() {
		return nil, errors.Join(ErrNoLocks, l.Unlock(ctx))
	} else if !errors.Is(err, ErrCondition) {
		return nil, errors.Join(err, l.Unlock(context.WithoutCancel(ctx)))
	}
	var within context.Context
	within, l.stop = context.WithCancel(context.WithoutCancel(ctx))
	l.refreshing.Go(func() { l.refresh(within) })
	return l, nil
}

// acquire writes the lock as soon as no other process has it.
func (l *Lock) acquire(ctx context.Context) error {
	var since, told time.Time
	for {
		holder, err := l.try(ctx)
		if err != nil || holder == nil {
			return err
		}
		now := time.Now()
		if since.IsZero() {
			since = now
		}
		if wait := l.opts.Wait; wait >= 0 && now.Sub(since) >= wait {
			return &download.Error{
				Code: download.CodeLocal, Err: fmt.Errorf("another process has the lock %s since %s", l.shown(), holder.Modified.UTC().Format(time.RFC3339)),
				Advice: fmt.Sprintf("wait until it has ended, or give --lock-wait; if it was killed, the lock is free %.0f minutes after that time", lockLife.Minutes()),
			}
		}
		if l.opts.Waiting != nil && now.Sub(told) >= time.Minute {
			told = now
			l.opts.Waiting()
		}
		if err := l.client.sleep(ctx, lockLook); err != nil {
			return l.client.failure("write", l.key, err)
		}
	}
}

// try writes the lock, unless another process has it: then it returns that one.
func (l *Lock) try(ctx context.Context) (holder *Object, err error) {
	when := Condition{IfAbsent: true}
	for range 3 { // each time another process may have changed it
		if _, err = l.put(ctx, when); err == nil || !errors.Is(err, ErrCondition) && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		o, failed := l.client.Head(ctx, l.key)
		now, known := l.client.Now()
		switch {
		case errors.Is(failed, ErrNotFound):
			when = Condition{IfAbsent: true}
		case failed != nil:
			return nil, failed
		case o.Metadata[metaLock] == l.token: // the answer did not come
			l.etag = o.ETag
			return nil, nil
		case !known || now.Sub(o.Modified) < lockLife:
			return &o, nil
		default:
			when = Condition{IfMatch: o.ETag}
		}
	}
	return nil, err
}

// put writes the lock. Its content, and so its ETag, is another one each time.
func (l *Lock) put(ctx context.Context, when Condition) (etag string, err error) {
	l.writes++
	content := fmt.Sprintf("%s %d\n", l.token, l.writes)
	etag, err = l.client.Put(ctx, l.key, []byte(content), Attributes{ContentType: "text/plain", Metadata: map[string]string{metaLock: l.token}}, when)
	if err == nil {
		l.etag = etag
	}
	return etag, err
}

// refresh writes the lock again and again.
func (l *Lock) refresh(ctx context.Context) {
	ticks := l.opts.ticks
	if ticks == nil {
		ticker := time.NewTicker(lockRefresh)
		defer ticker.Stop()
		ticks = ticker.C
	}
	for written := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		within, cancel := context.WithTimeout(ctx, lockLost)
		err := l.again(within)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			written = time.Now()
		case errors.Is(err, errTakenOver), time.Since(written) >= lockLost:
			if l.opts.Lost != nil {
				l.opts.Lost(err)
			}
			return
		}
	}
}

var errTakenOver = errors.New("another process has the lock now")

// again writes the lock, or returns errTakenOver.
func (l *Lock) again(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, err := l.put(ctx, Condition{IfMatch: l.etag})
	if errors.Is(err, ErrCondition) || errors.Is(err, ErrNotFound) {
		return l.look(ctx)
	}
	return err
}

// Held returns nil if this process still has the lock, by what the bucket says now.
func (l *Lock) Held(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.look(ctx)
}

func (l *Lock) look(ctx context.Context) error {
	o, err := l.client.Head(ctx, l.key)
	switch {
	case err == nil && o.Metadata[metaLock] == l.token:
		l.etag = o.ETag
		return nil
	case err == nil || errors.Is(err, ErrNotFound):
		return &download.Error{Code: download.CodeLocal, Err: fmt.Errorf("the lock %s was lost: %w", l.shown(), errTakenOver), Advice: "run the command again when the other one has ended"}
	}
	return err
}

// Unlock removes the lock, if this process still has it.
func (l *Lock) Unlock(ctx context.Context) error {
	if l.stop != nil {
		l.stop()
		l.refreshing.Wait()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.look(ctx); err != nil {
		if errors.Is(err, errTakenOver) {
			return nil
		}
		return err
	}
	err := l.client.deleteLooked(ctx, l.key, l.etag)
	if errors.Is(err, ErrCondition) || errors.Is(err, ErrNotFound) { // another process has taken it over, or it is gone
		return nil
	}
	return err
}

func (l *Lock) shown() string { return Scheme + l.client.at.Bucket + "/" + l.key }
