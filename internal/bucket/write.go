package bucket

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // S3 checks what it receives with it
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/retry"
)

// ErrDamaged is in the chain of errors about an object or a part that the server has stored with other bytes than those it
// received.
var ErrDamaged = errors.New("the server stored other bytes than those it received")

// Put writes an object of content. If its ETag shows that the server has stored other bytes, the object is removed and
// written again.
func (c *Client) Put(ctx context.Context, key string, content []byte, a Attributes, when Condition) (etag string, err error) {
	sum := md5.Sum(content) //nolint:gosec // as above
	err = c.untilSound(ctx, key, func(ctx context.Context) (err error) {
		keyed := false
		err = c.write(ctx, key, when, func(ctx context.Context, when Condition) error {
			info, err := c.core.PutObject(ctx, c.at.Bucket, key, bytes.NewReader(content), int64(len(content)),
				base64.StdEncoding.EncodeToString(sum[:]), "", c.putOptions(a, when))
			etag, keyed = info.ETag, answeredKeyed(ctx)
			return err
		})
		if err != nil || isSound(etag, sum, keyed) {
			return err
		}
		if when.IfMatch != "" {
			when = Condition{IfAbsent: true} // the object that it replaced is gone
		}
		return errors.Join(ErrDamaged, c.removeDamaged(ctx, key, etag))
	})
	return etag, err
}

// PutPart uploads a part. All parts but the last have at least 5 MiB. If its ETag shows that the server has stored other bytes,
// it is uploaded again.
func (c *Client) PutPart(ctx context.Context, key, id string, number int, content []byte) (part Part, err error) {
	sum := md5.Sum(content) //nolint:gosec // as above
	err = c.untilSound(ctx, key, func(ctx context.Context) error {
		err := c.do(ctx, "write", key, func(ctx context.Context) error {
			// The signature covers Content-MD5; the SHA-256 of each chunk, which the library adds without TLS, takes more time than that.
			put, err := c.core.PutObjectPart(ctx, c.at.Bucket, key, id, number, bytes.NewReader(content), int64(len(content)),
				minio.PutObjectPartOptions{Md5Base64: base64.StdEncoding.EncodeToString(sum[:]), DisableContentSha256: true})
			part = Part{Number: number, ETag: put.ETag, Size: int64(len(content)), Keyed: answeredKeyed(ctx)}
			return err
		})
		if err == nil && !isSound(part.ETag, sum, part.Keyed) {
			err = ErrDamaged
		}
		return err
	})
	return part, err
}

// isSound reports whether bytes with this MD5 may have this ETag: unless they are encrypted with a key of KMS or of the
// customer, an ETag of 32 hexadecimal digits is their MD5 ("Common Response Headers" in the Amazon S3 API Reference).
func isSound(etag string, sum [md5.Size]byte, keyed bool) bool {
	return keyed || strings.Contains(etag, "-") || !isDigest(etag) || strings.EqualFold(etag, hex.EncodeToString(sum[:]))
}

// untilSound repeats an operation as long as its error is ErrDamaged, as often as Options.Retries says.
func (c *Client) untilSound(ctx context.Context, key string, operation func(context.Context) error) error {
	for tries := retry.New(c.opts.Retries); ; {
		err := operation(ctx)
		if !errors.Is(err, ErrDamaged) {
			return err
		}
		wait, again := tries.Next(0)
		if !again {
			return c.damaged(key, err)
		}
		if err := c.sleep(ctx, wait); err != nil {
			return c.failure("write", key, err)
		}
	}
}

// damaged returns the error of an object with other bytes than those that were sent.
func (c *Client) damaged(key string, err error) error {
	return &download.Error{
		Code: download.CodeIntegrity, Advice: "look at the server's disks and logs", Retryable: true,
		Err: fmt.Errorf("cannot write %s%s/%s: %w", Scheme, c.at.Bucket, key, err),
	}
}

// removeDamaged removes an object that the server has stored wrongly, unless another program has replaced it since.
func (c *Client) removeDamaged(ctx context.Context, key, etag string) error {
	_, err := c.DeleteSame(ctx, key, etag)
	return err
}

// write calls an operation that has a condition. A server that does not know the condition that no object has the key
// answers 501: then it is not asked for it any more, see Client.Conditional.
func (c *Client) write(ctx context.Context, key string, when Condition, operation func(context.Context, Condition) error) error {
	return c.do(ctx, "write", key, func(ctx context.Context) error {
		when.IfAbsent = when.IfAbsent && c.Conditional()
		err := operation(ctx, when)
		if when.IfAbsent && minio.ToErrorResponse(err).StatusCode == http.StatusNotImplemented {
			c.unconditional.Store(true)
			err = operation(ctx, Condition{})
		}
		return err
	})
}

// Conditional reports whether the server has not refused Condition.IfAbsent as unknown. If it has, only Head shows whether
// an object has a key.
func (c *Client) Conditional() bool { return !c.unconditional.Load() }

// Complete makes an object of the parts of an upload, in their order.
func (c *Client) Complete(ctx context.Context, key, id string, parts []Part, when Condition) (etag string, err error) {
	all := make([]minio.CompletePart, len(parts))
	for i, p := range parts {
		all[i] = minio.CompletePart{PartNumber: p.Number, ETag: p.ETag}
	}
	err = c.write(ctx, key, when, func(ctx context.Context, when Condition) error {
		var opts minio.PutObjectOptions
		when.set(&opts)
		info, err := c.core.CompleteMultipartUpload(ctx, c.at.Bucket, key, id, all, opts)
		etag = info.ETag
		return err
	})
	return etag, err
}

// putOptions returns the options of the library for a new object.
func (c *Client) putOptions(a Attributes, when Condition) minio.PutObjectOptions {
	opts := minio.PutObjectOptions{
		ContentType: a.ContentType, ContentEncoding: a.ContentEncoding, UserMetadata: a.Metadata,
		StorageClass: c.opts.StorageClass, ServerSideEncryption: c.sse,
		// Without TLS, the SHA-256 of each chunk would add the coding aws-chunked to the header, which some servers store with
		// the object. The signature covers Content-MD5.
		DisableContentSha256: a.ContentEncoding != "",
	}
	when.set(&opts)
	return opts
}

// set adds the headers of the condition.
func (w Condition) set(opts *minio.PutObjectOptions) {
	switch {
	case w.IfAbsent:
		opts.SetMatchETagExcept("*")
	case w.IfMatch != "":
		opts.SetMatchETag(w.IfMatch)
	}
}
