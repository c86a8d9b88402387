package naming

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestSafe(t *testing.T) {
	for _, tt := range []struct{ why, name, want string }{
		{"an ordinary name stays", "photo.jpg", "photo.jpg"},
		{"spaces, brackets, signs stay", "Über uns (2), 50% & more!.PDF", "Über uns (2), 50% & more!.PDF"},
		{"any script stays", "写真-фото-תמונה-صورة.png", "写真-фото-תמונה-صورة.png"},
		{"emoji stay", "party 🎉.png", "party 🎉.png"},
		{"dots inside stay", "v1.2..final.tar.gz", "v1.2..final.tar.gz"},
		{"a hyphen or dot inside stays", "a-b.c", "a-b.c"},
		{"a tilde is not a separator", "~user", "~user"},

		{"separator", "a/b.jpg", "a_b.jpg"},
		{"Windows separator", `a\b.jpg`, "a_b.jpg"},
		{"absolute", "/etc/passwd", "_etc_passwd"},
		{"parents", "../../etc/passwd", "_._.._etc_passwd"},
		{"parent alone", "..", "_"},
		{"this folder", ".", "_"},
		{"drive", `C:\Windows\x.exe`, "C__Windows_x.exe"},
		{"drive-relative", "C:x", "C_x"},
		{"stream", "file.txt::$DATA", "file.txt__$DATA"},
		{"UNC", `\\host\share`, "__host_share"},
		{"wildcards and quotes", `a<b>c"d|e?f*g`, "a_b_c_d_e_f_g"},

		{"device", "CON", "_CON"},
		{"device in lower case", "nul", "_nul"},
		{"device with an extension", "aux.txt", "_aux.txt"},
		{"device with two extensions", "Prn.tar.gz", "_Prn.tar.gz"},
		{"device with a space before the extension", "CON .txt", "_CON .txt"},
		{"port", "COM1", "_COM1"},
		{"port 0", "lpt0.log", "_lpt0.log"},
		{"port in superscript", "COM¹.txt", "_COM¹.txt"},
		{"console", "CONIN$", "_CONIN$"},
		{"console with an extension", "conout$.x", "_conout$.x"},
		{"no device", "CONTACT.txt", "CONTACT.txt"},
		{"no port", "COM10", "COM10"},
		{"no port either", "COM.txt", "COM.txt"},
		{"no device behind a name", "my.con", "my.con"},

		{"trailing dot", "a.", "a"},
		{"trailing space", "a ", "a"},
		{"trailing dots and spaces", "a . . ", "a"},
		{"leading space", "  a", "a"},
		{"space only", " \t ", "_"},
		{"wide spaces at the ends", "\u3000a\u00a0", "a"},

		{"empty", "", "_"},
		{"newline", "a\nb", "a_b"},
		{"escape sequence", "a\x1b[31mb", "a_[31mb"},
		{"NUL", "a\x00.jpg", "a_.jpg"},
		{"DEL and C1", "a\x7fb\u0085c", "a_b_c"},
		{"line separator", "a\u2028b", "a_b"},
		{"private use", "a\uf03ab", "a_b"},
		{"noncharacter", "a\ufffeb", "a_b"},
		{"bidi override", "photo\u202egnp.exe", "photognp.exe"},
		{"bidi isolates and marks", "\u2067a\u2069\u200fb\u061c", "ab"},
		{"zero width", "a\u200b\u2060\ufeffb", "ab"},
		{"soft hyphen", "a\u00adb", "ab"},
		{"tags", "a\U000e0041b", "ab"},
		{"Hangul filler", "a\u3164b", "ab"},
		{"invisible only", "\u200b", "_"},
		{"invisible hides a parent", ".\u200b.", "_"},
		{"invisible hides a device", "CO\u200bN", "_CON"},
		{"invisible hides a partial", "a.pa\u200brt", "a_part"},
		{"joiners hide a device", "N\u200cU\u200dL.txt", "_N\u200cU\u200dL.txt"},
		{"a joiner hides a partial", "a.pa\u200drt", "a_pa\u200drt"},
		{"Latin-1", "caf\xe9.jpg", "caf_.jpg"},
		{"a run of invalid bytes", "a\xff\xfe\xfdb", "a_b"},
		{"an encoded surrogate", "a\xed\xa0\x80b", "a_b"},
		{"an overlong slash", "a\xc0\xafb", "a_b"},

		{"decomposed", "u\u0308ber.txt", "über.txt"},
		{"Kelvin sign", "\u212a", "K"},
		{"composed once invisible is gone", "e\u200b\u0301", "é"},
		{"decomposed, with a forbidden base", "<\u0338", "≮"},
		{"marks beyond reason", "a" + strings.Repeat("\u0316", 40), "a" + strings.Repeat("\u0316", 30) + "_" + strings.Repeat("\u0316", 10)},

		{"leading hyphen", "-rf", "_rf"},
		{"hidden", ".htaccess", "_htaccess"},
		{"leading hyphen behind space", " -rf", "_rf"},
		{"partial", "a.jpg.part", "a.jpg_part"},
		{"partial in capitals", "a.PART", "a_PART"},
		{"partial only", ".part", "_part"},
		{"partial behind dots", "a.part..", "a_part"},
		{"our own partial", "a.0123456789abcdef-0123456789abcdef.part", "a.0123456789abcdef-0123456789abcdef_part"},
		{"part in the middle", "a.part1.rar", "a.part1.rar"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			if got := Safe(tt.name); got != tt.want {
				t.Errorf("Safe(%q) = %q, want %q", tt.name, got, tt.want)
			}
			checkSafe(t, Safe(tt.name))
		})
	}
}

