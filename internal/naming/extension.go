package naming

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxExt is how long an extension may be, in bytes. What is longer, or has
// spaces, is the end of a sentence.
const maxExt = 16

// split divides name at the dot of its extension; ext has no dot and is "" where
// there is none. What stands behind .tar belongs to one extension with it. A
// leading dot begins no extension.
func split(name string) (stem, ext string) {
	i := strings.LastIndexByte(name, '.')
	if i <= 0 || !isExt(name[i+1:]) {
		return name, ""
	}
	if j := strings.LastIndexByte(name[:i], '.'); j > 0 && strings.EqualFold(name[j+1:i], "tar") {
		i = j
	}
	return name[:i], name[i+1:]
}

// join is the reverse of split.
func join(stem, ext string) string {
	if ext == "" {
		return stem
	}
	return stem + "." + ext
}

func isExt(s string) bool {
	return s != "" && len(s) <= maxExt && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-+", r)
	})
}

// cutName cuts name to at most limit bytes and keeps its extension; limit is
// more than the longest extension takes.
func cutName(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	stem, ext := split(name)
	stem = strings.TrimRight(cutText(stem, limit-len(join("", ext))), " .")
	return join(replaceEmpty(stem), ext)
}

// cutText cuts s to at most limit bytes, between two characters as a reader
// counts them: not before a mark, a skin tone or the second half of a flag, and not
// inside what a joiner makes one (UAX #29).
func cutText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := max(limit, 0)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	// A pile of marks longer than this is no text: it is cut anywhere.
	const longest = 64
	for i := end; i > 0 && end-i <= longest; {
		if r, _ := utf8.DecodeRuneInString(s[i:]); !continues(s[:i], r) {
			return s[:i]
		}
		_, size := utf8.DecodeLastRuneInString(s[:i])
		i -= size
	}
	return s[:end]
}

// continues reports whether r belongs to the same character as the end of before.
func continues(before string, r rune) bool {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Mc, unicode.Me):
		return true
	case isSkinTone(r), isInvisible(r), strings.HasSuffix(before, string(joiner)):
		return true
	case r >= 0x1160 && r <= 0x11FF: // vowels and finals of a Hangul syllable
		return true
	case r == 0xFF9E || r == 0xFF9F: // half-width voicing marks
		return true
	case unicode.Is(unicode.Regional_Indicator, r): // two make a flag
		rest := strings.TrimRightFunc(before, func(r rune) bool { return unicode.Is(unicode.Regional_Indicator, r) })
		return utf8.RuneCountInString(before[len(rest):])%2 == 1
	}
	return false
}

// Extension returns the extension of a file's name, without a dot; "" if it has none.
func Extension(name string) string {
	_, ext := split(name)
	return ext
}

// WithExtension returns name with ext in place of the extension old, if name has that one, in any case. Either may be
// "", which is none.
func WithExtension(name, old, ext string) string {
	if end := len(name) - len(join("", old)); old != "" && end > 0 && strings.EqualFold(name[end:], join("", old)) {
		name = name[:end]
	}
	return join(name, ext)
}
