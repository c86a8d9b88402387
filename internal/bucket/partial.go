package bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/sink"
	"github.com/bynder-cli/bynder/internal/transfer"
)

const (
	// smallestPart is the size of the parts of a file, in bytes, unless the file needs larger ones. S3 takes parts from
	// 5 MiB on, and some servers only parts of one size.
	smallestPart = 8 << 20
	// usualParts is the number of parts up to which parts of a file get larger ones; maxParts is the most that S3 takes.
	usualParts, maxParts = 9000, 10_000
	// MinMemory is the smallest memory of a Sink, in bytes, and so the largest part.
	MinMemory = 64 << 20
	// partsAtOnce is how many parts of one file are uploaded at a time.
	partsAtOnce = 4
)

// partSize returns the size of the parts of a file of size bytes, -1 for an unknown size; smallest is the usual one.
func partSize(size, smallest int64) int64 {
	return min(max(smallest, (size+usualParts-1)/usualParts), MinMemory)
}

// partial is a file that a Sink is receiving. One goroutine uses it at a time, but for Prefix.
type partial struct {
	sink   *Sink
	ctx    context.Context //nolint:containedctx // of Begin: Write has none, and waits for uploads
	target download.Target
	obj    transfer.Object
	at     candidate
	looked time.Time
	id     string
	part   int64 // the size of a part
	held   int64

	size   int64 // held bytes and those written since
	upload *upload
	// progress is set if the upload is, or will be, recorded.
	progress *progress
	resumed  bool // the upload is of an earlier run
	ended    bool
	etag     string // of the object, after publish

	mu     sync.Mutex // of buffer, which Prefix reads beside Write
	buffer []byte     // the bytes that are not in an upload; its capacity is taken from Memory
}

// receive returns a partial for obj, which gets the path of a candidate.
func (s *Sink) receive(ctx context.Context, t download.Target, obj transfer.Object, at candidate) (*partial, error) {
	p := &partial{sink: s, ctx: ctx, target: t, obj: obj, at: at, looked: time.Now(), id: partialID(t, obj), part: partSize(obj.Size, s.part)}
	if obj.Size > maxParts*p.part {
		return nil, p.tooLarge()
	}
	room := p.part
	if obj.Size >= 0 {
		room = min(obj.Size, p.part)
	}
	if err := s.opts.Memory.Acquire(ctx, room); err != nil {
		return nil, s.failed(at.Path, s.client.failure("write", s.client.at.Prefix+at.Path, err))
	}
	p.buffer = make([]byte, 0, room)
	if kept := s.take(p.id); obj.Resumable() && int64(len(kept)) <= room {
		p.buffer = append(p.buffer, kept...)
		p.held = int64(len(kept))
		p.size = p.held
	}
	return p, nil
}

func (p *partial) tooLarge() error {
	return p.sink.failed(p.at.Path, &download.Error{
		Code: download.CodeLocal, Err: fmt.Errorf("cannot write %s: the file is larger than %d parts of %d MiB", p.sink.Show(p.at.Path), maxParts, p.part>>20),
		Advice: "download the file to a folder",
	})
}

// Held returns the number of bytes that an earlier attempt left.
func (p *partial) Held() int64 { return p.held }

// Prefix returns a reader of a file that is held in memory, while Write adds to its end. The parts of an upload cannot be
// read.
func (p *partial) Prefix() (io.ReadCloser, error) {
	switch {
	case !p.ended && p.resumed:
		return nil, nil
	case p.ended || p.upload != nil:
		return nil, errors.ErrUnsupported
	}
	return &prefix{partial: p}, nil
}

// prefix reads what a partial holds in memory.
type prefix struct {
	partial *partial
	read    int
}

