package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/bynder-cli/bynder/internal/retry"
)

// attempt is what one try of an operation shares with its requests.
type attempt struct {
	requests int           // since the latest progress
	progress bool          // of this try
	failed   error         // of the latest request, if it has no answer
	after    time.Duration // Retry-After of the latest answer
	again    bool          // retry.Answer of the latest answer
	keyed    bool          // isKeyed of the latest answer
}

type attemptKey struct{}

// progressed notes that an operation has received something, so that later failures are counted afresh.
func progressed(ctx context.Context) {
	if a, ok := ctx.Value(attemptKey{}).(*attempt); ok {
		a.requests, a.progress = 0, true
	}
}

// answeredKeyed returns isKeyed of the latest answer to an operation with this context.
func answeredKeyed(ctx context.Context) bool {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	return a != nil && a.keyed
}

// do calls an operation, and repeats it if that may help: as often as Options.Retries says without progress, with the waits
// of internal/retry or those that the server asks for.
func (c *Client) do(ctx context.Context, doing, key string, operation func(context.Context) error) error {
	for tries := retry.New(c.opts.Retries); ; {
		a := &attempt{}
		err := operation(context.WithValue(ctx, attemptKey{}, a))
		if err == nil {
			return nil
		}
		if a.failed != nil {
			err = a.failed
		}
		if a.progress {
			tries.Reset()
		}
		if ctx.Err() != nil {
			return c.failure(doing, key, ctx.Err())
		}
		wait, left := tries.Next(a.after)
		if again := c.mayHelp(a, err); !again || !left {
			failed := c.failure(doing, key, err)
			failed.Retryable = failed.Retryable || again
			return failed
		}
		if err := c.sleep(ctx, wait); err != nil {
			return c.failure(doing, key, err)
		}
	}
}

// temporary are the codes of errors that may not come again, also within an answer with status 200 or 400 ("Error responses" in
// the Amazon S3 API Reference).
var temporary = []string{
	"InternalError", "ServiceUnavailable", "SlowDown", "SlowDownRead", "SlowDownWrite", "RequestTimeout", "Throttling", "ThrottlingException",
	"RequestLimitExceeded", "RequestThrottled",
}

// mayHelp reports whether another try may succeed after the error of an operation.
func (c *Client) mayHelp(a *attempt, err error) bool {
	var answer minio.ErrorResponse
	if !errors.As(err, &answer) {
		return retry.Temporary(err)
	}
	switch answer.Code {
	case "ExpiredToken", "ExpiredTokenException":
		value, err := c.core.GetCreds()
		return err == nil && !value.Expiration.IsZero() // the library gets new ones
	}
	switch answer.StatusCode {
	case http.StatusNotImplemented, http.StatusInsufficientStorage:
		return false
	}
	return slices.Contains(temporary, answer.Code) || a.again && causeOf(answer.Code) == nil
}

// closed stands for the errors of a connection that the server has closed, whose texts are about the inside of this program.
type closed struct{}

func (closed) Error() string { return "the server closed the connection without an answer" }
func (closed) Unwrap() error { return io.EOF }

// maxRequests is how many requests an operation makes without progress: a server may list pages without entries forever.
const maxRequests = 100

// observer sees each answer of the server.
type observer struct {
	client *Client
	next   http.RoundTripper
}

func (o *observer) RoundTrip(req *http.Request) (*http.Response, error) {
	a, ok := req.Context().Value(attemptKey{}).(*attempt)
	if !ok {
		a = &attempt{}
	}
	*a = attempt{requests: a.requests + 1, progress: a.progress}
	if a.requests > maxRequests {
		a.failed = fmt.Errorf("the server answered %d requests without an end", maxRequests)
		return nil, a.failed
	}
	resp, err := o.next.RoundTrip(req)
	if err == io.EOF || errors.Is(err, net.ErrClosed) && req.Context().Err() == nil { //nolint:errorlint // net/http returns it as it is
		err = closed{}
	}
	if err != nil {
		a.failed = err
		return resp, err
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		o.client.date.Store(date.Unix())
	}
	a.keyed, a.again = isKeyed(resp.Header), retry.Answer(resp.StatusCode, resp.Header)
	a.after, _ = retry.After(resp.Header, time.Now())
	return resp, nil
}
