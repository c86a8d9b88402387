package naming

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Folded returns what paths have in common that some usual file system takes for one: they differ
// only in case (as strings.EqualFold has it) or in Unicode normalization. It is good for comparing
// alone.
func Folded(path string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, norm.NFC.String(path))
}
