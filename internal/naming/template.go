package naming

import (
	"slices"
	"strings"
)

// DefaultTemplate is the template of a user who gives none: files are called
// what their location calls them.
const DefaultTemplate = "{filename}"

// Fields are the values that a template may ask for. They are foreign text, used
// as they come. One that is empty is unknown.
type Fields struct {
	ID       string // the asset's id
	ItemID   string // the media item's id
	Name     string // the asset's name
	Filename string // as the location gives it, see FromDisposition
	Type     string
	Version  string
	// Property reads one of the asset's metaproperties, whose name is without the
	// portal's prefix property_. A nil one knows none.
	Property func(name string) []string
}

// Template is a --name template: a path below the user's folder with fields in
// it, such as {type}/{id}-{filename}. [Parse] makes one.
type Template struct {
	elements [][]part // of the path; its slashes are the template's own
}

// part is a piece of a path element: literal text, or a field.
type part struct {
	literal  string
	field    *field // nil for literal text
	property string // for the field property_X: X
}

// source says who knows a field's value.
type source int

const (
	fromJob      source = iota // whoever asks for the file
	fromMetadata               // the portal, for a call more
	fromObject                 // storage, once it answers
)

// field is a kind of placeholder.
type field struct {
	name   string // as it stands between braces
	source source
	value  func(f Fields, property string) string
	fixed  bool // short, or an identity: where a path is too long, others are cut
}

// propertyField is the one field that stands for many: X is a property's name.
const (
	propertyField  = "property_X"
	propertyPrefix = "property_"
)

var fields = []field{
	{"id", fromJob, func(f Fields, _ string) string { return f.ID }, true},
	{"itemId", fromJob, func(f Fields, _ string) string { return f.ItemID }, true},
	{"name", fromMetadata, func(f Fields, _ string) string { return f.Name }, false},
	{"filename", fromObject, func(f Fields, _ string) string { return Safe(f.Filename) }, false},
	{"stem", fromObject, func(f Fields, _ string) string { stem, _ := split(Safe(f.Filename)); return stem }, false},
	{"ext", fromObject, func(f Fields, _ string) string { _, ext := split(Safe(f.Filename)); return ext }, true},
	{"type", fromMetadata, func(f Fields, _ string) string { return f.Type }, false},
	{"version", fromMetadata, func(f Fields, _ string) string { return f.Version }, true},
	{propertyField, fromMetadata, func(f Fields, name string) string { return strings.Join(f.property(name), ",") }, false},
}

func (f Fields) property(name string) []string {
	if f.Property == nil {
		return nil
	}
	return f.Property(name)
}

// NeedsMetadata tells whether the path depends on what only the portal's metadata
// gives: name, type, version or a property. Fields that are known without it,
// as version is where the user chose one, are named in known.
func (t *Template) NeedsMetadata(known ...string) bool {
	for _, parts := range t.elements {
		for _, p := range parts {
			if p.field != nil && p.field.source == fromMetadata && !slices.Contains(known, p.field.name) {
				return true
			}
		}
	}
	return false
}

// Path returns the slash-separated path of the file with these fields. It has as
// many elements as the template, each of them [Safe]: what stands in a value
// makes no folder and no parent. An unknown {ext} takes the dot before it away,
// any other unknown value is _. Where an element is too long, its longest values
// are cut, never an id before them.
func (t *Template) Path(f Fields) string {
	elements := make([]string, len(t.elements))
	for i, parts := range t.elements {
		elements[i] = expand(parts, f)
	}
	return strings.Join(elements, "/")
}

// maxValue caps a value in bytes, many times what fits into a path element, so that a template
// which repeats a field does not repeat megabytes.
const maxValue = 16 * MaxName

// expand returns the path element that parts make of the fields.
func expand(parts []part, f Fields) string {
	texts := make([]string, len(parts))
	for i, p := range parts {
		if p.field == nil {
			texts[i] = p.literal
			continue
		}
		texts[i] = cutText(p.field.value(f, p.property), maxValue)
		if p.field.source != fromObject { // those are parts of a safe name
			texts[i] = plain(texts[i])
		}
		if texts[i] != "" {
			continue
		}
		if p.field.name != "ext" {
			texts[i] = "_"
		} else if i > 0 && parts[i-1].field == nil {
			texts[i-1] = strings.TrimSuffix(texts[i-1], ".")
		}
	}
	shorten(parts, texts)
	return Safe(strings.Join(texts, ""))
}

// shorten cuts the longest of the values, as often as it takes, until the texts
// together fit. What cannot be cut that way is left to Safe.
func shorten(parts []part, texts []string) {
	const shortest = 32 // bytes, more than an extension
	over := -MaxName
	for _, text := range texts {
		over += len(text)
	}
	for over > 0 {
		longest, length := -1, shortest
		for i, p := range parts {
			if p.field != nil && !p.field.fixed && len(texts[i]) > length {
				longest, length = i, len(texts[i])
			}
		}
		if longest < 0 {
			return
		}
		texts[longest] = cutName(texts[longest], max(length-over, shortest))
		over -= length - len(texts[longest])
	}
}

// Renamed returns path, which is slash-separated, with -key behind the stem of
// its last element: a/photo.jpg becomes a/photo-KEY.jpg. The new element is
// [Safe]; where it would be too long it is the stem that is cut.
func Renamed(path, key string) string {
	i := strings.LastIndexByte(path, '/') + 1
	stem, ext := split(path[i:])
	key = replaceEmpty(plain(key))
	const longest = 160 // bytes of key: any media id, and then some
	key = cutText(key, longest)
	stem = cutText(stem, MaxName-len(join("-"+key, ext)))
	return path[:i] + Safe(join(stem+"-"+key, ext))
}
