package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// drawn returns a chart with the lines of the plot and made-up values.
func drawn() *chart {
	c := &chart{title: "Files & <seconds>", xLabel: "round trip", yLabel: "files per second"}
	for _, d := range fullSizes.distances {
		c.x = append(c.x, strconv.FormatInt(d.Milliseconds(), 10))
	}
	for i, p := range plotted {
		l := line{label: p.label, style: p.style}
		for j := range c.x {
			l.y = append(l.y, 12_345/float64(1+3*j)/float64(1+i))
		}
		c.lines = append(c.lines, l)
	}
	return c
}

// The drawing is valid XML of at most 40 KiB. It has every text, each line once with a point for each round trip, and a
// sample of each line in the legend.
func TestChartHasEverySeries(t *testing.T) {
	c := drawn()
	got := c.svg()
	if len(got) > 40<<10 {
		t.Errorf("the drawing has %d bytes", len(got))
	}
	var texts, titles []string
	marks := map[string]int{} // by the class of the line
	var element, class string
	d := xml.NewDecoder(bytes.NewReader(got))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			element = token.Name.Local
			of := attribute(token, "class")
			if element == "g" {
				class, _, _ = strings.Cut(of, " ")
			}
			if of == "mark" {
				marks[class]++
			}
		case xml.CharData:
			switch element {
			case "text":
				texts = append(texts, string(token))
			case "title":
				titles = append(titles, string(token))
			}
		case xml.EndElement:
			element = ""
		}
	}
	for i, l := range c.lines {
		if n := marks[fmt.Sprintf("l%d", i)]; n != len(c.x)+1 {
			t.Errorf("%s has %d points, want %d and one in the legend", l.label, n, len(c.x))
		}
		if !slices.Contains(texts, l.label) || !slices.Contains(titles, l.label) {
			t.Errorf("%s is not in the legend or has no title", l.label)
		}
	}
	for _, want := range append([]string{c.title, c.xLabel, c.yLabel, "10,000"}, c.x...) {
		if !slices.Contains(texts, want) {
			t.Errorf("the text %q is missing in %q", want, texts)
		}
	}
	if !slices.Contains(titles, "5: 3,086") {
		t.Errorf("no point has its value: %q", titles)
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// A value is drawn as far above another one as it is larger, within the axes.
func TestChartIsLogarithmic(t *testing.T) {
	for _, tt := range []struct{ low, high float64 }{{160, 4100}, {100, 100}, {99, 5000}, {0.3, 20}} {
		all := ticks(tt.low, tt.high)
		low, high := all[0], all[len(all)-1]
		if low > tt.low || high < tt.high || low >= high || low*5 < tt.low || high > 10*tt.high {
			t.Errorf("the axis for %g to %g is %v", tt.low, tt.high, all)
		}
		if yOf(low, low, high) != plotBottom || math.Abs(yOf(high, low, high)-plotTop) > 1e-9 {
			t.Errorf("the axis for %g to %g does not fill the height", tt.low, tt.high)
		}
	}
	near, far := yOf(100, 10, 1000)-yOf(200, 10, 1000), yOf(400, 10, 1000)-yOf(800, 10, 1000)
	if math.Abs(near-far) > 1e-9 {
		t.Errorf("twice as much is %g pixels higher, and %g elsewhere", near, far)
	}
}

// Each line can be told from its background, as WCAG 2.2, 1.4.11, requires of graphics, and from every other line by
// its shape.
func TestChartIsReadableInLightAndDark(t *testing.T) {
	shapes := map[string]string{}
	for _, p := range plotted {
		for background, color := range map[string]string{lightBackground: p.style.light, darkBackground: p.style.dark} {
			if ratio := contrast(t, color, background); ratio < 3 {
				t.Errorf("%s: the contrast of %s with %s is %.1f", p.label, color, background, ratio)
			}
		}
		shape := string(p.style.mark) + p.style.dashes
		if shapes[shape] != "" {
			t.Errorf("%s looks like %s", p.label, shapes[shape])
		}
		shapes[shape] = p.label
	}
	for background, color := range map[string]string{lightBackground: lightText, darkBackground: darkText} {
		if ratio := contrast(t, color, background); ratio < 7 {
			t.Errorf("the contrast of text with %s is %.1f", background, ratio)
		}
	}
}

// contrast returns the ratio that WCAG 2.2 defines for two colors.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	luminance := func(color string) (sum float64) {
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			n, err := strconv.ParseUint(color[1+2*i:3+2*i], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			v := float64(n) / 255
			if v <= 0.04045 {
				v /= 12.92
			} else {
				v = math.Pow((v+0.055)/1.055, 2.4)
			}
			sum += weight * v
		}
		return sum
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}
