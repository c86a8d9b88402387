package report

import (
	"bytes"
	"strings"
)

// Detail is one line of a description: what it is, and its value.
type Detail struct{ Key, Value string }

// keyColumns is the most columns of a key: it may be a text of the portal.
const keyColumns = 24

// Details returns lines of aligned keys and values, without those whose value is empty. No text can break a line. Where
// there are columns, 0 for no limit, values that are longer continue on further lines.
func Details(all []Detail, width int) []byte {
	longest := 0
	keys := make([]string, len(all))
	for i, d := range all {
		keys[i] = cutMiddle(label(d.Key), keyColumns) + ":"
		if label(d.Value) != "" {
			longest = max(longest, columns(keys[i]))
		}
	}
	var b bytes.Buffer
	for i, d := range all {
		text := label(d.Value)
		if text == "" {
			continue
		}
		indent := strings.Repeat(" ", longest+len(columnGap))
		b.WriteString(keys[i] + indent[columns(keys[i]):])
		b.WriteString(strings.Join(wrap(text, width-len(indent)), "\n"+indent) + "\n")
	}
	return b.Bytes()
}

// leastWrapped is the least columns in which text is wrapped.
const leastWrapped = 10

// wrap returns text in lines of at most width columns, if its words are not longer.
func wrap(text string, width int) (lines []string) {
	if width < leastWrapped || columns(text) <= width {
		return []string{text}
	}
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && columns(line)+1+columns(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
