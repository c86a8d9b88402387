package bynder

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
)

// Most fields of an asset are never read, and a list may have hundreds of thousands of
// assets. So a value is validated once, as a whole, and its parts are decoded only when they
// are read. The functions below take values that json.Valid has passed.

// members yields the members of an object, in their order, and nothing for any other value.
func members(raw json.RawMessage) iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		rest := bytes.TrimSpace(raw)
		if len(rest) == 0 || rest[0] != '{' {
			return
		}
		for rest = trimSpace(rest[1:]); rest[0] != '}'; {
			var key, value []byte
			key, rest = cutValue(rest)
			value, rest = cutValue(trimSpace(trimSpace(rest)[1:])) // after the colon
			name, _ := scalar(key)
			if !yield(name, value) {
				return
			}
			if rest = trimSpace(rest); rest[0] == ',' {
				rest = trimSpace(rest[1:])
			}
		}
	}
}

// parts yields the elements of an array, in their order, and nothing for any other value.
func parts(raw json.RawMessage) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		rest := bytes.TrimSpace(raw)
		if len(rest) == 0 || rest[0] != '[' {
			return
		}
		for rest = trimSpace(rest[1:]); rest[0] != ']'; {
			var value []byte
			if value, rest = cutValue(rest); !yield(value) {
				return
			}
			if rest = trimSpace(rest); rest[0] == ',' {
				rest = trimSpace(rest[1:])
			}
		}
	}
}

// listOf yields the elements of a list: of an array, or of an object whose keys are all
// numbers, which is how PHP writes a list from which elements were removed. ok is false
// for any other value.
func listOf(raw json.RawMessage) (values iter.Seq[json.RawMessage], ok bool) {
	switch kindOf(raw) {
	case arrayKind:
		return parts(raw), true
	case objectKind:
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

// jsonKind is the kind of a JSON value.
type jsonKind int

const (
	nullKind jsonKind = iota // or missing
	objectKind
	arrayKind
	scalarKind
)

// kindOf returns the kind of a value.
func kindOf(raw json.RawMessage) jsonKind {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || bytes.Equal(raw, null):
		return nullKind
	case raw[0] == '{':
		return objectKind
	case raw[0] == '[':
		return arrayKind
	default:
		return scalarKind
	}
}

// validate refuses text that is not JSON or is nested deeper than maxDepth.
func validate(raw json.RawMessage) error {
	if !json.Valid(raw) {
		return errors.New("it is not JSON")
	}
	var end valueEnd
	end.scan(raw)
	return end.err()
}

// cutValue splits b after the value with which it begins.
func cutValue(b []byte) (value, rest []byte) {
	n, _ := new(valueEnd).scan(b)
	return bytes.TrimRight(b[:n:n], " \t\r\n"), b[n:] // space may follow a number or a word
}

// trimSpace returns b without leading white space.
func trimSpace(b []byte) []byte {
	for i, c := range b {
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return b[i:]
		}
	}
	return nil
}

// unquote returns the text of a JSON string.
func unquote(raw []byte) (string, bool) {
	inner := raw[1 : len(raw)-1]
	for _, c := range inner {
		if c == '\\' || c >= 0x80 { // an escape, or possibly invalid UTF-8
			var s string
			err := json.Unmarshal(raw, &s)
			return s, err == nil
		}
	}
	return string(inner), true
}
