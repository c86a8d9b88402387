package bucket

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/bynder-cli/bynder/internal/retry"
)

// mostCopied is how many bytes a server copies with one request ("CopyObject" in the Amazon S3 API Reference).
const mostCopied = 5 << 30

// Copy copies an object within the bucket, of the version with its ETag, and returns the ETag of the copy, which has the
// attributes of the object and replaces whatever has the other key. The error is ErrNotFound if there is no such object, and
// ErrCondition if it has another ETag.
func (c *Client) Copy(ctx context.Context, o Object, to string) (etag string, err error) {
	for tries := retry.New(c.opts.Retries); ; {
		if etag, err = c.copyOnce(ctx, o, to); !errors.Is(err, ErrCondition) {
			return etag, err
		}
		if now, failed := c.Head(ctx, o.Key); failed != nil || now.ETag != o.ETag {
			return "", errors.Join(err, failed)
		}
		if err := c.waitForKey(ctx, to, err, tries); err != nil { // another request is in the way
			return "", err
		}
	}
}

func (c *Client) copyOnce(ctx context.Context, o Object, to string) (etag string, err error) {
	dst := minio.CopyDestOptions{Bucket: c.at.Bucket, Object: to, Encryption: c.sse}
	if o.Size > c.mostCopied || c.opts.StorageClass != "" { // else the server copies the attributes, and would not set the class
		if o, err = c.headSame(ctx, o); err != nil {
			return "", err
		}
		dst.ReplaceMetadata, dst.ContentType, dst.ContentEncoding = true, o.ContentType, o.ContentEncoding
		dst.UserMetadata = map[string]string{"X-Amz-Storage-Class": c.opts.StorageClass}
		maps.Copy(dst.UserMetadata, o.Metadata)
	}
	if o.Size > c.mostCopied {
		return c.copyParts(ctx, o, to)
	}
	err = c.do(ctx, "copy", to, func(ctx context.Context) error {
		info, err := c.core.Client.CopyObject(ctx, dst, minio.CopySrcOptions{Bucket: c.at.Bucket, Object: o.Key, MatchETag: o.ETag})
		etag = info.ETag
		return err
	})
	return etag, err
}

// headSame returns an object with its attributes. The error is ErrCondition if it has another ETag by now.
func (c *Client) headSame(ctx context.Context, o Object) (Object, error) {
	now, err := c.Head(ctx, o.Key)
	if err == nil && now.ETag != o.ETag {
		err = c.failure("copy", o.Key, minio.ErrorResponse{Code: "PreconditionFailed"})
	}
	return now, err
}

// copyParts copies an object that is too large for one request, with the attributes that it has.
func (c *Client) copyParts(ctx context.Context, o Object, to string) (etag string, err error) {
	id, err := c.Begin(ctx, to, Attributes{ContentType: o.ContentType, ContentEncoding: o.ContentEncoding, Metadata: o.Metadata})
	if err != nil {
		return "", err
	}
	var parts []Part
	for from := int64(0); from < o.Size && err == nil; from += c.mostCopied {
		part := Part{Number: len(parts) + 1, Size: min(c.mostCopied, o.Size-from)}
		err = c.do(ctx, "copy", to, func(ctx context.Context) error {
			done, err := c.core.CopyObjectPart(ctx, c.at.Bucket, o.Key, c.at.Bucket, to, id, part.Number, from, part.Size,
				map[string]string{"X-Amz-Copy-Source-If-Match": strconv.Quote(o.ETag)})
			if err == nil && done.ETag == "" {
				err = minio.ErrorResponse{Code: "InternalError", Message: "the copy of a part has no ETag"} // an error with status 200
			}
			part.ETag = strings.Trim(done.ETag, `"`)
			return err
		})
		parts = append(parts, part)
	}
	if err == nil {
		etag, err = c.Complete(ctx, to, id, parts, Condition{})
	}
	if err != nil {
		return "", errors.Join(err, c.Abort(context.WithoutCancel(ctx), to, id))
	}
	return etag, nil
}

// DeleteSame removes an object unless it has another ETag by now. It reports whether no such object is left.
func (c *Client) DeleteSame(ctx context.Context, key, etag string) (gone bool, err error) {
	o, err := c.Head(ctx, key)
	switch {
	case errors.Is(err, ErrNotFound):
		return true, nil
	case err != nil:
		return false, err
	case o.ETag != etag:
		return false, nil
	}
	err = c.Delete(ctx, key)
	return err == nil, err
}
