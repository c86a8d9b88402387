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

// maxLine is the maximum length of a line, in bytes: a line may be an asset with all of its
// metadata. It is also that of a row of a table, which may have several lines.
const maxLine = 2 << 20

var errLong = fmt.Errorf("the line is longer than %d MiB", maxLine>>20)

// lines reads the lines of a list in UTF-8 or UTF-16. A line ends with LF,
// CR or both; in a list that is separated by NUL, with NUL only.
type lines struct {
	r         *bufio.Reader
	delimiter byte
	number    int    // of the line that was read last, from 1
	ended     error  // the error that ended the list
	long      []byte // the beginning of the last line that was too long
	// keep returns the writer for the line of a number if it is too long, nil for none. It is closed after the line.
	keep func(number int) io.WriteCloser
}

// newLines returns the lines of r.
func newLines(r io.Reader, f Format) *lines {
	l := &lines{r: bufio.NewReaderSize(r, 64<<10), delimiter: '\n', keep: f.keep}
	if f.NUL {
		l.delimiter = 0
		return l
	}
	l.r = bufio.NewReaderSize(&lineEnds{r: decoded(l.r)}, 64<<10)
	return l
}

// decoded returns the text of r in UTF-8. UTF-16 is detected by its byte order mark or, because a list begins with an ASCII
// character, by the zero in that; the mark of UTF-8 is dropped. The mark is read only if the first byte can begin one,
// because reading it waits for three bytes; two are less than any line that matters.
func decoded(r *bufio.Reader) io.Reader {
	const ascii = 0x7f
	if first, _ := r.Peek(1); len(first) == 1 && first[0] >= 0xef {
		return transform.NewReader(r, unicode.BOMOverride(transform.Nop))
	}
	first, _ := r.Peek(2)
	switch {
	case len(first) < 2:
		return r
	case first[1] == 0 && first[0] > 0 && first[0] <= ascii:
		return transform.NewReader(r, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewDecoder())
	case first[0] == 0 && first[1] > 0 && first[1] <= ascii:
		return transform.NewReader(r, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewDecoder())
	}
	return r
}

// more returns the next line as next does, but does not pass it to keep if it is too long. It is for lines within quotes.
func (l *lines) more() ([]byte, error) {
	keep := l.keep
	l.keep = nil
	defer func() { l.keep = keep }()
	return l.next()
}

// next returns the next line without its end, valid until the next call. A line that is too long
// is read to its end and written to keep; the error is errLong. Of a line that ends with an error
// other than io.EOF, nothing is returned.
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
				_, _ = kept.Write(bytes.TrimSuffix(piece, []byte{l.delimiter})) // the writer records its error
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
			if l.delimiter == '\n' { // concatenated files have a mark in the middle
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

// lineEnds replaces each CR and CR LF by LF: spreadsheets on a Mac still write the former.
type lineEnds struct {
	r       io.Reader
	afterCR bool // the last byte was a CR, so that an LF is part of its line end
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

// convert replaces line ends in place and returns the new length.
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
