package bynder

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

// maxElement is how much of one element of a list is kept, 1 MiB.
const maxElement = 1 << 20

// maxGuess is how much room is made for an element before it is known how long it is.
const maxGuess = 16 << 10

// maxPage is how much of one page is read, 256 MiB: a list does not go on for ever, and
// 1,000 assets with all that is known of them have some MiB.
const maxPage = 256 << 20

// errPage is a page that is larger than that.
var errPage = fmt.Errorf("the page is larger than %d MiB", maxPage>>20)

// readError is a list that broke off on its way, not one that is malformed.
type readError struct{ err error }

func (e *readError) Error() string { return "the list broke off: " + e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// elements splits a list into its elements as it comes, so that a page is never held as a
// whole: a bare array, or an object whose "media" is the array (as with total=1 and
// count=1). What is inside an element is looked at by whoever decodes it. An element
// that is too large is passed over as an error of its own (IsMalformedElement); other
// errors end the list, a *readError where the connection broke.
func elements(body io.Reader) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		s := splitter{r: bufio.NewReaderSize(&pageReader{r: body, left: maxPage}, 64<<10)}
		if err := s.open(); err != nil {
			yield(nil, err)
			return
		}
		for first := true; ; first = false {
			more, err := s.another(first)
			if err != nil {
				yield(nil, err)
				return
			}
			if !more {
				return
			}
			raw, err := s.value()
			if !yield(raw, err) || err != nil && !IsMalformedElement(err) {
				return
			}
		}
	}
}

// pageReader bounds a page.
type pageReader struct {
	r    io.Reader
	left int
}

func (p *pageReader) Read(b []byte) (int, error) {
	if p.left == 0 {
		return 0, errPage
	}
	n, err := p.r.Read(b[:min(len(b), p.left)])
	p.left -= n
	return n, err
}

// broken is what a failing read means for the list.
func broken(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	case errors.Is(err, errPage):
		return err
	default:
		return &readError{err}
	}
}

// splitter reads JSON only as far as it takes to find where values end.
type splitter struct {
	r    *bufio.Reader
	last int // length of the last value, up to maxGuess: elements of a list are much alike
}

// next is the next byte that is no white space.
func (s *splitter) next() (byte, error) {
	for {
		b, err := s.r.ReadByte()
		switch {
		case err != nil:
			return 0, broken(err)
		case b != ' ' && b != '\n' && b != '\r' && b != '\t':
			return b, nil
		}
	}
}

// open reads up to and including the bracket that opens the list.
func (s *splitter) open() error {
	b, err := s.next()
	switch {
	case err != nil:
		return err
	case b == '[':
		return nil
	case b != '{':
		return errors.New("neither an array nor an object")
	}
	for first := true; ; first = false {
		key, err := s.key(first)
		if err != nil {
			return err
		}
		if key == "media" {
			if b, err := s.next(); err != nil {
				return err
			} else if b != '[' {
				return errors.New("its media are no array")
			}
			return nil
		}
		if _, err := s.value(); err != nil {
			return err
		}
	}
}

// key reads the name of the next field, and the colon behind it.
func (s *splitter) key(first bool) (string, error) {
	b, err := s.next()
	if err == nil && b == ',' && !first {
		b, err = s.next()
	}
	switch {
	case err != nil:
		return "", err
	case b == '}':
		return "", errors.New("an object without media")
	case b != '"':
		return "", fmt.Errorf("%q where the name of a field was expected", b)
	}
	if err := s.r.UnreadByte(); err != nil {
		return "", err
	}
	raw, err := s.value()
	if err != nil {
		return "", err
	}
	var name string
	if err := json.Unmarshal(raw, &name); err != nil {
		return "", err
	}
	if b, err = s.next(); err == nil && b != ':' {
		err = fmt.Errorf("%q where a colon was expected", b)
	}
	return name, err
}

// another tells whether an element follows, and stops before it.
func (s *splitter) another(first bool) (bool, error) {
	b, err := s.next()
	switch {
	case err != nil:
		return false, err
	case b == ']':
		return false, nil
	case first:
		return true, s.r.UnreadByte()
	case b != ',':
		return false, fmt.Errorf("%q where a comma was expected", b)
	}
	if _, err := s.next(); err != nil {
		return false, err
	}
	return true, s.r.UnreadByte()
}

// value reads one value, whatever it is. Of one that is too large only the end is found.
func (s *splitter) value() (json.RawMessage, error) {
	if _, err := s.next(); err != nil {
		return nil, err
	}
	if err := s.r.UnreadByte(); err != nil {
		return nil, err
	}
	raw := make(json.RawMessage, 0, s.last)
	size := 0
	for end := (valueEnd{}); ; {
		if _, err := s.r.Peek(1); err != nil {
			return nil, broken(err)
		}
		chunk, _ := s.r.Peek(s.r.Buffered()) // which are there
		n, found := end.in(chunk)
		size += n
		if len(raw) < maxElement {
			raw = append(raw, chunk[:min(n, maxElement-len(raw))]...)
		}
		if _, err := s.r.Discard(n); err != nil {
			return nil, broken(err)
		}
		if !found {
			continue
		}
		if size == 0 {
			return nil, errors.New("a value is missing")
		}
		if size > maxElement {
			return nil, malformed("an element", fmt.Errorf("it is larger than %d MiB", maxElement>>20))
		}
		s.last = min(size, maxGuess)
		return raw, nil
	}
}

// valueEnd finds where a value ends that comes in pieces.
type valueEnd struct {
	depth             int
	inString, escaped bool
}

// in is how many bytes of the piece belong to the value, and whether it ends there.
func (e *valueEnd) in(piece []byte) (n int, found bool) {
	for i, b := range piece {
		switch {
		case e.escaped:
			e.escaped = false
		case e.inString:
			e.escaped, e.inString = b == '\\', b != '"'
			if !e.inString && e.depth == 0 {
				return i + 1, true
			}
		case b == '"':
			e.inString = true
		case b == '{' || b == '[':
			e.depth++
		case e.depth == 0 && (b == ',' || b == ']' || b == '}'): // behind a number or a word
			return i, true
		case b == '}' || b == ']':
			if e.depth--; e.depth == 0 {
				return i + 1, true
			}
		}
	}
	return len(piece), false
}
