package bynder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// shape is the documented kind of a field. Portals also send other kinds: flags as 0 and 1
// or as "true", numbers as strings, lists as one string or as an object with numeric keys,
// and null for anything, which means unknown. normalize converts each value to its shape, and
// check refuses those that cannot be converted.
type shape int

const (
	text    shape = iota
	number        // "" and false are unknown
	flag          // "" is false
	list          // of texts
	objects       // a list of objects, each read by itself
	links         // an object of names and URLs
)

// shapes are those of the fields of assets, media items, collections and users. Other fields
// are kept as they were sent.
var shapes = map[string]shape{
	"id": text, "idHash": text, "name": text, "description": text, "copyright": text, "type": text,
	"brandId": text, "subBrandId": text, "orientation": text, "userCreated": text, "fileName": text,
	"transformBaseUrl": text, "original": text, "dateCreated": text, "dateModified": text, "datePublished": text,
	"username": text, "email": text, "firstName": text, "lastName": text,
	"width": number, "height": number, "fileSize": number, "size": number, "version": number, "activeVersion": number,
	"views": number, "downloads": number, "collectionCount": number,
	"archive": flag, "limited": flag, "isPublic": flag, "watermarked": flag, "active": flag,
	"extension": list, "tags": list, "propertyOptions": list, "videoPreviewURLs": list,
	"mediaItems": objects, "thumbnails": links,
}

// propertyPrefix begins the names of fields that are metaproperties.
const propertyPrefix = "property_"

// shapeOf returns the shape of a field, if it has one.
func shapeOf(name string) (s shape, known bool) {
	if s, known = shapes[name]; !known && strings.HasPrefix(name, propertyPrefix) {
		return list, true
	}
	return s, known
}

const (
	// maxMembers is the maximum number of fields of an object, and of texts in a list.
	maxMembers = 10_000
	// maxItems is the maximum number of media items of one asset.
	maxItems = 1_000_000
	// usualFields is about how many fields an asset has, and usualField about how many
	// bytes one takes.
	usualFields, usualField = 32, 16
)

// field is one member of a JSON object.
type field struct {
	name  string
	value json.RawMessage
}

// fields is a JSON object as it was sent. A value is converted to its shape when it is read,
// because most fields of most assets never are.
type fields []field

// readFields reads one JSON object.
func readFields(raw json.RawMessage) (fields, error) {
	if err := validate(raw); err != nil {
		return nil, err
	}
	if kindOf(raw) != objectKind {
		return nil, fmt.Errorf("it is %s, not an object", kindName(raw))
	}
	f := make(fields, 0, min(usualFields, len(raw)/usualField))
	for name, value := range members(raw) {
		if len(f) == maxMembers {
			return nil, fmt.Errorf("it has more than %d fields", maxMembers)
		}
		f = append(f, field{name, value})
	}
	return f, nil
}

// get returns a field's value, nil if it is missing. If two fields have the name, it is the last.
func (f fields) get(name string) json.RawMessage {
	for i := len(f) - 1; i >= 0; i-- {
		if f[i].name == name {
			return f[i].value
		}
	}
	return nil
}

// normalized returns f by name, with all known fields converted to their shapes.
func (f fields) normalized() map[string]json.RawMessage {
	all := make(map[string]json.RawMessage, len(f))
	for _, each := range f {
		value := each.value
		if s, known := shapeOf(each.name); known {
			value = normalize(value, s)
		}
		all[each.name] = value
	}
	return all
}

var null = json.RawMessage("null")

// normalize converts a value that check has passed to its shape; an unknown one is null.
func normalize(raw json.RawMessage, s shape) json.RawMessage {
	switch s {
	case list:
		values, ok := scalars(raw)
		if !ok {
			return null
		}
		return encode(values)
	case objects:
		return normalizeObjects(raw)
	case links:
		return normalizeLinks(raw)
	default: // a scalar
	}
	value, ok := scalar(raw)
	switch {
	case !ok:
		return null
	case s == text && isNothing(raw) && value != "":
		return null
	case s == text:
		return encode(value)
	case s == number:
		value = strings.TrimSpace(value)
		if _, err := strconv.ParseFloat(value, 64); err != nil || !json.Valid([]byte(value)) {
			return null
		}
		return json.RawMessage(value)
	default: // flag
		switch strings.ToLower(strings.TrimSpace(value)) {
		case "1", "true", "yes":
			return json.RawMessage("true")
		case "0", "false", "no", "":
			return json.RawMessage("false")
		}
		return null
	}
}

// normalizeObjects converts a list to an array.
func normalizeObjects(raw json.RawMessage) json.RawMessage {
	values, ok := listOf(raw)
	if !ok {
		return null
	}
	all := []json.RawMessage{}
	for value := range values {
		all = append(all, value)
	}
	return encode(all)
}