// Invisible characters stay where letters and emoji are written with them, and nowhere else.
func TestSafeKeepsWhatIsWrittenWithJoiners(t *testing.T) {
	const (
		saint  = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f" // Scotland
		secret = "\U000e0068\U000e0069"                                          // hi, in tags
	)
	for _, tt := range []struct{ why, name, want string }{
		{"Persian", "می\u200cخواهم.jpg", "می\u200cخواهم.jpg"},
		{"behind a vowel mark", "مَ\u200cخ", "مَ\u200cخ"},
		{"Hindi, behind a virama", "क्\u200dष और क्\u200cष.pdf", "क्\u200dष और क्\u200cष.pdf"},
		{"Bengali, before a virama", "র\u200d্যাব.png", "র\u200d্যাব.png"},
		{"Malayalam, at the end of a word", "അവന്\u200d.jpg", "അവന്\u200d.jpg"},
		{"Sinhala", "ශ්\u200dරී ලංකා.tif", "ශ්\u200dරී ලංකා.tif"},
		{"German, against a ligature", "Auf\u200clage.pdf", "Auf\u200clage.pdf"},
		{"at the beginning", "\u200cمی", "می"},
		{"at the end", "می\u200c", "می"},
		{"before the extension", "photo\u200d.jpg", "photo.jpg"},
		{"behind the dot", "photo.\u200djpg", "photo.jpg"},
		{"beside a space", "می\u200c خ", "می خ"},
		{"beside a digit", "a\u200d1", "a1"},
		{"beside a hyphen", "a\u200c-b", "a-b"},
		{"more than one", "می\u200c\u200c\u200dخ", "می\u200cخ"},
		{"behind another invisible one", "می\u200b\u200cخ", "می\u200cخ"},
		{"only joiners", "\u200d\u200c\u200d", "_"},
		{"before a mark", "e\u200d\u0301", "é"},

		{"a heart", "❤\ufe0f.png", "❤\ufe0f.png"},
		{"a heart as text", "❤\ufe0e.png", "❤\ufe0e.png"},
		{"a family", "👨\u200d👩\u200d👧\u200d👦.png", "👨\u200d👩\u200d👧\u200d👦.png"},
		{"a rainbow flag", "🏳\ufe0f\u200d🌈.svg", "🏳\ufe0f\u200d🌈.svg"},
		{"a heart on fire", "❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥"},
		{"a profession with a skin tone", "👩🏽\u200d⚕\ufe0f", "👩🏽\u200d⚕\ufe0f"},
		{"head shaking", "🙂\u200d↔\ufe0f", "🙂\u200d↔\ufe0f"},
		{"a keycap", "1\ufe0f\u20e3 of 2\ufe0f\u20e3", "1\ufe0f\u20e3 of 2\ufe0f\u20e3"},
		{"Scotland", saint + ".svg", saint + ".svg"},
		{"a variation selector behind a letter", "a\ufe0f.png", "a.png"},
		{"behind a digit", "1\ufe0f.png", "1.png"},
		{"two selectors", "❤\ufe0f\ufe0f", "❤\ufe0f"},
		{"one for ideographs", "葛\U000e0100城", "葛城"},
		{"a joiner behind an emoji", "🎉\u200d.png", "🎉.png"},
		{"before one", "a\u200d🎉", "a🎉"},
		{"between emoji, of the wrong kind", "👨\u200c👩", "👨👩"},
		{"between signs", "+\u200d+", "++"},
		{"tags behind another emoji", "🎉" + secret + "\U000e007f", "🎉"},
		{"tags that name no area", "🏴" + secret + "\U000e007f", "🏴"},
		{"an area without its end", "🏴" + secret + secret, "🏴"},
		{"a hidden text in tags", "🏴" + strings.Repeat(secret, 9) + "\U000e007f", "🏴"},
		{"tags behind a flag", saint + secret, saint},
		{"an area twice", saint + saint[len("🏴"):], saint},
		{"an area behind other tags", "🏴" + secret + secret + saint[len("🏴"):], "🏴"},
		{"an end alone", "🏴\U000e007f", "🏴"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			if got := Safe(tt.name); got != tt.want {
				t.Errorf("Safe(%q) = %+q, want %+q", tt.name, got, tt.want)
			}
			checkSafe(t, Safe(tt.name))
		})
	}
}

