package naming

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFromDisposition(t *testing.T) {
	for _, tt := range []struct{ why, header, want string }{
		{"no header", "", ""},
		{"no name", "attachment", ""},
		{"empty name", `attachment; filename=""`, ""},
		{"token", "attachment; filename=photo.jpg", "photo.jpg"},
		{"quoted", `attachment; filename="my photo.jpg"`, "my photo.jpg"},
		{"inline", `inline; filename="a.pdf"`, "a.pdf"},
		{"upper case", `ATTACHMENT; FILENAME="a.PDF"`, "a.PDF"},
		{"white space", "attachment ;  filename =\t\"a.pdf\"  ; size=3", "a.pdf"},
		{"other parameters", `attachment; size="1;2"; filename="a.pdf"; creation-date="x"`, "a.pdf"},
		{"a name inside another value", `attachment; x="; filename=no"; filename=yes`, "yes"},
		{"semicolon in quotes", `attachment; filename="a;b.pdf"`, "a;b.pdf"},
		{"escaped quotes", `attachment; filename="the \"best\".pdf"`, `the "best".pdf`},
		{"an escaped letter", `attachment; filename="f\oo.html"`, "foo.html"}, // http://test.greenbytes.de/tech/tc2231
		{"every letter escaped", `attachment; filename="\f\o\o\.\h\t\m\l"`, "foo.html"},
		{"an escaped semicolon", `attachment; filename="a\;b.jpg"`, "a;b.jpg"},
		{"an escaped blank", `attachment; filename="a\ b.jpg"`, "a b.jpg"},
		{"escaped quotes, and nothing behind", `attachment; filename="\"quoting\" tested.html"`, `"quoting" tested.html`},
		{"an encoded word", `attachment; filename="=?UTF-8?B?Zm9v?="`, "=?UTF-8?B?Zm9v?="},
		{"percent-encoded", `attachment; filename="foo-%c3%a4-%e2%82%ac.html"`, "foo-ä-€.html"}, // tc2231: attwithfnrawpctenca and others
		{"percent-encoded, without quotes", `attachment; filename=my%20photo%2B1.jpg`, "my photo+1.jpg"},
		{"percent-encoded once", `attachment; filename="100%2525.pdf"`, "100%25.pdf"},
		{"a plus is a plus", `attachment; filename="a+b%20c.pdf"`, "a+b c.pdf"},
		{"percent signs", `attachment; filename="100% of 50%25, 7%zz, 3%4.pdf%"`, "100% of 50%, 7%zz, 3%4.pdf%"},
		{"encoded Latin-1 is not decoded", `attachment; filename="Z%FCrich%20.jpg"`, "Z%FCrich%20.jpg"},
		{"nor an overlong slash", `attachment; filename="a%C0%AFb.jpg"`, "a%C0%AFb.jpg"},
		{"nor beside raw UTF-8", `attachment; filename="Zürich%20.jpg"`, "Zürich%20.jpg"},
		{"an encoded way up", `attachment; filename="%2e%2e%2f..%2Fetc%2Fpasswd"`, "passwd"},
		{"an encoded folder of Windows", `attachment; filename="C%3A%5Cphotos%5Cnew.jpg"`, "new.jpg"},
		{"an encoded parent", `attachment; filename="%2e%2E"`, ""},
		{"an encoded quote", `attachment; filename="a%22b%3B.jpg"`, `a"b;.jpg`},
		{"filename* wins over it", `attachment; filename="a%20b.txt"; filename*=UTF-8''c%20d.txt`, "c d.txt"},
		{"the first of two", `attachment; filename="a.pdf"; filename="b.pdf"`, "a.pdf"},

		{"extended", `attachment; filename*=UTF-8''%e2%82%ac%20rates.txt`, "€ rates.txt"},
		{"extended wins", `attachment; filename="EURO rates.txt"; filename*=utf-8''%e2%82%ac%20rates.txt`, "€ rates.txt"},
		{"wherever it stands", `attachment; filename*=UTF-8''b.txt; filename="a.txt"`, "b.txt"},
		{"with a language", `attachment; filename*=UTF-8'en'na%C3%AFve.txt`, "naïve.txt"},
		{"ISO-8859-1", `attachment; filename*=iso-8859-1'en'%A3%20rates.txt`, "£ rates.txt"},
		{"plus is a plus", `attachment; filename*=UTF-8''a+b.txt`, "a+b.txt"},
		{"an apostrophe of its own", `attachment; filename*=UTF-8''it's.txt`, "it's.txt"},
		{"in quotes", `attachment; filename*="UTF-8''a%20b.txt"`, "a b.txt"},
		{"not encoded", "attachment; filename*=UTF-8''é b.txt", "é b.txt"},
		{"unknown charset", `attachment; filename="a.txt"; filename*=koi8-r''%C1.txt`, "a.txt"},
		{"no charset", `attachment; filename="a.txt"; filename*=b.txt`, "a.txt"},
		{"broken escape", `attachment; filename="a.txt"; filename*=UTF-8''b%2.txt`, "a.txt"},
		{"not the charset it says", `attachment; filename="a.txt"; filename*=UTF-8''b%E9.txt`, "a.txt"},
		{"only a parent", `attachment; filename="a.txt"; filename*=UTF-8''..%2F..`, "a.txt"},

		{"spaces without quotes", "attachment; filename=my photo (1).jpg", "my photo (1).jpg"},
		{"the same, and more", "attachment; filename=my photo.jpg; size=3", "my photo.jpg"},
		{"raw UTF-8", "attachment; filename=\"Zürich.jpg\"", "Zürich.jpg"},
		{"raw Latin-1", "attachment; filename=\"Z\xfcrich.jpg\"", "Zürich.jpg"},
		{"no closing quote", `attachment; filename="a b.jpg`, "a b.jpg"},
		{"no closing quote, and more", `attachment; filename="a b.jpg; filename*=UTF-8''c.jpg`, "c.jpg"},
		{"no opening quote", `attachment; filename=a b.jpg"`, "a b.jpg"},
		{"quotes not escaped", `attachment; filename="the "best".pdf"`, `the "best".pdf`},
		{"no semicolon behind", `attachment; filename="a.jpg" size=3`, "a.jpg"},
		{"no semicolon before", `attachment filename="a.jpg"`, "a.jpg"},
		{"no type", `filename="a.jpg"`, "a.jpg"},
		{"a lone backslash at the end", `attachment; filename="a.jpg\`, "a.jpg"},

		{"a path", `attachment; filename="/etc/passwd"`, "passwd"},
		{"a way up", `attachment; filename="../../a.txt"`, "a.txt"},
		{"a Windows path", `attachment; filename="C:\photos\new.jpg"`, "new.jpg"},
		{"a drive alone", `attachment; filename="c:\new.jpg"`, "new.jpg"},
		{"a Windows path without a closing quote", `attachment; filename="C:\photos\new.jpg`, "new.jpg"},
		{"a server of Windows", `attachment; filename="\\server\share\x.jpg"`, "x.jpg"},
		{"a server of Windows, escaped", `attachment; filename="\\\\server\\share\\x.jpg"`, "x.jpg"},
		{"a Windows path upwards", `attachment; filename="..\..\x.jpg"`, "x.jpg"},
		{"a backslash outside a path", `attachment; filename="dir\logo.jpg"`, "dirlogo.jpg"},
		{"a folder of Windows, escaped", `attachment; filename="dir\\logo.jpg"`, "logo.jpg"},
		{"an absolute path of Windows, escaped", `attachment; filename="\\foo.html"`, "foo.html"},
		{"a Windows path, escaped", `attachment; filename="C:\\photos\\new.jpg"`, "new.jpg"},
		{"an encoded path", `attachment; filename*=UTF-8''a%2Fb%5Cc.txt`, "c.txt"},
		{"a folder", `attachment; filename="a/b/"`, "b"},
		{"a parent", `attachment; filename=".."`, ""},
		{"separators only", `attachment; filename="//"`, ""},
		{"beyond the cap", "attachment; filename=" + strings.Repeat("x", maxSource), ""},
	} {
		t.Run(tt.why, func(t *testing.T) {
			if got := FromDisposition(tt.header); got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.header, got, tt.want)
			}
		})
	}
}

