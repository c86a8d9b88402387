package naming

import (
	"strings"
	"time"
)

// defaultLayout is the layout of a date whose field has none.
const defaultLayout = "2006-01-02"

// layoutElements are the elements of a layout that are replaced by parts of a date, as in package time; of two with
// the same prefix the longer one comes first. Unlike in package time, _2 is an underscore and the element 2.
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

// formatDate formats a date in UTC; the zero time is "".
func formatDate(date time.Time, layout string) string {
	if date.IsZero() {
		return ""
	}
	return mapLayout(layout, date.UTC().Format)
}

// isLayout reports whether a layout is valid: it has an element, no ASCII letters besides elements and
// the T and Z of ISO 8601, and no number that would be read as several elements (such as 2024, as day,
// day and minute).
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

// withoutISO removes the letters that follow an element in a time of ISO 8601.
var withoutISO = strings.NewReplacer("\x00T\x00", "", "\x00Z", "")

// wide returns "" for an element of more than one digit.
func wide(element string) string {
	if len(element) > 1 {
		return ""
	}
	return element
}

func isLetterOrDigit(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z'
}
