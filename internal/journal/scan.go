package journal

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// scan reads a line that this program has written into r, several times faster than encoding/json.
// It returns false if the line may need encoding/json, such as that of a failure: it never
// returns other values than encoding/json would.
func scan(line []byte, r *record) bool {
	if len(line) == 0 || line[0] != '{' {
		return false
	}
	for rest := line; ; {
		key, after, ok := cutText(rest[1:])
		if !ok || len(after) < 2 || after[0] != ':' {
			return false
		}
		if rest, ok = r.value(string(key), after[1:]); !ok || len(rest) == 0 {
			return false
		}
		if rest[0] == '}' {
			return len(rest) == 1
		}
		if rest[0] != ',' {
			return false
		}
	}
}

// value reads the value of a key, and returns the rest of the line.
func (r *record) value(key string, line []byte) (rest []byte, ok bool) {
	switch key {
	case "bytes", "attempts", "resumedFrom":
		var size int64
		size, rest, ok = cutNumber(line)
		if key == "bytes" {
			r.bytes, r.sized = size, true
		}
		return rest, ok
	case "seconds":
		return cutSeconds(line)
	case "listed":
		if rest, ok = cutObject(line); ok {
			r.listed = line[:len(line)-len(rest)]
		}
		return rest, ok
	case "upload":
		if rest, ok = cutObject(line); ok {
			r.upload = line[:len(line)-len(rest)]
		}
		return rest, ok
	}
	to := r.text(key)
	if to == nil {
		return nil, false
	}
	*to, rest, ok = cutText(line)
	return rest, ok
}

// text returns where the text of a key goes; nil for an unknown one.
func (r *record) text(key string) *[]byte {
	switch key {
	case "portal":
		return &r.portal
	case "mediaId":
		return &r.mediaID
	case "selector":
		return &r.selector
	case "itemId":
		return &r.itemID
	case "status":
		return &r.status
	case "name":
		return &r.name
	case "path":
		return &r.path
	case "etag":
		return &r.etag
	case "suspect":
		return &r.suspect
	case "md5":
		return &r.md5
	case "chosen":
		return &r.chosen
	case "encoding":
		return &r.encoding
	case "objectEtag":
		return &r.objectETag
	case "verified":
		return &r.verified
	case "checksum":
		return &r.checksum
	case "finishedAt":
		return &r.finished
	case "via":
		return new([]byte)
	}
	return nil
}

// cutNumber cuts off an integer that is not negative.
func cutNumber(line []byte) (n int64, rest []byte, ok bool) {
	digits := 0
	for digits < len(line) && '0' <= line[digits] && line[digits] <= '9' {
		digits++
	}
	n, err := strconv.ParseInt(string(line[:digits]), 10, 64)
	return n, line[digits:], err == nil && (digits == 1 || line[0] != '0')
}

// cutObject cuts off an object of strings and integers. ok is false for one with other values.
func cutObject(line []byte) (rest []byte, ok bool) {
	if len(line) == 0 || line[0] != '{' {
		return nil, false
	}
	for rest = line; ; {
		_, after, ok := cutText(rest[1:])
		if !ok || len(after) < 2 || after[0] != ':' {
			return nil, false
		}
		if after[1] == '"' {
			_, rest, ok = cutText(after[1:])
		} else {
			_, rest, ok = cutNumber(after[1:])
		}
		switch {
		case !ok || len(rest) == 0:
			return nil, false
		case rest[0] == '}':
			return rest[1:], true
		case rest[0] != ',':
			return nil, false
		}
	}
}

// cutSeconds cuts off a decimal number. ok is false for one with an exponent.
func cutSeconds(line []byte) (rest []byte, ok bool) {
	rest = bytes.TrimLeft(line, "0123456789")
	whole := len(line) - len(rest)
	if whole == 0 || whole > 1 && line[0] == '0' {
		return nil, false
	}
	if len(rest) == 0 || rest[0] != '.' {
		return rest, true
	}
	digits := rest[1:]
	rest = bytes.TrimLeft(digits, "0123456789")
	return rest, len(rest) < len(digits)
}

// cutText cuts off a string in quotes. ok is false if it has escapes other than those of quotes and backslashes.
// The text is a part of the line unless it has escapes.
func cutText(line []byte) (text, rest []byte, ok bool) {
	if len(line) == 0 || line[0] != '"' {
		return nil, nil, false
	}
	escaped, ascii := false, true
	for i := 1; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			text = line[1:i]
			if ok = ascii || utf8.Valid(text); escaped {
				text = unescaped(text)
			}
			return text, line[i+1:], ok
		case c == '\\':
			escaped = true
			if i++; i == len(line) || line[i] != '"' && line[i] != '\\' {
				return nil, nil, false
			}
		case c < ' ':
			return nil, nil, false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return nil, nil, false
}

// unescaped removes the backslash of each escape.
func unescaped(text []byte) []byte {
	b := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' {
			i++
		}
		b = append(b, text[i])
	}
	return b
}
