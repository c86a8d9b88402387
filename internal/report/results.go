package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/bynder-cli/bynder/internal/download"
)

// pathLine returns the line for a file in place, and nil for any other.
//
// For a terminal the path is cleaned. Ended by NUL, or for a program, it is exact, whatever its bytes, so that the
// file can be opened: names of the portal were made safe before they became paths, and DIR is the user's own.
func pathLine(r download.Result, nul, terminal bool) []byte {
	switch {
	case r.Status == download.Failed || r.Path == "":
		return nil
	case nul:
		return append([]byte(r.Path), 0)
	case terminal:
		return append([]byte(Clean(r.Path)), '\n')
	default:
		return append([]byte(r.Path), '\n')
	}
}

// planLine returns the line for a file in a dry run: its plan, its size in bytes (empty if that is not known) and its
// path, with tabs between them. It returns nil for a file that failed otherwise. nul is as for pathLine; with it the
// line is the path alone, and only for files that a run would have in place.
func planLine(r download.Result, nul, terminal bool) []byte {
	if nul || r.Plan == "" {
		return pathLine(r, nul, terminal)
	}
	size := ""
	if r.Bytes != nil {
		size = strconv.FormatInt(*r.Bytes, 10)
	}
	r.Status = download.Downloaded
	r.Path = cmp.Or(r.Path, "-") // standard output
	return append([]byte(string(r.Plan)+"\t"+size+"\t"), pathLine(r, false, terminal)...)
}

// withPathBytes returns r with the bytes of a path that JSON cannot hold.
func withPathBytes(r download.Result) download.Result {
	if !utf8.ValidString(r.Path) {
		r.PathBase64 = []byte(r.Path)
	}
	return r
}

// JSONLine returns v, a result or an entry of a listing, as one line of JSON. No value is changed,
// but bytes that are not UTF-8 become U+FFFD; control characters and invisible ones are written as
// \u escapes.
func JSONLine[T any](v T) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("encoding a line of JSON: %w", err)
	}
	return escapeHidden(b.Bytes()), nil
}

// escapeHidden escapes hidden characters in a line of JSON, where such characters
// can only be inside strings. A json.Marshaler may have left bytes that are not UTF-8 in them.
func escapeHidden(line []byte) []byte {
	body, end := line[:len(line)-1], line[len(line)-1]
	return append(appendVisible(make([]byte, 0, len(line)), body, isHidden), end)
}

// appendVisible appends text to out: hidden characters as \u escapes, bytes that are not UTF-8 as U+FFFD.
func appendVisible(out, text []byte, hidden func(rune) bool) []byte {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case !hidden(r):
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		text = text[size:]
	}
	return out
}
