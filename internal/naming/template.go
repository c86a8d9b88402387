package naming

import (
	"slices"
	"strings"
	"time"
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
	// Ext, if set, is the extension of Filename, without a dot, "" for none. Else it is found there.
	Ext     *string
	Type    string
	Version string
	// Derivative is the name of the one that is fetched.
	Derivative string
	Tags       []string
	Brand      string // its name
	// Created and Modified are the asset's dates; zero where unknown.
	Created, Modified time.Time
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
	literal string
	field   *field // nil for literal text
	detail  string // for the field property_X: X; for a date: its layout
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
	value  func(f Fields, detail string) string
	fixed  bool // short, or an identity: where a path is too long, others are cut
	isDate bool // takes a layout
}

// propertyField is the one field that stands for many: X is a property's name.
const (
	propertyField  = "property_X"
	propertyPrefix = "property_"
)

var fields = []field{
	{name: "id", source: fromJob, value: func(f Fields, _ string) string { return f.ID }, fixed: true},
	{name: "itemId", source: fromJob, value: func(f Fields, _ string) string { return f.ItemID }, fixed: true},
	{name: "name", source: fromMetadata, value: func(f Fields, _ string) string { return f.Name }},
	{name: "filename", source: fromObject, value: func(f Fields, _ string) string { return Safe(f.Filename) }},
	{name: "stem", source: fromObject, value: func(f Fields, _ string) string { stem, _ := f.split(); return stem }},
	{name: "ext", source: fromObject, value: func(f Fields, _ string) string { _, ext := f.split(); return ext }, fixed: true},
	{name: "type", source: fromMetadata, value: func(f Fields, _ string) string { return f.Type }},
	{name: "version", source: fromMetadata, value: func(f Fields, _ string) string { return f.Version }, fixed: true},
	{name: "derivative", source: fromJob, value: func(f Fields, _ string) string { return f.Derivative }},
	{name: "tag", source: fromMetadata, value: func(f Fields, _ string) string { return joined(f.Tags) }},
	{name: "brand", source: fromMetadata, value: func(f Fields, _ string) string { return f.Brand }},
	{name: "created", source: fromMetadata, value: func(f Fields, layout string) string { return formatDate(f.Created, layout) }, fixed: true, isDate: true},
	{name: "modified", source: fromMetadata, value: func(f Fields, layout string) string { return formatDate(f.Modified, layout) }, fixed: true, isDate: true},
	{name: propertyField, source: fromMetadata, value: func(f Fields, name string) string { return joined(f.property(name)) }},
}

// joined is several values as one, whatever the order in which the portal tells them.
func joined(values []string) string {
	values = slices.DeleteFunc(slices.Clone(values), func(value string) bool { return value == "" })
	slices.Sort(values)
	return strings.Join(values, ",")
}

// split divides the file's name at the dot of its extension.
func (f Fields) split() (stem, ext string) {
	name := Safe(f.Filename)
	if f.Ext == nil {
		return split(name)
	}
	if stem, ok := strings.CutSuffix(name, join("", *f.Ext)); ok && stem != "" {
		return stem, *f.Ext
	}
	return split(name) // Safe has changed it
}

func (f Fields) property(name string) []string {
	if f.Property == nil {
		return nil
	}
	return f.Property(name)
}

// NeedsMetadata reports whether the path depends on what only the portal's metadata
// gives, such as name, tag or a property. Fields that are known without it,
// as version is where the user chose one, are named in known.
func (t *Template) NeedsMetadata(known ...string) bool {
	return t.has(func(p part) bool { return p.field.source == fromMetadata && !slices.Contains(known, p.field.name) })
}

// MetadataFields returns the fields whose values only the portal's metadata give, as the template names them.
func (t *Template) MetadataFields() []string {
	var names []string
	t.has(func(p part) bool {
		switch {
		case p.field.source != fromMetadata:
		case p.field.name == propertyField:
			names = append(names, propertyPrefix+p.detail)
		default:
			names = append(names, p.field.name)
		}
		return false
	})
	return names
}

// HasBrand reports whether the path depends on the name of the asset's brand.
func (t *Template) HasBrand() bool {
	return t.has(func(p part) bool { return p.field.name == "brand" })
}

// Properties returns the metaproperties on which the path depends, as the template names them, each once.
func (t *Template) Properties() []string {
	var names []string
	t.has(func(p part) bool {
		if p.field.name == propertyField && !slices.Contains(names, p.detail) {
			names = append(names, p.detail)
		}
		return false
	})
	return names
}

// has reports whether one of the template's fields fits.
func (t *Template) has(fits func(part) bool) bool {
	return slices.ContainsFunc(slices.Concat(t.elements...), func(p part) bool { return p.field != nil && fits(p) })
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
		texts[i] = cutText(p.field.value(f, p.detail), maxValue)
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