func TestSafeCutsLongNames(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	for _, tt := range []struct{ why, name, want string }{
		{"the longest stays", x(MaxName), x(MaxName)},
		{"one more", x(MaxName + 1), x(MaxName)},
		{"before the extension", x(500) + ".jpeg", x(MaxName-5) + ".jpeg"},
		{"before a compound extension", x(500) + ".tar.gz", x(MaxName-7) + ".tar.gz"},
		{"an extension has 16 bytes at most", x(300) + "." + x(17), x(MaxName)},
		{"nor spaces", x(300) + ". And so on", x(MaxName)},
		{"only before the last extension", x(500) + ".min.js", x(MaxName-3) + ".js"},
		{"not inside a rune", x(MaxName-1) + "éé", x(MaxName - 1)},
		{"not before a mark", x(MaxName-1) + "q\u0303", x(MaxName - 1)},
		{"not inside a flag", x(MaxName-6) + "🇳🇱", x(MaxName - 6)},
		{"between flags", x(MaxName-10) + "🇳🇱🇧🇪", x(MaxName-10) + "🇳🇱"},
		{"not before a skin tone", x(MaxName-4) + "👍🏽", x(MaxName - 4)},
		{"not inside a family", x(MaxName-12) + "👨\u200d👩\u200d👧", x(MaxName - 12)},
		{"not before a variation selector", x(MaxName-4) + "❤\ufe0f", x(MaxName - 4)},
		{"not behind the joiner of a letter", x(MaxName-8) + "क्\u200dष", x(MaxName - 8)},
		{"no space is left before the extension", x(MaxName-5) + "   y.jpg", x(MaxName-5) + ".jpg"},
		{"no space is left at the end", x(MaxName-1) + "  y", x(MaxName - 1)},
		{"no device is left", "CON" + strings.Repeat(" ", 300) + "x.txt", "_CON.txt"},
		{"no partial is left", x(MaxName-5) + ".part and more", x(MaxName-5) + "_part"},
		{"wide runes", strings.Repeat("写", 200) + ".png", strings.Repeat("写", (MaxName-4)/3) + ".png"},
		{"a pile of marks is cut anywhere", "x" + strings.Repeat("\u0f90", 300), "x" + strings.Repeat("\u0f90", (MaxName-1)/3)},
	} {
		t.Run(tt.why, func(t *testing.T) {
			if got := Safe(tt.name); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
			checkSafe(t, Safe(tt.name))
		})
	}
}

// Runs of characters that normalisation treats as marks, though not all are.
func TestSafeRunsOfMarks(t *testing.T) {
	for _, mark := range []string{
		"\u0301", "\u0344", "\u034f", "\u09be", "\u0f73", "\u1161", "\u3133", "\u3160", "\uff9e", "\U0001d165",
	} {
		checkSafe(t, Safe(strings.Repeat(mark, 70)))
		checkSafe(t, Safe(strings.Repeat(mark+"\u0301", 70)))
		checkSafe(t, Safe(strings.Repeat(mark+"\u0f73\u0344\u09be", 70)))
	}
}

func TestMaxNameLeavesRoomForPartials(t *testing.T) {
	name := Safe(strings.Repeat("x", 1000)) + fmt.Sprintf(".%016x-%016x.part", uint64(1), ^uint64(0))
	if len(name) != 255 {
		t.Errorf("the name of a partial may have %d bytes, want 255", len(name))
	}
}

func TestEveryRuleLeavesSafeNames(t *testing.T) {
	for _, name := range []string{"photo.jpg", "写真 (1).tar.gz", "_", strings.Repeat("x", MaxName)} {
		for _, rule := range rules {
			if got := rule.replace(name); got != name {
				t.Errorf("%s: %q became %q", rule.unsafe, name, got)
			}
		}
	}
}

