package bucket

import (
	"bytes"
	"context"
	"crypto/md5" //nolint:gosec // S3 makes ETags with it
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
	"strings"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/retry"
	"github.com/bynder-cli/bynder/internal/sink"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// publish writes the object under a path that no other object has, and decides by policy if one has it.
func (p *partial) publish(ctx context.Context) error {
	tries := retry.New(p.sink.client.opts.Retries)
	for {
		if p.target.Intend != nil {
			if err := p.target.Intend(p.at.Path); err != nil {
				return err
			}
		}
		key, err := p.sink.key(p.at.Path)
		if err != nil {
			return err
		}
		failed := p.write(ctx, key)
		if failed == nil {
			return nil
		}
		if errors.Is(failed, ErrDamaged) {
			return p.fail(failed)
		}
		// The object may be there although the answer did not come, or said that the upload does not exist any more.
		o, err := p.sink.client.Head(ctx, key)
		refused := errors.Is(failed, ErrCondition) || errors.Is(failed, ErrNotFound) && !errors.Is(failed, ErrNoUpload) // 404 if there is nothing to replace
		switch {
		case err == nil && p.isOwn(o):
			p.etag = o.ETag
			if p.upload != nil && !errors.Is(failed, ErrNoUpload) { // another process has written the same file
				_ = p.upload.abort(ctx) // if it fails, the bucket's rule removes it
			}
			return nil
		case !refused:
			return p.fail(failed)
		case errors.Is(err, ErrNotFound), err == nil && (p.replacesAny() || p.replacesThis(o)):
			if err != nil {
				p.at.Replaces = nil // it is gone
			}
			if err := p.sink.client.waitForKey(ctx, "write", key, failed, tries); err != nil {
				return p.fail(err)
			}
			continue
		case err != nil:
			return p.fail(err)
		}
		next := p.sink.names(p.target)
		if other := next[len(next)-1]; other != p.at.Path && p.upload == nil {
			p.at = candidate{Place: download.Place{Path: other}}
			continue
		}
		return p.sink.exists(p.at.Path, p.target)
	}
}

// write writes the object, if no other one has the key.
func (p *partial) write(ctx context.Context, key string) error {
	when, err := p.condition(ctx, key)
	if err != nil {
		return err
	}
	if p.upload == nil {
		a, sum := p.attributes(), md5.Sum(p.buffer) //nolint:gosec // as above
		a.Metadata[metaSum] = hex.EncodeToString(sum[:])
		p.etag, err = p.sink.client.Put(ctx, key, p.buffer, a, when)
		return err
	}
	if len(p.buffer) > 0 {
		p.upload.put(p.buffer)
		p.buffer = nil
	}
	if err := p.upload.wait(); err != nil {
		return err
	}
	p.etag, err = p.sink.client.Complete(ctx, key, p.upload.id, p.upload.all, when)
	if err == nil {
		err = p.checkCompleted(ctx, key, p.etag)
	}
	return err
}

// checkCompleted reads an object whose ETag is not that of its parts, and compares their MD5s. Some servers compute the
// ETag in another way; then the objects that follow are not read.
func (p *partial) checkCompleted(ctx context.Context, key, etag string) error {
	c, all := p.sink.client, p.upload.all
	_, count, _ := strings.Cut(etag, "-")
	want := etagOf(all)
	if want == "" || etag == want || count != strconv.Itoa(len(all)) || !isDigest(etag) || c.otherETags.Load() {
		return nil
	}
	read := &partDigests{parts: all, sum: md5.New()} //nolint:gosec // as above
	if err := c.Read(ctx, Object{Key: key, ETag: etag, Size: p.size}, read); err != nil {
		return err
	}
	if read.differs {
		return transfer.Lost(c.damaged(key, errors.Join(ErrDamaged, c.removeDamaged(ctx, key, etag))))
	}
	c.otherETags.Store(true)
	return nil
}

// partDigests compares bytes that are written to it with the MD5s of parts.
type partDigests struct {
	parts   []Part // those that are not complete yet
	sum     hash.Hash
	written int64 // of the first one
	differs bool
}

func (d *partDigests) Write(b []byte) (int, error) {
	written := len(b)
	for len(b) > 0 && len(d.parts) > 0 {
		n := min(int64(len(b)), d.parts[0].Size-d.written)
		d.sum.Write(b[:n])
		b = b[n:]
		if d.written += n; d.written == d.parts[0].Size {
			d.differs = d.differs || hex.EncodeToString(d.sum.Sum(nil)) != strings.ToLower(d.parts[0].ETag)
			d.sum.Reset()
			d.parts, d.written = d.parts[1:], 0
		}
	}
	return written, nil
}

// replacesThis reports whether the file replaces an object, which is still as it was when it was looked at.
func (p *partial) replacesThis(o Object) bool {
	return p.at.Replaces != nil && p.target.Replaces != nil && o.ETag == p.at.object.ETag
}

// replacesAny reports whether the file replaces any object with its key.
func (p *partial) replacesAny() bool {
	return p.sink.opts.IfExists.For(p.target) == sink.Overwrite
}

// condition returns when the object may be written. If the key was looked at some time ago, it is looked at again, because
// there are servers that ignore conditions.
func (p *partial) condition(ctx context.Context, key string) (Condition, error) {
	switch {
	case p.at.Replaces != nil && p.target.Replaces != nil:
		return Condition{IfMatch: p.at.object.ETag}, nil
	case p.replacesAny():
		return Condition{}, nil
	case time.Since(p.looked) < recent && p.sink.client.Conditional():
		return Condition{IfAbsent: true}, nil
	}
	p.looked = time.Now()
	switch _, err := p.sink.client.Head(ctx, key); {
	case errors.Is(err, ErrNotFound):
		return Condition{IfAbsent: true}, nil
	case err != nil:
		return Condition{}, err
	default:
		return Condition{}, ErrCondition
	}
}

// isOwn reports whether an object is the file that was written.
func (p *partial) isOwn(o Object) bool {
	if o.Size != p.size {
		return false
	}
	sum := md5.Sum(p.buffer) //nolint:gosec // as above
	etag := hex.EncodeToString(sum[:])
	if p.upload != nil {
		etag = etagOf(p.upload.all)
	}
	if p.upload == nil && o.MD5() != "" {
		return o.MD5() == etag
	}
	return !o.Keyed && o.ETag == etag || wroteThis(o, p.target, p.obj)
}

// etagOf returns the ETag that S3 gives to an object of these parts; "" if their ETags are not MD5s.
func etagOf(parts []Part) string {
	var sums bytes.Buffer
	for _, part := range parts {
		sum, err := hex.DecodeString(part.ETag)
		if err != nil || part.Keyed {
			return ""
		}
		sums.Write(sum)
	}
	sum := md5.Sum(sums.Bytes()) //nolint:gosec // as above
	return fmt.Sprintf("%x-%d", sum, len(parts))
}
