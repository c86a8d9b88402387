package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

const (
	// largeBuffer is worth a factor of two over io.Copy's 32 KiB on a fast path.
	largeBuffer = 1 << 20
	smallBuffer = 64 << 10
	// largeFile is from how many bytes on large buffers are used, unless more than fewFiles are in flight: 128 files
	// would take 384 MiB.
	largeFile, fewFiles = 4 << 20, 16
	// buffersPerFile lets one be filled while one waits and one is hashed.
	buffersPerFile = 3
)

var (
	largeBuffers = newBufferPool(largeBuffer)
	smallBuffers = newBufferPool(smallBuffer)
)

func newBufferPool(size int) *sync.Pool {
	return &sync.Pool{New: func() any {
		buf := make([]byte, size)
		return &buf
	}}
}

// Copy writes the bytes of s to dst and, beside that, all bytes of the file to d. Where the stream does not begin
// with the first byte (Stream.Continue), prefix reads dst from its beginning, including what has been written since
// it was opened: the hash follows the transfer on disk until it has caught up, and neither waits for the other. Copy
// closes prefix, which may be nil if d goes on from there. advanced, which may be nil, receives the number of bytes of each write.
//
// Copy returns when both have ended: with nil after the last byte of the whole file, with an error of s, with dst's
// as it is, with prefix's, or with ctx's. After an error what is in dst is still a prefix of the file.
func Copy(ctx context.Context, dst io.Writer, s *Stream, d *Digest, prefix io.ReadCloser, advanced func(n int)) error {
	if prefix != nil {
		defer prefix.Close()
	}
	if advanced == nil {
		advanced = func(int) {}
	}
	stop := context.AfterFunc(ctx, s.cancel)
	defer stop()

	pool := smallBuffers
	if s.object.Size-s.next >= largeFile && s.opener.shares.count(0) <= fewFiles { // of an unknown size, little is read at once
		pool = largeBuffers
	}
	if d == nil || !d.Needed() {
		return pump(s, dst, pool, advanced, func(buf *[]byte, _ []byte) (*[]byte, error) { return buf, nil })
	}
	if s.next > d.length && prefix == nil {
		return errors.New("verify a file whose beginning cannot be read")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if a := s.answer; a != nil && a.decoded != nil && d.coded != nil {
		a.decoded.CopyTo(d.coded)
	}
	h := newHashing(pool, d, prefix, s.next-d.length)
	go h.run(ctx)
	err := pump(s, dst, pool, advanced, h.pass)
	if err != nil {
		cancel() // the digest of a part is of no use
	}
	close(h.full)
	<-h.done
	h.release()
	if err == nil {
		err = h.err
	}
	return err
}

// pump copies s to dst: io.Copy would ignore the buffer if dst is a file. After each write, pass takes the buffer
// and the bytes, which may be in it, and gives the one to fill next.
func pump(s *Stream, dst io.Writer, pool *sync.Pool, advanced func(int), pass func(buf *[]byte, p []byte) (*[]byte, error)) error {
	buf := pool.Get().(*[]byte)
	defer func() {
		if buf != nil {
			pool.Put(buf)
		}
	}()
	for {
		p, err := s.fill(*buf)
		if err == io.EOF { //nolint:errorlint // one that is wrapped is a failure
			return nil
		}
		if err != nil {
			return err
		}
		written, err := dst.Write(p)
		if written > 0 {
			advanced(written)
		}
		if err == nil && written < len(p) {
			err = io.ErrShortWrite
		}
		if err == nil {
			buf, err = pass(buf, p)
		}
		if err != nil {
			return err
		}
	}
}

// hashing feeds a Digest beside the copy: from the file itself while it is behind, then from the copy's own buffers.
type hashing struct {
	digest *Digest
	prefix io.Reader
	pool   *sync.Pool
	full   chan block
	spare  chan *[]byte  // nil for one that is not made yet
	done   chan struct{} // closed when run has returned
	err    error         // why it did; to be read after done

	mu      sync.Mutex
	written int64 // bytes in the file that the hash did not begin with, counted until it has caught up
	level   bool  // it has
}

// block is a buffer whose first n bytes are to be hashed.
type block struct {
	buf *[]byte
	n   int
}

func newHashing(pool *sync.Pool, d *Digest, prefix io.Reader, behind int64) *hashing {
	h := &hashing{
		digest: d, prefix: prefix, pool: pool, written: behind, level: behind == 0, done: make(chan struct{}),
		full: make(chan block, buffersPerFile), spare: make(chan *[]byte, buffersPerFile),
	}
	for range buffersPerFile - 1 { // the copy has one
		h.spare <- nil
	}
	return h
}

// run hashes until full is closed and all of it has been hashed, or ctx is done.
func (h *hashing) run(ctx context.Context) {
	defer close(h.done)
	if h.err = h.catchUp(ctx); h.err != nil {
		return
	}
	for f := range h.full {
		if h.err = ctx.Err(); h.err != nil {
			h.pool.Put(f.buf)
			return
		}
		_, _ = h.digest.Write((*f.buf)[:f.n])
		h.spare <- f.buf // has room for all
	}
}

// catchUp hashes from the file until there is nothing in it that has not been hashed.
func (h *hashing) catchUp(ctx context.Context) error {
	if h.level {
		return nil
	}
	buf := h.pool.Get().(*[]byte)
	defer h.pool.Put(buf)
	for hashed := int64(0); ; {
		behind := h.behind(hashed)
		if behind == 0 {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := h.prefix.Read((*buf)[:min(int64(len(*buf)), behind)])
		_, _ = h.digest.Write((*buf)[:n])
		hashed += int64(n)
		if n > 0 && errors.Is(err, io.EOF) {
			continue // there may be more by now
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return fmt.Errorf("read again what was transferred before: %w", err)
		}
	}
}

// behind returns how many bytes in the file have not been hashed yet. From when it is 0
// on, the copy passes its buffers to the hash.
func (h *hashing) behind(hashed int64) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.level = h.written == hashed
	return h.written - hashed
}

// pass notes that p, which may be in buf, is in the file, and returns the buffer to fill next: the same one if p will be
// hashed from the file.
func (h *hashing) pass(buf *[]byte, p []byte) (*[]byte, error) {
	if h.follows(len(p)) {
		select {
		case <-h.done: // early: it failed
			return buf, h.err
		default:
			return buf, nil
		}
	}
	if &p[0] != &(*buf)[0] {
		copy(*buf, p)
	}
	select {
	case h.full <- block{buf, len(p)}:
	case <-h.done:
		return buf, h.err
	}
	select {
	case buf = <-h.spare:
	case <-h.done:
		return nil, h.err
	}
	if buf == nil {
		buf = h.pool.Get().(*[]byte)
	}
	return buf, nil
}

// follows counts n more bytes in the file where they will be hashed from there.
func (h *hashing) follows(n int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.level {
		h.written += int64(n)
	}
	return !h.level
}

// release gives all buffers back, after run has returned.
func (h *hashing) release() {
	close(h.spare)
	for buf := range h.spare {
		if buf != nil {
			h.pool.Put(buf)
		}
	}
	for f := range h.full {
		h.pool.Put(f.buf)
	}
}
