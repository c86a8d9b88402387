package transfer

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// layout is how files are divided, in bytes.
type layout struct {
	least     int64 // a file of which less is to come is not divided
	large     int64 // from this size on, a file is divided into large parts
	part      int64
	largePart int64 // lets a connection run for longer between two requests
	shortest  int64 // what parts get down to towards the end
	level     int   // how many connections a file begins with; 1 for zero
}

var usualLayout = layout{least: 16 << 20, large: 256 << 20, part: 1 << 20, largePart: 4 << 20, shortest: 256 << 10}

func (l layout) partOf(size int64) int64 {
	if size >= l.large {
		return l.largePart
	}
	return l.part
}

// part is a stretch of a file that a connection of its own fetches ahead of the reader.
// Its fields are guarded by the window's mutex, except that the goroutine that fetches it
// writes, without it, into buffers beyond filled, and alone changes filled.
type part struct {
	from, size int64
	buffers    []*[]byte // nil where the reader has had all of one
	filled     int64     // bytes that have come
	gained     int64     // of those, since the last progress
	started    time.Time // when it was asked for
	retried    bool      // so that its time says nothing about the others'
	raced      bool      // two connections fetch its bytes: the reader's own is one of them
	cancel     context.CancelFunc
	running    bool // it is being fetched
	dropped    bool // nobody needs it any more

	// Of a part that failed:
	err     *Error
	pause   time.Duration // before it is tried again
	again   time.Time     // when that is; zero for never
	backoff *retry.Backoff
}

func (p *part) end() int64 { return p.from + p.size }

func (p *part) done() bool { return p.filled == p.size }

func (p *part) covers(offset int64) bool { return p.from <= offset && offset < p.end() }

// site is where parts are fetched from.
type site struct {
	location Location
	located  time.Time
	ifMatch  string
}

func (s site) same(other site) bool {
	return s.location.URL == other.location.URL && s.ifMatch == other.ifMatch
}

// errOdd is the failure of a part whose answer holds anything but exactly the bytes of
// exactly the object that was asked for. Only the reader says more, when its own request meets the
// same.
var errOdd = &Error{Kind: Protocol, Err: errors.New("storage answered another part than the one asked for"), remedy: nothing}

// errStale is the failure of a part that was not asked for, because the location will have expired.
var errStale = &Error{Kind: Storage, Err: errors.New("the location has expired"), remedy: relocate}

// fetch asks for what p lacks until it has all of it. It takes nothing but the bytes it
// asked for, of w.object.
func (w *window) fetch(ctx context.Context, p *part, at site) error {
	for !p.done() {
		if at.location.stale(at.located, time.Now()) {
			return errStale
		}
		from := p.from + p.filled
		a, err := ask(ctx, w.opts, at.location.URL, span{from, p.end()}, at.ifMatch)
		if err != nil {
			return err
		}
		if !a.partial || a.from != from || a.until > p.end() || compare(w.object, a.object) != proven {
			a.close()
			return errOdd
		}
		err = w.drain(p, a, at.location.URL)
		a.close()
		if err != nil {
			return err
		}
		if short := a.tooShort(at.location.URL); short != nil && !p.done() {
			return short
		}
	}
	return nil
}

// drain reads an answer into the buffers of p. It may hold less than p lacks.
func (w *window) drain(p *part, a *answer, u *url.URL) error {
	size := int64(w.pool.size)
	for a.from < a.until {
		buf := *p.buffers[p.filled/size]
		offset := p.filled % size
		n, err := a.read(buf[offset:min(size, offset+a.until-a.from)])
		a.from += int64(n)
		w.fetched.Add(int64(n))
		if n > 0 {
			w.arrived(p, n)
		}
		if a.from < a.until && err != nil {
			if err == io.EOF { //nolint:errorlint // one that is wrapped is no proper end
				err = io.ErrUnexpectedEOF
			}
			return interrupted(u, err)
		}
	}
	return nil
}

// arrived notes n more bytes of p.
func (w *window) arrived(p *part, n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.filled += int64(n)
	if p.gained += int64(n); p.gained >= least(w.object.Size) {
		p.backoff.Reset()
		p.gained = 0
	}
	if p.filled%int64(w.pool.size) == 0 && p.covers(w.next) {
		w.call()
	}
}

// start sets a connection on p.
func (w *window) start(p *part, now time.Time) {
	ctx, cancel := context.WithCancel(w.ctx)
	p.running, p.cancel, p.started, p.err = true, cancel, now, nil
	at := w.site
	w.crew.Go(func() {
		err := w.fetch(ctx, p, at)
		cancel()
		w.finish(p, err)
	})
}

// finish takes p back from the goroutine that fetched it.
func (w *window) finish(p *part, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	p.running = false
	switch {
	case p.dropped:
		w.leaving--
		w.release(p)
	case w.ctx.Err() != nil: // close releases it
	case err == nil:
		if !p.retried && !p.raced && p.size == w.part {
			w.took.add(now.Sub(p.started))
		}
		if p.covers(w.next) {
			w.stopHead() // it was overtaken
		}
	default:
		w.fail(p, err, now)
	}
	w.claim(now)
	w.call()
}

// fail decides whether p is tried again behind the reader's back. The verdict on a failure is never
// spoken here: when the reader comes to a part that is not there, it asks for it itself.
func (w *window) fail(p *part, err error, now time.Time) {
	failed, ok := err.(*Error) //nolint:errorlint // ask and drain wrap none
	if !ok {
		failed = errOdd
	}
	p.err, p.retried, p.pause, p.again = failed, true, 0, now
	if failed.remedy != wait {
		w.halted = true // until the reader knows more
		return
	}
	if failed.Status == http.StatusTooManyRequests || failed.Status == http.StatusServiceUnavailable {
		w.growth.shrink(w.sample(now))
	}
	if p.pause, ok = p.backoff.Next(failed.after); ok {
		p.again = now.Add(p.pause)
	} else {
		p.again = time.Time{}
	}
}

// release gives the buffers of p back, which nobody writes into any more.
func (w *window) release(p *part) {
	for i, buf := range p.buffers {
		if buf != nil {
			w.pool.give(buf)
			p.buffers[i] = nil
		}
	}
}
