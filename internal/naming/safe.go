package naming

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxName is the maximum length of a name that [Safe] returns, in bytes of UTF-8. It
// leaves room for the suffix of a partial: a dot, 16 hex digits, a hyphen, 16 hex digits
// and .part.
const MaxName = maxElement - len(partialSuffix)

const (
	// maxElement is the maximum length of a file's name on common file systems, in bytes
	// (NAME_MAX).
	maxElement = 255
	// partialSuffix is an example of the suffix of a partial's name, for its length:
	// .<idhash>-<versionhash>.part
	partialSuffix = ".0123456789abcdef-0123456789abcdef.part"
)

// rules are the rules of Safe, in order. Each returns a name that it does not apply to
// unchanged.
var rules = []struct {
	unsafe  string // what the rule applies to, and its replacement
	replace func(string) string
}{
	{"bytes that are not UTF-8: _ per sequence", toValidUTF8},
	{"text that is not in NFC, which would be two names on one system and one on another: normalized", norm.NFC.String},
	{`separators, < > : " | ? *, control characters, line separators, private use, U+034F: _ each`, replaceForbidden},
	{"invisible characters, bidi controls and the byte order mark among them, unless they are part of letters or emoji: dropped", dropInvisible},
	{"white space at the ends, dots at the end, which Windows ignores: dropped", trimEnds},
	{"a leading dot (a hidden file) or hyphen (a flag): _", replaceLeading},
	{"a Windows device, with any extension: _ before it", prefixDevice},
	{".part at the end, the extension of partials: _part", replacePart},
	{"more than MaxName bytes: cut before the extension", func(s string) string { return cutName(s, MaxName) }},
	{"an empty name: _", replaceEmpty},
}

// Safe returns a path element for name, which may be any text, that is valid on every
// system and has no special meaning on any: separator, parent, drive, stream, device,
// flag, hidden file, partial. The result is valid UTF-8 in NFC, from 1 to [MaxName] bytes
// long, and the same on all systems. Safe(Safe(x)) is Safe(x). Different names may give
// the same result.
func Safe(name string) string {
	for {
		before := name
		for _, rule := range rules {
			name = rule.replace(name)
		}
		// The result of a rule may need an earlier one: letters compose when an invisible
		// character between them is removed, and a name that was cut may end in a space.
		if name == before {
			return name
		}
	}
}

// plain applies the rules about single characters, which are valid for a part of a
// name as well.
func plain(s string) string {
	s = dropInvisible(replaceForbidden(norm.NFC.String(toValidUTF8(s))))
	return strings.TrimSpace(norm.NFC.String(s))
}

func toValidUTF8(s string) string { return strings.ToValidUTF8(s, "_") }

// splitter is the invisible character with which normalization splits a sequence of more
// than 30 combining marks (UAX #15, Stream-Safe Text Format). Without it, the sequence
// would not be normalized; so it is replaced by a visible one.
const splitter = '\u034f'

// replaceForbidden replaces the characters that Windows does not allow in a name, which
// include those of other systems, and private use characters, which WSL, Cygwin and Samba
// map to forbidden ones.
func replaceForbidden(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\<>:"|?*`+"\x7f", r) || r == splitter ||
			r >= utf8.RuneSelf && unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Co, unicode.Noncharacter_Code_Point) {
			return '_'
		}
		return r
	}, s)
}

func trimEnds(s string) string {
	s = strings.TrimLeftFunc(s, unicode.IsSpace)
	return strings.TrimRightFunc(s, func(r rune) bool { return r == '.' || unicode.IsSpace(r) })
}

func replaceLeading(s string) string {
	if s != "" && (s[0] == '.' || s[0] == '-') {
		return "_" + s[1:]
	}
	return s
}

// devices are the names that Windows reserves for devices in every folder, in upper case
// (Microsoft, Naming Files, Paths, and Namespaces); ports are those that a digit follows.
var devices, ports = []string{"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}, []string{"COM", "LPT"}

func prefixDevice(s string) string {
	base, _, _ := strings.Cut(withoutJoiners(s), ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	if slices.Contains(devices, base) {
		return "_" + s
	}
	for _, port := range ports {
		if number, ok := strings.CutPrefix(base, port); ok &&
			utf8.RuneCountInString(number) == 1 && strings.ContainsAny(number, "0123456789¹²³") {
			return "_" + s
		}
	}
	return s
}

func replacePart(s string) string {
	if i := strings.LastIndexByte(s, '.'); i >= 0 && strings.EqualFold(withoutJoiners(s[i:]), ".part") {
		return s[:i] + "_" + s[i+1:]
	}
	return s
}

// joiners removes joiners. It is a variable because creating a Replacer takes as long as ten names.
var joiners = strings.NewReplacer(string(joiner), "", string(nonJoiner), "")

// withoutJoiners returns s as a file system that ignores joiners compares it.
func withoutJoiners(s string) string { return joiners.Replace(s) }

func replaceEmpty(s string) string {
	if s == "" {
		return "_"
	}
	return s
}