// normalizeLinks returns an object of URLs, without entries for missing ones.
func normalizeLinks(raw json.RawMessage) json.RawMessage {
	switch {
	case kindOf(raw) == nullKind:
		return null
	case kindOf(raw) != objectKind:
		return json.RawMessage("{}")
	}
	all := map[string]json.RawMessage{}
	for name, value := range members(raw) {
		if delete(all, name); !isNoLink(value) { // of two of one name it is the last
			all[name] = value
		}
	}
	return encode(all)
}

// scalars reads a list of texts, or one text in place of it, without entries for missing ones; ok is false for
// anything else.
func scalars(raw json.RawMessage) (values []string, ok bool) {
	if value, ok := scalar(raw); ok {
		if isNothing(raw) {
			return []string{}, true
		}
		return []string{value}, true
	}
	elements, ok := listOf(raw)
	if !ok {
		return nil, false
	}
	values = []string{}
	for element := range elements {
		if value, ok := scalar(element); ok && !isNothing(element) {
			values = append(values, value)
		}
	}
	return values, true
}

// scalar returns a string, number or boolean as text.
func scalar(raw json.RawMessage) (string, bool) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || bytes.Equal(raw, null) {
		return "", false
	}
	switch raw[0] {
	case '"':
		return unquote(raw)
	case '[', '{':
		return "", false
	}
	return string(raw), true
}

// marshal returns v as JSON without escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// encode returns v as marshal does, and null if it cannot be encoded.
func encode(v any) json.RawMessage {
	encoded, err := marshal(v)
	if err != nil {
		return null
	}
	return encoded
}

// text returns a field's text, "" if it has none; for that, PHP writes false.
func (f fields) text(name string) string {
	raw := f.get(name)
	if isNothing(raw) {
		return ""
	}
	value, _ := scalar(raw)
	return value
}

// number returns the whole number in a field; ok is false if it is unknown or not a whole number.
func (f fields) number(name string) (n int64, ok bool) {
	value, ok := scalar(normalize(f.get(name), number))
	if !ok {
		return 0, false
	}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil {
		return n, true
	}
	x, err := strconv.ParseFloat(value, 64)
	const most = 1 << 53 // beyond it a float64 may differ from the number that was written
	if err != nil || x < -most || x > most || x != float64(int64(x)) {
		return 0, false
	}
	return int64(x), true
}

func (f fields) flag(name string, missing bool) bool {
	switch string(normalize(f.get(name), flag)) {
	case "true":
		return true
	case "false":
		return false
	default:
		return missing
	}
}

// list returns the texts in a field, nil if it has none.
func (f fields) list(name string) []string {
	values, ok := scalars(f.get(name))
	if !ok {
		return nil
	}
	return values
}

// links reads an object of names and URLs, such as thumbnails, without entries for missing ones. PHP writes an empty
// object as a list.
func (f fields) links(name string) map[string]string {
	raw := f.get(name)
	if kindOf(raw) != objectKind {
		return nil
	}
	links := map[string]string{}
	for key, value := range members(raw) {
		if delete(links, key); isNoLink(value) { // of two of one name it is the last
			continue
		}
		if link, ok := scalar(value); ok {
			links[key] = link
		}
	}
	return links
}

// malformed returns the error of an element that is not as the API describes it.
func malformed(what string, err error) error {
	return &ProtocolError{Err: &elementError{what: what, err: err}}
}

// malformedAsset returns the error that malformed does, for an asset of which some fields can be read.
func malformedAsset(f fields, err error) error {
	id := f.text("id")
	if CheckID(id) != nil {
		id = ""
	}
	return &ProtocolError{Err: &elementError{named("the asset", f), err, id}}
}

// elementError is the error of one element.
type elementError struct {
	what string
	err  error
	id   string // of the asset, "" if it cannot be read
}

func (e *elementError) Error() string { return "cannot read " + e.what + ": " + e.err.Error() }
func (e *elementError) Unwrap() error { return e.err }

// MalformedID returns the id of the asset that an error of one element is about; "" if it is not known.
func MalformedID(err error) string {
	if e, ok := errors.AsType[*elementError](err); ok {
		return e.id
	}
	return ""
}

// MalformedReason returns why the element that an error is about cannot be read.
func MalformedReason(err error) string {
	if e, ok := errors.AsType[*elementError](err); ok {
		return e.err.Error()
	}
	return ""
}

// IsMalformedElement reports whether err is about one element of a list, which goes on.
func IsMalformedElement(err error) bool {
	_, ok := errors.AsType[*elementError](err)
	return ok
}
