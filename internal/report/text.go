package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// ellipsis replaces text that was cut. It is ASCII: the width of U+2026 depends on
// the terminal's locale.
const ellipsis = "..."

// Clean returns untrusted text as one line for a terminal or a log. Line breaks
// and tabs become one space; control characters (C0, DEL, C1), bidirectional
// controls and all other invisible characters are left out; bytes that are not
// UTF-8 become U+FFFD. The joiners U+200C and U+200D stay: Persian and Indic words
// are spelled with them.
func Clean(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	inBreak := false
	for _, r := range s { // invalid bytes come as U+FFFD
		switch {
		case isBreak(r):
			if !inBreak {
				b.WriteByte(' ')
			}
			inBreak = true
			continue
		case isHidden(r) && !isJoiner(r):
		default:
			b.WriteRune(r)
		}
		inBreak = false
	}
	return b.String()
}

// Clip cuts s to at most limit bytes, including the ellipsis, and never in the
// middle of a character. Messages of a portal can have any length.
func Clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	if limit <= len(ellipsis) {
		return ellipsis[:max(limit, 0)]
	}
	cut := limit - len(ellipsis)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + ellipsis
}

// clipMiddle cuts s as Clip does, and keeps both its ends: an error may begin with a path and end with the reason.
func clipMiddle(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	from := len(s) - max(limit/2, 0)
	for from < len(s) && !utf8.RuneStart(s[from]) {
		from++
	}
	return Clip(s[:from], limit-len(s[from:])) + s[from:]
}

// isPlain reports whether s is printable ASCII, as nearly all text is.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// isBreak reports whether r separates lines or columns.
func isBreak(r rune) bool {
	switch r {
	case '\t', '\n', '\v', '\f', '\r', '\u0085', '\u2028', '\u2029':
		return true
	}
	return false
}

// isJoiner reports whether r is one of the two joiners that orthographies need.
func isJoiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// isHidden reports whether r controls a terminal or is invisible, so that a reader
// does not see it. Visible characters of category Cf, the Arabic number signs for
// example, are not hidden.
func isHidden(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return r < ' ' || r == 0x7f
	case unicode.Is(unicode.Prepended_Concatenation_Mark, r):
		return false
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point)
}

// columns returns how many columns of a terminal s takes at most. It adds up the
// characters one by one: a terminal that draws several as one needs fewer.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runewidth.RuneWidth(r)
	}
	return n
}

// label returns untrusted text for the bar: without the characters whose width differs
// between terminals.
func label(s string) string {
	return strings.Map(func(r rune) rune {
		if isJoiner(r) || unicode.Is(unicode.Variation_Selector, r) {
			return -1
		}
		return r
	}, Clean(s))
}

// cutMiddle shortens s to at most width columns and keeps both its ends, because
// similar file names differ at the end.
func cutMiddle(s string, width int) string {
	if columns(s) <= width {
		return s
	}
	if width < len(ellipsis)+2 {
		return leftColumns(s, width)
	}
	room := width - len(ellipsis)
	tail := rightColumns(s, room/2)
	return leftColumns(s, room-columns(tail)) + ellipsis + tail
}

// cutEnd shortens s to at most width columns and keeps its beginning.
func cutEnd(s string, width int) string {
	if columns(s) <= width {
		return s
	}
	if width <= len(ellipsis) {
		return leftColumns(s, width)
	}
	return leftColumns(s, width-len(ellipsis)) + ellipsis
}

// leftColumns returns the longest beginning of s that fits in width columns.
func leftColumns(s string, width int) string {
	used := 0
	for i, r := range s {
		if used += runewidth.RuneWidth(r); used > width {
			return s[:i]
		}
	}
	return s
}

// rightColumns returns the longest end of s that fits in width columns and does not begin
// with a mark that belongs to the character before it.
func rightColumns(s string, width int) string {
	start, used := len(s), 0
	for i := len(s); i > 0; {
		r, size := utf8.DecodeLastRuneInString(s[:i])
		w := runewidth.RuneWidth(r)
		if used+w > width {
			break
		}
		used += w
		i -= size
		if w > 0 {
			start = i
		}
	}
	return s[start:]
}

var byteUnits = [...]string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}

// Bytes returns a number of bytes for people, in powers of 1024 and about three
// digits: "512 B", "1.4 MiB", "230 GiB".
func Bytes(n int64) string {
	v, unit := scale(n)
	return v + " " + byteUnits[unit]
}

// bytesOf returns "part/whole", with one unit if both have the same.
func bytesOf(part, whole int64) string {
	p, pu := scale(part)
	w, wu := scale(whole)
	if pu == wu {
		return p + "/" + w + " " + byteUnits[wu]
	}
	return p + " " + byteUnits[pu] + "/" + w + " " + byteUnits[wu]
}

// scale returns n in the largest unit in which it is at least one.
func scale(n int64) (value string, unit int) {
	v := float64(max(n, 0))
	for v >= 1023.5 && unit < len(byteUnits)-1 || unit == 0 && v >= 1024 {
		v /= 1024
		unit++
	}
	if unit > 0 && v < 99.95 {
		return strconv.FormatFloat(v, 'f', 1, 64), unit
	}
	return strconv.FormatFloat(v, 'f', 0, 64), unit
}

// Duration returns a duration for people, in its two largest units: "3.2 s",
// "45 s", "3 min 10 s", "3 h 10 min", "2 d 4 h".
func Duration(d time.Duration) string {
	d = max(d, 0)
	if d < 10*time.Second {
		tenths := math.Round(d.Seconds()*10) / 10
		return strconv.FormatFloat(tenths, 'f', -1, 64) + " s"
	}
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return twoUnits(s/60, "min", s%60, "s")
	case s < 86400:
		return twoUnits(s/3600, "h", s%3600/60, "min")
	}
	return twoUnits(s/86400, "d", s%86400/3600, "h")
}

func twoUnits(a int64, aUnit string, b int64, bUnit string) string {
	if b == 0 {
		return fmt.Sprintf("%d %s", a, aUnit)
	}
	return fmt.Sprintf("%d %s %d %s", a, aUnit, b, bUnit)
}
