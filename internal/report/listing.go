package report

import (
	"bytes"
	"cmp"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"
)

// Column is one column of a table on a terminal.
type Column struct {
	Title string
	Width int  // most columns of the terminal that its values take
	Least int  // to how many columns it may be shortened; 0 = Width
	Right bool // for numbers
	// Drop is the order in which columns are left out on a narrow terminal: the
	// highest first. Columns with 0 always stay.
	Drop int
}

// stackBelow is how many columns the value that distinguishes entries needs beside an id;
// on a narrower terminal, each entry takes two lines.
const stackBelow = 12

// leastStacked is how many columns the first value of an entry on two lines gets before other values are added; it also
// gets those that remain.
const leastStacked = 20

// Row is one entry of a listing, in each form that a listing can have.
type Row struct {
	Cells  []string // for the table, one per Column
	Fields []string // for lines with tabs, and CSV
	Object any      // for NDJSON
}

// Listing writes entries to standard output as they come: as an aligned table with a
// heading on a terminal, as lines of tab-separated fields elsewhere, or as NDJSON or CSV.
// Text from the portal cannot break a line.
type Listing struct {
	w       io.Writer
	columns []Column
	json    bool
	header  []string // of CSV, nil in the other forms
	headed  bool     // it is written
	width   int      // of the terminal; 0 if there is none
	layout  []int
}

// NewListing returns a Listing that writes to w, which can only be a terminal if it is an *os.File, or a Screen whose
// standard output is one.
func NewListing(w io.Writer, columns []Column, asJSON bool) *Listing {
	l := &Listing{w: w, columns: columns, json: asJSON}
	if s, ok := w.(*Screen); ok {
		w = s.stdout
	}
	if f, ok := w.(*os.File); ok && !asJSON && term.IsTerminal(int(f.Fd())) {
		l.width = terminalColumns(f)
	}
	return l
}

// IsTable reports whether the entries become a table on a terminal.
func (l *Listing) IsTable() bool { return l.width > 0 }

// Row writes one entry. The error is that of standard output.
func (l *Listing) Row(r Row) error {
	var line []byte
	switch {
	case l.json:
		var err error
		if line, err = JSONLine(r.Object); err != nil {
			return err
		}
	case l.header != nil:
		if err := l.Header(); err != nil {
			return err
		}
		line = record(l.header, r.Fields)
	case l.width == 0:
		line = tabbed(r.Fields)
	default:
		if l.stacks() {
			line = l.stacked(r.Cells)
			break
		}
		if l.layout == nil {
			l.layout = layout(l.columns, l.width)
			titles := make([]string, len(l.columns))
			for i, c := range l.columns {
				titles[i] = c.Title
			}
			line = l.aligned(titles)
		}
		line = append(line, l.aligned(r.Cells)...)
	}
	_, err := l.w.Write(line)
	return err
}

// Heading writes a line between the rows of a table, and nothing in the other forms.
func (l *Listing) Heading(text string) error {
	if l.json || l.width == 0 {
		return nil
	}
	_, err := io.WriteString(l.w, cutEnd(label(text), l.width)+"\n")
	return err
}

// tabbed returns one line of fields; tabs and line breaks inside them become spaces.
func tabbed(fields []string) []byte {
	var b bytes.Buffer
	for i, field := range fields {
		if i > 0 {
			b.WriteByte('\t')
		}
		b.WriteString(Clean(field))
	}
	b.WriteByte('\n')
	return b.Bytes()
}

const columnGap = "  "

// layout returns the width of each column, 0 for those that are left out.
func layout(columns []Column, room int) []int {
	widths := make([]int, len(columns))
	total := func() int {
		sum := -len(columnGap)
		for _, w := range widths {
			if w > 0 {
				sum += w + len(columnGap)
			}
		}
		return sum
	}
	for i, c := range columns {
		widths[i] = cmp.Or(c.Least, c.Width)
	}
	for total() > room {
		last := -1
		for i, c := range columns {
			if widths[i] > 0 && c.Drop > 0 && (last < 0 || c.Drop > columns[last].Drop) {
				last = i
			}
		}
		if last < 0 {
			break
		}
		widths[last] = 0
	}
	for i, c := range columns { // unused columns go to those that were shortened
		if more := min(room-total(), c.Width-widths[i]); widths[i] > 0 && more > 0 {
			widths[i] += more
		}
	}
	return widths
}

// stacks reports whether the terminal is too narrow for a table: for its first column, an
// id, and a value that distinguishes entries, or for the columns that always stay.
func (l *Listing) stacks() bool {
	fixed := -len(columnGap)
	for _, c := range l.columns {
		if c.Drop == 0 {
			fixed += cmp.Or(c.Least, c.Width) + len(columnGap)
		}
	}
	return l.width < max(fixed, l.columns[0].Width+len(columnGap)+stackBelow)
}

// stacked returns an entry on two lines: the id, which is never cut so that it can be
// copied, and as many of its other cells as fit, the most important first.
func (l *Listing) stacked(cells []string) []byte {
	order := make([]int, 0, len(cells))
	for i := range cells[1:] {
		order = append(order, i+1)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(l.columns[a].Drop, l.columns[b].Drop) })
	first, others := "", ""
	room := l.width - len(columnGap)
	for _, i := range order {
		text := label(cells[i])
		switch {
		case text == "":
		case first == "":
			first = text
		case min(columns(first), leastStacked)+columns(others+columnGap+text) <= room:
			others += columnGap + text
		}
	}
	first = cutMiddle(first, room-columns(others))
	return []byte(label(cells[0]) + "\n" + strings.TrimRight(columnGap+first+others, " ") + "\n")
}

// aligned returns one line of the table, never wider than the terminal.
func (l *Listing) aligned(cells []string) []byte {
	var b strings.Builder
	first := true
	for i, width := range l.layout {
		if width == 0 {
			continue
		}
		if !first {
			b.WriteString(columnGap)
		}
		first = false
		text := cutMiddle(label(cells[i]), width)
		padding := strings.Repeat(" ", width-columns(text))
		if l.columns[i].Right {
			b.WriteString(padding + text)
		} else {
			b.WriteString(text + padding)
		}
	}
	return []byte(cutEnd(strings.TrimRight(b.String(), " "), l.width) + "\n")
}
