package bynder

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"strings"
	"time"
)

// shape is what a field is documented to be. What portals send is not always that:
// flags come as 0 and 1 or as "true", numbers as strings, lists as one string, and
// any of them as null. normalise brings each to its shape; this file is the only
// place that knows about it.
type shape int

const (
	text shape = iota
	number
	flag
	list
)

// shapes of the fields of assets, media items and collections. Fields that are not
// here are kept as they came.
var shapes = map[string]shape{
	"id": text, "idHash": text, "name": text, "description": text, "copyright": text, "type": text,
	"brandId": text, "subBrandId": text, "orientation": text, "userCreated": text, "fileName": text,
	"transformBaseUrl": text, "original": text, "dateCreated": text, "dateModified": text, "datePublished": text,
	"width": number, "height": number, "fileSize": number, "size": number, "version": number, "activeVersion": number,
	"views": number, "downloads": number, "collectionCount": number,
	"archive": flag, "limited": flag, "isPublic": flag, "watermarked": flag, "active": flag,
	"extension": list, "tags": list, "propertyOptions": list, "videoPreviewURLs": list,
}

// propertyPrefix is what the fields of a portal's own metadata begin with.
const propertyPrefix = "property_"

// usualFields is about how many an asset has.
const usualFields = 32

// fields is a JSON object as it was sent. What is read of it is brought to its shape then;
// of most assets most fields are never looked at.
type fields map[string]json.RawMessage

// readFields reads one JSON object.
func readFields(raw json.RawMessage) (fields, error) {
	if !json.Valid(raw) || kindOf(raw) != 'o' {
		return nil, errors.New("no JSON object")
	}
	f := make(fields, usualFields)
	for name, value := range members(raw) {
		f[name] = value
	}
	return f, nil
}

// normalised is f with all known fields brought to their shapes.
func (f fields) normalised() fields {
	all := maps.Clone(f)
	for name, value := range all {
		s, known := shapes[name]
		if !known && strings.HasPrefix(name, propertyPrefix) {
			s, known = list, true
		}
		if known {
			all[name] = normalise(value, s)
		}
	}
	return all
}

var null = json.RawMessage("null")

// normalise brings a value to a shape; one that cannot be brought there is null, as
// if it were unknown.
func normalise(raw json.RawMessage, s shape) json.RawMessage {
	value, ok := scalar(raw)
	switch {
	case s == list:
		return normaliseList(raw)
	case !ok:
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

// normaliseList makes one string a list of one, and drops what is no scalar.
func normaliseList(raw json.RawMessage) json.RawMessage {
	values, ok := scalars(raw)
	if !ok {
		return null
	}
	return encode(values)
}

// scalars reads a list of texts, or one text in place of it; ok is false for anything else.
func scalars(raw json.RawMessage) (values []string, ok bool) {
	if value, ok := scalar(raw); ok {
		if value == "" {
			return []string{}, true
		}
		return []string{value}, true
	}
	elements, ok := parts(raw)
	values = make([]string, 0, len(elements))
	for _, element := range elements {
		if value, ok := scalar(element); ok {
			values = append(values, value)
		}
	}
	return values, ok
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

// encode is JSON without the escaping meant for HTML pages.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return null
	}
	return bytes.TrimSpace(b.Bytes())
}

func (f fields) text(name string) string {
	value, _ := scalar(f[name])
	return value
}

// number is a field of whole units; ok is false where it is unknown or no whole number.
func (f fields) number(name string) (n int64, ok bool) {
	value, ok := scalar(normalise(f[name], number))
	if !ok {
		return 0, false
	}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil {
		return n, true
	}
	x, err := strconv.ParseFloat(value, 64)
	const most = 1 << 53 // whole numbers beyond it are none of those that were written
	if err != nil || x < -most || x > most || x != float64(int64(x)) {
		return 0, false
	}
	return int64(x), true
}

func (f fields) flag(name string, missing bool) bool {
	switch string(normalise(f[name], flag)) {
	case "true":
		return true
	case "false":
		return false
	default:
		return missing
	}
}

// list is nil where the field is none.
func (f fields) list(name string) []string {
	values, ok := scalars(f[name])
	if !ok {
		return nil
	}
	return values
}

// links reads an object of names and URLs, such as thumbnails; entries of other kinds
// are left out, and so is a list in place of an object (how PHP spells an empty one).
func (f fields) links(name string) map[string]string {
	if kindOf(f[name]) != 'o' {
		return nil
	}
	links := map[string]string{}
	for key, value := range members(f[name]) {
		if link, ok := scalar(value); ok && link != "" {
			links[key] = link
		}
	}
	return links
}

// elements reads a list of objects.
func (f fields) elements(name string) []json.RawMessage {
	values, _ := parts(f[name])
	return values
}

// with is a copy of f with some more fields.
func (f fields) with(more map[string]string) fields {
	all := maps.Clone(f)
	for name, value := range more {
		all[name] = encode(value)
	}
	return all
}

// dateLayouts are the ways in which portals write dates: ISO 8601 for assets, and
// words for collections ("March, 01 2017 10:49:12 +0000").
var dateLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02",
	"January, 02 2006 15:04:05 -0700", "January, 2 2006 15:04:05 -0700", time.RFC1123Z, time.RFC1123,
}

// day is a date as it was sent, "" for what is none.
func (f fields) day(name string) string {
	if f.date(name).IsZero() {
		return ""
	}
	return f.text(name)
}

// date reads a date in any of the portal's ways, in UTC; zero where it is unknown.
func (f fields) date(name string) time.Time {
	value := strings.TrimSpace(f.text(name))
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, value); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// malformed is an element of a list that is not what the API describes.
func malformed(what string, err error) error {
	return &ProtocolError{Err: &elementError{what, err}}
}

// elementError is what is wrong with one element.
type elementError struct {
	what string
	err  error
}

func (e *elementError) Error() string { return e.what + " that cannot be read: " + e.err.Error() }
func (e *elementError) Unwrap() error { return e.err }

// IsMalformedElement tells whether err is about one element of a list, which goes on.
func IsMalformedElement(err error) bool {
	_, ok := errors.AsType[*elementError](err)
	return ok
}
