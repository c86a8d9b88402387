package spelling

import (
	"fmt"
	"strings"
	"unicode"
)

// Trim removes invisible characters around text that people paste: white space, no-break
// spaces, byte order marks, zero-width characters and bidirectional marks, but no control
// characters other than white space.
func Trim(text string) string { return strings.TrimFunc(text, Blank) }

// Blank reports whether r is displayed as nothing or as space.
func Blank(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// Unseen returns the name of the first character of text that cannot be seen, such as
// "U+200B ZERO WIDTH SPACE"; "" if there is none. An ASCII space counts as visible.
func Unseen(text string) string {
	for _, r := range text {
		if r != ' ' && (Blank(r) || unicode.IsControl(r)) {
			return Name(r)
		}
	}
	return ""
}

// Visible returns text without the characters that cannot be seen.
func Visible(text string) string {
	return strings.Map(func(r rune) rune {
		if Blank(r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
}

// Name returns a name of r in ASCII: r in quotes, or the code point of a character that is not ASCII
// or cannot be seen, with its name in the Unicode Character Database if it is common.
func Name(r rune) string {
	switch name := names[r]; {
	case name != "":
		return fmt.Sprintf("U+%04X %s", r, name)
	case unicode.IsControl(r):
		return fmt.Sprintf("U+%04X (a control character)", r)
	case r > unicode.MaxASCII:
		return fmt.Sprintf("U+%04X", r)
	default:
		return fmt.Sprintf("%q", string(r))
	}
}

// names are the names of characters that word processors, chats and web pages insert into text,
// and that cannot be seen, or look like a space or a hyphen.
var names = map[rune]string{
	'\t': "CHARACTER TABULATION (a control character)", '\n': "LINE FEED (a control character)", '\r': "CARRIAGE RETURN (a control character)",
	' ': "SPACE", 0x00a0: "NO-BREAK SPACE", 0x00ad: "SOFT HYPHEN", 0x034f: "COMBINING GRAPHEME JOINER", 0x061c: "ARABIC LETTER MARK",
	0x180e: "MONGOLIAN VOWEL SEPARATOR", 0x2007: "FIGURE SPACE", 0x2009: "THIN SPACE", 0x200b: "ZERO WIDTH SPACE",
	0x200c: "ZERO WIDTH NON-JOINER", 0x200d: "ZERO WIDTH JOINER", 0x200e: "LEFT-TO-RIGHT MARK", 0x200f: "RIGHT-TO-LEFT MARK",
	0x2010: "HYPHEN", 0x2011: "NON-BREAKING HYPHEN", 0x2013: "EN DASH", 0x2014: "EM DASH", 0x2028: "LINE SEPARATOR",
	0x2029: "PARAGRAPH SEPARATOR", 0x202a: "LEFT-TO-RIGHT EMBEDDING", 0x202b: "RIGHT-TO-LEFT EMBEDDING",
	0x202c: "POP DIRECTIONAL FORMATTING", 0x202d: "LEFT-TO-RIGHT OVERRIDE", 0x202e: "RIGHT-TO-LEFT OVERRIDE",
	0x202f: "NARROW NO-BREAK SPACE", 0x2060: "WORD JOINER", 0x2066: "LEFT-TO-RIGHT ISOLATE", 0x2067: "RIGHT-TO-LEFT ISOLATE",
	0x2068: "FIRST STRONG ISOLATE", 0x2069: "POP DIRECTIONAL ISOLATE", 0x2212: "MINUS SIGN", 0x3000: "IDEOGRAPHIC SPACE",
	0xfe0f: "VARIATION SELECTOR-16", 0xfeff: "ZERO WIDTH NO-BREAK SPACE",
}
