package bynder

import (
	"bytes"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// withoutTemporary returns a value with null in place of each temporary URL, at any depth.
func withoutTemporary(raw json.RawMessage) json.RawMessage {
	if !bytes.ContainsAny(raw, "?#@") && !bytes.Contains(raw, []byte(`\u00`)) {
		return raw
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&value) != nil {
		return raw // it was checked before
	}
	changed := false
	if value = withhold(value, &changed); !changed {
		return raw
	}
	return encode(value)
}

func withhold(value any, changed *bool) any {
	switch v := value.(type) {
	case string:
		if isTemporary(v) {
			*changed = true
			return nil
		}
	case []any:
		for i := range v {
			v[i] = withhold(v[i], changed)
		}
	case map[string]any:
		for key := range v {
			v[key] = withhold(v[key], changed)
		}
	}
	return value
}

// harmless are the values of the keys that queries of the portal's public URLs have: sizes, formats, versions, and
// the operations of Dynamic Asset Transformation. A permission to read has another key, or another form of value.
var harmless = sync.OnceValue(func() map[string]*regexp.Regexp {
	number := regexp.MustCompile(`^([0-9]{1,6}(\.[0-9]{1,6})?)?$`)
	word := regexp.MustCompile(`^[A-Za-z0-9]{0,10}$`)
	version := regexp.MustCompile(`^[A-Za-z0-9._-]{0,16}$`)
	point := regexp.MustCompile(`^([0-9]{1,6}(\.[0-9]{1,6})?[,:x]?){0,4}$`)
	operations := regexp.MustCompile(`^([A-Za-z0-9_.-]{0,20}[:, ]){0,30}[A-Za-z0-9_.-]{0,20}$`)
	return map[string]*regexp.Regexp{
		"io": operations, "transform": operations, "format": word, "fm": word, "fit": word, "crop": point, "focuspoint": point,
		"quality": number, "q": number, "width": number, "height": number, "w": number, "h": number, "dpr": number,
		"v": version, "ver": version, "version": version,
	}
})

// isTemporary reports whether a text is a URL with a permission to read: with a user name, or with a query, or
// parameters in its fragment, that are not harmless. A path alone is a URL only with parameters, and without spaces.
func isTemporary(text string) bool {
	text = strings.TrimLeftFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf) })
	scheme, rest, ok := strings.Cut(strings.ReplaceAll(text, `\`, "/"), "/")
	if scheme = strings.ToLower(scheme); !ok || scheme != "" && scheme != "http:" && scheme != "https:" {
		return false
	}
	if scheme == "" && !strings.HasPrefix(rest, "/") {
		if !strings.Contains(rest, "=") || strings.ContainsFunc(rest, unicode.IsSpace) {
			return false
		}
		rest = "host/" + rest
	}
	rest = strings.TrimLeft(rest, "/")
	path := rest
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		path = rest[:i]
	}
	if authority, _, _ := strings.Cut(path, "/"); strings.Contains(authority, "@") {
		return true
	}
	rest, fragment, _ := strings.Cut(rest[len(path):], "#")
	if strings.ContainsAny(fragment, "=?") {
		return true
	}
	for pair := range strings.FieldsFuncSeq(strings.TrimPrefix(rest, "?"), func(r rune) bool { return r == '&' || r == ';' }) {
		if !isHarmless(strings.Cut(pair, "=")) {
			return true
		}
	}
	return false
}

// isHarmless reports whether a key of a query and its value cannot be a permission to read.
func isHarmless(key, value string, _ bool) bool {
	key, err := url.QueryUnescape(key)
	if err != nil {
		return false
	}
	shape, known := harmless()[strings.ToLower(key)]
	if !known {
		return false
	}
	value, err = url.QueryUnescape(value)
	return err == nil && shape.MatchString(value)
}
