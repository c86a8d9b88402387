package main

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"slices"
)

// chart is a line chart. Its x axis has a place for each name in x; its y axis is logarithmic, so that the distance
// between two lines is a ratio.
type chart struct {
	title, xLabel, yLabel string
	x                     []string
	lines                 []line
}

// line is one line of a chart.
type line struct {
	label string
	style style
	y     []float64 // one for each x, above 0
}

// style is what a line looks like, on a light and on a dark background.
type style struct {
	light, dark string // colors
	mark        mark
	dashes      string // lengths of dashes and gaps; "" = no gaps
	wide        bool
}

// mark is the shape of the points of a line, as an SVG path around 0,0.
type mark string

const (
	circle   mark = "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0"
	square   mark = "M-3.5-3.5h7v7h-7z"
	diamond  mark = "M0-5l5 5l-5 5l-5-5z"
	triangle mark = "M0-4.5l4.5 8h-9z"
	cross    mark = "M-4-1h3v-3h2v3h3v2h-3v3h-2v-3h-3z"
)

// The chart in pixels: the area of the lines, and the legend on its right.
const (
	chartWidth, chartHeight = 820, 440
	plotLeft, plotRight     = 76, 580
	plotTop, plotBottom     = 48, 376
	legendLeft, legendStep  = 606, 26
)

// Colors of the background, the text and the grid.
const (
	lightBackground, lightText, lightGrid = "#ffffff", "#1f2328", "#d1d9e0"
	darkBackground, darkText, darkGrid    = "#0d1117", "#e6edf3", "#30363d"
)

// svg returns the chart as an SVG document, which follows the light or dark scheme of the reader.
func (c *chart) svg() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]d" height="%[2]d" viewBox="0 0 %[1]d %[2]d" role="img" aria-label="%[3]s">`+"\n",
		chartWidth, chartHeight, escaped(c.title))
	c.styles(&b)
	fmt.Fprintf(&b, "<rect class=\"background\" width=\"%d\" height=\"%d\"/>\n", chartWidth, chartHeight)
	text(&b, chartWidth/2, 24, "title", c.title)
	low, high := c.drawGrid(&b)
	for i, l := range slices.Backward(c.lines) { // the first line is on top
		drawLine(&b, i, l, c.x, low, high)
		y := float64(plotTop + 12 + legendStep*i)
		fmt.Fprintf(&b, `<g class="%s"><path class="line" d="M%d %.1fh36"/><path class="mark" transform="translate(%d %.1f)" d="%s"/></g>`+"\n",
			l.class(i), legendLeft, y, legendLeft+18, y, l.style.mark)
		text(&b, legendLeft+46, y+4, "", l.label)
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// styles writes the style sheet.
func (c *chart) styles(b *bytes.Buffer) {
	b.WriteString("<style>\ntext{font:12px ui-sans-serif,system-ui,sans-serif}.title{font-size:14px;font-weight:600;text-anchor:middle}\n" +
		".middle{text-anchor:middle}.end{text-anchor:end}.grid,.line{fill:none}.line{stroke-width:1.6}.wide .line{stroke-width:3.2}\n")
	for i, l := range c.lines {
		if l.style.dashes != "" {
			fmt.Fprintf(b, ".l%d .line{stroke-dasharray:%s}\n", i, l.style.dashes)
		}
	}
	colors := func(background, ink, grid string, of func(style) string) {
		fmt.Fprintf(b, ".background{fill:%s}text{fill:%s}.grid{stroke:%s}\n", background, ink, grid)
		for i, l := range c.lines {
			fmt.Fprintf(b, ".l%[1]d .line{stroke:%[2]s}.l%[1]d .mark{fill:%[2]s}\n", i, of(l.style))
		}
	}
	colors(lightBackground, lightText, lightGrid, func(s style) string { return s.light })
	b.WriteString("@media(prefers-color-scheme:dark){\n")
	colors(darkBackground, darkText, darkGrid, func(s style) string { return s.dark })
	b.WriteString("}\n</style>\n")
}

// drawGrid draws both axes with their labels, and returns the lowest and highest value of the y axis.
func (c *chart) drawGrid(b *bytes.Buffer) (low, high float64) {
	var all []float64
	for _, l := range c.lines {
		all = append(all, l.y...)
	}
	values := ticks(slices.Min(all), slices.Max(all))
	low, high = values[0], values[len(values)-1]
	for _, v := range values {
		y := yOf(v, low, high)
		fmt.Fprintf(b, `<path class="grid" d="M%d %.1fH%d"/>`+"\n", plotLeft, y, plotRight)
		text(b, plotLeft-8, y+4, "end", thousands(int(v)))
	}
	for i, name := range c.x {
		x := xOf(i, len(c.x))
		fmt.Fprintf(b, `<path class="grid" d="M%.1f %dV%d"/>`+"\n", x, plotTop, plotBottom)
		text(b, x, plotBottom+20, "middle", name)
	}
	text(b, (plotLeft+plotRight)/2, plotBottom+44, "middle", c.xLabel)
	fmt.Fprintf(b, `<text class="middle" transform="translate(18 %d) rotate(-90)">%s</text>`+"\n", (plotTop+plotBottom)/2, escaped(c.yLabel))
	return low, high
}

// class returns the names of the line's styles.
func (l line) class(number int) string {
	class := fmt.Sprintf("l%d", number)
	if l.style.wide {
		class += " wide"
	}
	return class
}

// drawLine draws a line and its points, each with its value as a tooltip.
func drawLine(b *bytes.Buffer, number int, l line, x []string, low, high float64) {
	fmt.Fprintf(b, `<g class="%s"><title>%s</title><path class="line" d="`, l.class(number), escaped(l.label))
	for i, v := range l.y {
		fmt.Fprintf(b, "%c%.1f %.1f", "ML"[min(i, 1)], xOf(i, len(x)), yOf(v, low, high))
	}
	b.WriteString(`"/>`)
	for i, v := range l.y {
		fmt.Fprintf(b, `<path class="mark" transform="translate(%.1f %.1f)" d="%s"><title>%s: %s</title></path>`,
			xOf(i, len(x)), yOf(v, low, high), l.style.mark, escaped(x[i]), thousands(int(math.Round(v))))
	}
	b.WriteString("</g>\n")
}

// ticks returns the values 1, 2 and 5 times a power of ten that enclose low and high, which are above 0.
func ticks(low, high float64) []float64 {
	var all []float64
	for power := math.Pow(10, math.Floor(math.Log10(low))); ; power *= 10 {
		for _, step := range []float64{1, 2, 5} {
			v := step * power
			if v <= low {
				all = all[:0]
			}
			all = append(all, v)
			if v >= high && len(all) > 1 {
				return all
			}
		}
	}
}

func xOf(i, n int) float64 {
	const margin = 24 // so that points at the ends do not touch the edge
	return plotLeft + margin + float64(i)*(plotRight-plotLeft-2*margin)/float64(max(n-1, 1))
}

func yOf(v, low, high float64) float64 {
	return plotBottom - (plotBottom-plotTop)*math.Log(v/low)/math.Log(high/low)
}

func text(b *bytes.Buffer, x, y float64, class, s string) {
	fmt.Fprintf(b, `<text class="%s" x="%.1f" y="%.1f">%s</text>`+"\n", class, x, y, escaped(s))
}

func escaped(s string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s)) // a bytes.Buffer returns no error
	return b.String()
}
