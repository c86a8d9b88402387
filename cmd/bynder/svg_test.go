//go:build unix

package main

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

// frame is what a terminal shows for a while.
type frame struct {
	rows    []string
	seconds float64
}

// Sizes of the picture, in pixels.
const (
	cellWidth, rowHeight = 8.4, 19
	fontSize, margin     = 14, 16
)

const drawingHead = `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="A terminal that shows what make demo prints">
<style>
@media (prefers-reduced-motion:no-preference){
%[3]s}
</style>
<rect width="%[1]d" height="%[2]d" rx="8" fill="#0d1117"/>
<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="%[4]d" fill="#c9d1d9" xml:space="preserve">
%[5]s</g>
</svg>
`

// drawing returns the frames as an SVG that shows one after the other, again and again; the last one alone to those who
// want no animation. Each line is one text for all the frames that have it, of the class f3t7 from frame 3 on until 7.
func drawing(film []frame, columns int) []byte {
	rows := 0
	for _, f := range film {
		rows = max(rows, len(f.rows))
	}
	width, height := int(float64(columns)*cellWidth)+2*margin, rows*rowHeight+2*margin
	var texts, rules strings.Builder
	var known []string
	for y := range rows {
		for from := 0; from < len(film); {
			to := from + 1
			for to < len(film) && film[to].row(y) == film[from].row(y) {
				to++
			}
			if line := film[from].row(y); line != "" {
				class := fmt.Sprintf("f%dt%d", from, to)
				if !slices.Contains(known, class) {
					known = append(known, class)
					rules.WriteString(keyframes(class, film, from, to))
				}
				texts.WriteString(textOf(line, class, y, to < len(film)))
			}
			from = to
		}
	}
	return fmt.Appendf(nil, drawingHead, width, height, rules.String(), fontSize, texts.String())
}

// textOf returns the element of a line. One that is passing is to be seen in an animation alone. The length of each is given,
// so that columns are aligned in any font.
func textOf(line, class string, y int, isPassing bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<text class="%s" x="%d" y="%d" textLength="%.1f"`,
		class, margin, margin+y*rowHeight+fontSize, float64(runewidth.StringWidth(line))*cellWidth)
	if strings.HasPrefix(line, "$ ") {
		b.WriteString(` fill="#7ee787"`)
	}
	if isPassing {
		b.WriteString(` visibility="hidden"`)
	}
	b.WriteString(">")
	_ = xml.EscapeText(&b, []byte(line)) // a builder takes everything
	b.WriteString("</text>\n")
	return b.String()
}

// row returns a row of the frame without blanks at its end, "" below its last one.
func (f frame) row(y int) string {
	if y >= len(f.rows) {
		return ""
	}
	return strings.TrimRight(f.rows[y], " ")
}

// keyframes returns the rules for texts that are to be seen from one frame on until another.
func keyframes(class string, film []frame, from, to int) string {
	share := make([]float64, len(film)+1) // of the time, until each frame begins
	for i, f := range film {
		share[i+1] = share[i] + f.seconds
	}
	total := share[len(film)]
	var steps strings.Builder
	if from > 0 {
		steps.WriteString("0%{visibility:hidden}")
	}
	fmt.Fprintf(&steps, "%.2f%%{visibility:visible}", 100*share[from]/total)
	if to < len(film) {
		fmt.Fprintf(&steps, "%.2f%%,100%%{visibility:hidden}", 100*share[to]/total)
	} else {
		steps.WriteString("100%{visibility:visible}")
	}
	return fmt.Sprintf("@keyframes %[1]s{%[2]s}\n.%[1]s{animation:%[1]s %.1[3]fs step-end infinite}\n", class, steps.String(), total)
}

// linesOf returns what a drawing shows: the lines of its last frame without times, and the words of each bar before it.
func linesOf(t *testing.T, drawn []byte) (lines, bars []string) {
	t.Helper()
	var picture struct {
		Texts []struct {
			Visibility string `xml:"visibility,attr"`
			Line       string `xml:",chardata"`
		} `xml:"g>text"`
	}
	if err := xml.Unmarshal(drawn, &picture); err != nil && len(drawn) > 0 {
		t.Fatal(err)
	}
	for _, each := range picture.Texts {
		if each.Visibility != "hidden" {
			lines = append(lines, withoutTimes(each.Line))
		} else if words := barParts(each.Line); words != "" && !slices.Contains(bars, words) {
			bars = append(bars, words)
		}
	}
	return lines, bars
}
