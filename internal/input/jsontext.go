package input

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonText is a string of JSON that says the same as its bytes: encoding/json reads U+FFFD for what is not UTF-8,
// and for half of a surrogate pair, so that different texts become one.
type jsonText string

// lostTextError is a string that would not be read as it was written.
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

// hasHalfPair reports whether a valid string of JSON escapes one half of a surrogate pair without the other.
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

// escaped is the code unit of the escape \uXXXX with which text begins, 0 if it begins with none.
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