func TestFromURL(t *testing.T) {
	for _, tt := range []struct{ url, want string }{
		{"https://s3.example/bucket/photo.jpg?X-Amz-Signature=abc#x", "photo.jpg"},
		{"https://s3.example/b/my%20photo+1.jpg", "my photo+1.jpg"},
		{"https://s3.example/b/Z%C3%BCrich.jpg", "Zürich.jpg"},
		{"https://s3.example/b/Z%FCrich.jpg", "Zürich.jpg"},
		{"https://s3.example/b/100%2525.jpg", "100%25.jpg"},
		{"https://s3.example/media%2F2024%2Fphoto.jpg", "photo.jpg"},
		{"https://s3.example/a/..%2F..%2Fb", "b"},
		{"https://s3.example/a/%2e%2e", ""},
		{"https://s3.example/a/..", ""},
		{"https://s3.example/a/", ""},
		{"https://s3.example", ""},
		{"mailto:photo.jpg", ""},
		{"https://s3.example/" + strings.Repeat("x", maxSource+1), ""},
	} {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := FromURL(u); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.url, got, tt.want)
		}
	}
	if got := FromURL(nil); got != "" {
		t.Errorf("no URL: got %q", got)
	}
}

// checkUnsafe checks the properties of a name that is not safe yet.
func checkUnsafe(t *testing.T, got string) {
	t.Helper()
	if !utf8.ValidString(got) || strings.ContainsAny(got, `/\`) || got == "." || got == ".." || len(got) > 2*maxSource {
		t.Errorf("got %q", got)
	}
}

func FuzzFromDisposition(f *testing.F) {
	f.Add(`attachment; filename="a \"b\".jpg"; filename*=UTF-8'en'%e2%82%ac.jpg`)
	f.Add("attachment; filename=\"\xfc\\")
	f.Add(`filename*="iso-8859-1''%2e%2e"`)
	f.Add(`filename="a%2fb%E4%00"`)
	f.Fuzz(func(t *testing.T, header string) {
		checkUnsafe(t, FromDisposition(header))
		// What a careful sender writes is what is read.
		name := lastSegment(toUTF8(header))
		escapes := []string{`\`, `\\`, `"`, `\"`}
		if !strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }) {
			escapes = append(escapes, "%", "%25")
		}
		quoted := `attachment; filename="` + strings.NewReplacer(escapes...).Replace(name) + `"`
		if got := FromDisposition(quoted); len(quoted) <= maxSource && got != name {
			t.Errorf("%s: got %q, want %q", quoted, got, name)
		}
	})
}

func FuzzFromURL(f *testing.F) {
	f.Add("https://s3.example/a/b%2Fc.jpg")
	f.Add("x:/%2e%2e")
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := url.Parse(raw)
		if err != nil {
			return
		}
		checkUnsafe(t, FromURL(u))
	})
}

func ExampleFromDisposition() {
	fmt.Println(FromDisposition(`attachment; filename="EURO rates.pdf"; filename*=UTF-8''%e2%82%ac%20rates.pdf`))
	// Output: € rates.pdf
}
