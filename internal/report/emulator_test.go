//go:build unix

package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// emulator is as much of a terminal as the bar needs, and nothing beyond that: a
// sequence that it does not know is a fault. Its screen has no last row.
type emulator struct {
	width    int
	reflows  bool // folds lines anew when the width changes, as most terminals do
	rows     []row
	y, x     int
	hidden   bool     // the cursor
	wraps    int      // lines that went beyond the last column
	faults   []string // what it was sent and does not know
	pending  []byte   // an incomplete sequence
	enquired func()   // called for each ENQ
}

// row is one row of cells; the second cell of a wide character is 0.
type row struct {
	cells     []rune
	continued bool // the next row belongs to the same line
}

func newEmulator(width int, reflows bool) *emulator {
	return &emulator{width: width, reflows: reflows, rows: []row{{}}, enquired: func() {}}
}

func (e *emulator) Write(p []byte) (int, error) {
	e.pending = append(e.pending, p...)
	for len(e.pending) > 0 {
		n := e.step(e.pending)
		if n == 0 {
			break
		}
		e.pending = e.pending[n:]
	}
	return len(p), nil
}

// step obeys the first character or sequence of p and returns its length, 0 where
// it is not whole yet.
func (e *emulator) step(p []byte) int {
	switch c := p[0]; {
	case c == 0x1b:
		return e.escape(p)
	case c == '\r':
		e.x = 0
	case c == '\n':
		e.newRow()
	case c == 0x05:
		e.enquired()
	case c < ' ' || c == 0x7f:
		e.faults = append(e.faults, fmt.Sprintf("control %#x", c))
	default:
		if !utf8.FullRune(p) {
			return 0
		}
		r, size := utf8.DecodeRune(p)
		e.put(r)
		return size
	}
	return 1
}

func (e *emulator) escape(p []byte) int {
	end := slices.IndexFunc(p, func(b byte) bool { return b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' })
	if end < 0 {
		return 0
	}
	switch seq := string(p[1 : end+1]); seq {
	case "[J":
		e.rows = e.rows[:e.y+1]
		e.eraseRow()
	case "[K":
		e.eraseRow()
	case "[?25l", "[?25h":
		e.hidden = seq == "[?25l"
	default:
		e.faults = append(e.faults, fmt.Sprintf("sequence %q", seq))
	}
	return end + 1
}

func (e *emulator) eraseRow() {
	r := &e.rows[e.y]
	r.cells = r.cells[:min(e.x, len(r.cells))]
	r.continued = false
}

func (e *emulator) newRow() {
	e.y++
	if e.y == len(e.rows) {
		e.rows = append(e.rows, row{})
	}
}

func (e *emulator) put(r rune) {
	w := runewidth.RuneWidth(r)
	if w == 0 {
		return // a mark on the character before
	}
	if e.x+w > e.width {
		e.wraps++
		e.rows[e.y].continued = true
		e.newRow()
		e.x = 0
	}
	cells := e.rows[e.y].cells
	for len(cells) < e.x+w {
		cells = append(cells, ' ')
	}
	cells[e.x] = r
	if w == 2 {
		cells[e.x+1] = 0
	}
	e.rows[e.y].cells = cells
	e.x += w
}

// resize changes the width. Where lines are folded anew, the cursor stays with the
// character that it is on; where not, what is beyond the edge is lost.
func (e *emulator) resize(width int) {
	e.width = width
	if !e.reflows {
		for i := range e.rows {
			e.rows[i].cells = e.rows[i].cells[:min(width, len(e.rows[i].cells))]
		}
		e.x = min(e.x, width-1)
		return
	}
	old, y, x := e.rows, e.y, e.x
	e.rows = nil
	for i := 0; i < len(old); i++ {
		var line []rune
		cursor := -1
		for ; ; i++ {
			if i == y {
				cursor = len(line) + x
			}
			line = append(line, old[i].cells...)
			if !old[i].continued {
				break
			}
		}
		first := len(e.rows)
		for len(line) > width {
			e.rows = append(e.rows, row{cells: slices.Clone(line[:width]), continued: true})
			line = line[width:]
		}
		e.rows = append(e.rows, row{cells: slices.Clone(line)})
		if cursor >= 0 {
			e.y, e.x = min(first+cursor/width, len(e.rows)-1), cursor%width
		}
	}
}

// screen is what can be read, without the empty rows at the end.
func (e *emulator) screen() []string {
	var lines []string
	for _, r := range e.rows {
		text := strings.ReplaceAll(string(r.cells), "\x00", "")
		lines = append(lines, strings.TrimRight(text, " "))
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}
