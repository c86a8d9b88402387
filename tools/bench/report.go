package main

import (
	_ "embed"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/template"
	"time"
)

// report is what is printed and what the page is made of.
type report struct {
	Machine machine
	Quick   bool
	Pairs   int
	rows    []outcome
}

func newReport(m machine, rows []outcome, o options) *report {
	return &report{Machine: m, Quick: o.quick, Pairs: o.pairs, rows: rows}
}

//go:embed performance.md.tmpl
var pageText string

var page = template.Must(template.New("performance.md").Parse(pageText))

// write writes the page.
func (r *report) write(file string) error {
	var b strings.Builder
	if err := page.Execute(&b, r); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}

// Table returns what was measured, in Markdown.
func (r *report) Table() string {
	var b strings.Builder
	b.WriteString("| work | beside | wall, times as long | wanted | bynder | beside | more |\n|---|---|---|---|---|---|---|\n")
	for _, o := range r.rows {
		cells := []string{o.work, orDash(o.beside), "–", "–", "–", "–", "–"}
		switch {
		case o.err != nil:
			cells[6] = "failed: " + o.err.Error()
		case o.skipped != "":
			cells[6] = "not measured: " + o.skipped
		default:
			r.fill(cells, o)
		}
		for i, text := range cells {
			cells[i] = strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
	}
	return b.String()
}

// fill fills in the figures of a row that was measured.
func (r *report) fill(cells []string, o outcome) {
	took := spreadOf(each(o.ours, wall))
	cells[4] = secondsSpread(took)
	var more []string
	if len(o.theirs) > 0 {
		ratio := spreadOf(o.ratios(wall))
		cells[2] = fmt.Sprintf("**%.2f** (%.2f–%.2f)", ratio.median, ratio.low, ratio.high)
		if o.target.wall > 0 {
			cells[3] = fmt.Sprintf("≤ %.2f%s", o.target.wall, r.verdict(ratio.median <= o.target.wall))
		}
		cells[5] = secondsSpread(spreadOf(each(o.theirs, wall)))
		more = append(more, fmt.Sprintf("CPU %.2f", spreadOf(o.ratios(usage.CPU)).median))
	}
	if o.target.took > 0 {
		cells[3] = fmt.Sprintf("≤ %s%s", seconds(o.target.took), r.verdict(took.median <= o.target.took))
	}
	if o.counts != "" {
		more = append(more, r.counted(o))
	}
	if o.target.perSecond > 0 {
		rate := float64(o.units) / took.median.Seconds()
		more = append(more, fmt.Sprintf("%s per second ≥ %s%s", thousands(int(rate)), thousands(int(o.target.perSecond)), r.verdict(rate >= o.target.perSecond)))
	}
	if memory := median(o.ours, peak); memory > 0 {
		text := mebibytes(memory)
		if o.target.peak > 0 {
			text += fmt.Sprintf(" ≤ %d MiB%s", o.target.peak, r.verdict(memory <= o.target.peak<<20))
		}
		more = append(more, text)
	}
	cells[6] = strings.Join(more, "; ")
}

// counted returns how many of what the row counts there were, beside the other program if it needs them, too.
func (r *report) counted(o outcome) string {
	n := median(o.ours, count)
	text := fmt.Sprintf("%s %s", thousands(int(n)), o.counts)
	if o.target.count > 0 {
		text += fmt.Sprintf(" ≤ %s%s", thousands(int(o.target.count)), r.verdict(n <= o.target.count))
	}
	if len(o.theirs) > 0 {
		text += fmt.Sprintf(", beside %s", thousands(int(median(o.theirs, count))))
	}
	return text
}

// verdict marks a target as met or missed. A quick run shows neither.
func (r *report) verdict(met bool) string {
	switch {
	case r.Quick:
		return ""
	case met:
		return " ✓"
	default:
		return " ✗"
	}
}

// Busy returns where the processor's time goes, in Markdown.
func (r *report) Busy() string {
	var b strings.Builder
	b.WriteString("| work | wall | in the program | in the kernel | memory |\n|---|---|---|---|---|\n")
	seen := map[string]bool{} // the same work beside another program
	for _, o := range r.rows {
		if len(o.ours) == 0 || seen[o.work] {
			continue
		}
		seen[o.work] = true
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", o.work, seconds(median(o.ours, wall)), seconds(median(o.ours, inProgram)),
			seconds(median(o.ours, inKernel)), mebibytes(median(o.ours, peak)))
	}
	return b.String()
}

