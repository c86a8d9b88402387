package location

import (
	"net/url"
	"strings"
	"testing"
)

// presigned is a query whose bytes a signature covers, in spellings that net/url would not choose.
const presigned = "X-Amz-Credential=K%2f20260101%2Feu&X-Amz-Date=20260101T000000Z&x-id=GetObject&response-content-disposition=" +
	"attachment%3b+filename%3D%22a%20b.jpg%22&e=&&f;g=[1]&h=it's*(!)&X-Amz-Signature=0aF"

func TestParse(t *testing.T) {
	for _, tt := range []struct{ why, text, want string }{
		{"as it should be", "https://h.example/b/k.jpg?" + presigned, "https://h.example/b/k.jpg?" + presigned},
		{"encoded in an unusual way", "https://h/%41%7e%2F%2f%c3%A4+'(a)*,;=:@&$![]", "https://h/%41%7e%2F%2f%c3%A4+'(a)*,;=:@&$![]"},
		{"a bare % in the path", "https://h/100% natural%.jpg?s=1", "https://h/100%25%20natural%25.jpg?s=1"},
		{"a % before one hex digit", "https://h/a%2?b=%2", "https://h/a%252?b=%252"},
		{"a % before other letters", "https://h/a%zz%2g", "https://h/a%25zz%252g"},
		{"blanks", "https://h/a b c.jpg?d=e f", "https://h/a%20b%20c.jpg?d=e%20f"},
		{"a plus stays", "https://h/a+b?c=d+e", "https://h/a+b?c=d+e"},
		{"blanks and control characters around", "\x00 \t\r\n\x1fhttps://h/k?s=1\x1f \n", "https://h/k?s=1"},
		{"line breaks and tabs inside", "ht\ttps:/\n/h\r\n/a\tb?c\n=d", "https://h/ab?c=d"},
		{"control characters inside", "https://h/a\x00b\x1f\x7f?c=\x01d", "https://h/a%00b%1F%7F?c=%01d"},
		{"backslashes", `HTTPS:\\h\a\b.jpg?c=\d`, "https://h/a/b.jpg?c=%5Cd"},
		{"not ASCII", "https://h/Zürich/日本.jpg?q=é", "https://h/Z%C3%BCrich/%E6%97%A5%E6%9C%AC.jpg?q=%C3%A9"},
		{"not UTF-8", "https://h/\xfc?\xfc", "https://h/%FC?%FC"},
		{"what no URL holds", "https://h/a|b\"c<d>e^f`g{h}i?a|b\"c<d>e^f`g{h}i", "https://h/a%7Cb%22c%3Cd%3Ee%5Ef%60g%7Bh%7Di?a%7Cb%22c%3Cd%3Ee%5Ef%60g%7Bh%7Di"},
		{"mixed with what is encoded", "https://h/a%2Fb|c%20d e", "https://h/a%2Fb%7Cc%20d%20e"},
		{"upper case", "HTTP://H.EXAMPLE/Key?Sig=A", "http://h.example/Key?Sig=A"},
		{"one slash", "https:/h/k", "https://h/k"},
		{"no slash", "https:h/k", "https://h/k"},
		{"many slashes", `https:///\/h/k`, "https://h/k"},
		{"no scheme", "//h/k?s=1", "https://h/k?s=1"},
		{"no scheme, and backslashes", `\\h\k`, "https://h/k"},
		{"no path", "https://h", "https://h/"},
		{"no path but a query", "https://h?s=1", "https://h/?s=1"},
		{"a fragment", "https://h/k?s=1#x y", "https://h/k?s=1"},
		{"a fragment with a question mark", "https://h/k#x?y", "https://h/k"},
		{"two question marks", "https://h/k?a?b", "https://h/k?a?b"},
		{"an empty query", "https://h/k?", "https://h/k?"},
		{"dots, which a signature covers", "https://h/a/./b/../c/%2e%2E", "https://h/a/./b/../c/%2e%2E"},
		{"empty elements", "https://h//a//b", "https://h//a//b"},
		{"a port", "https://h:8443/k", "https://h:8443/k"},
		{"the scheme's own port", "https://h:443/k", "https://h/k"},
		{"another scheme's port", "http://h:443/k", "http://h:443/k"},
		{"an empty port", "https://h:/k", "https://h/k"},
		{"zeros before the port", "https://h:00080/k", "https://h:80/k"},
		{"a name that is not ASCII", "https://bücher.example/k", "https://xn--bcher-kva.example/k"},
		{"the same in upper case and encoded", "https://B%C3%9Ccher.example/k", "https://xn--bcher-kva.example/k"},
		{"dots of another alphabet", "https://a。b/k", "https://a.b/k"},
		{"an underscore", "https://my_bucket.s3.example/k", "https://my_bucket.s3.example/k"},
		{"a dot at the end", "https://h.example./k", "https://h.example./k"},
		{"IPv4", "http://127.0.0.1:1/k", "http://127.0.0.1:1/k"},
		{"IPv6", "http://[::1]:1/k", "http://[::1]:1/k"},
		{"IPv6 written at length", "http://[0:0:0:0:0:0:0:1]/k", "http://[::1]/k"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			u, err := Parse(tt.text, "https")
			if err != nil {
				t.Fatalf("%q: %v", tt.text, err)
			}
			if u.String() != tt.want {
				t.Errorf("%q gives %q, want %q", tt.text, u, tt.want)
			}
			// What net/http writes into the request line.
			if want := tt.want[len(u.Scheme+"://"+u.Host):]; u.RequestURI() != want {
				t.Errorf("%q asks for %q, want %q", tt.text, u.RequestURI(), want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", "is empty"},
		{" \n", "is empty"},
		{"/k?sig=secret", "not an absolute URL"},
		{"k?sig=secret", "not an absolute URL"},
		{"?sig=secret", "not an absolute URL"},
		{"file:///etc/passwd?sig=secret", `begins with "file:"`},
		{"ftp://h/k?sig=secret", `begins with "ftp:"`},
		{"javascript:alert('secret')", `begins with "javascript:"`},
		{"https://?sig=secret", "no host"},
		{"https://", "no host"},
		{"https://:443/?sig=secret", "no host"},
		{"https://u:p@h/k?sig=secret", "user name"},
		{"https://@h/k?sig=secret", "user name"},
		{"https://u@v@h/k?sig=secret", "user name"},
		{"https://h:65536/?sig=secret", "invalid port"},
		{"https://h:-1/?sig=secret", "invalid port"},
		{"https://h:80a/?sig=secret", "invalid port"},
		{"https://a b/?sig=secret", "invalid host name"},
		{"https://a%20b/?sig=secret", "invalid host name"},
		{"https://a%2fb/?sig=secret", "invalid host name"},
		{"https://a%zz/?sig=secret", "invalid host name"},
		{"https://a<b/?sig=secret", "invalid host name"},
		{"https://a\x00b/?sig=secret", "invalid host name"},
		{"https://xn--zz/?sig=secret", "invalid host name"},
		{"https://[::1/?sig=secret", "IPv6"},
		{"https://[::1%25eth0]/?sig=secret", "IPv6"},
		{"https://[127.0.0.1]/?sig=secret", "IPv6"},
		{"https://[]/?sig=secret", "IPv6"},
		{"https://h/?sig=secret" + strings.Repeat("x", maxText), "longer than"},
	} {
		u, err := Parse(tt.text, "https")
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.60q gives %v, %v; want an error that says %q", tt.text, u, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%.60q: the error repeats the URL: %v", tt.text, err)
		}
	}
}

func TestResolve(t *testing.T) {
	base, err := url.Parse("https://h:1/a/b%2Fc/d?s=1")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ why, text, want string }{
		{"absolute", "http://g/k x?s=%2f", "http://g/k%20x?s=%2f"},
		{"the same scheme", "https://g/k?s=%2f", "https://g/k?s=%2f"},
		{"another scheme, and one slash", "http:/g/k", "http://g/k"},
		{"without a scheme", "//g/k", "https://g/k"},
		{"without a scheme, and backslashes", `/\g\k`, "https://g/k"},
		{"a path", "/k 100%.jpg?s=1", "https://h:1/k%20100%25.jpg?s=1"},
		{"a path with backslashes", `\a\..\k`, "https://h:1/k"},
		{"a relative path", "k?s=1", "https://h:1/a/b%2Fc/k?s=1"},
		{"the path above", "../k", "https://h:1/a/k"},
		{"dots", "/a/./b/../c/%2e%2E/d/..?..", "https://h:1/a/?.."},
		{"dots above the root", "../../../../k", "https://h:1/k"},
		{"dots that are names", "/.../a..b/.c", "https://h:1/.../a..b/.c"},
		{"a relative path behind the scheme", "https:k", "https://h:1/a/b%2Fc/k"},
		{"a path behind the scheme", "https:/k", "https://h:1/k"},
		{"a host behind the scheme", `https:\\g\k`, "https://g/k"},
		{"a query", "?s=2 3", "https://h:1/a/b%2Fc/d?s=2%203"},
		{"a fragment", "#f", "https://h:1/a/b%2Fc/d?s=1"},
		{"not ASCII", "/é", "https://h:1/%C3%A9"},
		{"a colon in a path", "./a:b", "https://h:1/a/b%2Fc/a:b"},
		{"a user name", "https://u:p@g/k", "https://u%3Ap@g/k"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			u, err := Resolve(base, tt.text)
			if err != nil || u.String() != tt.want {
				t.Errorf("%q gives %v, %v; want %s", tt.text, u, err, tt.want)
			}
		})
	}
	for _, text := range []string{"ftp://g/k?sig=secret", "https://?sig=secret", "http://[?sig=secret", "//a b/?sig=secret"} {
		u, err := Resolve(base, text)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q gives %v, %v; want an error that does not repeat it", text, u, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"https://h/k?X-Amz-Signature=1", "http://[::1]:1/", "file:///x", "https://u@h/", "//h/k", "", "https://h/100% ä|\\?%", "HTTPS:\\\\bücher\t/..",
		"https://h/%2e%2E/.%2e?#", "https://xn--a/",
	} {
		f.Add(seed)
	}
	base, err := url.Parse("http://base:1/a/b?c")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for name, parse := range map[string]func(string) (*url.URL, error){
			"Parse":   func(s string) (*url.URL, error) { return Parse(s, "https") },
			"Resolve": func(s string) (*url.URL, error) { return Resolve(base, s) },
		} {
			u, err := parse(text)
			if err != nil {
				continue
			}
			s := u.String()
			if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("%s: %q gives %q, which is not printable ASCII", name, text, s)
			}
			again, err := url.Parse(s)
			if err != nil || again.String() != s || again.RequestURI() != u.RequestURI() || again.Host != u.Host {
				t.Errorf("%s: net/url reads %q as %v, %v", name, s, again, err)
			}
			if name == "Parse" && Check(u, true) != nil {
				t.Errorf("%q gives %#v", text, u)
			}
			if twice, err := parse(s); u.User == nil && (err != nil || twice.String() != s) {
				t.Errorf("%s: %q gives %q, and that gives %v, %v", name, text, s, twice, err)
			}
		}
	})
}
