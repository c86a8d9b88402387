package retry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// IdleError is the error of a request that was ended because its answer was too slow.
type IdleError struct{ text string }

func (e *IdleError) Error() string { return e.text }

// Timeout reports true: the error is a timeout, which is worth another try.
func (*IdleError) Timeout() bool { return true }

// Temporary reports true. It makes the type a net.Error.
func (*IdleError) Temporary() bool { return true }

// errIdle is the cause with which a Watch ends its request.
var errIdle = errors.New("the answer was too slow")

// Watch ends a request whose answer is too slow. It replaces a timeout for the whole answer, which would
// fail large files. Only the time of reads counts, not the time between them. It is for one goroutine at
// a time.
type Watch struct {
	// Progress is the number of bytes, of one or several reads, after which the idle time starts again; at least 1.
	Progress int64

	ctx    context.Context //nolint:containedctx // of the request, which ends with it
	cancel context.CancelCauseFunc
	timer  *time.Timer   // runs during reads only
	limit  time.Duration // of the timer
	idle   time.Duration
	whole  time.Duration
	start  time.Time
	sent   *sentBody // nil for a request without a body

	idleLeft  time.Duration // the rest of idle
	received  int64         // bytes since idleLeft was idle
	wholeLeft time.Duration // the rest of whole
}

// NewWatch returns the Watch of a request that will be made with its Context. idle is the time limit without
// Progress, whole that for all of the answer, 0 for none. The time limit for the header is whole or, if
// that is 0, idle.
func NewWatch(ctx context.Context, idle, whole time.Duration) *Watch {
	w := &Watch{idle: idle, whole: whole, idleLeft: idle, wholeLeft: whole, start: time.Now(), limit: cmp.Or(whole, idle)}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	w.timer = time.AfterFunc(w.limit, func() { w.cancel(errIdle) })
	return w
}

// Context returns the context for the request.
func (w *Watch) Context() context.Context { return w.ctx }

// Sent returns the body of the request. While it is sent, idle is the time limit between two reads of it, and for the
// header after the last one.
func (w *Watch) Sent(body io.ReadCloser) io.ReadCloser {
	w.timer.Stop()
	w.sent = &sentBody{ReadCloser: body, idle: w.idle, timer: time.AfterFunc(w.idle, func() { w.cancel(errIdle) })}
	return w.sent
}

// sentBody is the body of a watched request, which net/http may still read after the answer.
type sentBody struct {
	io.ReadCloser
	idle time.Duration

	mu    sync.Mutex
	timer *time.Timer // nil after the answer
}

func (b *sentBody) Read(p []byte) (int, error) {
	b.mu.Lock()
	if b.timer != nil {
		b.timer.Reset(b.idle)
	}
	b.mu.Unlock()
	return b.ReadCloser.Read(p)
}

// answered ends the time limit.
func (b *sentBody) answered() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.timer.Stop()
	b.timer = nil
}

// Answered returns the results of the request, with a body that the Watch can end, and whose Close ends the
// Watch. The error is an *IdleError if the Watch ended the request.
func (w *Watch) Answered(resp *http.Response, err error) (*http.Response, error) {
	w.timer.Stop()
	if w.sent != nil {
		w.sent.answered()
	}
	if err != nil {
		err = w.explain(err)
		w.cancel(nil)
		return resp, err
	}
	w.wholeLeft = max(w.wholeLeft-time.Since(w.start), 0)
	resp.Body = &watchedBody{resp.Body, w}
	return resp, nil
}

// explain returns err, or an *IdleError if the Watch ended the request.
func (w *Watch) explain(err error) error {
	switch {
	case !errors.Is(context.Cause(w.ctx), errIdle):
		return err
	case w.whole > 0 && (w.wholeLeft == 0 || w.limit == w.whole):
		return &IdleError{fmt.Sprintf("the answer took longer than %v", w.whole)}
	}
	if w.sent != nil && w.received == 0 {
		return &IdleError{fmt.Sprintf("nothing could be sent, and nothing was received, in %v", w.idle)}
	}
	what := "nothing"
	if w.received > 0 {
		what = "less than " + amount(max(w.Progress, 1))
	}
	return &IdleError{fmt.Sprintf("received %s in %v", what, w.idle)}
}

// amount formats a number of bytes, in KiB if it is a multiple of that.
func amount(n int64) string {
	if n%1024 == 0 {
		return fmt.Sprintf("%d KiB", n/1024)
	}
	return fmt.Sprintf("%d bytes", n)
}

// watchedBody is the body of a watched answer.
type watchedBody struct {
	io.ReadCloser
	watch *Watch
}

// Read reads once from the body. The error is the body's, or an *IdleError.
func (b *watchedBody) Read(p []byte) (int, error) {
	w := b.watch
	w.limit = w.idleLeft
	if w.whole > 0 {
		w.limit = min(w.idleLeft, w.wholeLeft)
	}
	start := time.Now()
	w.timer.Reset(w.limit)
	n, err := b.ReadCloser.Read(p)
	w.timer.Stop()
	took := time.Since(start)
	w.idleLeft, w.wholeLeft = max(w.idleLeft-took, 0), max(w.wholeLeft-took, 0)
	if w.received += int64(n); w.received >= max(w.Progress, 1) {
		w.idleLeft, w.received = w.idle, 0
	}
	if err == nil || err == io.EOF {
		return n, err
	}
	return n, w.explain(err)
}

// Close closes the body and ends the Watch.
func (b *watchedBody) Close() error {
	defer b.watch.cancel(nil)
	b.watch.timer.Stop()
	return b.ReadCloser.Close()
}
