package naming

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Folded returns what paths have in common that some usual file system takes for one: they differ
// only in case (as strings.EqualFold has it) or in Unicode normalization. It is good for comparing
// alone.
func Folded(path string) string {
	if isASCII(path) { // almost all are, and a run may have a million
		return strings.ToUpper(path)
	}
	return strings.Map(func(r rune) rune {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, norm.NFC.String(path))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
