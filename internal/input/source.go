package input

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/retry"
)

// Sources are lists of ids, in the order in which they are read.
type Sources struct {
	stdin io.Reader
	all   []*source
}

// NewSources returns Sources without lists; stdin is the list with the name "-".
func NewSources(stdin io.Reader) *Sources { return &Sources{stdin: stdin} }

// Open opens a list and appends it; "-" is standard input. Opening a FIFO waits for its writer until ctx ends. The
// error of a regular file may be that of an invalid or missing header; the beginnings of others are read later.
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
		return nil // any other error occurs again when the list is read
	}
	return err
}

// Close closes the files of the lists, but not standard input. It may be called again.
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
	// regular means that the rest can be read after the run was stopped.
	regular bool
	// start is its offset when it was opened: another program may have read a part.
	start int64
	// parser parses reader, if the list is not regular and its beginning was read.
	parser *parser
	reader *interruptibleReader
	// form is the form of its lines, nil if it is unknown or there are none.
	form *form
	// open is the unclosed quote that was found, nil for none.
	open *OpenQuoteError
}

// openSource opens a list; "-" is standard input.
func openSource(ctx context.Context, stdin io.Reader, name string, format Format) (*source, error) {
	if name == "-" {
		return newSource("standard input", stdin, format), nil
	}
	f, err := retry.Await(ctx, func() (*os.File, error) { return os.Open(name) })
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", name, reasonOf(err))
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, fmt.Errorf("cannot read %s: it is a folder", name)
	}
	return newSource(name, f, format), nil
}

// reasonOf returns why a file could not be opened, without its name.
func reasonOf(err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		return e.Err
	}
	return err
}

// newSource returns the list in r.
func newSource(name string, r io.Reader, format Format) *source {
	l := &source{name: name, r: r, format: format, regular: isRegular(r)}
	if l.regular {
		start, err := r.(*os.File).Seek(0, io.SeekCurrent)
		l.start, l.regular = start, err == nil
	}
	return l
}

// isRegular reports whether r is a regular file.
func isRegular(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode().IsRegular()
}

// count returns the number of lines, including duplicates; ok is false if that is not
// known before they are read. It does not change the offset of the list.
func (l *source) count() (n int, ok bool) {
	f, isFile := l.r.(*os.File)
	if !l.regular || !isFile {
		return 0, false
	}
	n, err := Count(f, l.format)
	_, back := f.Seek(l.start, io.SeekStart)
	return n, err == nil && back == nil
}

// again returns a new reader of a regular list, which does not use the offset of the file: the run may still read it.
func (l *source) again() io.Reader {
	return io.NewSectionReader(l.r.(io.ReaderAt), l.start, math.MaxInt64-l.start)
}

// begin reads the beginning of the list from r, and returns the parser for the rest.
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

// interruptibleReader is a reader whose reads end with ctx. A read that is blocked then continues
// in its goroutine (retry.Await), and no further read is made.
type interruptibleReader struct {
	ctx context.Context //nolint:containedctx // of the current caller, which changes
	r   io.Reader
}

// Read implements io.Reader. It reads into a buffer of its own, because the caller may reuse p
// after ctx has ended.
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
