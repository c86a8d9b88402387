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
// {"message":"Original file not available","statuscode":"404"} in place of a location.

// Refusal reports whether the body of an answer of status 200 says that the call failed, and
// with which status, from 400 to 599; 0 if it names none.
func Refusal(body []byte) (status int, refused bool) {
	_, status, refused = parseRefusal(body)
	return status, refused
}

// parseRefusal returns what Refusal does, and the portal's message. An answer with a location
// is never a refusal. One with a statuscode is, whatever else it has. One with only a message
// is if it has no contents.
func parseRefusal(body []byte) (words string, status int, refused bool) {
	fields := objectOf(body)
	if fields == nil || textOf(fields["s3_file"]) != "" {
		return "", 0, false
	}
	words = messageIn(fields)
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

// contents are the fields, in lower case, of successful answers: a location, an asset or a
// collection, a list, a user.
var contents = []string{"url", "id", "media", "mediaitems", "username", "email", "firstname", "lastname"}

// holds reports whether a field has a value: not null and not "".
func holds(raw json.RawMessage) bool {
	return len(raw) > 0 && !bytes.Equal(raw, null) && !bytes.Equal(raw, []byte(`""`))
}

// objectOf returns the fields of an object by their names in lower case; nil for anything else.
func objectOf(raw []byte) map[string]json.RawMessage {
	if kindOf(raw) != objectKind {
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

// maxMessages is how many of several messages are shown.
const maxMessages = 3

// messageIn returns the message of a failure in the fields of an answer, as the portal's API,
// OAuth (RFC 6749, section 5.2) and RFC 9457 name them.
func messageIn(fields map[string]json.RawMessage) string { return messageAt(fields, 2) }

// messageAt returns what messageIn does, from at most depth levels.
func messageAt(fields map[string]json.RawMessage, depth int) string {
	for _, name := range []string{"message", "error_description", "error", "errors", "detail", "msg", "title"} {
		value := fields[name]
		if words := messageOf(value, depth); words != "" {
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

// messageOf reads a message: a string, an object that has one, or an array of messages.
func messageOf(raw json.RawMessage, depth int) string {
	switch kind := kindOf(raw); {
	case kind == scalarKind:
		return textOf(raw)
	case depth <= 0:
		return ""
	case kind == objectKind:
		return messageAt(objectOf(raw), depth-1)
	default:
		var each []json.RawMessage
		_ = json.Unmarshal(raw, &each)
		return joined(each, depth)
	}
}

// joined returns the first maxMessages messages, joined.
func joined(each []json.RawMessage, depth int) string {
	var words []string
	for _, value := range each {
		if said := messageOf(value, depth-1); said != "" && len(words) < maxMessages {
			words = append(words, said)
		}
	}
	return strings.Join(words, "; ")
}

// textOf returns the text of a JSON string; "" for anything else.
func textOf(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return strings.TrimSpace(s)
}
