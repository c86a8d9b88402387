package bynder

import (
	"bytes"
	"encoding/json"
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

// parts are the elements of an array; ok is false for any other value.
func parts(raw json.RawMessage) (values []json.RawMessage, ok bool) {
	rest := bytes.TrimSpace(raw)
	if len(rest) == 0 || rest[0] != '[' {
		return nil, false
	}
	for rest = spaceless(rest[1:]); rest[0] != ']'; {
		var value []byte
		value, rest = cut(rest)
		values = append(values, value)
		if rest = spaceless(rest); rest[0] == ',' {
			rest = spaceless(rest[1:])
		}
	}
	return values, true
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
