package bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/minio/minio-go/v7"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/retry"
)

// maxBeside is the size in bytes up to which an existing object is read to find out whose it is.
const maxBeside = 64 << 20

// WriteBeside writes content, which is JSON, to the object at a path. An object that has this content is not written. Any
// other existing one is replaced only if isOwn accepts its content and it has not changed since; else the error is a
// *download.Error of code exists.
func (s *Sink) WriteBeside(ctx context.Context, path string, content []byte, isOwn func(old []byte) bool) error {
	key, err := s.key(path)
	if err != nil {
		return err
	}
	tries := retry.New(s.client.opts.Retries)
	for {
		when := Condition{IfAbsent: true}
		o, err := s.client.Head(ctx, key)
		switch {
		case errors.Is(err, ErrNotFound):
		case err != nil:
			return err
		default:
			var old bytes.Buffer
			if o.Size <= maxBeside {
				if err := s.client.Read(ctx, o, &old); err != nil && !errors.Is(err, ErrCondition) {
					return err
				}
			}
			switch {
			case bytes.Equal(old.Bytes(), content):
				return nil
			case !isOwn(old.Bytes()):
				return &download.Error{Code: download.CodeExists, Err: fmt.Errorf("%s exists and is not an object with metadata of this asset", s.Show(path)), Advice: "move it away"}
			}
			when = Condition{IfMatch: o.ETag}
		}
		if _, err = s.client.Put(ctx, key, content, Attributes{ContentType: "application/json"}, when); !errors.Is(err, ErrCondition) {
			return err
		}
		if err := s.client.waitForKey(ctx, "write", key, err, tries); err != nil {
			return err
		}
	}
}

// metaMD5 is the user metadata of an object with an asset's metadata beside a file: the MD5 of its bytes, in hexadecimal digits.
const metaMD5 = "Bynder-Metadata-Md5"

// PutBeside writes an asset's metadata, whose MD5 is sum in hexadecimal digits, beside the object of a file. The object says
// so itself: see Object.Beside. It replaces the one with the ETag was or, if that is "", none. The error is ErrCondition if
// another object has the key.
func (c *Client) PutBeside(ctx context.Context, key string, content []byte, sum string, file download.FileID, was string) (etag string, err error) {
	all, when := identity(file), Condition{IfMatch: was}
	all[metaMD5] = sum
	when.IfAbsent = was == ""
	tries := retry.New(c.opts.Retries)
	for {
		etag, err = c.Put(ctx, key, content, Attributes{ContentType: "application/json", Metadata: all}, when)
		if !errors.Is(err, ErrCondition) && !errors.Is(err, ErrNotFound) {
			return etag, err
		}
		o, failed := c.Head(ctx, key) // the answer may have been lost, or is about another request
		switch {
		case failed != nil && !errors.Is(failed, ErrNotFound):
			return "", failed
		case failed == nil && o.Beside(file) == sum:
			return o.ETag, nil
		case (failed == nil) != (was != "") || o.ETag != was:
			return "", c.failure("write", key, minio.ErrorResponse{Code: "PreconditionFailed"})
		}
		if err := c.waitForKey(ctx, "write", key, err, tries); err != nil {
			return "", err
		}
	}
}

// Beside returns the MD5 of the bytes of an object that PutBeside has written beside the object of a file, and that was not
// changed since; "" for any other one. The object is one that Client.Head returned.
func (o Object) Beside(file download.FileID) string {
	sum := o.Metadata[metaMD5]
	if !o.IsOf(file) || o.MD5() != "" && o.MD5() != sum {
		return ""
	}
	return sum
}

// IsFile reports whether an object, which Client.Head returned, was written as a file of some asset.
func (o Object) IsFile() bool { return o.Metadata[metaSelector] != "" && o.Metadata[metaMD5] == "" }
