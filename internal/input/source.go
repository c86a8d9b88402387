package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/retry"
)

// Sources are lists of ids in the order in which they are read.
type Sources struct {
	stdin io.Reader
	all   []*source
}

// NewSources returns no lists yet; stdin is what the name "-" stands for.
func NewSources(stdin io.Reader) *Sources { return &Sources{stdin: stdin} }

// Open opens one more list; "-" is standard input. A FIFO without a writer is waited for until ctx ends. A regular file
// whose header makes no sense, or is missing, is refused; of others the beginning is read later.
func (s *Sources) Open(ctx context.Context, name string, f Format) error {
	l, err := openSource(ctx, s.stdin, name, f)
	if err != nil {
		return err
	}
	s.all = append(s.all, l)
	if !l.regular {
		return nil
	}
	_, err = l.begin(l.again())
	if wrong := (*download.Error)(nil); !errors.As(err, &wrong) {
		return nil // any other error is met again when the list is read
	}
	return err
}

// Close closes the files of lists, and leaves standard input open. It may be called again.
func (s *Sources) Close() {
	for _, l := range s.all {
		if f, ok := l.r.(*os.File); ok && l.name != "standard input" {
			f.Close()
		}
	}
}

// source is a list of ids in a file or on standard input.
type source struct {
	name   string
	r      io.Reader
	format Format
	// regular says that what is left of it can be read after the run was stopped.
	regular bool
	// start is where it stood when it was opened: another program may have read some.
	start int64
	// parser reads one that is not regular from reader, once its beginning was read.
	parser *parser
	reader *interruptibleReader
	// form is how its lines are written, nil if that is not known, or there are none.
	form *form
	// open is where a quote opens that is not closed, nil if that was not met.
	open *OpenQuoteError
}

// openSource opens a list; "-" is standard input.
func openSource(ctx context.Context, stdin io.Reader, name string, format Format) (*source, error) {
	if name == "-" {
		return newSource("standard input", stdin, format), nil
	}
	f, err := retry.Await(ctx, func() (*os.File, error) { return os.Open(name) })
	if err != nil {
		return nil, fmt.Errorf("the list of ids: %w", err)
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, fmt.Errorf("the list of ids: %s is a folder", name)
	}
	return newSource(name, f, format), nil
}

func newSource(name string, r io.Reader, format Format) *source {
	l := &source{name: name, r: r, format: format, regular: isRegular(r)}
	if l.regular {
		start, err := r.(*os.File).Seek(0, io.SeekCurrent)
		l.start, l.regular = start, err == nil
	}
	return l
}

func isRegular(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// count returns how many lines there are, doubles among them; ok is false where that
// cannot be known before they are read. It leaves the list where it stood.
func (l *source) count() (n int, ok bool) {
	f, isFile := l.r.(*os.File)
	if !l.regular || !isFile {
		return 0, false
	}
	n, err := Count(f, l.format)
	_, back := f.Seek(l.start, io.SeekStart)
	return n, err == nil && back == nil
}

// again is a fresh reading of a regular list. It does not begin where the file stands: the run may be reading it yet.
func (l *source) again() io.Reader {
	return io.NewSectionReader(l.r.(io.ReaderAt), l.start, math.MaxInt64-l.start)
}

// begin reads the beginning of the list from r, and returns the parser that goes on there.
func (l *source) begin(r io.Reader) (*parser, error) {
	p := newParser(r, l.format)
	if err := p.begin(); err != nil {
		if errors.As(err, &l.open) {
			l.form = &form{broken: true}
		}
		return nil, fmt.Errorf("%s: %w", l.name, err)
	}
	if !p.empty {
		l.form = &form{}
		if p.table != nil {
			l.form.header = p.table.header
		}
	}
	return p, nil
}

// interruptibleReader is r whose reads end with ctx. A read that is under way then is left behind
// (retry.Await), and there is none after it.
type interruptibleReader struct {
	ctx context.Context //nolint:containedctx // of whoever reads, until another one goes on
	r   io.Reader
}

// Read implements io.Reader. It reads into memory of its own, because p belongs to the caller again
// when ctx has ended.
func (i *interruptibleReader) Read(p []byte) (int, error) {
	type chunk struct {
		bytes []byte
		err   error
	}
	c, err := retry.Await(i.ctx, func() (chunk, error) {
		buffer := make([]byte, min(len(p), 64<<10))
		n, err := i.r.Read(buffer)
		return chunk{buffer[:n], err}, nil
	})
	if err != nil {
		return 0, err
	}
	return copy(p, c.bytes), c.err
}
