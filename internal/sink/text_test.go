package sink

import (
	"strings"
	"testing"
)

func TestIsText(t *testing.T) {
	for name, tt := range map[string]struct {
		head string
		want bool
	}{
		"nothing":             {"", true},
		"ASCII":               {"a,b\r\n1,2\r\n\tthree\f", true},
		"UTF-8":               {"Grüße, 日本語 🎉", true},
		"a BOM":               {"\ufeffid,name\n", true},
		"a character is cut":  {"日本"[:5], true},
		"Latin-1":             {"Gr\xfc\xdfe\n", true},
		"SVG":                 {"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", true},
		"JPEG":                {"\xff\xd8\xff\xe0\x00\x10JFIF", false},
		"PNG":                 {"\x89PNG\r\n\x1a\n", false},
		"gzip":                {"\x1f\x8b\x08", false},
		"PDF":                 {"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\nstream\n\x04\x97", false},
		"UTF-16":              {"\xff\xfeh\x00i\x00", false},
		"an escape sequence":  {"text \x1b]0;title\x07", false},
		"one of 8 bits":       {"text \x9b2J", false},
		"one of 8 bits, UTF":  {"text \u009b2J", false},
		"DEL":                 {"a\x7f", false},
		"after a long prefix": {strings.Repeat("text ", 1000) + "\x00", false},
	} {
		if got := isText([]byte(tt.head)); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
