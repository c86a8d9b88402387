package bynder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// check refuses a known field whose value cannot be converted to its shape, because the
// result would be silently wrong. The error names the field.
func (f fields) check() error {
	for _, each := range f {
		if s, known := shapeOf(each.name); known {
			if err := s.check(each.value); err != nil {
				return fmt.Errorf("its %.80s%w", each.name, err)
			}
		}
	}
	return nil
}

// check returns what is wrong with a value, as the end of a sentence about its field.
func (s shape) check(raw json.RawMessage) error {
	kind := kindOf(raw)
	switch {
	case kind == nullKind:
		return nil
	case s == list && kind != scalarKind:
		return checkList(raw)
	case s == objects:
		return checkObjects(raw)
	case s == links:
		return checkLinks(raw)
	case kind != scalarKind:
		return fmt.Errorf(" is %s, not %s", kindName(raw), map[shape]string{text: "text", number: "a number", flag: "a flag"}[s])
	case s == number && !plainNumber(raw) && unreadableNumber(raw):
		return fmt.Errorf(" is %.40s, not a number", raw)
	case s == flag && !plainFlag(raw) && bytes.Equal(normalize(raw, flag), null):
		return fmt.Errorf(" is %.40s, not a flag", raw)
	}
	return nil
}

// plainFlag reports whether a valid scalar is a flag as most portals write it.
func plainFlag(raw json.RawMessage) bool {
	return len(raw) == 1 && (raw[0] == '0' || raw[0] == '1') || raw[0] == 't' || raw[0] == 'f'
}

// plainNumber reports whether a valid value is a JSON number.
func plainNumber(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9'
}

// unreadableNumber reports whether a scalar is neither a number nor the "" or false that PHP
// writes for an unknown number.
func unreadableNumber(raw json.RawMessage) bool {
	value, _ := scalar(raw)
	value = strings.TrimSpace(value)
	return value != "" && value != "false" && bytes.Equal(normalize(raw, number), null)
}

func checkList(raw json.RawMessage) error {
	values, ok := listOf(raw)
	if !ok {
		return errors.New(" is an object, not a list")
	}
	n := 0
	for value := range values {
		if kindOf(value) != scalarKind && !isNothing(value) {
			return fmt.Errorf("[%d] is %s, not text", n, kindName(value))
		}
		if n++; n > maxMembers {
			return fmt.Errorf(" has more than %d elements", maxMembers)
		}
	}
	return nil
}

func checkObjects(raw json.RawMessage) error {
	values, ok := listOf(raw)
	if !ok {
		return fmt.Errorf(" is %s, not a list", kindName(raw))
	}
	n := 0
	for range values {
		if n++; n > maxItems {
			return fmt.Errorf(" has more than %d elements", maxItems)
		}
	}
	return nil
}

func checkLinks(raw json.RawMessage) error {
	if kindOf(raw) != objectKind {
		if isEmptyObject(raw) {
			return nil
		}
		return fmt.Errorf(" is %s, not an object of URLs", kindName(raw))
	}
	n := 0
	for name, value := range members(raw) {
		if value[0] != '"' && !isNoLink(value) {
			return fmt.Errorf("[%.80q] is %s, not a URL", name, kindName(value))
		}
		if n++; n > maxMembers {
			return fmt.Errorf(" has more than %d entries", maxMembers)
		}
	}
	return nil
}

// isNothing reports whether a value is one that portals send for a missing one: null, false, "", [] or {}.
func isNothing(raw json.RawMessage) bool {
	switch raw = bytes.TrimSpace(raw); kindOf(raw) {
	case scalarKind:
		return bytes.Equal(raw, []byte("false")) || bytes.Equal(raw, []byte(`""`))
	case arrayKind:
		return isEmptyObject(raw)
	case objectKind:
		return bytes.Equal(trimSpace(raw[1:]), []byte("}"))
	default:
		return true
	}
}

// isNoLink reports whether a value in place of a URL means that there is no URL: PHP also writes 0.
func isNoLink(raw json.RawMessage) bool {
	return isNothing(raw) || bytes.Equal(bytes.TrimSpace(raw), []byte("0"))
}

// isEmptyObject reports whether a value is PHP's way to write an empty object: an empty
// array, and sometimes "".
func isEmptyObject(raw json.RawMessage) bool {
	raw = bytes.TrimSpace(raw)
	return bytes.Equal(raw, []byte(`""`)) || raw[0] == '[' && bytes.Equal(trimSpace(raw[1:]), []byte("]"))
}

// kindName names the kind of a value in an error.
func kindName(raw json.RawMessage) string {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || bytes.Equal(raw, null):
		return "null"
	case raw[0] == '{':
		return "an object"
	case raw[0] == '[':
		return "a list"
	case raw[0] == '"':
		return "text"
	case plainNumber(raw):
		return "a number"
	default:
		return string(raw[:min(len(raw), 5)]) // true or false
	}
}
