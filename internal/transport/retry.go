package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// Allowance is what the portal lets this machine ask. internal/budget has the one
// that all processes share.
type Allowance interface {
	// Wait returns when a call may be sent, or with an error when it must not be.
	Wait(ctx context.Context) error
	// Blocked records an answer of 429, and after what time it asks to come back.
	Blocked(after time.Duration)
	// Succeeded records any other answer.
	Succeeded()
}

// allowed holds each call back until the allowance has room for it, and tells it what
// the portal answered.
type allowed struct {
	next      http.RoundTripper
	allowance Allowance
}

func (a *allowed) RoundTrip(req *http.Request) (*http.Response, error) {
	if a.allowance == nil {
		return a.next.RoundTrip(req)
	}
	if err := a.allowance.Wait(req.Context()); err != nil {
		return nil, err
	}
	resp, err := a.next.RoundTrip(req)
	switch {
	case err != nil:
	case resp.StatusCode == http.StatusTooManyRequests:
		after, _ := retry.After(resp.Header, time.Now())
		a.allowance.Blocked(after)
	default:
		a.allowance.Succeeded()
	}
	return resp, err
}

// retried makes calls again that may turn out differently. All of them are GETs. It
// stands above signing, because a nonce is good for one request only, and above the
// allowance, because each try counts.
//
// A 429 is no failure where there is an allowance: that waits the block out, and gives
// up by itself when blocks follow each other.
type retried struct {
	next   http.RoundTripper
	limit  int
	notify func(err error, wait time.Duration)
}

func (r *retried) RoundTrip(req *http.Request) (*http.Response, error) {
	tries := retry.New(r.limit)
	for n := 1; ; n++ {
		resp, err := whole(r.next.RoundTrip(req.WithContext(context.WithValue(req.Context(), tryKey{}, n))))
		after, again := r.worthAnother(req, resp, err)
		if !again {
			return resp, err
		}
		var wait time.Duration
		if !r.blocked(resp) {
			var left bool
			if wait, left = tries.Next(after); !left {
				return resp, err
			}
		}
		if resp != nil {
			err = fmt.Errorf("the portal answered %s", resp.Status)
			discard(resp)
		}
		if r.notify != nil {
			r.notify(err, wait)
		}
		if err := retry.Sleep(req.Context(), wait); err != nil {
			return nil, err
		}
	}
}

// tryKey is where the number of a try stands in the context of its request.
type tryKey struct{}

// try is the number of the try that a request belongs to, 1 unless it was made again.
func try(ctx context.Context) int {
	n, ok := ctx.Value(tryKey{}).(int)
	if !ok {
		return 1
	}
	return n
}

// smallBody is the length up to which an answer is read before it is handed on, so that
// one that breaks off can be asked for again. A location has a few hundred bytes; pages
// of lists, which are long, are handed on as they come.
const smallBody = 64 << 10

// whole is an answer whose body, if it is small, has come completely.
func whole(resp *http.Response, err error) (*http.Response, error) {
	if err != nil {
		return resp, err
	}
	start, err := io.ReadAll(io.LimitReader(resp.Body, smallBody))
	if err != nil {
		resp.Body.Close()
		return nil, fmt.Errorf("reading the portal's answer: %w", err)
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(start), resp.Body), resp.Body}
	return resp, nil
}

// worthAnother reports whether another try may help, and when the portal asks for it.
func (r *retried) worthAnother(req *http.Request, resp *http.Response, err error) (after time.Duration, again bool) {
	if err != nil {
		return 0, req.Context().Err() == nil && retry.Temporary(err)
	}
	after, _ = retry.After(resp.Header, time.Now())
	return after, retry.Answer(resp.StatusCode, resp.Header)
}

// blocked tells whether the allowance below is going to wait.
func (r *retried) blocked(resp *http.Response) bool {
	a, ok := r.next.(*allowed)
	return ok && a.allowance != nil && resp != nil && resp.StatusCode == http.StatusTooManyRequests
}
