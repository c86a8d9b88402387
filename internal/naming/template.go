package naming

import (
	"slices"
	"strings"
	"time"
)

// DefaultTemplate is the template that is used without --name: the name of the file in its
// location.
const DefaultTemplate = "{filename}"

// Fields are the values of a template's fields: untrusted text, which Path makes safe. An
// empty one is unknown.
type Fields struct {
	ID       string // the asset's id
	ItemID   string // the media item's id
	Name     string // the asset's name
	Filename string // of the location, see FromDisposition
	// Ext, if set, is the extension of Filename, without a dot, "" for none. Else it is found there.
	Ext     *string
	Type    string
	Version string
	// Derivative is the name of the derivative to download.
	Derivative string
	Tags       []string
	Brand      string // the name of the brand
	// Created and Modified are the asset's dates; zero if unknown.
	Created, Modified time.Time
	// Property returns the values of one of the asset's metaproperties, whose name is
	// without the portal's prefix property_. If it is nil, all are unknown.
	Property func(name string) []string
}

// Template is a --name template: a path below the user's folder with fields, such as
// {type}/{id}-{filename}. [Parse] returns one.
type Template struct {
	elements [][]part // of the path, separated by the slashes of the template
}

// part is a piece of a path element: literal text, or a field.
type part struct {
	literal string
	field   *field // nil for literal text
	detail  string // for the field property_X: X; for a date: its layout
}

// source is where a field's value comes from.
type source int

const (
	fromJob      source = iota // the job
	fromMetadata               // the portal, with one more call
	fromObject                 // the answer of storage
)

// field is a kind of placeholder.
type field struct {
	name   string // as written between braces
	source source
	value  func(f Fields, detail string) string
	fixed  bool // not cut if a path is too long, because it is short or an identity
	isDate bool // takes a layout
}

// propertyField is the name of a field with a parameter: X is a property's name.
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

// joined returns several values as one: sorted, because the portal's order may change, and joined by commas.
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

// property returns the values of a metaproperty, nil if they are unknown.
func (f Fields) property(name string) []string {
	if f.Property == nil {
		return nil
	}
	return f.Property(name)
}

// NeedsMetadata reports whether the path depends on the portal's metadata, such as name,
// tag or a property. known are the fields whose values are known without it, such as version
// if the user chose one.
func (t *Template) NeedsMetadata(known ...string) bool {
	return t.has(func(p part) bool { return p.field.source == fromMetadata && !slices.Contains(known, p.field.name) })
}

// MetadataFields returns the names of the fields whose values come from the portal's metadata, as in the template.
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

// Properties returns the names of the metaproperties on which the path depends, as in the template, each once.
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

// has reports whether fits is true for one of the template's fields.
func (t *Template) has(fits func(part) bool) bool {
	return slices.ContainsFunc(slices.Concat(t.elements...), func(p part) bool { return p.field != nil && fits(p) })
}

// Path returns the slash-separated path of the file with these fields. It has as many
// elements as the template, each [Safe], so that a value cannot add a folder or a parent.
// An unknown {ext} removes the dot before it, any other unknown value is _. If an element is
// too long, its longest values are cut, but not an id before them.
func (t *Template) Path(f Fields) string {
	elements := make([]string, len(t.elements))
	for i, parts := range t.elements {
		elements[i] = expand(parts, f)
	}
	return strings.Join(elements, "/")
}

// maxValue is the maximum length of a value, in bytes: many times that of a path element, but
// small enough for a template that repeats a field.
const maxValue = 16 * MaxName

// expand returns the path element of parts with the fields' values.
func expand(parts []part, f Fields) string {
	texts := make([]string, len(parts))
	for i, p := range parts {
		if p.field == nil {
			texts[i] = p.literal
			continue
		}
		texts[i] = cutText(p.field.value(f, p.detail), maxValue)
		if p.field.source != fromObject { // which are parts of a safe name
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

// shorten cuts the longest value repeatedly until the texts together are short enough.
// Safe cuts the rest.
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

// Renamed returns path, which is slash-separated, with -key after the stem of its last
// element: a/photo.jpg becomes a/photo-KEY.jpg. The new element is [Safe]; if it is too
// long, the stem is cut.
func Renamed(path, key string) string {
	i := strings.LastIndexByte(path, '/') + 1
	stem, ext := split(path[i:])
	key = replaceEmpty(plain(key))
	const longest = 160 // bytes of key, more than any media id
	key = cutText(key, longest)
	stem = cutText(stem, MaxName-len(join("-"+key, ext)))
	return path[:i] + Safe(join(stem+"-"+key, ext))
}
