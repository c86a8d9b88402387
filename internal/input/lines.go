package input

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// maxLine is the longest line that is read, 2 MiB: an asset with all of its metadata
// may stand in one. It is also the longest row of a table, which may have several lines.
const maxLine = 2 << 20

var errLong = fmt.Errorf("the line is longer than %d MiB", maxLine>>20)

// lines reads the lines of a list in UTF-8 or, with its byte order mark, UTF-16. A line ends with
// LF, CR or both; of a list that is separated by NUL, with NUL alone.
type lines struct {
	r         *bufio.Reader
	delimiter byte
	number    int    // of the line that was read last, from 1
	ended     error  // by what
	long      []byte // the beginning of the last line that was too long
	// keep returns what the line of a number is written to if it is too long, and is closed when it is whole; nil for nothing.
	keep func(number int) io.WriteCloser
}

func newLines(r io.Reader, f Format) *lines {
	l := &lines{r: bufio.NewReaderSize(r, 64<<10), delimiter: '\n', keep: f.keep}
	if f.NUL {
		l.delimiter = 0
		return l
	}
	// UTF-16 is recognised by its byte order mark, and that of UTF-8 dropped. No other text is
	// looked at for one, because that would wait for three bytes.
	if first, _ := l.r.Peek(1); len(first) == 1 && first[0] >= 0xef {
		r = transform.NewReader(l.r, unicode.BOMOverride(transform.Nop))
	} else {
		r = l.r
	}
	l.r = bufio.NewReaderSize(&lineEnds{r: r}, 64<<10)
	return l
}

// more is next of a line within quotes, which is not kept if it is too long.
func (l *lines) more() ([]byte, error) {
	keep := l.keep
	l.keep = nil
	defer func() { l.keep = keep }()
	return l.next()
}

// next returns the next line without its end, good until the next call. A line that is too long
// is read to its end and goes to keep: errLong. Of a line that an error other than io.EOF cuts off
// nothing is returned.
func (l *lines) next() ([]byte, error) {
	if l.ended != nil {
		return nil, l.ended
	}
	l.number++
	var line []byte
	var kept io.WriteCloser
	long := false
	for {
		piece, err := l.r.ReadSlice(l.delimiter)
		if !long && len(line)+len(piece) > maxLine {
			long, l.long = true, bytes.Clone(piece[:min(len(piece), 100)])
			if len(line) > 0 {
				l.long = bytes.Clone(line[:min(len(line), 100)])
			}
			if l.keep != nil {
				kept = l.keep(l.number)
			}
			line = append(line, piece...)
			piece = line
		}
		switch {
		case long:
			if kept != nil {
				_, _ = kept.Write(bytes.TrimSuffix(piece, []byte{l.delimiter})) // it keeps its error
			}
			line = nil
		case line != nil || err != nil:
			line = append(line, piece...)
		default:
			line = piece
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		l.ended = err
		switch {
		case long && (err == nil || errors.Is(err, io.EOF)):
			if kept != nil {
				_ = kept.Close()
			}
			return nil, errLong
		case err == nil, errors.Is(err, io.EOF) && len(line) > 0:
			line = bytes.TrimSuffix(line, []byte{l.delimiter})
			if l.delimiter == '\n' { // files that were joined have a mark in the middle
				line = bytes.TrimPrefix(line, []byte("\ufeff"))
			}
			return line, nil
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		default:
			l.ended = fmt.Errorf("reading the list of ids: %w", err)
			return nil, l.ended
		}
	}
}

// lineEnds makes LF of each CR and CR LF: spreadsheets still write the former on a Mac.
type lineEnds struct {
	r       io.Reader
	afterCR bool // an LF that comes next belongs to it
}

// Read implements io.Reader.
func (e *lineEnds) Read(p []byte) (int, error) {
	for {
		n, err := e.r.Read(p)
		if e.afterCR || bytes.IndexByte(p[:n], '\r') >= 0 {
			n = e.convert(p[:n])
		}
		if n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// convert changes text in place and returns its new length.
func (e *lineEnds) convert(text []byte) int {
	n := 0
	for _, b := range text {
		if b != '\n' || !e.afterCR {
			text[n] = b
			if b == '\r' {
				text[n] = '\n'
			}
			n++
		}
		e.afterCR = b == '\r'
	}
	return n
}
