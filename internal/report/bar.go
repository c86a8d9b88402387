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
	leastGauge  = 8  // cells below which a gauge says nothing
	mostGauge   = 40 // cells beyond which it says no more
	leastName   = 16 // columns for a name before other things make way for it
	leastCut    = 5  // columns below which a cut name is noise
)

// gauge is "  45% [====>     ]" with the given number of cells, or the percentage
// alone where there are too few.
//
// The library's bar is made afresh for each frame and draws into a string. Kept
// and changed while it draws, it would need guarding against itself: its maximum
// and its end are not safe to move, and a finished bar stays finished.
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
	// The errors speak of a maximum that is passed; it is not.
	bar.Set(percent)  //nolint:errcheck // see above
	bar.RenderBlank() //nolint:errcheck // see above
	return strings.TrimRight(strings.TrimPrefix(bar.String(), "\r"), " ")
}

// oneFile is the bar of a run for one file: name, percentage, gauge, bytes, rate,
// time left. Where columns are few, the rate goes first, then the time left, then
// the bytes, and the name is shortened.
func oneFile(p progress, room int) string {
	name := label(p.name)
	if name == "" && p.hold == "" {
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
	return takeLeft(strings.TrimLeft(line+tail, " "), room)
}

// tails are what may follow the percentage of one file, the fullest first.
func (p progress) tails() []string {
	amount := gap + Bytes(p.there)
	if p.total >= 0 {
		amount = gap + bytesOf(p.there, p.total)
	}
	if p.hold != "" {
		hold := gap + label(p.hold)
		if p.name == "" {
			return []string{hold}
		}
		return []string{amount + hold, hold}
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

// part is a piece of the bar of many files, with the gap before it. Where there is
// not room for all, those of a higher rank are served first.
type part struct {
	text string
	rank int
}

// Ranks, the last to be served first.
const (
	rankRate = iota
	rankBytes
	rankLeft
	rankPercent
	rankInFlight
	rankFailures
	rankHold
	rankFiles
)

// manyFiles is the one bar of a run for many files: how many are done of those
// known, percentage, gauge, bytes, rate, files in flight, failures, and the time
// left or what holds things up.
func manyFiles(p progress, room int) string {
	if p.known == 0 && p.hold == "" {
		return ""
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

// fitting are the parts for which there is room, and the columns that are left.
// What holds things up is never left out: the line is rather cut, at its end.
func fitting(parts []part, room int) ([]part, int) {
	byRank := slices.SortedFunc(slices.Values(parts), func(a, b part) int { return b.rank - a.rank })
	served := make(map[int]bool, len(parts))
	for _, q := range byRank {
		if wide := columns(q.text); q.rank >= rankHold || wide <= room {
			served[q.rank] = true
			room -= wide
		}
	}
	return slices.DeleteFunc(parts, func(q part) bool { return !served[q.rank] }), room
}

// parts are all parts in the order in which they stand.
func (p progress) parts() []part {
	parts := []part{{p.files(), rankFiles}}
	if percent, ok := p.percent(); ok {
		parts = append(parts, part{gauge(percent, 0), rankPercent})
	}
	parts = append(parts, part{gap + Bytes(p.there), rankBytes})
	if p.rate > 0 {
		parts = append(parts, part{gap + Bytes(p.rate) + "/s", rankRate})
	}
	parts = append(parts, part{fmt.Sprintf("%s%d in flight", gap, p.inFlight), rankInFlight})
	if p.failures > 0 {
		parts = append(parts, part{fmt.Sprintf("%s%d failed", gap, p.failures), rankFailures})
	}
	if p.hold != "" {
		return append(parts, part{gap + label(p.hold), rankHold})
	}
	if d, ok := p.left(); ok {
		parts = append(parts, part{gap + Duration(d) + " left", rankLeft})
	}
	return parts
}

// files is "done/known", with a plus while more may be asked for.
func (p progress) files() string {
	if p.open {
		return fmt.Sprintf("%d/%d+", p.done, p.known)
	}
	return fmt.Sprintf("%d/%d", p.done, p.known)
}
