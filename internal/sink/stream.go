package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/retry"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// ErrReaderGone is in the chain of an error of a Stream whose reader has closed
// its end, so that the run can end.
var ErrReaderGone = errors.New("the reader is gone")

// Stream writes one file to standard output, a device or a FIFO, which cannot be
// rewound. So a file can be continued after a break, but never started over.
//
// Binary data is not written to a terminal, where it would be garbage and can be commands.
type Stream struct {
	w        io.Writer
	name     string
	terminal bool

	mu        sync.Mutex
	busy      bool
	file      download.FileID // of the first Begin
	version   string
	delivered int64
}

var _ download.Sink = (*Stream)(nil)

// NewStream returns a Stream that writes to w, which results and messages show as name;
// "" for standard output, which results do not show.
func NewStream(w io.Writer, name string) *Stream {
	return &Stream{w: w, name: name, terminal: isTerminal(w)}
}

// isTerminal reports whether w is a terminal. A FIFO is not asked, because Fd would make its writes block.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && term.IsTerminal(int(f.Fd()))
}

// Preview implements download.Sink: a file in a stream is always new.
func (s *Stream) Preview(_ context.Context, t download.Target, _ transfer.Object) (download.Place, error) {
	return t.Claim.Propose([]download.Place{{Path: s.name}})
}

// PathKey returns path: a stream has only one.
func (s *Stream) PathKey(path string) string { return path }

// CanRestart returns false: written bytes cannot be taken back.
func (s *Stream) CanRestart() bool { return false }

// Begin prepares to write obj. Bytes that an earlier attempt has written are held; after
// the first byte, another file, or another version of it, is an error. Writes also end
// with ctx, because a reader that has stopped reading blocks them.
func (s *Stream) Begin(ctx context.Context, t download.Target, obj transfer.Object) (download.Partial, error) {
	if err := ctx.Err(); err != nil {
		return nil, s.failure("write to", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	version := versionHash(obj)
	switch {
	case s.busy || s.delivered > 0 && s.file != t.Identity:
		return nil, &download.Error{
			Code:   download.CodeUsage,
			Err:    fmt.Errorf("%s takes one file", s.show()),
			Advice: "specify one file, or use --dir to write them to a folder",
		}
	case s.delivered > 0 && (s.version != version || !obj.Resumable()):
		return nil, &download.Error{
			Code:   download.CodeIntegrity,
			Err:    fmt.Errorf("the file changed after %d bytes of it were written to %s", s.delivered, s.show()),
			Advice: "discard the output and run the command again; with --output FILE the program starts such a file over itself",
		}
	}
	if _, err := t.Claim.Propose([]download.Place{{Path: s.name}}); err != nil {
		return nil, err
	}
	s.busy, s.file, s.version = true, t.Identity, version
	return &streamPartial{stream: s, ctx: ctx, size: obj.Size, held: s.delivered, undecided: s.terminal && s.delivered == 0}, nil
}

// Show returns how messages name the stream.
func (s *Stream) Show(string) string { return s.show() }

func (s *Stream) show() string {
	if s.name == "" {
		return "standard output"
	}
	return s.name
}

func (s *Stream) failure(doing string, err error) error {
	for _, gone := range readerGone {
		if errors.Is(err, gone) {
			return &download.Error{
				Code: download.CodeLocal,
				Err:  fmt.Errorf("cannot %s %s: %w: %w", doing, s.show(), ErrReaderGone, cause(err)),
			}
		}
	}
	return streamFailure(doing, s.show(), err)
}

// streamPartial is the file that a Stream is writing.
type streamPartial struct {
	stream *Stream
	ctx    context.Context //nolint:containedctx // Write has none, and a reader can block it forever
	size   int64           // announced; -1 for unknown
	held   int64
	buf    []byte
	err    error // of a failed write, after which there are no more
	ended  bool

	undecided bool // whether the file is text, which a terminal needs to be; head has its bytes so far
	head      []byte
}

// Held returns the number of bytes that were written before.
func (p *streamPartial) Held() int64 { return p.held }

// Prefix returns errors.ErrUnsupported: written bytes cannot be read back.
func (p *streamPartial) Prefix() (io.ReadCloser, error) {
	return nil, p.stream.failure("read back from", errors.ErrUnsupported)
}

// written is the result of a write.
type written struct {
	n   int
	err error
}

// Write writes b. It returns when the context of Begin ends, even if the reader blocks; a write
// in progress is then not waited for (retry.Await), and has a copy of b.
func (p *streamPartial) Write(b []byte) (int, error) {
	if p.err == nil && p.ended {
		p.err = p.stream.failure("write to", io.ErrClosedPipe)
	}
	if p.err != nil {
		return 0, p.err
	}
	if !p.undecided {
		return p.write(b)
	}
	if p.head = append(p.head, b...); len(p.head) < headSize {
		return len(b), nil
	}
	if err := p.decide(); err != nil {
		return 0, err
	}
	return len(b), nil
}

// decide writes the beginning of the file if it is text. Otherwise the file fails before its first byte is written.
func (p *streamPartial) decide() error {
	p.undecided = false
	if !isText(p.head) {
		p.err = &download.Error{
			Code:   download.CodeUsage,
			Err:    errors.New("binary data is not written to a terminal"),
			Advice: "save it with --output FILE, or pipe it to another program",
		}
		return p.err
	}
	_, err := p.write(p.head)
	return err
}

// write writes b to the stream.
func (p *streamPartial) write(b []byte) (int, error) {
	p.buf = append(p.buf[:0], b...)
	w, sent := p.stream.w, p.buf
	got, err := retry.Await(p.ctx, func() (written, error) {
		n, err := w.Write(sent)
		return written{n, err}, nil
	})
	if err != nil {
		p.err = p.stream.failure("write to", p.ctx.Err())
		return 0, p.err
	}
	p.stream.mu.Lock()
	p.stream.delivered += int64(got.n)
	p.stream.mu.Unlock()
	if got.err == nil && got.n < len(b) {
		got.err = io.ErrShortWrite
	}
	if got.err != nil {
		p.err = p.stream.failure("write to", got.err)
	}
	return got.n, p.err
}

// Publish checks that all bytes were written and returns what results show.
func (p *streamPartial) Publish(context.Context) (string, error) {
	if p.ended {
		return "", p.stream.failure("write to", io.ErrClosedPipe)
	}
	if p.undecided && p.err == nil {
		_ = p.decide() // the error is p.err
	}
	p.end()
	if p.err != nil {
		return "", p.err
	}
	if got := p.stream.delivered; p.size >= 0 && got != p.size {
		return "", &download.Error{
			Code: download.CodeIntegrity,
			Err:  fmt.Errorf("%d bytes were written to %s, and storage announced %d", got, p.stream.show(), p.size),
		}
	}
	return p.stream.name, nil
}

// Keep ends the attempt; the next one can continue.
func (p *streamPartial) Keep() error { p.end(); return nil }

// Discard ends the attempt. Written bytes stay.
func (p *streamPartial) Discard() error { p.end(); return nil }

func (p *streamPartial) end() {
	p.stream.mu.Lock()
	defer p.stream.mu.Unlock()
	if !p.ended {
		p.ended = true
		p.stream.busy = false
	}
}
