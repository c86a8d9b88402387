package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/schollz/progressbar/v3"
)

const (
	gap         = "  "
	percentCols = len("  45%") // as the library writes it
	gaugeFrame  = len(" []")
	leastGauge  = 8  // cells below which no gauge is shown
	mostGauge   = 40 // cells of the widest gauge
	leastName   = 16 // columns that a name gets before other parts are left out
	leastCut    = 5  // columns below which a name is left out
)

// gauge returns "  45% [====>     ]" with the given number of cells, or the percentage
// alone if there are too few.
//
// Each frame has a new bar of the library, which draws into a string: one bar for all
// frames would need a lock, because its maximum changes, and a finished bar stays finished.
func gauge(percent, cells int) string {
	if cells < leastGauge {
		return fmt.Sprintf("%4d%%", percent)
	}
	bar := progressbar.NewOptions(100,
		progressbar.OptionSetWriter(io.Discard),
		progressbar.OptionSetWidth(min(cells, mostGauge)),
		progressbar.OptionSetTheme(progressbar.ThemeASCII),
		progressbar.OptionSetPredictTime(false),
	)
	// The errors are about passing the maximum, which percent does not.
	bar.Set(percent)  //nolint:errcheck // see above
	bar.RenderBlank() //nolint:errcheck // see above
	return strings.TrimRight(strings.TrimPrefix(bar.String(), "\r"), " ")
}

// oneFile returns the bar of a run for one file: name, percentage, gauge, bytes, rate,
// time left. On a narrow terminal the rate is left out first, then the time left, then
// the bytes, and the name is shortened.
func oneFile(p progress, room int) string {
	name := label(p.name)
	if name == "" && p.wait == "" {
		return "" // nothing is known yet
	}
	percent, counted := p.percent()
	spare := room
	if counted {
		spare -= percentCols
	}
	tails := p.tails()
	tail := tails[len(tails)-1]
	for _, t := range tails {
		if spare-columns(t) >= min(columns(name), leastName) {
			tail = t
			break
		}
	}
	tail = cutEnd(tail, spare)
	spare -= columns(tail)

	forName := spare
	if beside := spare - gaugeFrame - leastGauge; counted && beside >= min(columns(name), leastName) {
		forName = beside
	}
	if name = cutMiddle(name, forName); forName < leastCut {
		name = ""
	}
	line := name
	if counted {
		line += gauge(percent, spare-gaugeFrame-columns(name))
	}
	return leftColumns(strings.TrimLeft(line+tail, " "), room)
}

// tails returns the texts that may follow the percentage of one file, the longest first.
func (p progress) tails() []string {
	amount := gap + Bytes(p.held)
	if p.total >= 0 {
		amount = gap + bytesOf(p.held, p.total)
	}
	if p.wait != "" {
		wait := gap + label(p.wait)
		if p.name == "" {
			return []string{wait}
		}
		return []string{amount + wait, wait}
	}
	rate := gap + Bytes(p.rate) + "/s"
	if p.rate <= 0 {
		rate = ""
	}
	if d, ok := p.left(); ok {
		left := gap + Duration(d) + " left"
		return []string{amount + rate + left, amount + left, amount, ""}
	}
	return []string{amount + rate, amount, ""}
}

// part is a piece of the bar of many files, with the gap before it. On a narrow
// terminal, parts of a higher rank are left out.
type part struct {
	text string
	rank int
}

// Ranks, in ascending order.
const (
	rankRate = iota
	rankBytes
	rankLeft
	rankPercent
	rankInFlight
	rankFailures
	rankWait
	rankFiles
)

// manyFiles returns the bar of a run for many files: files done and known, percentage,
// gauge, bytes, rate, files in flight, failures, and the time left or the reason for
// a wait.
func manyFiles(p progress, room int) string {
	switch {
	case p.known > 0:
	case p.listed != "" && p.wait != "":
		return cutEnd(p.listed+gap+label(p.wait), room)
	case p.wait == "":
		return cutEnd(p.listed, room)
	}
	parts, spare := fitting(p.parts(), room)
	var b strings.Builder
	for _, q := range parts {
		if percent, ok := p.percent(); ok && q.rank == rankPercent {
			q.text = gauge(percent, spare-gaugeFrame)
		}
		b.WriteString(q.text)
	}
	return cutEnd(b.String(), room)
}

// fitting returns the parts that fit, and the number of unused columns. The reason for
// a wait is never left out: if it does not fit, the end of the line is cut.
func fitting(parts []part, room int) ([]part, int) {
	byRank := slices.SortedFunc(slices.Values(parts), func(a, b part) int { return b.rank - a.rank })
	served := make(map[int]bool, len(parts))
	for _, q := range byRank {
		if wide := columns(q.text); q.rank >= rankWait || wide <= room {
			served[q.rank] = true
			room -= wide
		}
	}
	return slices.DeleteFunc(parts, func(q part) bool { return !served[q.rank] }), room
}

// parts returns all parts, from left to right.
func (p progress) parts() []part {
	parts := []part{{p.files(), rankFiles}}
	if percent, ok := p.percent(); ok {
		parts = append(parts, part{gauge(percent, 0), rankPercent})
	}
	parts = append(parts, part{gap + Bytes(p.held), rankBytes})
	if p.rate > 0 {
		parts = append(parts, part{gap + Bytes(p.rate) + "/s", rankRate})
	}
	parts = append(parts, part{fmt.Sprintf("%s%d in flight", gap, p.inFlight), rankInFlight})
	if p.failures > 0 {
		parts = append(parts, part{fmt.Sprintf("%s%d failed", gap, p.failures), rankFailures})
	}
	if p.wait != "" {
		return append(parts, part{gap + label(p.wait), rankWait})
	}
	if d, ok := p.left(); ok {
		parts = append(parts, part{gap + Duration(d) + " left", rankLeft})
	}
	return parts
}

// files returns "done/known", with a plus while more files may be requested.
func (p progress) files() string {
	if p.open {
		return fmt.Sprintf("%d/%d+", p.done, p.known)
	}
	return fmt.Sprintf("%d/%d", p.done, p.known)
}
