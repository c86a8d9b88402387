package bynder

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// assetFields are the fields of an asset in a list, without the metaproperties.
var assetFields = []string{
	"id", "name", "type", "extension", "fileSize", "width", "height", "orientation", "dateCreated", "dateModified", "datePublished",
	"description", "copyright", "tags", "brandId", "subBrandId", "userCreated", "activeVersion", "archive", "limited", "isPublic", "watermarked",
	"views", "downloads", "propertyOptions", "idHash", "activeOriginalFocusPoint", "thumbnails", "videoPreviewURLs", "transformBaseUrl", "original",
}

// AssetFields returns the names of an asset's fields, and property_NAME for all metaproperties.
func AssetFields() []string { return append(slices.Clone(assetFields), propertyPrefix+"NAME") }

// AssetField returns the name of a field as the API writes it; ok is false if assets have no such field.
func AssetField(name string) (field string, ok bool) {
	if property, ok := strings.CutPrefix(name, propertyPrefix); ok {
		return name, property != ""
	}
	i := slices.IndexFunc(assetFields, func(f string) bool { return strings.EqualFold(f, name) })
	if i < 0 {
		return "", false
	}
	return assetFields[i], true
}

// JSON returns the asset's fields with these names, normalized; without names, all fields, unknown ones too.
// A temporary URL is null unless urls is set: without its query it would be another URL.
func (a *Asset) JSON(names []string, urls bool) ([]byte, error) {
	return marshal(a.fields.written(names, urls))
}

// JSONWithItems returns the asset as JSON does, with its media items as MediaItem.JSON writes them. It leaves out items that
// cannot be read.
func (a *Asset) JSONWithItems(urls bool) ([]byte, error) {
	all := a.fields.written(nil, urls)
	items := []json.RawMessage{}
	for item, err := range a.Items() {
		if err != nil {
			continue
		}
		one, err := item.JSON(a.ID, urls)
		if err != nil {
			return nil, err
		}
		items = append(items, one)
	}
	all["mediaItems"] = encode(items)
	return marshal(all)
}

// Texts returns the values of the fields with these names, "" for a missing one. The values of a list are joined
// by commas, objects are JSON. Temporary URLs are left out, and null in an object, unless urls is set.
func (a *Asset) Texts(names []string, urls bool) []string {
	written := a.fields.written(names, urls)
	texts := make([]string, len(names))
	for i, name := range names {
		raw := written[name]
		if value, ok := scalar(raw); ok {
			texts[i] = value
		} else if values, ok := scalars(raw); ok {
			texts[i] = strings.Join(values, ",")
		} else if raw != nil && !bytes.Equal(raw, null) {
			texts[i] = string(raw)
		}
	}
	return texts
}

// wholeAsset has fields, beside those of everyAsset, that are present if an asset has all of its fields: users rarely
// choose them with --fields.
var wholeAsset = []string{"idHash", "archive", "limited", "isPublic", "watermarked"}

// IsWhole reports whether a has all of its metadata: as the portal sends it, or as search --json without --fields
// writes it.
func (a *Asset) IsWhole() bool {
	return !slices.ContainsFunc(slices.Concat(everyAsset, wholeAsset), a.misses)
}

// notMetadata are fields that only some calls return, or that belong to lines of input.
var notMetadata = []string{"mediaItems", "mediaId", "itemId", "saveAs"}

// Metadata returns all fields except notMetadata, as JSON does. The result is the same for an asset of the portal and
// for one that JSON wrote before: temporary URLs are null, or left out of lists and objects of URLs.
func (a *Asset) Metadata() (json.RawMessage, error) {
	own := slices.DeleteFunc(slices.Clone(a.fields), func(f field) bool { return slices.Contains(notMetadata, f.name) })
	all := own.written(nil, false)
	for name, value := range all {
		if s, ok := shapeOf(name); ok { // as when it is read again, without the null of a temporary URL
			all[name] = normalize(value, s)
		}
	}
	return marshal(all)
}

// PropertyFields returns the names of the fields that are metaproperties, such as property_region, sorted.
func (a *Asset) PropertyFields() []string {
	var names []string
	for _, f := range a.fields {
		if strings.HasPrefix(f.name, propertyPrefix) {
			names = append(names, f.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// written returns f by name, as it is written: the fields with these names, or all.
func (f fields) written(names []string, urls bool) map[string]json.RawMessage {
	some := f
	if len(names) > 0 {
		some = make(fields, 0, len(names))
		for _, name := range names {
			if value := f.get(name); value != nil {
				some = append(some, field{name, value})
			}
		}
	}
	all := some.normalized()
	if !urls {
		for name, value := range all {
			all[name] = withoutTemporary(value)
		}
	}
	return all
}
