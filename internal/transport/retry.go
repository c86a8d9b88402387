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

// Allowance limits the calls of this machine to what the portal allows. internal/budget has
// the one that all processes share.
type Allowance interface {
	// Wait waits until a call may be sent. The error is that it must not be sent.
	Wait(ctx context.Context) error
	// Blocked records an answer of 429, and its Retry-After, 0 for none.
	Blocked(after time.Duration)
	// Succeeded records any other answer.
	Succeeded()
}

// rateLimited delays each call until the allowance permits it, and records the answer there.
type rateLimited struct {
	next      http.RoundTripper
	allowance Allowance
}

func (a *rateLimited) RoundTrip(req *http.Request) (*http.Response, error) {
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

// retrying repeats calls that failed for a temporary reason. All calls are GETs. It is above
// signing, because a nonce is valid for one request only, and above the allowance, because
// each try counts.
//
// With an allowance, a 429 does not count as a try: the allowance waits until the block ends,
// and returns an error after several blocks in a row.
type retrying struct {
	next   http.RoundTripper
	limit  int
	notify func(err error, wait time.Duration)
}

func (r *retrying) RoundTrip(req *http.Request) (*http.Response, error) {
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

// tryKey is the context key of the number of a try.
type tryKey struct{}

// try returns the number of a request's try, from 1.
func try(ctx context.Context) int {
	n, ok := ctx.Value(tryKey{}).(int)
	if !ok {
		return 1
	}
	return n
}

// smallBody is the size up to which an answer is read before it is returned, in bytes, so that
// the call can be repeated if the answer breaks off. A location has a few hundred bytes; pages
// of lists, which are long, are returned as a stream.
const smallBody = 64 << 10

// whole returns an answer whose body, if it is small, has been read completely.
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

// worthAnother reports whether another try may help, and returns the wait that the portal asks for.
func (r *retrying) worthAnother(req *http.Request, resp *http.Response, err error) (after time.Duration, again bool) {
	if err != nil {
		return 0, req.Context().Err() == nil && retry.Temporary(err)
	}
	after, _ = retry.After(resp.Header, time.Now())
	return after, retry.Answer(resp.StatusCode, resp.Header)
}

// blocked reports whether the allowance below will wait for the end of a block.
func (r *retrying) blocked(resp *http.Response) bool {
	a, ok := r.next.(*rateLimited)
	return ok && a.allowance != nil && resp != nil && resp.StatusCode == http.StatusTooManyRequests
}
