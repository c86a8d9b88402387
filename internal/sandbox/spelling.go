package sandbox

import (
	"net/url"
	"strings"
)

// spellings are the ways in which portals write URLs that browsers understand and RFC 3986
// does not allow. name, where not "", is the file's; write makes the URL of the right one.
var spellings = map[string]struct {
	name  string
	write func(location string) string
}{
	"percent": {"100% natural 50%2.jpg", unescapePath},
	"blank":   {"two  blanks .jpg", unescapePath},
	"symbols": {"a|b^c`d{e}f\"g<h>i.jpg", unescapePath},
	"unicode": {"Zürich – 日本.jpg", unescapePath},
	"query":   {"", unescapeQuery},
	"ends":    {"", func(l string) string { return "\x00 \t" + l + "\r\n \x1f" }},
	"breaks": {"", func(l string) string {
		middle := len(l) / 2
		return l[:7] + "\n" + l[7:middle] + "\t\r\n" + l[middle:]
	}},
	"backslash": {"", func(l string) string {
		path, query, _ := strings.Cut(l, "?")
		return strings.ReplaceAll(path, "/", `\`) + "?" + query
	}},
	"upper": {"", func(l string) string {
		return strings.Replace(strings.Replace(l, "http:", "HTTP:", 1), "localhost", "LocalHost", 1)
	}},
	"slash":    {"", func(l string) string { return strings.Replace(l, "://", ":/", 1) }},
	"scheme":   {"", func(l string) string { return strings.TrimPrefix(strings.TrimPrefix(l, "http:"), "https:") }},
	"fragment": {"", func(l string) string { return l + "#page=1" }},
}

// spelledName returns o under the name that the fault spelling needs, if that is on for the asset.
func (s *Sandbox) spelledName(o Object) Object {
	if f, ok := s.faults.selected("spelling", o.mediaID); ok && spellings[f.Text].name != "" {
		return o.renamed(spellings[f.Text].name)
	}
	return o
}

// spell writes the URL of a file of an asset as the fault spelling wants it. In headers, where
// control characters cannot stand, they are blanks.
func (s *Sandbox) spell(location, mediaID string, header bool) string {
	f, ok := s.faults.selected("spelling", mediaID)
	if !ok {
		return location
	}
	location = spellings[f.Text].write(location)
	if header {
		location = strings.NewReplacer("\x00", " ", "\x1f", " ", "\r", "", "\n", "\t").Replace(location)
	}
	return location
}

// unescapePath decodes the last element of the path.
func unescapePath(location string) string {
	path, query, more := strings.Cut(location, "?")
	i := strings.LastIndexByte(path, '/') + 1
	name, err := url.PathUnescape(path[i:])
	if err != nil {
		return location
	}
	if more {
		query = "?" + query
	}
	return path[:i] + name + query
}

// unescapeQuery decodes what a query can hold without its meaning something else.
func unescapeQuery(location string) string {
	path, query, more := strings.Cut(location, "?")
	if !more {
		return location
	}
	return path + "?" + strings.NewReplacer("+", " ", "%20", " ", "%22", `"`, "%3D", "=", "%2F", "/", "%7C", "|").Replace(query)
}
