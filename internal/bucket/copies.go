package bucket

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"net/http"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/encrypt"

	"github.com/bynder-cli/bynder/internal/retry"
)

// mostCopied is how many bytes a server copies with one request ("CopyObject" in the Amazon S3 API Reference).
const mostCopied = 5 << 30

// Copy copies an object within the bucket, of the version with its ETag, to a key that no object has, and returns the ETag of the
// copy, which has the attributes of the object. The error is ErrNotFound if the object does not exist, ErrCondition if it has
// another ETag, and fs.ErrExist if another object has the key. On a server that ignores the condition, or does not know it, an
// object that appears between a last look at the key and the copy is replaced.
func (c *Client) Copy(ctx context.Context, o Object, to string) (etag string, err error) {
	for tries := retry.New(c.opts.Retries); ; {
		etag, err = c.copyOnce(ctx, o, to)
		if !errors.Is(err, ErrCondition) && !errors.Is(err, ErrNotFound) {
			return etag, err
		}
		now, failed := c.headSame(ctx, o)
		if failed != nil {
			return "", failed
		}
		switch there, failed := c.Head(ctx, to); {
		case failed == nil && there.isCopyOf(now): // the answer was lost
			return there.ETag, nil
		case failed == nil:
			return "", fs.ErrExist
		case !errors.Is(failed, ErrNotFound):
			return "", failed
		}
		if err := c.waitForKey(ctx, "write", to, err, tries); err != nil { // another request is in the way
			return "", err
		}
	}
}

// IsCopy reports whether an object, which Head returned, is a copy of another one. The copy of one in parts, or of an encrypted one,
// has another ETag.
func (c *Client) IsCopy(ctx context.Context, o, from Object) (bool, error) {
	if o.Size != from.Size || o.ETag == from.ETag {
		return o.Size == from.Size, nil
	}
	now, err := c.Head(ctx, from.Key)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil && now.ETag == from.ETag && o.isCopyOf(now), err
}

// isCopyOf reports whether an object has the bytes of another one, as far as their ETags show it, and the same metadata. Client.Head
// returned both.
func (o Object) isCopyOf(from Object) bool {
	if o.Size != from.Size || o.MD5() != "" && from.MD5() != "" && o.MD5() != from.MD5() {
		return false
	}
	return o.ETag == from.ETag || len(o.Metadata) > 0 && maps.Equal(o.Metadata, from.Metadata)
}

func (c *Client) copyOnce(ctx context.Context, o Object, to string) (etag string, err error) {
	dst := minio.CopyDestOptions{Bucket: c.at.Bucket, Object: to}
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
	try := func(ctx context.Context) error {
		dst.Encryption = c.sse
		if !c.copiesOver.Load() {
			dst.Encryption = ifAbsent{c.sse}
		}
		info, err := c.core.Client.CopyObject(ctx, dst, minio.CopySrcOptions{Bucket: c.at.Bucket, Object: o.Key, MatchETag: o.ETag})
		etag = info.ETag
		return err
	}
	err = c.do(ctx, "copy", to, func(ctx context.Context) error {
		err := c.notTaken(ctx, to)
		if err == nil {
			err = try(ctx)
		}
		if minio.ToErrorResponse(err).StatusCode == http.StatusNotImplemented && !c.copiesOver.Swap(true) {
			err = try(ctx)
		}
		return err
	})
	return etag, err
}

// ifAbsent is an encryption, or nil, together with the header of Condition.IfAbsent, for which the library has no option in copies.
type ifAbsent struct{ encrypt.ServerSide }

// Marshal implements encrypt.ServerSide.
func (a ifAbsent) Marshal(h http.Header) {
	if a.ServerSide != nil {
		a.ServerSide.Marshal(h)
	}
	h.Set("If-None-Match", "*")
}

// notTaken returns the error of the library that a server gives if Condition.IfAbsent does not hold for a key.
func (c *Client) notTaken(ctx context.Context, key string) error {
	_, err := c.core.StatObject(ctx, c.at.Bucket, key, minio.StatObjectOptions{})
	switch {
	case err == nil:
		return minio.ErrorResponse{Code: "PreconditionFailed", StatusCode: http.StatusPreconditionFailed}
	case minio.ToErrorResponse(err).StatusCode == http.StatusNotFound:
		return nil
	}
	return err
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
	look := func() error {
		return c.do(ctx, "copy", to, func(ctx context.Context) error { return c.notTaken(ctx, to) })
	}
	if err := look(); err != nil {
		return "", err
	}
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
		err = look()
	}
	if err == nil {
		etag, err = c.Complete(ctx, to, id, parts, Condition{IfAbsent: true})
	}
	if err != nil {
		return "", errors.Join(err, c.Abort(context.WithoutCancel(ctx), to, id))
	}
	return etag, nil
}
