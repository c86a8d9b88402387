package naming

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Folded returns the same text for all paths that some common file system treats as one: those that
// differ only in case (as in strings.EqualFold) or in Unicode normalization. The result is for
// comparisons only.
func Folded(path string) string {
	if isASCII(path) { // fast, because a run may have a million paths
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

// isASCII reports whether s is ASCII.
func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
