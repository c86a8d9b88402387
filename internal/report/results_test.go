package report

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/bynder-cli/bynder/internal/download"
)

func withStatus(r download.Result, s download.Status) download.Result {
	r.Status = s
	return r
}

func TestPathLine(t *testing.T) {
	photo := present("a", "out/photo.jpg", 3)
	for _, tc := range []struct {
		name    string
		r       download.Result
		shown   string // on a terminal
		exactly string // elsewhere, and with print0
	}{
		{"downloaded", photo, "out/photo.jpg", "out/photo.jpg"},
		{"unchanged", withStatus(photo, download.Unchanged), "out/photo.jpg", "out/photo.jpg"},
		{"skipped", withStatus(photo, download.Skipped), "out/photo.jpg", "out/photo.jpg"},
		{"failed", withStatus(photo, download.Failed), "", ""},
		{"no path", present("a", "", 3), "", ""},
		{"a path that would be two lines", present("a", "a\nb.jpg", 3), "a b.jpg", "a\nb.jpg"},
		{"markup stays", present("a", "<a>&b.jpg", 3), "<a>&b.jpg", "<a>&b.jpg"},
		{"no UTF-8", present("a", "caf\xe9/b.jpg", 3), "caf\ufffd/b.jpg", "caf\xe9/b.jpg"},
		{"written with invisible characters", present("a", "می\u200cخ 🏴\U000e0067.jpg", 3), "می\u200cخ 🏴.jpg", "می\u200cخ 🏴\U000e0067.jpg"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, out := range []struct {
				nul, terminal bool
				path, end     string
			}{
				{false, true, tc.shown, "\n"}, {false, false, tc.exactly, "\n"}, {true, false, tc.exactly, "\x00"}, {true, true, tc.exactly, "\x00"},
			} {
				want := out.path + out.end
				if out.path == "" {
					want = ""
				}
				if got := string(pathLine(tc.r, out.nul, out.terminal)); got != want {
					t.Errorf("NUL %t, terminal %t: %q, want %q", out.nul, out.terminal, got, want)
				}
			}
		})
	}
}

func TestJSONLineEscapes(t *testing.T) {
	for _, tc := range []struct{ name, path, want string }{
		{"no HTML escapes", "<a>&b.jpg", `<a>&b.jpg`},
		{"other scripts as they are", "写真é.jpg", `写真é.jpg`},
		{"C0", "a\x1b\n\x00b", `a\u001b\n\u0000b`},
		{"DEL and C1", "a\x7f\u009bb", `a\u007f\u009bb`},
		{"bidi", "a\u202eb\u2066", `a\u202eb\u2066`},
		{"separators", "a\u2028\u2029", `a\u2028\u2029`},
		{"joiners", "a\u200d", `a\u200d`},
		{"above the basic plane", "a\U000e0041😀", `a\udb40\udc41😀`},
		{"a backslash before", `a\` + "\u202e", `a\\\u202e`},
		{"no UTF-8", "a\xff", `a\ufffd`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			line, err := JSONLine(present("a", tc.path, 3))
			if err != nil {
				t.Fatal(err)
			}
			want := `{"portal":"","mediaId":"a","selector":"original","status":"downloaded","path":"` + tc.want + `","bytes":3}` + "\n"
			if string(line) != want {
				t.Errorf("\n got %s\nwant %s", line, want)
			}
		})
	}
}

// The bytes of a path that JSON cannot hold stand beside it.
func TestWithPathBytes(t *testing.T) {
	for path, want := range map[string]string{
		"caf\xe9/b.jpg": `"path":"caf\ufffd/b.jpg","pathBase64":"Y2Fm6S9iLmpwZw=="`,
		"café/b.jpg":    `"path":"café/b.jpg"`,
		"\ufffd.jpg":    `"path":"` + "\ufffd" + `.jpg"`,
	} {
		line, err := JSONLine(withPathBytes(present("a", path, 3)))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(line), `"downloaded",`+want+`,"bytes"`) {
			t.Errorf("%q: %s", path, line)
		}
	}
}

// Whatever stands in a result, its line is one line without hidden characters that
// reads back as the same values.
func FuzzJSONLine(f *testing.F) {
	f.Add("a\x1b.jpg", "\u202ebad\u2029 \U000e0001 <&> \\ \"")
	f.Fuzz(func(t *testing.T, path, message string) {
		r := failed("a", download.CodeLocal, message, "")
		r.Path = path
		line, err := JSONLine(r)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(line), "\n"); n != 1 || !strings.HasSuffix(string(line), "\n") {
			t.Fatalf("%d line breaks in %q", n, line)
		}
		for _, c := range strings.TrimSuffix(string(line), "\n") {
			if isHidden(c) {
				t.Fatalf("%U in %q", c, line)
			}
		}
		d := json.NewDecoder(strings.NewReader(string(line)))
		var got download.Result
		if err := d.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Token(); err != io.EOF {
			t.Fatalf("more than one value in %q", line)
		}
		r.Path, r.Error.Message = valid(path), valid(message)
		if diff := cmp.Diff(r, got); diff != "" {
			t.Fatalf("read back (-want +got):\n%s", diff)
		}
	})
}

// valid is s as JSON can carry it: each byte that is no UTF-8 replaced.
func valid(s string) string { return string([]rune(s)) }
