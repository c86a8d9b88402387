package naming

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxSource is the maximum length of a header or path with a name, in bytes. Servers
// send less than half of it in all headers together.
const maxSource = 16 << 10

// FromDisposition returns the file name of a Content-Disposition header, or "" if it
// has none. The name is valid UTF-8 and the last path segment only (RFC 6266, section
// 4.3), but not safe: pass it to [Safe] or a [Template].
//
// filename* (RFC 8187, in UTF-8 or ISO-8859-1) takes precedence over filename, unless it
// cannot be decoded. Common errors of servers are accepted: names with spaces but without
// quotes, a quote that is missing or not escaped, raw UTF-8 or Latin-1, the backslashes of a
// Windows path, no disposition type, percent-encoding in filename. Encoded words (RFC 2047)
// are not decoded.
func FromDisposition(header string) string {
	if len(header) > maxSource {
		return ""
	}
	var simple, extended string
	for rest := header; rest != ""; {
		var name, value string
		name, value, rest = cutParam(rest)
		switch {
		case name == "filename" && simple == "":
			simple = lastSegment(decodeSimple(value))
		case name == "filename*" && extended == "":
			extended = lastSegment(decodeExtended(value))
		}
	}
	if extended != "" {
		return extended
	}
	return simple
}

// FromURL returns the last segment of u's path, percent-decoded, or "" if the path
// ends in a slash. Storage keys often have encoded slashes: the name is what follows the
// last slash of either kind. It is not safe, like that of [FromDisposition].
func FromURL(u *url.URL) string {
	if u == nil {
		return ""
	}
	path := u.EscapedPath()
	segment := path[strings.LastIndexByte(path, '/')+1:]
	if len(segment) > maxSource {
		return ""
	}
	if decoded, err := url.PathUnescape(segment); err == nil {
		segment = decoded
	}
	return lastSegment(toUTF8(segment))
}

// cutParam splits a header after its first parameter. The name is in lower case; the
// value is unquoted, and "" without a =, as for the disposition type.
func cutParam(s string) (name, value, rest string) {
	i := strings.IndexAny(s, ";=")
	if i < 0 {
		return s, "", ""
	}
	if s[i] == ';' {
		return s[:i], "", s[i+1:]
	}
	name = strings.ToLower(strings.TrimSpace(s[:i]))
	// "attachment filename=x", with a forgotten semicolon.
	name = name[strings.LastIndexAny(name, " \t,")+1:]
	s = strings.TrimLeft(s[i+1:], " \t")
	if quoted, ok := strings.CutPrefix(s, `"`); ok {
		value, rest = cutQuoted(quoted)
		return name, value, rest
	}
	value, rest, _ = strings.Cut(s, ";")
	return name, strings.TrimSuffix(strings.TrimSpace(value), `"`), rest
}

// cutQuoted splits s, which follows an opening quote, after the closing quote and its
// semicolon. Any other quote is part of the name.
func cutQuoted(s string) (value, rest string) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			if i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
				i++
			}
		case '"':
			tail := strings.TrimLeft(s[i+1:], " \t")
			if tail == "" || tail[0] == ';' {
				return unescape(s[:i]), strings.TrimPrefix(tail, ";")
			}
		}
	}
	// No closing quote: the name ends at the end of the parameter.
	value, rest, _ = strings.Cut(s, ";")
	value, _, _ = strings.Cut(value, `"`)
	return unescape(strings.TrimSpace(value)), rest
}

// unescape removes the backslashes that escape a character of a quoted string (RFC 9110, section 5.6.4).
// In a Windows path, which some servers send, only those before a quote or a backslash are escapes.
func unescape(s string) string {
	all := !isWindowsPath(s)
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (all || s[i+1] == '"' || s[i+1] == '\\') {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// isWindowsPath reports whether s begins with a drive (C:\), a server (\\server), .\ or ..\. In other text a
// backslash is an escape, as in browsers: "f\oo.html" is foo.html, and "dir\logo.jpg" is dirlogo.jpg.
func isWindowsPath(s string) bool {
	drive := len(s) > 2 && s[1:3] == `:\` && 'a' <= s[0]|0x20 && s[0]|0x20 <= 'z'
	return drive || strings.HasPrefix(s, `\\`) || strings.HasPrefix(s, `.\`) || strings.HasPrefix(s, `..\`)
}

// decodeExtended decodes charset'language'percent-encoded (RFC 8187, section 3.2.1),
// and returns "" for any other text.
func decodeExtended(value string) string {
	charset, rest, _ := strings.Cut(value, "'")
	_, encoded, ok := strings.Cut(rest, "'")
	if !ok {
		return ""
	}
	decoded, err := url.PathUnescape(encoded)
	if err != nil {
		return ""
	}
	switch strings.ToLower(charset) {
	case "utf-8", "utf8":
		if utf8.ValidString(decoded) {
			return decoded
		}
	case "iso-8859-1":
		return fromLatin1(decoded)
	}
	return ""
}

// decodeSimple decodes the percent-encoding that some servers use in filename although no RFC specifies it. As in
// browsers (Chromium, net/http/http_content_disposition.cc), the value is decoded if all of it is ASCII and the
// result is UTF-8; a percent sign without two hexadecimal digits is literal.
func decodeSimple(value string) string {
	if strings.ContainsFunc(value, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return toUTF8(value)
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if len(value)-i > 2 {
			if c, err := url.PathUnescape(value[i : i+3]); err == nil && len(c) == 1 {
				b.WriteString(c)
				i += 2
				continue
			}
		}
		b.WriteByte(value[i])
	}
	if decoded := b.String(); utf8.ValidString(decoded) {
		return decoded
	}
	return value
}

// toUTF8 returns s, decoded as Latin-1, the charset of old headers, if it is not UTF-8.
func toUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return fromLatin1(s)
}

// fromLatin1 decodes ISO-8859-1, whose bytes are the first 256 code points.
func fromLatin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// lastSegment returns the text after the last separator, of either kind, or "" if that
// is not the name of a file.
func lastSegment(name string) string {
	name = strings.TrimRight(strings.TrimSpace(name), `/\`)
	name = strings.TrimSpace(name[strings.LastIndexAny(name, `/\`)+1:])
	if name == "." || name == ".." {
		return ""
	}
	return name
}
