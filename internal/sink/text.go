package sink

import (
	"unicode"
	"unicode/utf8"
)

// headSize is the number of bytes at the beginning of a file that decide whether it is text.
const headSize = 8 << 10

// isText reports whether head, the beginning of a file, has no control characters but those that lay text out, in UTF-8 or in an
// encoding with one byte per character. Its last character may be cut.
func isText(head []byte) bool {
	for len(head) > 0 && utf8.FullRune(head) {
		r, size := utf8.DecodeRune(head)
		if r == utf8.RuneError && size == 1 {
			r = rune(head[0]) // as in ISO 8859-1
		}
		switch {
		case r == '\t', r == '\n', r == '\f', r == '\r':
		case unicode.IsControl(r):
			return false
		}
		head = head[size:]
	}
	return true
}
