package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/encrypt"
)

// Client has the operations on one bucket. Each is repeated as often as Options.Retries says, if that may help, and ends
// with its context. The errors are those of failure. It is safe for concurrent use.
type Client struct {
	core *minio.Core
	at   Location
	sse  encrypt.ServerSide // nil for what the bucket does by default
	opts Options
	// date is the server's clock at its latest answer, in seconds since 1970; 0 before the first.
	date atomic.Int64
	// unconditional is set if the server does not know Condition.IfAbsent, and says so.
	unconditional atomic.Bool
	// copiesOver is set if the server does not know it for copies, and says so.
	copiesOver atomic.Bool
	// deletesAny is set if the server does not know Condition.IfMatch for deletions, and says so.
	deletesAny atomic.Bool
	// otherETags is set if the ETag of an object in parts is computed in another way than by Amazon S3.
	otherETags atomic.Bool
	// mostCopied is what the server copies with one request, in bytes; less in tests.
	mostCopied int64
	transport  http.RoundTripper
	sleep      func(context.Context, time.Duration) error // retry.Sleep; none in tests
}

// Object is what a bucket says of one of its objects.
type Object struct {
	Key  string
	Size int64
	// ETag is without quotes.
	ETag     string
	Modified time.Time // of the last change, by the server's clock
	// The rest is not in lists.
	ContentType, ContentEncoding string
	Metadata                     map[string]string // user metadata, their names as Header returns them
	// Keyed is set if the ETag is not a digest of the bytes, because the object is encrypted with a key of KMS or of
	// the customer.
	Keyed bool
}

// Attributes are what is stored with an object.
type Attributes struct {
	ContentType, ContentEncoding string
	Metadata                     map[string]string
}

// Condition says when an object may be written. The zero Condition is always.
type Condition struct {
	IfAbsent bool   // no object has the key
	IfMatch  string // the object with the key has this ETag, without quotes
}

// Part is one uploaded part of an object.
type Part struct {
	Number int // from 1 on
	ETag   string
	Size   int64
	Keyed  bool // as of an Object; not in lists
}

// Upload is an unfinished multipart upload.
type Upload struct {
	Key, ID   string
	Initiated time.Time // by the server's clock
}

// Head returns the object with a key. The error is ErrNotFound if there is none.
func (c *Client) Head(ctx context.Context, key string) (Object, error) {
	var info minio.ObjectInfo
	err := c.do(ctx, "look at", key, func(ctx context.Context) (err error) {
		info, err = c.core.StatObject(ctx, c.at.Bucket, key, minio.StatObjectOptions{})
		if status := minio.ToErrorResponse(err).StatusCode; status == http.StatusBadRequest || status == http.StatusForbidden {
			// The answer has no body with a code: that of another request may have one.
			if why := c.listFirst(ctx); causeOf(minio.ToErrorResponse(why).Code) != nil {
				err = why
			}
		}
		return err
	})
	if err != nil {
		return Object{}, err
	}
	o := object(info)
	o.Key = key
	return o, nil
}

// object converts what the library returns.
func object(info minio.ObjectInfo) Object {
	o := Object{
		Key: info.Key, Size: info.Size, ETag: strings.Trim(info.ETag, `"`), Modified: info.LastModified,
		ContentType: info.ContentType, ContentEncoding: info.Metadata.Get("Content-Encoding"),
		Keyed: isKeyed(info.Metadata),
	}
	if len(info.UserMetadata) > 0 {
		o.Metadata = make(map[string]string, len(info.UserMetadata))
		for name, value := range info.UserMetadata {
			o.Metadata[http.CanonicalHeaderKey(name)] = value
		}
	}
	return o
}

// isKeyed reports whether the ETag in an answer is not a digest of the bytes: see Object.Keyed.
func isKeyed(h http.Header) bool {
	return strings.HasPrefix(h.Get("X-Amz-Server-Side-Encryption"), "aws:kms") || h.Get("X-Amz-Server-Side-Encryption-Customer-Algorithm") != ""
}

