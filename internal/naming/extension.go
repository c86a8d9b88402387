package naming

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxExt is the maximum length of an extension, in bytes. Longer text, or text with
// spaces, is the end of a sentence.
const maxExt = 16

// split splits name at the dot of its extension; ext has no dot and is "" if there is
// none. An extension after .tar includes it, as in tar.gz. A leading dot does not begin
// an extension.
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

// join joins what split returns.
func join(stem, ext string) string {
	if ext == "" {
		return stem
	}
	return stem + "." + ext
}

// isExt reports whether s is valid as an extension.
func isExt(s string) bool {
	return s != "" && len(s) <= maxExt && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-+", r)
	})
}

// cutName cuts name to at most limit bytes and keeps its extension; limit must be more
// than the longest extension has.
func cutName(name string, limit int) string {
	if len(name) <= limit {
		return name
	}
	stem, ext := split(name)
	stem = strings.TrimRight(cutText(stem, limit-len(join("", ext))), " .")
	return join(replaceEmpty(stem), ext)
}

// cutText cuts s to at most limit bytes, between two user-perceived characters (UAX #29):
// not before a mark, a skin tone or the second half of a flag, and not within a sequence
// with joiners.
func cutText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := max(limit, 0)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	// A longer sequence of marks is not text: it is cut anywhere.
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
	case unicode.Is(unicode.Regional_Indicator, r): // two form a flag
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

// WithExtension returns name with the extension ext instead of old, if it has that one, in any case. Either may be ""
// for no extension.
func WithExtension(name, old, ext string) string {
	if end := len(name) - len(join("", old)); old != "" && end > 0 && strings.EqualFold(name[end:], join("", old)) {
		name = name[:end]
	}
	return join(name, ext)
}
