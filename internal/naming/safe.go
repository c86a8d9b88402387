package naming

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxName is the greatest length of a name that [Safe] returns, in bytes of UTF-8.
// It leaves room for what the name of a partial adds to it: a dot, 16 hex digits,
// a hyphen, 16 hex digits and .part.
const MaxName = maxElement - len(partialSuffix)

const (
	// maxElement is the longest name of a file on every usual file system, in
	// bytes (NAME_MAX).
	maxElement = 255
	// partialSuffix has the shape, and so the length, of what the name of a
	// partial adds to the final name: .<idhash>-<versionhash>.part
	partialSuffix = ".0123456789abcdef-0123456789abcdef.part"
)

// rules are all that Safe does, in their order. Each leaves a name that it does
// not speak of as it is.
var rules = []struct {
	unsafe  string // what the rule is about, and what becomes of it
	replace func(string) string
}{
	{"bytes that are not UTF-8: a run of them is _", toValidUTF8},
	{"text that is not in NFC, which would be two names on one system and one on another: normalised", norm.NFC.String},
	{`separators, < > : " | ? *, control characters, line separators, private use, U+034F: _ each`, replaceForbidden},
	{"invisible characters, bidi controls and the byte order mark among them, unless letters or emoji are written with them: dropped", dropInvisible},
	{"white space at the ends, dots at the end, which Windows forgets: dropped", trimEnds},
	{"a leading dot, which hides, or hyphen, which looks like a flag: _", replaceLeading},
	{"a device of Windows, whatever its extension: _ before it", prefixDevice},
	{".part at the end, which is for partials: _part", replacePart},
	{"more than MaxName bytes: cut before the extension", func(s string) string { return cutName(s, MaxName) }},
	{"nothing: _", replaceEmpty},
}

// Safe makes name, which may be anything, one path element that every system can
// hold and none takes for something else: a separator, a parent, a drive, a
// stream, a device, a flag, a hidden file, a partial. The result is valid UTF-8
// in NFC, from 1 to [MaxName] bytes long, and the same on all systems.
// Safe(Safe(x)) is Safe(x). Different names may become the same.
func Safe(name string) string {
	for {
		before := name
		for _, rule := range rules {
			name = rule.replace(name)
		}
		// One rule can make work for one before it: letters that something invisible
		// kept apart compose, what is cut ends in a space.
		if name == before {
			return name
		}
	}
}

// plain applies the rules that look at characters only, and so hold for a part of
// a name as well.
func plain(s string) string {
	s = dropInvisible(replaceForbidden(norm.NFC.String(toValidUTF8(s))))
	return strings.TrimSpace(norm.NFC.String(s))
}

func toValidUTF8(s string) string { return strings.ToValidUTF8(s, "_") }

// splitter is the invisible character by which normalisation splits a run of more
// than 30 combining marks (UAX #15, Stream-Safe Text Format). Were it dropped, the
// run would not be normal; so it becomes a visible one.
const splitter = '\u034f'

// replaceForbidden replaces what cannot be in a name on Windows, which is more
// than elsewhere, and characters whose meaning is private: WSL, Cygwin and Samba
// use those to smuggle forbidden ones.
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

// devices are the names that Windows keeps for devices in every folder, in upper
// case (Microsoft, Naming Files, Paths, and Namespaces), the ports without their
// numbers.
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

// joiners takes joiners out of a text. Making a Replacer costs as much as ten names.
var joiners = strings.NewReplacer(string(joiner), "", string(nonJoiner), "")

// withoutJoiners is s as a file system that ignores joiners compares it.
func withoutJoiners(s string) string { return joiners.Replace(s) }

func replaceEmpty(s string) string {
	if s == "" {
		return "_"
	}
	return s
}
