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

// idleError says that nothing came any more.
type idleError struct{}

func (idleError) Error() string { return "the answer stopped coming" }

// Timeout marks it as a time-out, which is worth another try.
func (idleError) Timeout() bool { return true }

// Temporary makes it a net.Error.
func (idleError) Temporary() bool { return true }

// watched ends answers whose bytes stop coming. A time-out for the whole would end long
// lists on slow lines; this one is for each read.
type watched struct {
	next  http.RoundTripper
	limit time.Duration
}

func (w *watched) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	resp, err := w.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel(nil)
		return nil, err
	}
	timer := time.AfterFunc(w.limit, func() { cancel(idleError{}) })
	timer.Stop()
	resp.Body = &watchedBody{body: resp.Body, ctx: ctx, cancel: cancel, timer: timer, limit: w.limit}
	return resp, nil
}

// watchedBody is a body of which each read is bounded.
type watchedBody struct {
	body   io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	limit  time.Duration
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.timer.Reset(b.limit)
	n, err := b.body.Read(p)
	b.timer.Stop()
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
