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
		line    string
		exactly string // with print0
	}{
		{"downloaded", photo, "out/photo.jpg\n", "out/photo.jpg\x00"},
		{"unchanged", withStatus(photo, download.Unchanged), "out/photo.jpg\n", "out/photo.jpg\x00"},
		{"skipped", withStatus(photo, download.Skipped), "out/photo.jpg\n", "out/photo.jpg\x00"},
		{"failed", withStatus(photo, download.Failed), "", ""},
		{"no path", present("a", "", 3), "", ""},
		{"a path that would be two lines", present("a", "a\nb.jpg", 3), "a b.jpg\n", "a\nb.jpg\x00"},
		{"markup stays", present("a", "<a>&b.jpg", 3), "<a>&b.jpg\n", "<a>&b.jpg\x00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := string(pathLine(tc.r, false)); got != tc.line {
				t.Errorf("line %q, want %q", got, tc.line)
			}
			if got := string(pathLine(tc.r, true)); got != tc.exactly {
				t.Errorf("with NUL %q, want %q", got, tc.exactly)
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
