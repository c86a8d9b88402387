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
	smallBuffer = 128 << 10
	// largeFile is from how many bytes on large buffers are used.
	largeFile = 4 << 20
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

// Copy writes the bytes of s to dst and, beside that, all bytes of the file to d. Where
// the stream does not begin with the first byte (Stream.Continue), prefix reads
// dst from its beginning, including what has been written since it was opened: the
// hash follows the transfer on disk until it has caught up, and neither waits for the
// other. Copy closes prefix, which may be nil. advanced, which may be nil, is told how
// many bytes have been written.
//
// Copy returns when both have ended: with nil after the last byte of the whole file,
// with an error of s, with dst's as it is, with prefix's, or with ctx's. After an error what
// is in dst is still a prefix of the file.
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
	if rest := s.object.Size - s.next; s.object.Size < 0 || rest >= largeFile {
		pool = largeBuffers
	}
	if d == nil || !d.Needed() {
		return pump(s, dst, pool, advanced, func(buf *[]byte, _ int) (*[]byte, error) { return buf, nil })
	}
	if s.next > 0 && prefix == nil {
		return errors.New("verify a file whose beginning cannot be read")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	h := newHashing(pool, d, prefix, s.next)
	var running sync.WaitGroup
	running.Go(func() { h.run(ctx) })
	err := pump(s, dst, pool, advanced, h.pass)
	if err != nil {
		cancel() // the digest of a part is of no use
	}
	close(h.full)
	running.Wait()
	h.release()
	if err == nil {
		err = h.err
	}
	return err
}

// pump is the copy loop: io.Copy would ignore the buffer where dst is a file. After
// each write, pass takes the buffer with its n bytes and gives the one to fill next. What other
// connections have fetched ahead comes in buffers of theirs, and is not copied.
func pump(s *Stream, dst io.Writer, pool *sync.Pool, advanced func(int), pass func(buf *[]byte, n int) (*[]byte, error)) error {
	buf := pool.Get().(*[]byte)
	defer func() {
		if buf != nil {
			pool.Put(buf)
		}
	}()
	for {
		n, err := s.fill(buf)
		if err == io.EOF { //nolint:errorlint // one that is wrapped is a failure
			return nil
		}
		if err != nil {
			return err
		}
		written, err := dst.Write((*buf)[:n])
		if written > 0 {
			advanced(written)
		}
		if err == nil && written < n {
			err = io.ErrShortWrite
		}
		if err != nil {
			return err
		}
		if buf, err = pass(buf, n); err != nil {
			return err
		}
	}
}

// hashing feeds a Digest beside the copy: from the file itself while it is behind, then
// from the copy's own buffers.
type hashing struct {
	digest *Digest
	prefix io.Reader
	pool   *sync.Pool
	made   int // buffers on their way; only pass counts
	full   chan filled
	spare  chan *[]byte
	done   chan struct{} // closed when run has returned
	err    error         // why it did; to be read after done

	mu      sync.Mutex
	written int64 // bytes in the file, counted until the hash has caught up
	level   bool  // it has
}

// filled is a buffer whose first n bytes are to be hashed.
type filled struct {
	buf *[]byte
	n   int
}

func newHashing(pool *sync.Pool, d *Digest, prefix io.Reader, held int64) *hashing {
	return &hashing{
		digest:  d,
		prefix:  prefix,
		pool:    pool,
		made:    1, // the one that the copy begins with
		full:    make(chan filled, buffersPerFile),
		spare:   make(chan *[]byte, buffersPerFile),
		done:    make(chan struct{}),
		written: held,
		level:   held == 0,
	}
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
		h.digest.add((*f.buf)[:f.n])
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
		h.digest.add((*buf)[:n])
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

// behind is how many bytes in the file have not been hashed yet. Where there are none,
// the copy hands over its buffers from then on.
func (h *hashing) behind(hashed int64) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.level = h.written == hashed
	return h.written - hashed
}

// pass tells that the n bytes of buf are in the file, and returns the buffer to fill
// next: the same one where they will be hashed from the file.
func (h *hashing) pass(buf *[]byte, n int) (*[]byte, error) {
	if h.follows(n) {
		select {
		case <-h.done: // early: it failed
			return buf, h.err
		default:
			return buf, nil
		}
	}
	select {
	case h.full <- filled{buf, n}:
	case <-h.done:
		return buf, h.err
	}
	select {
	case buf = <-h.spare:
		return buf, nil
	default:
	}
	if h.made < buffersPerFile {
		h.made++
		return h.pool.Get().(*[]byte), nil
	}
	select {
	case buf = <-h.spare:
		return buf, nil
	case <-h.done:
		return nil, h.err
	}
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
		h.pool.Put(buf)
	}
	for f := range h.full {
		h.pool.Put(f.buf)
	}
}
