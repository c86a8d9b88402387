package journal

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// record is what the journal looks at in a line. It is good as long as the line is.
type record struct {
	portal, mediaID, selector text // the key
	itemID, status, path      text
	etag, suspect, md5        text
	verified, checksum        text
	cause                     text // error.code
	bytes                     int64
	sized                     bool // bytes are told
}

// text is a string of JSON, without its quotes.
type text struct {
	raw []byte
	// escaped tells that there are backslashes, each of which is to be dropped for what
	// stands behind it.
	escaped bool
}

// bytes are those of the text itself.
func (t text) bytes() []byte {
	if !t.escaped {
		return t.raw
	}
	b := make([]byte, 0, len(t.raw))
	for i := 0; i < len(t.raw); i++ {
		if t.raw[i] == '\\' {
			i++
		}
		b = append(b, t.raw[i])
	}
	return b
}

func (t text) String() string { return string(t.bytes()) }

// is tells whether the text is s.
func (t text) is(s string) bool { return string(t.bytes()) == s }

// scanner reads the lines that this program writes, several times faster than
// encoding/json does, and says so where it is not sure: it never reads a line in another
// way than encoding/json would.
type scanner struct {
	line []byte
	at   int
}

// scan reads a line into r and tells whether it is sure of it.
func scan(line []byte, r *record) bool {
	s := scanner{line: line}
	if !s.object(r, (*record).field) {
		return false
	}
	s.space()
	return s.at == len(s.line)
}

// member is where the value of a key goes: to a string, a number, an object, or nowhere.
type member struct {
	text   *text
	number *int64
	known  *bool
	object func(*record, []byte) member
	other  bool // any text, number or bool
}

// field is where the value of a result's key goes; the zero member for a key that a
// result does not have.
func (r *record) field(key []byte) member {
	switch string(key) {
	case "portal":
		return member{text: &r.portal}
	case "mediaId":
		return member{text: &r.mediaID}
	case "selector":
		return member{text: &r.selector}
	case "itemId":
		return member{text: &r.itemID}
	case "status":
		return member{text: &r.status}
	case "path":
		return member{text: &r.path}
	case "etag":
		return member{text: &r.etag}
	case "suspect":
		return member{text: &r.suspect}
	case "md5":
		return member{text: &r.md5}
	case "verified":
		return member{text: &r.verified}
	case "checksum":
		return member{text: &r.checksum}
	case "bytes":
		return member{number: &r.bytes, known: &r.sized}
	case "error":
		return member{object: (*record).failure}
	case "attempts", "resumedFrom", "seconds", "finishedAt":
		return member{other: true}
	}
	return foreign(key, "portal", "mediaId", "selector", "itemId", "status", "path", "etag", "suspect", "md5", "verified", "checksum", "bytes", "error")
}

// failure is where the value of a key of a result's error goes.
func (r *record) failure(key []byte) member {
	switch string(key) {
	case "code":
		return member{text: &r.cause}
	case "message", "hint", "httpStatus", "retryable":
		return member{other: true}
	}
	return foreign(key, "code")
}

// foreign is for a key that is none of the names. It is the zero member where
// encoding/json, to which cases are alike, would take it for one.
func foreign(key []byte, names ...string) member {
	for _, name := range names {
		if bytes.EqualFold(key, []byte(name)) {
			return member{}
		}
	}
	return member{other: true}
}

func (s *scanner) object(r *record, to func(*record, []byte) member) bool {
	s.space()
	if !s.next('{') {
		return false
	}
	s.space()
	if s.next('}') {
		return true
	}
	for {
		s.space()
		key, ok := s.text()
		if !ok || key.escaped {
			return false
		}
		s.space()
		if !s.next(':') {
			return false
		}
		s.space()
		if !s.value(r, to(r, key.raw)) {
			return false
		}
		s.space()
		if s.next('}') {
			return true
		}
		if !s.next(',') {
			return false
		}
	}
}

// value reads one that goes to m.
func (s *scanner) value(r *record, m member) bool {
	if s.at == len(s.line) {
		return false
	}
	c := s.line[s.at]
	switch {
	case c == '"' && (m.text != nil || m.other):
		t, ok := s.text()
		if m.text != nil {
			*m.text = t
		}
		return ok
	case (c == '-' || '0' <= c && c <= '9') && m.other:
		return s.number()
	case '0' <= c && c <= '9' && m.number != nil:
		start := s.at
		for s.at < len(s.line) && '0' <= s.line[s.at] && s.line[s.at] <= '9' {
			s.at++
		}
		n, err := strconv.ParseInt(string(s.line[start:s.at]), 10, 64)
		*m.number, *m.known = n, true
		return err == nil && (c != '0' || s.at == start+1)
	case c == '{' && m.object != nil:
		return s.object(r, m.object)
	case m.other:
		return s.literal("true") || s.literal("false")
	default:
		return false
	}
}

// number passes over an integer or a decimal. Of exponents it is not sure.
func (s *scanner) number() bool {
	s.next('-')
	start := s.at
	whole := s.digits()
	if whole == 0 || whole > 1 && s.line[start] == '0' {
		return false
	}
	return !s.next('.') || s.digits() > 0
}

func (s *scanner) digits() int {
	start := s.at
	for s.at < len(s.line) && '0' <= s.line[s.at] && s.line[s.at] <= '9' {
		s.at++
	}
	return s.at - start
}

// text reads a string, of whose escapes it knows those of quotes, backslashes and slashes.
func (s *scanner) text() (text, bool) {
	if !s.next('"') {
		return text{}, false
	}
	start, escaped, ascii := s.at, false, true
	for ; s.at < len(s.line); s.at++ {
		switch c := s.line[s.at]; {
		case c == '"':
			t := text{s.line[start:s.at], escaped}
			s.at++
			return t, ascii || utf8.Valid(t.raw)
		case c == '\\':
			escaped = true
			if s.at++; s.at == len(s.line) || s.line[s.at] != '"' && s.line[s.at] != '\\' && s.line[s.at] != '/' {
				return text{}, false
			}
		case c < ' ':
			return text{}, false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return text{}, false
}

func (s *scanner) literal(word string) bool {
	if !bytes.HasPrefix(s.line[s.at:], []byte(word)) {
		return false
	}
	s.at += len(word)
	return true
}

// next passes over c, if that is what comes.
func (s *scanner) next(c byte) bool {
	if s.at == len(s.line) || s.line[s.at] != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) space() {
	for s.at < len(s.line) {
		switch s.line[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}
