package bynder

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
)

// Most of what the portal says of an asset is never looked at, and a list has hundreds of
// thousands of assets. So a value is checked as a whole, once, and then cut into
// parts of itself that are read when somebody asks. What follows takes values that
// json.Valid has passed.

// members are those of an object, in their order; there are none in any other value.
func members(raw json.RawMessage) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		rest := bytes.TrimSpace(raw)
		if len(rest) == 0 || rest[0] != '{' {
			return
		}
		for rest = spaceless(rest[1:]); rest[0] != '}'; {
			var key, value []byte
			key, rest = cut(rest)
			value, rest = cut(spaceless(spaceless(rest)[1:])) // behind the colon
			name, _ := scalar(key)
			if !yield(name, value) {
				return
			}
			if rest = spaceless(rest); rest[0] == ',' {
				rest = spaceless(rest[1:])
			}
		}
	}
}

// parts are the elements of an array, in their order; there are none in any other value.
func parts(raw json.RawMessage) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		rest := bytes.TrimSpace(raw)
		if len(rest) == 0 || rest[0] != '[' {
			return
		}
		for rest = spaceless(rest[1:]); rest[0] != ']'; {
			var value []byte
			if value, rest = cut(rest); !yield(value) {
				return
			}
			if rest = spaceless(rest); rest[0] == ',' {
				rest = spaceless(rest[1:])
			}
		}
	}
}

// listOf yields the elements of a list: of an array, or of an object whose keys are all
// numbers, which is how PHP writes a list out of which something was filtered. ok is false
// for any other value.
func listOf(raw json.RawMessage) (values iter.Seq[json.RawMessage], ok bool) {
	switch kindOf(raw) {
	case 'a':
		return parts(raw), true
	case 'o':
		for name := range members(raw) {
			if !isIndex(name) {
				return nil, false
			}
		}
		return func(yield func(json.RawMessage) bool) {
			for _, value := range members(raw) {
				if !yield(value) {
					return
				}
			}
		}, true
	default:
		return nil, false
	}
}

// isIndex reports whether a key is a number as PHP writes those of its lists.
func isIndex(key string) bool {
	for _, c := range []byte(key) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return key != "" && (key[0] != '0' || len(key) == 1)
}

// kindOf tells objects (o), arrays (a) and scalars (s) apart; 0 is null or missing.
func kindOf(raw json.RawMessage) byte {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || bytes.Equal(raw, null):
		return 0
	case raw[0] == '{':
		return 'o'
	case raw[0] == '[':
		return 'a'
	default:
		return 's'
	}
}

// valid refuses what is not JSON, and what is nested deeper than anything that a portal has
// to say.
func valid(raw json.RawMessage) error {
	if !json.Valid(raw) {
		return errors.New("it is not JSON")
	}
	var end valueEnd
	end.in(raw)
	return end.err()
}

// cut cuts off the value with which b begins.
func cut(b []byte) (value, rest []byte) {
	n, _ := new(valueEnd).in(b)
	return bytes.TrimRight(b[:n:n], " \t\r\n"), b[n:] // space may follow a number or a word
}

// spaceless is b without the white space that it begins with.
func spaceless(b []byte) []byte {
	for i, c := range b {
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return b[i:]
		}
	}
	return nil
}

// unquote reads a string.
func unquote(raw []byte) (string, bool) {
	inner := raw[1 : len(raw)-1]
	for _, c := range inner {
		if c == '\\' || c >= 0x80 { // to be resolved, or perhaps no UTF-8
			var s string
			err := json.Unmarshal(raw, &s)
			return s, err == nil
		}
	}
	return string(inner), true
}