func (r *prefix) Read(b []byte) (int, error) {
	r.partial.mu.Lock()
	defer r.partial.mu.Unlock()
	if r.partial.upload != nil {
		return 0, errors.ErrUnsupported
	}
	n := copy(b, r.partial.buffer[min(r.read, len(r.partial.buffer)):])
	if r.read += n; n == 0 && len(b) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (r *prefix) Close() error { return nil }

// Write adds b to the file. When a part is full and more bytes come, the part is uploaded. Of a file that is longer than
// storage announced, the rest is counted and not kept: Publish fails.
func (p *partial) Write(b []byte) (int, error) {
	if p.ended {
		return 0, p.fail(fs.ErrClosed)
	}
	written := len(b)
	if p.obj.Size >= 0 {
		b = b[:max(min(int64(len(b)), p.obj.Size-p.size), 0)]
	}
	excess := written - len(b)
	for len(b) > 0 {
		if len(p.buffer) == cap(p.buffer) {
			if err := p.flush(); err != nil {
				return written - excess - len(b), err
			}
		}
		n := min(len(b), cap(p.buffer)-len(p.buffer))
		p.mu.Lock()
		p.buffer = append(p.buffer, b[:n]...)
		p.mu.Unlock()
		b = b[n:]
		p.size += int64(n)
	}
	p.size += int64(excess)
	return written, nil
}

// flush uploads the buffer as a part, and gets another buffer.
func (p *partial) flush() error {
	if p.upload == nil {
		if err := p.startUpload(); err != nil {
			return err
		}
	}
	if len(p.upload.all) == maxParts-1 {
		return p.tooLarge()
	}
	p.upload.put(p.buffer)
	buffer, err := p.upload.next()
	p.mu.Lock()
	p.buffer = buffer
	p.mu.Unlock()
	if err != nil {
		return p.fail(err)
	}
	return nil
}

// uploadKey returns the key of the multipart upload, which is that of the object: a file that may get another path, because
// of an earlier file of the run, waits here until that is decided.
func (p *partial) uploadKey() (string, error) {
	if p.target.Claim != nil && p.sink.opts.IfExists.For(p.target) == sink.Rename {
		if err := p.target.Claim.Wait(p.ctx); err != nil {
			return "", err
		}
		at, _, _ := p.target.Claim.Got()
		p.at.Place = at
	}
	return p.sink.key(p.at.Path)
}

// startUpload begins the multipart upload.
func (p *partial) startUpload() error {
	key, err := p.uploadKey()
	if err != nil {
		return err
	}
	id, err := p.sink.client.Begin(p.ctx, key, p.attributes())
	if err != nil {
		return p.fail(err)
	}
	p.upload = newUpload(p.ctx, p.sink, key, id, p.part)
	if p.progress != nil {
		if err := p.progress.begin(p, p.upload); err != nil {
			return p.fail(err)
		}
	}
	p.sink.removeStale(p.ctx, key, id)
	return nil
}

// attributes returns what is stored with the object.
func (p *partial) attributes() Attributes {
	return Attributes{ContentType: contentType(p.at.Path, p.obj), ContentEncoding: p.obj.Kept, Metadata: metadata(p.target, p.obj)}
}

// Publish makes an object of the file, at the path that its claim got.
func (p *partial) Publish(ctx context.Context) (string, error) {
	if p.ended {
		return "", p.fail(fs.ErrClosed)
	}
	got, decided, err := p.target.Claim.Got()
	switch {
	case err != nil:
		_ = p.Discard()
		return "", err
	case decided && p.upload == nil:
		p.at.Place = got
	}
	if p.obj.Size >= 0 && p.size != p.obj.Size {
		_ = p.Discard()
		return "", p.fail(&download.Error{
			Code: download.CodeIntegrity, Err: fmt.Errorf("%s has %d bytes, and storage announced %d", p.sink.Show(p.at.Path), p.size, p.obj.Size),
		})
	}
	if err := p.publish(ctx); err != nil {
		return "", errors.Join(err, p.keepUnless(err))
	}
	p.end()
	return p.at.Path, nil
}

// ETag implements download.Tagged.
func (p *partial) ETag() string { return recordable(p.etag) }

// keepUnless ends a partial that was not published: the bytes are kept unless the file gets no path.
func (p *partial) keepUnless(err error) error {
	if known, ok := errors.AsType[*download.Error](err); ok && known.Code == download.CodeExists {
		return p.Discard()
	}
	return p.Keep()
}

// Keep ends the attempt. The bytes of a small file stay for another attempt of this run; if the run is being stopped, the
// recorded parts of an upload stay for the next one.
func (p *partial) Keep() error {
	if p.ended {
		return nil
	}
	if p.ctx.Err() != nil && p.upload != nil && p.upload.isRecorded() {
		p.upload.stop()
		p.end()
		return nil
	}
	if p.upload == nil && p.size > 0 && p.size == int64(len(p.buffer)) && p.obj.Resumable() {
		p.sink.keep(p.id, p.buffer)
	}
	return p.Discard()
}

// Discard ends the attempt, and removes an upload.
func (p *partial) Discard() error {
	if p.ended {
		return nil
	}
	var err error
	if p.upload != nil {
		err = p.upload.abort(p.ctx)
	}
	p.end()
	return err
}

// end gives the memory back.
func (p *partial) end() {
	p.ended = true
	room := int64(0)
	if p.upload != nil {
		p.upload.cancel(nil)
		room = p.upload.extra
	}
	if p.obj.Size >= 0 {
		room += min(p.obj.Size, p.part)
	} else {
		room += p.part
	}
	p.mu.Lock()
	p.buffer = nil
	p.mu.Unlock()
	p.sink.opts.Memory.Release(room)
}

// fail returns an error with the file's path. If the upload has disappeared, the file starts over.
func (p *partial) fail(err error) error {
	if _, ok := errors.AsType[*download.Error](err); !ok {
		err = p.sink.client.failure("write", p.sink.client.at.Prefix+p.at.Path, err)
	}
	err = p.sink.failed(p.at.Path, err)
	if errors.Is(err, ErrNoUpload) {
		return transfer.Lost(err)
	}
	return err
}
