package bynder

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Portals sometimes answer 200 with a body that says that the call failed, such as
// {"message":"Original file not available","statuscode":"404"} where a location belongs.

// Refusal reports whether the body of an answer of status 200 says that the call failed, and
// with which status, from 400 to 599; 0 if it names none.
func Refusal(body []byte) (status int, refused bool) {
	_, status, refused = parseRefusal(body)
	return status, refused
}

// parseRefusal is Refusal with the portal's words. A location outweighs everything else; a
// statuscode outweighs what else an answer holds; words alone refuse where nothing is held
// that any call asks for.
func parseRefusal(body []byte) (words string, status int, refused bool) {
	fields := objectOf(body)
	if fields == nil || textOf(fields["s3_file"]) != "" {
		return "", 0, false
	}
	words = wordsIn(fields)
	if status = statusOf(fields["statuscode"]); status != 0 {
		return words, status, true
	}
	if words == "" || slices.ContainsFunc(contents, func(key string) bool { return holds(fields[key]) }) {
		return "", 0, false
	}
	for _, raw := range []json.RawMessage{fields["status"], fields["code"], objectOf(fields["error"])["code"], objectOf(fields["error"])["status"]} {
		if status = statusOf(raw); status != 0 {
			break
		}
	}
	return words, status, true
}

// contents are the fields, in lower case, by which answers of success are known: a location, an
// asset or a collection, a list, a user.
var contents = []string{"url", "id", "media", "mediaitems", "username", "email", "firstname", "lastname"}

// holds reports whether a field has a value: not null and not "".
func holds(raw json.RawMessage) bool {
	return len(raw) > 0 && !bytes.Equal(raw, null) && !bytes.Equal(raw, []byte(`""`))
}

// objectOf is the fields of an object by their names in lower case; nil for anything else.
func objectOf(raw []byte) map[string]json.RawMessage {
	if kindOf(raw) != 'o' {
		return nil
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return nil
	}
	lower := make(map[string]json.RawMessage, len(fields))
	for name, value := range fields {
		lower[strings.ToLower(name)] = value
	}
	return lower
}

// statusOf reads the status of a failure, which is a number or a string that begins with one;
// 0 for anything else.
func statusOf(raw json.RawMessage) int {
	text := strings.TrimSpace(strings.Trim(string(raw), `"`))
	text, _, _ = strings.Cut(text, " ") // "404 Not Found"
	n, err := strconv.ParseFloat(text, 64)
	if status := int(n); err == nil && float64(status) == n && status >= 400 && status <= 599 {
		return status
	}
	return 0
}

// maxWords is how many of several messages are shown.
const maxWords = 3

// wordsIn finds what the fields of an answer say of a failure, in the spellings of the portal's
// API, of OAuth (RFC 6749, section 5.2) and of RFC 9457.
func wordsIn(fields map[string]json.RawMessage) string { return wordsAt(fields, 2) }

// wordsAt looks at most depth levels deep.
func wordsAt(fields map[string]json.RawMessage, depth int) string {
	for _, name := range []string{"message", "error_description", "error", "errors", "detail", "msg", "title"} {
		value := fields[name]
		if words := wordsOf(value, depth); words != "" {
			return words
		}
		if byField := objectOf(value); name == "errors" && byField != nil {
			each := slices.SortedFunc(maps.Values(byField), func(a, b json.RawMessage) int { return bytes.Compare(a, b) })
			if words := joined(each, depth); words != "" {
				return words
			}
		}
	}
	return ""
}

// wordsOf reads one message: a string, an object that holds one, or an array of them.
func wordsOf(raw json.RawMessage, depth int) string {
	switch kind := kindOf(raw); {
	case kind == 's':
		return textOf(raw)
	case depth <= 0:
		return ""
	case kind == 'o':
		return wordsAt(objectOf(raw), depth-1)
	default:
		var each []json.RawMessage
		_ = json.Unmarshal(raw, &each)
		return joined(each, depth)
	}
}

// joined is the first few of several messages.
func joined(each []json.RawMessage, depth int) string {
	var words []string
	for _, value := range each {
		if said := wordsOf(value, depth-1); said != "" && len(words) < maxWords {
			words = append(words, said)
		}
	}
	return strings.Join(words, "; ")
}

// textOf is a string of JSON; "" for anything else.
func textOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return strings.TrimSpace(s)
}
