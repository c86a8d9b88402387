package bynder

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// assetFields are the fields of an asset in a list that have names of their own, beside property_NAME.
var assetFields = []string{
	"id", "name", "type", "extension", "fileSize", "width", "height", "orientation", "dateCreated", "dateModified", "datePublished",
	"description", "copyright", "tags", "brandId", "subBrandId", "userCreated", "activeVersion", "archive", "limited", "isPublic", "watermarked",
	"views", "downloads", "propertyOptions", "idHash", "activeOriginalFocusPoint", "thumbnails", "videoPreviewURLs", "transformBaseUrl", "original",
}

// AssetFields returns the names of an asset's fields, and one that stands for the portal's own.
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

// JSON writes the fields of that names that the asset has, normalised; of no names, all fields, unknown ones too.
// Temporary URLs are without their query unless urls is set.
func (a *Asset) JSON(names []string, urls bool) ([]byte, error) {
	return marshal(a.fields.written(names, urls))
}

// Texts returns the values of the fields of that names, "" for one that the asset does not have. Those of a list
// are joined by commas, objects are JSON. Temporary URLs are without their query unless urls is set.
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

// written is f as it is written, by name: the fields of that names, or all.
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
	all := some.normalised()
	if !urls {
		for name, value := range all {
			all[name] = withoutPermission(value)
		}
	}
	return all
}

// withoutPermission returns a value whose temporary URLs are without their query, at any depth.
func withoutPermission(raw json.RawMessage) json.RawMessage {
	if !bytes.Contains(raw, []byte("?")) && !bytes.Contains(raw, []byte(`\u003`)) {
		return raw
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if d.Decode(&value) != nil {
		return raw // it was checked before
	}
	changed := false
	value = redact(value, &changed)
	if !changed {
		return raw
	}
	return encode(value)
}

func redact(value any, changed *bool) any {
	switch v := value.(type) {
	case string:
		if isTemporary(v) {
			*changed = true
			v, _, _ = strings.Cut(v, "?")
		}
		return v
	case []any:
		for i := range v {
			v[i] = redact(v[i], changed)
		}
	case map[string]any:
		for key := range v {
			v[key] = redact(v[key], changed)
		}
	}
	return value
}

// permissionKeys are keys of queries that are a permission to read: those of S3 and CloudFront, Google, Azure, Akamai
// and other CDNs.
var permissionKeys = []string{
	"signature", "sig", "sign", "expires", "expiry", "policy", "key-pair-id", "awsaccesskeyid", "googleaccessid", "token", "auth", "hdnea", "hdnts",
	"hmac", "md5", "verify", "se", "sp",
}

// isTemporary reports whether a text is a URL whose query is a permission to read, as far as its keys tell.
func isTemporary(text string) bool {
	start := strings.ToLower(strings.TrimLeft(text[:min(len(text), 64)], "\x00\t\r\n "))
	if !strings.HasPrefix(start, "http:") && !strings.HasPrefix(start, "https:") && !strings.HasPrefix(start, "//") {
		return false
	}
	_, query, _ := strings.Cut(text, "?")
	for pair := range strings.FieldsFuncSeq(query, func(r rune) bool { return r == '&' || r == ';' }) {
		key, _, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(key); err == nil {
			key = plain
		}
		key = strings.ToLower(strings.TrimSpace(key))
		if strings.HasPrefix(key, "x-amz-") || strings.HasPrefix(key, "x-goog-") || slices.Contains(permissionKeys, key) {
			return true
		}
	}
	return false
}
