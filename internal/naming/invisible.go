package naming

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Invisible characters that are part of letters and emoji, and the characters next to them.
const (
	nonJoiner  = '\u200c' // ZWNJ
	joiner     = '\u200d' // ZWJ
	textStyle  = '\ufe0e' // variation selector 15
	emojiStyle = '\ufe0f' // variation selector 16
	keycap     = '\u20e3'
	blackFlag  = '\U0001f3f4'
	tags       = '\U000e0000' // the offset of the tag of an ASCII character
	cancelTag  = tags + 0x7f
)

// isInvisible reports whether r is default-ignorable (Unicode).
func isInvisible(r rune) bool {
	return r >= utf8.RuneSelf && unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// dropInvisible removes invisible characters, which can deceive a reader, and which some file systems
// ignore when they compare names. It keeps those that change how the text around them is displayed.
func dropInvisible(s string) string {
	if !strings.ContainsFunc(s, isInvisible) {
		return s
	}
	var kept strings.Builder
	for s != "" {
		begin := lengthBefore(s, isInvisible)
		kept.WriteString(s[:begin])
		end := begin + lengthBefore(s[begin:], func(r rune) bool { return !isInvisible(r) })
		last, _ := utf8.DecodeLastRuneInString(kept.String())
		next, _ := utf8.DecodeRuneInString(s[end:])
		kept.WriteString(meaningful(s[begin:end], last, next))
		s = s[end:]
	}
	return kept.String()
}

// lengthBefore returns the number of bytes of s before the first character for which found is true.
func lengthBefore(s string, found func(rune) bool) int {
	if i := strings.IndexFunc(s, found); i >= 0 {
		return i
	}
	return len(s)
}

// meaningful returns those characters of a run of invisible ones that belong to the text around it: last is
// the character before the run, next the one after it, [utf8.RuneError] for none.
func meaningful(run string, last, next rune) string {
	kept := ""
	for run != "" {
		r, size := utf8.DecodeRuneInString(run)
		keep := belongs(r, last, next)
		if isTag(r) { // the whole sequence, or nothing of it
			size = lengthBefore(run, func(r rune) bool { return !isTag(r) })
			if end := strings.IndexRune(run[:size], cancelTag); end >= 0 {
				size = end + utf8.RuneLen(cancelTag)
			}
			r, keep = cancelTag, last == blackFlag && isArea(run[:size])
		}
		if keep {
			kept, last = kept+run[:size], r
		}
		run = run[size:]
	}
	return kept
}

// belongs reports whether an invisible character changes how its neighbors are displayed:
//
//   - a joiner between letters, or after a virama, which selects the form of Arabic, Persian and Indic
//     letters (Unicode Standard 23.2; RFC 5892 appendix A.1 and A.2 are stricter);
//   - a joiner between emoji, and a variation selector after one or in a keycap (UTS #51 section 1.4).
func belongs(r, last, next rune) bool {
	switch r {
	case joiner, nonJoiner:
		return isVirama(last) || isLetterOrMark(last) && (unicode.IsLetter(next) || isVirama(next)) ||
			r == joiner && endsEmoji(last) && isPictograph(next)
	case emojiStyle, textStyle:
		return isPictograph(last) || next == keycap && (last == '#' || '0' <= last && last <= '9')
	}
	return false
}

func isLetterOrMark(r rune) bool { return unicode.In(r, unicode.L, unicode.Mn, unicode.Mc) }

// isVirama reports whether r is a virama, which removes the vowel of an Indic letter.
func isVirama(r rune) bool {
	const virama = 9 // Canonical_Combining_Class
	return r >= utf8.RuneSelf && norm.NFC.PropertiesString(string(r)).CCC() == virama
}

func endsEmoji(r rune) bool {
	return isPictograph(r) || isSkinTone(r) || r == emojiStyle || r == cancelTag
}

func isSkinTone(r rune) bool { return r >= 0x1F3FB && r <= 0x1F3FF }

func isPictograph(r rune) bool { return r >= utf8.RuneSelf && unicode.Is(pictographs, r) }

func isTag(r rune) bool { return r > tags && r <= cancelTag }

// isArea reports whether tags are the code of an area after a black flag, such as gbsct for Scotland (UTS #51
// appendix C; codes of subdivisions have 3 to 7 letters and digits). Other tags are invisible text.
func isArea(s string) bool {
	name, ended := strings.CutSuffix(s, string(cancelTag))
	n := utf8.RuneCountInString(name)
	return ended && n >= 3 && n <= 7 && !strings.ContainsFunc(name, func(r rune) bool {
		c := r - tags
		return (c < '0' || c > '9') && (c < 'a' || c > 'z')
	})
}

// pictographs are the characters of property Extended_Pictographic (Unicode 16, emoji-data.txt).
var pictographs = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0xA9, 0xAE, 5}, {0x203C, 0x2049, 13}, {0x2122, 0x2139, 23}, {0x2194, 0x2199, 1}, {0x21A9, 0x21AA, 1}, {0x231A, 0x231B, 1},
		{0x2328, 0x2388, 96}, {0x23CF, 0x23CF, 1}, {0x23E9, 0x23F3, 1}, {0x23F8, 0x23FA, 1}, {0x24C2, 0x24C2, 1}, {0x25AA, 0x25AB, 1},
		{0x25B6, 0x25C0, 10}, {0x25FB, 0x25FE, 1}, {0x2600, 0x2605, 1}, {0x2607, 0x2612, 1}, {0x2614, 0x2685, 1}, {0x2690, 0x2705, 1},
		{0x2708, 0x2712, 1}, {0x2714, 0x2716, 2}, {0x271D, 0x2721, 4}, {0x2728, 0x2728, 1}, {0x2733, 0x2734, 1}, {0x2744, 0x2747, 3},
		{0x274C, 0x274E, 2}, {0x2753, 0x2755, 1}, {0x2757, 0x2757, 1}, {0x2763, 0x2767, 1}, {0x2795, 0x2797, 1}, {0x27A1, 0x27B0, 15},
		{0x27BF, 0x27BF, 1}, {0x2934, 0x2935, 1}, {0x2B05, 0x2B07, 1}, {0x2B1B, 0x2B1C, 1}, {0x2B50, 0x2B55, 5}, {0x3030, 0x303D, 13},
		{0x3297, 0x3299, 2},
	},
	R32: []unicode.Range32{
		{0x1F000, 0x1F0FF, 1}, {0x1F10D, 0x1F10F, 1}, {0x1F12F, 0x1F12F, 1}, {0x1F16C, 0x1F171, 1}, {0x1F17E, 0x1F17F, 1},
		{0x1F18E, 0x1F18E, 1}, {0x1F191, 0x1F19A, 1}, {0x1F1AD, 0x1F1E5, 1}, {0x1F201, 0x1F20F, 1}, {0x1F21A, 0x1F22F, 21},
		{0x1F232, 0x1F23A, 1}, {0x1F23C, 0x1F23F, 1}, {0x1F249, 0x1F3FA, 1}, {0x1F400, 0x1F53D, 1}, {0x1F546, 0x1F64F, 1},
		{0x1F680, 0x1F6FF, 1}, {0x1F774, 0x1F77F, 1}, {0x1F7D5, 0x1F7FF, 1}, {0x1F80C, 0x1F80F, 1}, {0x1F848, 0x1F84F, 1},
		{0x1F85A, 0x1F85F, 1}, {0x1F888, 0x1F88F, 1}, {0x1F8AE, 0x1F8FF, 1}, {0x1F90C, 0x1F93A, 1}, {0x1F93C, 0x1F945, 1},
		{0x1F947, 0x1FAFF, 1}, {0x1FC00, 0x1FFFD, 1},
	},
	LatinOffset: 1,
}
