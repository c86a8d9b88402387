package bynder

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

const (
	// maxElement is how much of one element of a list is kept, 1 MiB.
	maxElement = 1 << 20
	// maxGuess is the most memory that is allocated for an element before its length is known.
	maxGuess = 16 << 10
	// maxPage is how much of one page is read, 256 MiB: 1,000 assets with all their metadata
	// have some MiB.
	maxPage = 256 << 20
)

// errPage is the error of a page that is larger than maxPage.
var errPage = fmt.Errorf("the page is larger than %d MiB", maxPage>>20)

// readError is the error of a list whose transfer broke off, not of one that is malformed.
type readError struct{ err error }

func (e *readError) Error() string { return "the list broke off: " + e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// elements splits a list into its elements while it is read, so that a page is never in
// memory as a whole: a bare array, or an object whose "media" (or "collections") is the
// array, as with total=1 and count=1; in place of an array an object with numeric keys.
// total is set to the total count that the object has, before or after the list. The caller
// decodes the elements. An element that is too large or too deep is skipped as an error of
// its own (IsMalformedElement); other errors end the list: a *readError if the connection
// broke.
func elements(body io.Reader, total *int64) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		s := splitter{r: bufio.NewReaderSize(&pageReader{r: body, left: maxPage}, 64<<10), total: total}
		if err := s.open(); err != nil {
			yield(nil, err)
			return
		}
		for first := true; ; first = false {
			more, err := s.another(first)
			if err == nil && !more {
				err = s.finish()
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !more {
				return
			}
			raw, err := s.element()
			if !yield(raw, err) || err != nil && !IsMalformedElement(err) {
				return
			}
		}
	}
}

// pageReader limits the size of a page.
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

// broken returns the error of a list for a failed read.
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

// splitter reads JSON only as far as needed to find the end of each value.
type splitter struct {
	r       *bufio.Reader
	total   *int64
	end     byte // what closes the list: ] or }
	named   bool // the list is a field of an object
	fields  int  // of that object so far
	keyRead bool // the first key of a list that is an object was read already
	last    int  // length of the last element, up to maxGuess: the next one is of about the same length
}

// open reads up to the first element of the list.
func (s *splitter) open() error {
	b, err := s.next()
	switch {
	case err != nil:
		return err
	case b == '[':
		s.end = ']'
		return nil
	case b != '{':
		return errors.New("neither an array nor an object")
	}
	for first := true; ; first = false {
		key, more, err := s.key(first)
		switch {
		case err != nil:
			return err
		case !more:
			return errors.New("an object without media")
		case first && isIndex(key):
			s.end, s.keyRead = '}', true
			return nil
		case key == "media" || key == "collections":
			s.named = true
			return s.openList(key)
		}
		if err := s.beside(key); err != nil {
			return err
		}
	}
}

// openList reads what opens the list that is a field of an object.
func (s *splitter) openList(name string) error {
	b, err := s.next()
	switch {
	case err != nil:
		return err
	case b == '[':
		s.end = ']'
	case b == '{':
		s.end = '}'
	default:
		return fmt.Errorf("its %s is not a list", name)
	}
	return nil
}

// beside reads another field of the list's object: the total, or one that is skipped.
func (s *splitter) beside(key string) error {
	if s.fields++; s.fields > maxMembers {
		return fmt.Errorf("an object of more than %d fields", maxMembers)
	}
	if key != "total" && key != "count" {
		_, err := s.value(0)
		return err
	}
	raw, err := s.value(maxElement)
	if err != nil {
		return err
	}
	n, err := readTotal(raw)
	if err != nil {
		return fmt.Errorf("its %s %w", key, err)
	}
	if n >= 0 && (key == "total" || *s.total < 0) {
		*s.total = n
	}
	return nil
}

// readTotal reads the number of elements that a list has on all its pages: a number, or an object
// with it as count or total; -1 for null, false and what PHP writes for an empty object.
func readTotal(raw json.RawMessage) (int64, error) {
	if err := validate(raw); err != nil {
		return -1, err
	}
	if kindOf(raw) == objectKind {
		f, err := readFields(raw)
		if err != nil {
			return -1, err
		}
		for _, name := range []string{"count", "total"} {
			if value := f.get(name); value != nil {
				return readCount(value)
			}
		}
		return -1, errors.New("has neither a count nor a total")
	}
	return readCount(raw)
}

func readCount(raw json.RawMessage) (int64, error) {
	if kindOf(raw) == nullKind || isEmptyObject(raw) || bytes.Equal(bytes.TrimSpace(raw), []byte("false")) {
		return -1, nil
	}
	n, ok := fields{{"n", raw}}.number("n")
	if !ok || n < 0 {
		return -1, fmt.Errorf("is %.40s, not a count", raw)
	}
	return n, nil
}

// another reports whether an element follows, and reads up to it.
func (s *splitter) another(first bool) (bool, error) {
	if s.end == '}' {
		if first && s.keyRead {
			return true, nil
		}
		name, more, err := s.key(first)
		if err == nil && more && !isIndex(name) {
			err = fmt.Errorf("a field %.80q among the elements of a list", name)
		}
		return more, err
	}
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

// finish reads what comes after the list: the other fields of its object, and nothing else.
func (s *splitter) finish() error {
	for s.named {
		key, more, err := s.key(false)
		switch {
		case err != nil:
			return err
		case !more:
			s.named = false
			continue
		case key == "media" || key == "collections":
			return errors.New("an object with two lists")
		}
		if err := s.beside(key); err != nil {
			return err
		}
	}
	for {
		b, err := s.r.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return broken(err)
		case b != ' ' && b != '\n' && b != '\r' && b != '\t':
			return fmt.Errorf("%q after the list", b)
		}
	}
}

// element reads one element of the list.
func (s *splitter) element() (json.RawMessage, error) {
	raw, err := s.value(maxElement)
	if e := (*boundError)(nil); errors.As(err, &e) {
		return nil, malformed("an element of the list", err)
	}
	return raw, err
}
