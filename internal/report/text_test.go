package report

import (
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"plain text", "photo 1.jpg", "photo 1.jpg"},
		{"other scripts", "Größe_写真_صورة.jpg", "Größe_写真_صورة.jpg"},
		{"an escape sequence loses its escape", "a\x1b[2Jb", "a[2Jb"},
		{"a title sequence", "\x1b]0;evil\x07x", "]0;evilx"},
		{"C1 as UTF-8", "a\u009b2Jb", "a2Jb"},
		{"C1 as a raw byte", "a\x9b2Jb", "a\ufffd2Jb"},
		{"NUL and DEL", "a\x00b\x7fc", "abc"},
		{"backspaces", "secret\b\b\b", "secret"},
		{"a line break", "a\nb", "a b"},
		{"a run of breaks is one space", "a\r\n\t\vb", "a b"},
		{"spaces are kept", "a  b", "a  b"},
		{"breaks of Unicode", "a\u2028b\u2029c\u0085d", "a b c d"},
		{"bidi override", "photo\u202egpj.exe", "photogpj.exe"},
		{"bidi isolates and marks", "\u2066a\u2069\u200e\u200f\u061c", "a"},
		{"zero width space and BOM", "a\u200bb\ufeffc", "abc"},
		{"tags", "a\U000e0041\U000e007fb", "ab"},
		{"soft hyphen", "a\u00adb", "ab"},
		{"an invisible letter", "a\u3164b", "ab"},
		{"joiners are spelling", "می\u200cخواهم", "می\u200cخواهم"},
		{"an Arabic number sign shows", "\u0600", "\u0600"},
		{"no UTF-8", "caf\xe9", "caf\ufffd"},
		{"empty", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Clean(tc.in); got != tc.want {
				t.Errorf("Clean(%q) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"a\x1b[31m\u202e", "\xff\xfe", "a\r\n", "\u2066\U000e0001"} {
		f.Add(s, 20)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = min(max(n, 0), 1000)
		c := Clean(s)
		if !utf8.ValidString(c) {
			t.Fatalf("Clean(%q) = %q: no UTF-8", s, c)
		}
		for _, r := range c {
			if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || isBreak(r) {
				t.Fatalf("Clean(%q) = %q: holds %U", s, c, r)
			}
		}
		if Clean(c) != c {
			t.Fatalf("Clean(%q) is not clean", s)
		}
		if got := Clip(c, n); len(got) > n || !utf8.ValidString(got) {
			t.Fatalf("Clip(%q, %d) = %q", c, n, got)
		}
		if got := clipMiddle(c, n); len(got) > max(n, 0) || !utf8.ValidString(got) {
			t.Fatalf("clipMiddle(%q, %d) = %q", c, n, got)
		}
		for _, cut := range []string{cutMiddle(label(s), n), cutEnd(label(s), n)} {
			if columns(cut) > n {
				t.Fatalf("%q cut to %d columns is %q, %d columns", s, n, cut, columns(cut))
			}
		}
		if line := oneFile(progress{name: s, known: 1, total: 9, held: 4, wait: s}, n); columns(line) > n {
			t.Fatalf("the bar of %q for %d columns is %q, %d columns", s, n, line, columns(line))
		}
		if line := manyFiles(progress{known: 1, total: 9, held: 4, wait: s}, n); columns(line) > n {
			t.Fatalf("the bar with the wait %q for %d columns is %q, %d columns", s, n, line, columns(line))
		}
	})
}

func TestClip(t *testing.T) {
	for _, tc := range []struct {
		in    string
		limit int
		want  string
	}{
		{"short", 10, "short"},
		{"exactly10!", 10, "exactly10!"},
		{"more than ten", 10, "more th..."},
		{"ééééé", 8, "éé..."}, // not in the middle of one
		{"abcdef", 2, ".."},
		{"abcdef", 0, ""},
	} {
		if got := Clip(tc.in, tc.limit); got != tc.want {
			t.Errorf("Clip(%q, %d) = %q, want %q", tc.in, tc.limit, got, tc.want)
		}
	}
}

func TestClipMiddle(t *testing.T) {
	for _, tc := range []struct {
		in    string
		limit int
		want  string
	}{
		{"short", 10, "short"},
		{"a path that is long: the reason", 20, "a path ...the reason"},
		{"ééééééé", 10, "é...éé"},
		{"abcdefghijk", 7, "a...ijk"},
	} {
		if got := clipMiddle(tc.in, tc.limit); got != tc.want {
			t.Errorf("clipMiddle(%q, %d) = %q, want %q", tc.in, tc.limit, got, tc.want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, tc := range []struct {
		in          string
		width       int
		middle, end string
	}{
		{"photo.jpg", 9, "photo.jpg", "photo.jpg"},
		{"IMG_20240102_0001.jpg", 14, "IMG_20...1.jpg", "IMG_2024010..."},
		{"写真写真写真.jpg", 10, "写真...jpg", "写真写..."}, // never half a wide character
		{"abcdef", 4, "abcd", "a..."},
		{"abcdef", 0, "", ""},
		{"abcdef", -3, "", ""},
		{"cafe\u0301s and bars", 9, "caf...ars", "cafe\u0301s ..."},
		{"abcdefghie\u0301.jpg", 11, "abcd....jpg", "abcdefgh..."}, // no mark without its letter
	} {
		if got := cutMiddle(tc.in, tc.width); got != tc.middle {
			t.Errorf("cutMiddle(%q, %d) = %q, want %q", tc.in, tc.width, got, tc.middle)
		}
		if got := cutEnd(tc.in, tc.width); got != tc.end {
			t.Errorf("cutEnd(%q, %d) = %q, want %q", tc.in, tc.width, got, tc.end)
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		-1:            "0 B",
		0:             "0 B",
		1023:          "1023 B",
		1024:          "1.0 KiB",
		1<<20 - 1:     "1.0 MiB",
		1468006:       "1.4 MiB",
		99<<20 + 9e5:  "99.9 MiB",
		100 << 20:     "100 MiB",
		1023 << 20:    "1023 MiB",
		1<<30 - 1:     "1.0 GiB",
		230 << 30:     "230 GiB",
		1<<63 - 1:     "8.0 EiB",
		5<<40 + 1<<39: "5.5 TiB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
	for _, tc := range []struct {
		part, whole int64
		want        string
	}{
		{12 << 20, 45 << 20, "12.0/45.0 MiB"},
		{512 << 10, 2 << 30, "512 KiB/2.0 GiB"},
		{0, 0, "0/0 B"},
	} {
		if got := bytesOf(tc.part, tc.whole); got != tc.want {
			t.Errorf("bytesOf(%d, %d) = %q, want %q", tc.part, tc.whole, got, tc.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:                 "0 s",
		0:                            "0 s",
		340 * time.Millisecond:       "0.3 s",
		3 * time.Second:              "3 s",
		9960 * time.Millisecond:      "10 s",
		45 * time.Second:             "45 s",
		59600 * time.Millisecond:     "1 min",
		190 * time.Second:            "3 min 10 s",
		3*time.Hour + 10*time.Minute: "3 h 10 min",
		52 * time.Hour:               "2 d 4 h",
		24 * time.Hour:               "1 d",
		time.Duration(1<<63 - 1):     "106751 d 23 h",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%v) = %q, want %q", d, got, want)
		}
	}
}
