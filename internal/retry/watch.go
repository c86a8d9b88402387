package retry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// IdleError is the failure of a request that was ended because too little of its answer came.
type IdleError struct{ text string }

func (e *IdleError) Error() string { return e.text }

// Timeout marks it as a time-out, which is worth another try.
func (*IdleError) Timeout() bool { return true }

// Temporary makes it a net.Error.
func (*IdleError) Temporary() bool { return true }

// errIdle is the cause with which a Watch ends its request.
var errIdle = errors.New("too little of the answer came")

// Watch ends one request when too little of its answer comes, in place of a time-out for all of it, which
// would fail large files. Only time in which the answer is waited for counts, not what its reader does in
// between. It is for one goroutine at a time.
type Watch struct {
	// Progress is how many bytes, of one read or several, make the wait for more begin afresh; at least 1.
	Progress int64

	ctx    context.Context //nolint:containedctx // of the request, which ends with it
	cancel context.CancelCauseFunc
	timer  *time.Timer   // runs only while bytes are waited for
	limit  time.Duration // of that wait
	idle   time.Duration
	whole  time.Duration
	start  time.Time

	patience time.Duration // what is left of idle
	came     int64         // bytes since that was all of it
	left     time.Duration // what is left of whole
}

// NewWatch returns the Watch of a request that is about to be made with its Context. It lets idle pass
// without Progress and whole for all of the answer; with 0, that has no limit. For the header to come there is
// whole or, without it, idle.
func NewWatch(ctx context.Context, idle, whole time.Duration) *Watch {
	w := &Watch{idle: idle, whole: whole, patience: idle, left: whole, start: time.Now(), limit: cmp.Or(whole, idle)}
	w.ctx, w.cancel = context.WithCancelCause(ctx)
	w.timer = time.AfterFunc(w.limit, func() { w.cancel(errIdle) })
	return w
}

// Context is what the request has to be made with.
func (w *Watch) Context() context.Context { return w.ctx }

// Answered takes what the request returned and returns it, with a body whose reads are watched, and whose Close
// ends the Watch. In place of err it is an *IdleError if the Watch ended the request.
func (w *Watch) Answered(resp *http.Response, err error) (*http.Response, error) {
	w.timer.Stop()
	if err != nil {
		err = w.explain(err)
		w.cancel(nil)
		return resp, err
	}
	w.left = max(w.left-time.Since(w.start), 0)
	resp.Body = &watchedBody{resp.Body, w}
	return resp, nil
}

func (w *Watch) explain(err error) error {
	switch {
	case !errors.Is(context.Cause(w.ctx), errIdle):
		return err
	case w.whole > 0 && (w.left == 0 || w.limit == w.whole):
		return &IdleError{fmt.Sprintf("the answer took longer than %v", w.whole)}
	}
	what := "no byte"
	if w.came > 0 {
		what = "less than " + amount(max(w.Progress, 1))
	}
	return &IdleError{fmt.Sprintf("%s came in %v", what, w.idle)}
}

// amount is a number of bytes for people: whole KiB where it is that.
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

// Read reads once. The error is the body's, or an *IdleError.
func (b *watchedBody) Read(p []byte) (int, error) {
	w := b.watch
	w.limit = w.patience
	if w.whole > 0 {
		w.limit = min(w.patience, w.left)
	}
	start := time.Now()
	w.timer.Reset(w.limit)
	n, err := b.ReadCloser.Read(p)
	w.timer.Stop()
	took := time.Since(start)
	w.patience, w.left = max(w.patience-took, 0), max(w.left-took, 0)
	if w.came += int64(n); w.came >= max(w.Progress, 1) {
		w.patience, w.came = w.idle, 0
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
