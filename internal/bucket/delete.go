package bucket

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/minio/minio-go/v7"

	"github.com/bynder-cli/bynder/internal/retry"
)

// Delete removes an object. It is not an error if there is none.
func (c *Client) Delete(ctx context.Context, key string) error {
	return c.do(ctx, "remove", key, func(ctx context.Context) error { return c.removeObject(ctx, key) })
}

func (c *Client) removeObject(ctx context.Context, key string) error {
	return c.core.RemoveObject(ctx, c.at.Bucket, key, minio.RemoveObjectOptions{})
}

// DeleteSame removes an object unless it has another ETag by now. It reports whether that object is gone. On a server that ignores
// the condition, or does not know it, an object that appears between a last look at the key and the deletion is removed.
func (c *Client) DeleteSame(ctx context.Context, key, etag string) (gone bool, err error) {
	var failed error
	for tries := retry.New(c.opts.Retries); ; {
		o, err := c.Head(ctx, key)
		switch {
		case errors.Is(err, ErrNotFound):
			return true, nil
		case err != nil:
			return false, err
		case o.ETag != etag:
			return false, nil
		case failed != nil: // another request may be in the way
			if err := c.waitForKey(ctx, "remove", key, failed, tries); err != nil {
				return false, err
			}
		}
		failed = c.deleteLooked(ctx, key, etag)
		switch {
		case errors.Is(failed, ErrNotFound):
			return true, nil
		case !errors.Is(failed, ErrCondition):
			return failed == nil, failed
		}
	}
}

// deleteLooked removes an object that a look at it has just shown with an ETag. The error is ErrCondition if it has another one by
// now, and may be ErrNotFound if it is gone. Before the request is repeated, the object is looked at again: the answer may have been
// lost, and the server may ignore the condition.
func (c *Client) deleteLooked(ctx context.Context, key, etag string) error {
	again := false
	return c.do(ctx, "remove", key, func(ctx context.Context) error {
		if again {
			if err := c.unchanged(ctx, key, etag); err != nil {
				return err
			}
		}
		again = true
		if !c.deletesAny.Load() {
			err := c.removeObject(context.WithValue(ctx, ifMatchKey{}, etag), key)
			if !isUnknownCondition(err) {
				return err
			}
		}
		err := c.removeObject(ctx, key)
		if err == nil {
			c.deletesAny.Store(true)
		}
		return err
	})
}

// unchanged returns the error of the library that a server gives if Condition.IfMatch does not hold for a key.
func (c *Client) unchanged(ctx context.Context, key, etag string) error {
	info, err := c.core.StatObject(ctx, c.at.Bucket, key, minio.StatObjectOptions{})
	if err == nil && object(info).ETag != etag {
		err = minio.ErrorResponse{Code: "PreconditionFailed", StatusCode: http.StatusPreconditionFailed}
	}
	return err
}

// isUnknownCondition reports whether a server has refused a request because of its condition, of which it does not know what it
// means.
func isUnknownCondition(err error) bool {
	switch answer := minio.ToErrorResponse(err); answer.StatusCode {
	case http.StatusNotImplemented:
		return true
	case http.StatusBadRequest:
		return causeOf(answer.Code) == nil && !slices.Contains(temporary, answer.Code)
	}
	return false
}

// ifMatchKey is the key of the ETag that an object must have to be removed by requests with a context: the library has no option for
// that. Their signature does not cover it ("Create a canonical request" in the IAM User Guide: only Host and x-amz-* must be signed).
type ifMatchKey struct{}

// conditional adds the header of Condition.IfMatch to requests that remove objects.
type conditional struct{ next http.RoundTripper }

func (t conditional) RoundTrip(req *http.Request) (*http.Response, error) {
	if etag, ok := req.Context().Value(ifMatchKey{}).(string); ok && req.Method == http.MethodDelete {
		req = req.Clone(req.Context())
		req.Header.Set("If-Match", strconv.Quote(etag))
	}
	return t.next.RoundTrip(req)
}
