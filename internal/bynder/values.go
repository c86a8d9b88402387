package bynder

import (
	"encoding/json"
	"errors"
	"fmt"
)

const (
	// maxKey is the longest name of a field beside a list, in bytes.
	maxKey = 1 << 10
	// maxDepth is how deep values may be nested; those of the API are some levels deep.
	maxDepth = 100
)

// next reads and returns the next byte that is not white space.
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

// key reads the name of the next field of an object, and the colon after it; more is false
// at the end of the object.
func (s *splitter) key(first bool) (name string, more bool, err error) {
	b, err := s.next()
	if err == nil && b == '}' {
		return "", false, nil
	}
	if err == nil && !first {
		if b != ',' {
			return "", false, fmt.Errorf("%q where a comma was expected", b)
		}
		b, err = s.next()
	}
	if err != nil {
		return "", false, err
	}
	if b != '"' {
		return "", false, fmt.Errorf("%q where the name of a field was expected", b)
	}
	if err := s.r.UnreadByte(); err != nil {
		return "", false, err
	}
	raw, err := s.value(maxKey)
	if err != nil {
		return "", false, err
	}
	if err := json.Unmarshal(raw, &name); err != nil {
		return "", false, err
	}
	if b, err = s.next(); err == nil && b != ':' {
		err = fmt.Errorf("%q where a colon was expected", b)
	}
	return name, true, err
}

// boundError is the error of a value that was skipped because it is too large or too deep.
type boundError struct{ text string }

func (e *boundError) Error() string { return e.text }

// value reads one value of any kind, of at most most bytes. A larger one is skipped, and so is
// every one if most is 0.
func (s *splitter) value(most int) (json.RawMessage, error) {
	if _, err := s.next(); err != nil {
		return nil, err
	}
	if err := s.r.UnreadByte(); err != nil {
		return nil, err
	}
	raw := make(json.RawMessage, 0, min(s.last, most))
	size := 0
	for end := (valueEnd{}); ; {
		if _, err := s.r.Peek(1); err != nil {
			return nil, broken(err)
		}
		chunk, _ := s.r.Peek(s.r.Buffered()) // without reading more
		n, found := end.scan(chunk)
		size += n
		if len(raw) < most {
			raw = append(raw, chunk[:min(n, most-len(raw))]...)
		}
		if _, err := s.r.Discard(n); err != nil {
			return nil, broken(err)
		}
		switch {
		case !found:
			continue
		case size == 0:
			return nil, errors.New("a value is missing")
		case most > 0 && size > most:
			return nil, &boundError{"it is larger than " + bytesText(most)}
		case end.err() != nil:
			return nil, end.err()
		}
		if most == maxElement {
			s.last = min(size, maxGuess)
		}
		return raw, nil
	}
}

func bytesText(n int) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d MiB", n>>20)
}

// valueEnd finds the end of a value that arrives in pieces.
type valueEnd struct {
	depth, deepest    int
	inString, escaped bool
}

// err returns an error if the value is nested too deep.
func (e *valueEnd) err() error {
	if e.deepest > maxDepth {
		return &boundError{fmt.Sprintf("it is nested deeper than %d levels", maxDepth)}
	}
	return nil
}

// scan returns how many bytes of the piece belong to the value, and whether it ends there.
func (e *valueEnd) scan(piece []byte) (n int, found bool) {
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
			e.deepest = max(e.deepest, e.depth)
		case e.depth == 0 && (b == ',' || b == ']' || b == '}'): // after a number or a word
			return i, true
		case b == '}' || b == ']':
			if e.depth--; e.depth == 0 {
				return i + 1, true
			}
		}
	}
	return len(piece), false
}
