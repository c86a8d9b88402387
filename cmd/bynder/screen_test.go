//go:build unix

package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// screen shows what a terminal of some width would show of what it was sent. It knows
// no more than a plain program needs; anything else it notes as unknown. It has no
// last row.
type screen struct {
	width   int
	rows    [][]rune // the second cell of a wide character is 0
	y, x    int
	begun   []byte // a character or sequence that is not whole yet
	unknown []string
}

// halfBlockColors match what sets the colors of a picture's half blocks. No other output has colors.
var halfBlockColors = regexp.MustCompile(`^\x1b\[0(;38;[0-9;]+)?m`)

func newScreen(width int) *screen { return &screen{width: width, rows: make([][]rune, 1)} }

func (s *screen) write(p []byte) {
	s.begun = append(s.begun, p...)
	for len(s.begun) > 0 {
		n := s.obey(s.begun)
		if n == 0 {
			return
		}
		s.begun = s.begun[n:]
	}
}

// obey does what the first character or sequence of p says and returns its length, 0
// where it is not whole.
func (s *screen) obey(p []byte) int {
	switch {
	case p[0] == '\x1b':
		return s.escape(p)
	case p[0] == '\r':
		s.x = 0
	case p[0] == '\n':
		s.down()
	case p[0] == '\b': // of a shell's line editor
		s.x = max(0, s.x-1)
	case p[0] < ' ' || p[0] == 0x7f:
		s.unknown = append(s.unknown, fmt.Sprintf("%q", p[0]))
	case !utf8.FullRune(p):
		return 0
	default:
		r, size := utf8.DecodeRune(p)
		s.put(r)
		return size
	}
	return 1
}

// escape obeys a control sequence: ESC [ parameters letter.
func (s *screen) escape(p []byte) int {
	if bytes.HasPrefix(p, []byte("\x1b_G")) { // a part of a picture in kitty's protocol, which this screen does not show
		end := bytes.Index(p, []byte("\x1b\\"))
		if end < 0 {
			return 0
		}
		return end + len("\x1b\\")
	}
	if colors := halfBlockColors.Find(p); colors != nil {
		return len(colors)
	}
	end := bytes.IndexFunc(p, func(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' })
	if end < 0 {
		return 0
	}
	switch sequence := string(p[1 : end+1]); sequence {
	case "[J": // erase from the cursor to the end of the screen
		s.rows = s.rows[:s.y+1]
		s.eraseRow()
	case "[K": // and to the end of the row
		s.eraseRow()
	default:
		s.unknown = append(s.unknown, "ESC "+sequence)
	}
	return end + 1
}

func (s *screen) eraseRow() { s.rows[s.y] = s.rows[s.y][:min(s.x, len(s.rows[s.y]))] }

func (s *screen) down() {
	s.y++
	if s.y == len(s.rows) {
		s.rows = append(s.rows, nil)
	}
}

func (s *screen) put(r rune) {
	width := runewidth.RuneWidth(r)
	if s.x+width > s.width {
		s.x = 0
		s.down()
	}
	for len(s.rows[s.y]) < s.x+width {
		s.rows[s.y] = append(s.rows[s.y], ' ')
	}
	for i := range width {
		s.rows[s.y][s.x+i] = 0
	}
	if width > 0 { // else it is a mark on the character before
		s.rows[s.y][s.x] = r
	}
	s.x += width
}

// text is what can be read, each row ended by a newline, without the empty ones at
// the end.
func (s *screen) text() string {
	var b strings.Builder
	for _, row := range s.rows {
		b.WriteString(strings.TrimRight(strings.ReplaceAll(string(row), "\x00", ""), " "))
		b.WriteByte('\n')
	}
	text := strings.TrimRight(b.String(), "\n")
	if text == "" {
		return ""
	}
	return text + "\n"
}
