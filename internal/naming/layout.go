package naming

import (
	"strings"
	"time"
)

// defaultLayout is that of a date whose field names none.
const defaultLayout = "2006-01-02"

// layoutElements are the parts of a layout that stand for parts of a date, as in package time; of two that begin
// alike the longer one comes first. The 2 that time takes for _2 is a 2 behind an underscore here.
var layoutElements = []string{
	"January", "Jan", "Monday", "Mon", "2006", "002", "01", "02", "03", "04", "05", "06", "15", "1", "2", "3", "4", "5", "PM", "pm",
}

// mapLayout replaces the elements of a layout.
func mapLayout(layout string, replace func(element string) string) string {
	pairs := make([]string, 0, 2*len(layoutElements))
	for _, element := range layoutElements {
		pairs = append(pairs, element, replace(element))
	}
	return strings.NewReplacer(pairs...).Replace(layout)
}

// formatDate writes a date in UTC; a zero one is "".
func formatDate(date time.Time, layout string) string {
	if date.IsZero() {
		return ""
	}
	return mapLayout(layout, date.UTC().Format)
}

// isLayout reports whether a layout means what it says: it has an element, other letters of ASCII than
// the T and Z of ISO 8601 stand outside the braces, and no run of digits falls apart into
// elements that were not written (as 2024 does, into day, day and minute).
func isLayout(layout string) bool {
	rest := mapLayout(layout, func(string) string { return "\x00" })
	if !strings.Contains(rest, "\x00") || strings.ContainsFunc(withoutISO.Replace(rest), isLetterOrDigit) {
		return false
	}
	for digits := range strings.FieldsFuncSeq(layout, func(r rune) bool { return r < '0' || r > '9' }) {
		if len(digits) > 1 && strings.ContainsFunc(mapLayout(digits, wide), isLetterOrDigit) {
			return false
		}
	}
	return true
}

// withoutISO removes the letters that stand behind an element in a time of ISO 8601.
var withoutISO = strings.NewReplacer("\x00T\x00", "", "\x00Z", "")

// wide is "" for an element of more than one digit.
func wide(element string) string {
	if len(element) > 1 {
		return ""
	}
	return element
}

func isLetterOrDigit(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z'
}
