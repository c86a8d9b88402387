package input

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonText is a JSON string that is decoded without loss: encoding/json decodes invalid UTF-8, and half of a
// surrogate pair, as U+FFFD, so that different texts become equal.
type jsonText string

// lostTextError is a string that cannot be decoded without loss.
type lostTextError struct{ raw string }

func (e *lostTextError) Error() string {
	return fmt.Sprintf("the text %.200q is not UTF-8: save the list as UTF-8", e.raw)
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *jsonText) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, (*string)(t)); err != nil {
		return err
	}
	if !utf8.Valid(raw) || hasHalfPair(raw) {
		return &lostTextError{string(raw[1 : len(raw)-1])}
	}
	return nil
}

// hasHalfPair reports whether a valid JSON string has an escape of one half of a surrogate pair without the other.
func hasHalfPair(raw []byte) bool {
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			continue
		}
		half := escaped(raw[i:])
		if i++; !utf16.IsSurrogate(half) {
			continue
		}
		i += 5
		if utf16.DecodeRune(half, escaped(raw[i:])) == utf8.RuneError {
			return true
		}
		i += 5
	}
	return false
}

// escaped returns the code unit of the escape \uXXXX at the beginning of text, 0 if there is none.
func escaped(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(unit)
}