// Read writes the bytes of an object to w, of the version with its ETag.
func (c *Client) Read(ctx context.Context, o Object, w io.Writer) error {
	var read int64
	return c.do(ctx, "read", o.Key, func(ctx context.Context) error {
		var opts minio.GetObjectOptions
		if err := opts.SetMatchETag(o.ETag); err != nil {
			return err
		}
		if read > 0 {
			if err := opts.SetRange(read, 0); err != nil {
				return err
			}
		}
		body, _, _, err := c.core.GetObject(ctx, c.at.Bucket, o.Key, opts)
		if err != nil {
			return err
		}
		defer body.Close()
		n, err := io.Copy(w, io.LimitReader(body, max(o.Size-read, 0)+1)) // one more shows that it is longer
		if read += n; n > 0 {
			progressed(ctx)
		}
		if err == nil && read != o.Size {
			err = fmt.Errorf("%w: %d of %d bytes came", io.ErrUnexpectedEOF, read, o.Size)
		}
		return err
	})
}

// List yields the objects whose keys begin with a prefix, in the order of their keys. The last pair has the error, if the
// list is not complete.
func (c *Client) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		ended, last := false, ""
		err := c.do(ctx, "list", prefix, func(ctx context.Context) error {
			for info := range c.core.ListObjectsIter(ctx, c.at.Bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true, StartAfter: last}) {
				switch {
				case info.Err != nil:
					return info.Err
				case info.Key <= last || !strings.HasPrefix(info.Key, prefix):
					return fmt.Errorf("the server listed %q after %q", info.Key, last)
				}
				last = info.Key
				progressed(ctx)
				if ended = !yield(object(info), nil); ended {
					return nil
				}
			}
			return ctx.Err() // with which the library ends a list silently
		})
		if err != nil && !ended {
			yield(Object{}, err)
		}
	}
}

// Begin begins a multipart upload and returns its id.
func (c *Client) Begin(ctx context.Context, key string, a Attributes) (id string, err error) {
	err = c.do(ctx, "write", key, func(ctx context.Context) error {
		id, err = c.core.NewMultipartUpload(ctx, c.at.Bucket, key, c.putOptions(a, Condition{}))
		if err == nil && id == "" {
			err = errors.New("the server began an upload without an id")
		}
		return err
	})
	return id, err
}

// Abort removes an upload and its parts. It is not an error if there is none.
func (c *Client) Abort(ctx context.Context, key, id string) error {
	err := c.do(ctx, "remove the unfinished upload of", key, func(ctx context.Context) error {
		return c.core.AbortMultipartUpload(ctx, c.at.Bucket, key, id)
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// Parts returns the parts of an upload, by number. The error is ErrNotFound if there is no such upload.
func (c *Client) Parts(ctx context.Context, key, id string) (parts []Part, err error) {
	for marker := 0; ; {
		var page minio.ListObjectPartsResult
		err = c.do(ctx, "list the parts of", key, func(ctx context.Context) (err error) {
			page, err = c.core.ListObjectParts(ctx, c.at.Bucket, key, id, marker, 1000)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, p := range page.ObjectParts {
			if p.PartNumber <= marker || p.PartNumber > maxParts {
				return nil, c.failure("list the parts of", key, fmt.Errorf("the server listed part %d after %d", p.PartNumber, marker))
			}
			marker = p.PartNumber
			parts = append(parts, Part{Number: p.PartNumber, ETag: strings.Trim(p.ETag, `"`), Size: p.Size})
		}
		if !page.IsTruncated || len(page.ObjectParts) == 0 {
			return parts, nil
		}
	}
}

// Uploads returns the unfinished uploads of a key.
func (c *Client) Uploads(ctx context.Context, key string) (all []Upload, err error) {
	var page minio.ListMultipartUploadsResult
	err = c.do(ctx, "list the unfinished uploads of", key, func(ctx context.Context) (err error) {
		page, err = c.core.ListMultipartUploads(ctx, c.at.Bucket, key, "", "", "", 1000)
		return err
	})
	for _, u := range page.Uploads {
		if u.Key == key { // the request is about keys that begin so
			all = append(all, Upload{u.Key, u.UploadID, u.Initiated})
		}
	}
	return all, err
}

// Now returns the server's clock at its latest answer; ok is false if it has not told it.
func (c *Client) Now() (now time.Time, ok bool) {
	seconds := c.date.Load()
	return time.Unix(seconds, 0), seconds > 0
}

// Server returns the host of the server, and its port if it has one.
func (c *Client) Server() string { return c.core.EndpointURL().Host }

// Close closes the connections.
func (c *Client) Close() {
	(&http.Client{Transport: c.transport}).CloseIdleConnections()
}