// Hashing returns the CPU time of the MD5 of a GiB: how much more the row with MD5 took. It is "" if that was not
// measured.
func (r *report) Hashing() string {
	a, b := r.row("large-md5"), r.row("large")
	if a == nil || b == nil || r.Quick {
		return ""
	}
	return seconds(max(0, median(a.ours, usage.CPU)-median(b.ours, usage.CPU)))
}

// FilesPerSecond returns how many small files come per second from storage that is near, "" if that was not measured.
func (r *report) FilesPerSecond() string {
	o := r.row("near-curl")
	if o == nil || r.Quick {
		return ""
	}
	return thousands(int(float64(o.units) / median(o.ours, wall).Seconds()))
}

// row returns a row by its name, nil if it was not measured.
func (r *report) row(name string) *outcome {
	for i, o := range r.rows {
		if o.name == name && len(o.ours) > 0 {
			return &r.rows[i]
		}
	}
	return nil
}

// Limited returns how long the portal's limit makes large downloads take, in Markdown.
func (r *report) Limited() string {
	var b strings.Builder
	b.WriteString("| files | calls | at 10 per second, the default | at `--api-rate 14` | the portal's own limit |\n|---|---|---|---|---|\n")
	for _, kind := range []struct {
		name    string
		perCall int
	}{{"originals", 1}, {"derivatives, by their ids", derivativesPerCall}, {"derivatives, as `search --json` finds them", assetsPerPage}} {
		for _, n := range []int{1_000, 100_000, 1_000_000} {
			calls := (n + kind.perCall - 1) / kind.perCall
			fmt.Fprintf(&b, "| %s %s | %s | %s | %s | %s |\n", thousands(n), kind.name, thousands(calls),
				span(waiting(calls, 10)), span(waiting(calls, 14)), span(waiting(calls, float64(ceiling)/window.Seconds())))
		}
	}
	return b.String()
}

// What the program allows itself of the 4,500 calls in 300 s that the portal allows per address.
const (
	ceiling      = 4400
	window       = 300 * time.Second
	burstSeconds = 50

	derivativesPerCall = 190
	assetsPerPage      = 1000
)

// waiting returns how long calls take at a rate, after a pause: the calls of the last 50 s are saved up, as far as the
// window allows it. At the portal's own limit all calls of a window may come at once.
func waiting(calls int, rate float64) time.Duration {
	saved := max(1, min(burstSeconds*rate, ceiling-rate*window.Seconds()))
	if rate*window.Seconds() >= ceiling {
		saved = ceiling
	}
	return time.Duration(max(0, float64(calls)-saved) / rate * float64(time.Second))
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// seconds returns a short time with three digits.
func seconds(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 0.1:
		return strconv.FormatFloat(1000*s, 'f', 1, 64) + " ms"
	case s < 10:
		return strconv.FormatFloat(s, 'f', 2, 64) + " s"
	default:
		return strconv.FormatFloat(s, 'f', 1, 64) + " s"
	}
}

// secondsSpread returns times with the unit of the median, and that of a limit if it is another one.
func secondsSpread(s spread[time.Duration]) string {
	median := seconds(s.median)
	unit := median[strings.LastIndex(median, " "):]
	return fmt.Sprintf("%s (%s–%s)", median, strings.TrimSuffix(seconds(s.low), unit), strings.TrimSuffix(seconds(s.high), unit))
}

// span returns a time that may be long.
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return "at once"
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	default:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

func sizeText(n int64) string {
	for _, u := range []struct {
		size int64
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}} {
		if n >= u.size && n%u.size == 0 {
			return fmt.Sprintf("%d %s", n/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d KiB", n>>10)
}

// thousands returns a number with its digits in groups.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