// device is the rule for Windows in other words than those under test.
var device = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\.|$)`)

// invisible is Default_Ignorable_Code_Point as Unicode derives it.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) &&
		!unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// written are the sequences in which an invisible character may stand, in other words than those under test.
var written = []*regexp.Regexp{
	regexp.MustCompile(`(🏴)[\x{E0030}-\x{E0039}\x{E0061}-\x{E007A}]{3,7}\x{E007F}()`),
	regexp.MustCompile(`([\p{S}\p{Po}\p{Pd}\p{Ll}\p{Cn}])[\x{FE0E}\x{FE0F}]()`), // of emoji: ‼, 〰 and ℹ are three
	regexp.MustCompile(`([0-9#])[\x{FE0E}\x{FE0F}](\x{20E3})`),
	regexp.MustCompile(`([\p{S}\p{Po}\p{Pd}\p{Ll}\p{Cn}])\x{200D}([\p{S}\p{Po}\p{Pd}\p{Ll}\p{Cn}])`),
	regexp.MustCompile(`([\p{L}\p{Mn}\p{Mc}])[\x{200C}\x{200D}]([\p{L}\p{Mn}\p{Mc}])`),
	regexp.MustCompile(`(\p{M})[\x{200C}\x{200D}]()`), // a virama is a mark
}

// withoutWritten takes the sequences apart in which invisible characters may stand.
func withoutWritten(s string) string {
	for {
		before := s
		for _, sequence := range written {
			s = sequence.ReplaceAllString(s, "$1$2")
		}
		if s == before {
			return s
		}
	}
}

// checkSafe holds what every safe element promises.
func checkSafe(t *testing.T, got string) {
	t.Helper()
	for _, c := range []struct {
		broken  bool
		promise string
	}{
		{got == "", "not empty"},
		{len(got) > MaxName, "not too long"},
		{!utf8.ValidString(got), "valid UTF-8"},
		{!norm.NFC.IsNormalString(got), "in NFC"},
		{!filepath.IsLocal(got), "local"},
		{filepath.Dir(filepath.Join("DIR", got)) != "DIR" || filepath.Join("DIR", got) != "DIR"+string(filepath.Separator)+got, "directly under DIR"},
		{strings.ContainsAny(got, `/\:<>"|?*`), "no forbidden character"},
		{strings.ContainsFunc(got, unicode.IsControl), "no control character"},
		{strings.ContainsFunc(withoutWritten(got), invisible), "no invisible character"},
		{strings.TrimRight(got, " .") != got, "no dot or space at the end"},
		{strings.TrimSpace(got) != got, "no space at the ends"},
		{strings.HasPrefix(got, "-") || strings.HasPrefix(got, "."), "no leading hyphen or dot"},
		{device.MatchString(strings.Map(noJoiner, got)), "no device"},
		{strings.HasSuffix(strings.ToLower(strings.Map(noJoiner, got)), ".part"), "no partial"},
		{Safe(got) != got, "safe already"},
	} {
		if c.broken {
			t.Errorf("%q breaks a promise: %s", got, c.promise)
		}
	}
}

func noJoiner(r rune) rune {
	if r == '\u200c' || r == '\u200d' {
		return -1
	}
	return r
}

func FuzzSafe(f *testing.F) {
	for _, s := range []string{
		"photo.jpg", "../..", `C:\x`, "CON .txt", "a.part", "\u202e", "u\u0308", "\xff", "COM¹", "-",
		strings.Repeat("é", 200) + ".jpg", strings.Repeat("\u0300", 40), "\u0f73\u0f73", "🇳🇱", "<\u0338", "می\u200cخ", "क्\u200dष",
		"👩🏽\u200d⚕\ufe0f", "1\ufe0f\u20e3", "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
	} {
		f.Add(s, 0)
		f.Add(s, 300)
	}
	f.Fuzz(func(t *testing.T, name string, pad int) {
		if pad > 0 {
			name = strings.Repeat("x", pad%300) + name
		}
		checkSafe(t, Safe(name))
	})
}

func BenchmarkSafe(b *testing.B) {
	for b.Loop() {
		Safe("Campaign 2024 – Zürich, final (3).jpg")
	}
}

func ExampleSafe() {
	for _, name := range []string{"photo.jpg", "../../etc/passwd", "CON.txt", "Q3: results?.pdf", "..."} {
		fmt.Println(Safe(name))
	}
	// Output:
	// photo.jpg
	// _._.._etc_passwd
	// _CON.txt
	// Q3_ results_.pdf
	// _
}
