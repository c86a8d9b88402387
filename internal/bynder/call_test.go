package bynder_test

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/bynder"
)

func TestParseCall(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"media/", "/api/v4/media/"},
		{"media", "/api/v4/media/"},
		{"media/D4AC0B41/download", "/api/v4/media/D4AC0B41/download/"},
		{"/api/v4/media", "/api/v4/media/"},
		{"api/v4/media/", "/api/v4/media/"},
		{"/api/trash/media", "/api/trash/media"},
		{"/v7/x/", "/v7/x/"},
		{"/", "/"},
		{"media/?limit=1&type=a%2Cb&keyword=red+car", "/api/v4/media/ limit=1 type=a,b keyword=red car"},
		{"media?limit=1&", "/api/v4/media/ limit=1"},
		{"media/a b/ü%20%2B", "/api/v4/media/a%20b/%C3%BC%20+/"},
		{"https://Brand.example/api/v4/media?x=1", "https://Brand.example/api/v4/media/ x=1"},
		{"HTTP://127.0.0.1:8080/api/v4/tags/", "http://127.0.0.1:8080/api/v4/tags/"},
		{"media/...", "/api/v4/media/.../"},

		{"../users", "error"},
		{"media/../../x", "error"},
		{"media/./x", "error"},
		{"media/%2e%2E/x", "error"},
		{"/api/v4/..", "error"},
		{"https://brand.example/api/v4/../x", "error"},
		{"media/a%2f..%2fb", "error"},
		{"media/a%5cb", "error"},
		{`media\..\x`, "error"},
		{"media//x", "error"},
		{"//evil.example/media/", "error"},
		{"media/{id}/", "error"},
		{"media/%zz", "error"},
		{"media/%", "error"},
		{"media/%ff", "error"},
		{"media/\x00", "error"},
		{"media/a\nb", "error"},
		{"media/a%0d%0ab", "error"},
		{"media/\u200bx", "error"},
		{"brands/ ", "error"},
		{" brands/", "error"},
		{"brands ", "error"},
		{" /api/v4/brands/", "error"},
		{" https://brand.example/api/v4/brands/", "error"},
		{"https://brand.example/api/v4/brands/ ", "error"},
		{"brands/%20", "error"},
		{"media/%20a/", "error"},
		{"brands/ ?limit=1", "error"},
		{"brands/?limit=1 ", "error"},
		{"\u00a0brands/", "error"},
		{"media/#x", "error"},
		{"ftp://brand.example/media/", "error"},
		{"file:///etc/passwd", "error"},
		{"https:///media/", "error"},
		{"https://user:pass@brand.example/media/", "error"},
		{"https://brand.example:x/media/", "error"},
		{"media/?a=%zz", "error"},
	} {
		c, err := bynder.ParseCall(tt.text)
		got := ""
		if c.Origin != nil {
			got = c.Origin.String()
		}
		got = strings.TrimSuffix(got+c.Path+" "+strings.Join(c.Query, " "), " ")
		if err != nil {
			got = "error"
		}
		if got != tt.want {
			t.Errorf("%q is %q and error %v, want %q", tt.text, got, err, tt.want)
		}
	}
}

// Whatever is accepted stays below the portal's root when the path is resolved as a server or a proxy does.
func FuzzParseCall(f *testing.F) {
	for _, text := range []string{"media/", "/api/v4/../x", "https://h/%2e%2e/x?a=b", `a\..\b`, "media/%2e./"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := bynder.ParseCall(text)
		if err != nil {
			return
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://brand.example"+c.Path, nil)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if r.URL.Host != "brand.example" || r.URL.RawQuery != "" || r.URL.Fragment != "" {
			t.Errorf("%q leads to %s", text, r.URL)
		}
		for element := range strings.SplitSeq(strings.ReplaceAll(r.URL.Path, `\`, "/"), "/") {
			if element == ".." || element == "." {
				t.Errorf("%q leads to %s", text, r.URL.Path)
			}
		}
	})
}

func TestParameters(t *testing.T) {
	for _, tt := range []struct {
		pairs []string
		want  string
	}{
		{[]string{"type=image,video", "keyword=a b&c=d"}, "keyword=a+b%26c%3Dd&type=image%2Cvideo"},
		{[]string{"keyword="}, "keyword="},
		{nil, ""},
		{[]string{"type=image", "type=video"}, "error"},
		{[]string{"type"}, "error"},
		{[]string{"=image"}, "error"},
		{[]string{"OAuth_Token=x"}, "error"},
	} {
		query, err := bynder.Parameters(tt.pairs)
		got := query.Encode()
		if err != nil {
			got = "error"
		}
		if got != tt.want {
			t.Errorf("%q is %q and error %v, want %q", tt.pairs, got, err, tt.want)
		}
	}
}

// An answer of any status has its body; what refuses the call is told beside it.
func TestGet(t *testing.T) {
	long := `{"message":"` + strings.Repeat("x", 100<<10) + `","statuscode":"404"}`
	for _, tt := range []struct {
		status        int
		body, refused string
	}{
		{200, `[1,2]`, ""},
		{200, "", ""},
		{204, "", ""},
		{200, "<html>", ""},
		{200, `{"message":"all is well"}`, ""},
		{200, long, ""},
		{200, `{"message":"Media not found","statuscode":"404"}`, "not found: Media not found"},
		{401, `{"message":"no"}`, "the portal does not accept the credentials: no"},
		{404, "<html>", "not found (HTTP 404)"},
		{300, "", "the portal answered 300 Multiple Choices"},
		{500, long, "the portal answered 500 Internal Server Error"},
	} {
		c := portal(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			_, _ = io.WriteString(w, tt.body)
		})
		answer, err := c.Get(t.Context(), "/v7/x", nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.Body.Close() != nil || string(body) != tt.body {
			t.Errorf("%d: %d bytes and error %v, want %d", tt.status, len(body), err, len(tt.body))
		}
		refused := ""
		if answer.Refused != nil {
			refused = answer.Refused.Error()
		}
		if refused != tt.refused {
			t.Errorf("%d %.60s: refused: %q, want %q", tt.status, tt.body, refused, tt.refused)
		}
	}
}

// Elements of one page may be alike, or have the same id. One that a later page repeats comes once.
func TestPages(t *testing.T) {
	for _, tt := range []struct {
		pages []string
		want  string
	}{
		{[]string{`[{"v":1},{"v":1},{"v":1}]`, `[]`}, `{"v":1} {"v":1} {"v":1}`},
		{[]string{`[{"id":"1","x":1},{"id":"1","x":2}]`, `[]`}, `{"id":"1","x":1} {"id":"1","x":2}`},
		{[]string{`[1,1]`, `[1,2]`, `[]`}, `1 1 2`},
		{[]string{`["a","b"]`, `["b","c"]`, `[]`}, `"a" "b" "c"`},
	} {
		c := portal(t, func(w http.ResponseWriter, r *http.Request) {
			page, _ := strconv.Atoi(r.FormValue("page"))
			_, _ = io.WriteString(w, tt.pages[min(max(page, 1), len(tt.pages))-1])
		})
		var got []string
		for raw, err := range c.Pages("/api/v4/x/", url.Values{}, 2).Each(t.Context()) {
			if err != nil {
				t.Error(err)
			}
			got = append(got, string(raw))
		}
		if text := strings.Join(got, " "); text != tt.want {
			t.Errorf("%v: %s, want %s", tt.pages, text, tt.want)
		}
	}
}
