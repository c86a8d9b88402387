package transport

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// portalIdle is how long the portal may send nothing in the middle of an answer.
const portalIdle = 60 * time.Second

// portalAnswer is how long an answer of the portal may take to read as a whole. Time in which nobody
// reads is not counted: what a page of a list asks for may take hours to fetch.
const portalAnswer = 5 * time.Minute

// idleError says that nothing came any more.
type idleError struct{}

func (idleError) Error() string { return "the answer stopped coming" }

// Timeout marks it as a time-out, which is worth another try.
func (idleError) Timeout() bool { return true }

// Temporary makes it a net.Error.
func (idleError) Temporary() bool { return true }

// watched ends answers whose bytes stop coming, or that take too long as a whole.
type watched struct {
	next  http.RoundTripper
	limit time.Duration // of each read
	whole time.Duration // of all that the answer takes
}

func (w *watched) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	start := time.Now()
	timer := time.AfterFunc(w.whole, func() { cancel(idleError{}) })
	resp, err := w.next.RoundTrip(req.WithContext(ctx))
	timer.Stop()
	if err != nil {
		if idle := (idleError{}); errors.Is(context.Cause(ctx), idle) {
			err = idle
		}
		cancel(nil)
		return nil, err
	}
	resp.Body = &watchedBody{body: resp.Body, ctx: ctx, cancel: cancel, timer: timer, limit: w.limit, left: w.whole - time.Since(start)}
	return resp, nil
}

// watchedBody is a body of which each read is bounded.
type watchedBody struct {
	body   io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	limit  time.Duration
	left   time.Duration // for all further reads
}

func (b *watchedBody) Read(p []byte) (int, error) {
	start := time.Now()
	b.timer.Reset(min(b.limit, max(b.left, 0)))
	n, err := b.body.Read(p)
	b.timer.Stop()
	b.left -= time.Since(start)
	if idle := (idleError{}); err != nil && errors.Is(context.Cause(b.ctx), idle) {
		err = idle
	}
	return n, err
}

func (b *watchedBody) Close() error {
	b.timer.Stop()
	b.cancel(nil)
	return b.body.Close()
}
