package bynder

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// Asset is an asset as the portal describes it: a set of files with common metadata.
type Asset struct {
	ID       string
	Name     string
	Type     string   // image, document, audio, video, 3d
	Size     int64    // of the original in bytes, -1 if unknown; the download may be larger
	Modified string   // as the portal writes it, ISO 8601
	Version  int64    // the active one, 0 if unknown
	Tags     []string // as the portal orders them
	// Derivatives are the current URLs of derivatives by name, custom ones and previews of a
	// video included.
	Derivatives map[string]string
	// TransformBase is the base URL of images of other sizes (TransformURL), "" if the asset has none.
	TransformBase string
	// Original is the URL of the original of a public asset, if the portal publishes it; else "".
	Original string
	// Flags that explain why a download may be refused.
	Archived, Limited, Watermarked bool

	fields fields
	items  json.RawMessage
}

// MediaItem is one file of an asset.
type MediaItem struct {
	ID            string
	Type          string // original, web, additional; an open set
	Version       int64
	HasVersion    bool
	Active        bool
	Size          int64 // -1 if unknown, likewise Width and Height
	Width, Height int64
	Created       time.Time
	FileName      string
	Derivatives   map[string]string

	fields fields
}

// everyAsset has the fields that the portal sends with every asset.
var everyAsset = []string{"name", "type", "dateCreated", "dateModified"}

// Lacks reports whether one of these fields of the API is not known: because a is only a part of an asset without it,
// as `search --fields` writes it, or because null was written in place of a temporary URL (JSON). A field that is missing
// in a whole asset does not exist.
func (a *Asset) Lacks(names ...string) bool {
	part := slices.ContainsFunc(everyAsset, a.misses)
	return slices.ContainsFunc(names, func(name string) bool { return part && a.misses(name) || withheld(name, a.fields.get(name)) })
}

func (a *Asset) misses(name string) bool { return a.fields.get(name) == nil }

// withheld reports whether null stands for a temporary URL in a field as JSON writes it.
func withheld(name string, raw json.RawMessage) bool {
	switch kindOf(raw) {
	case arrayKind:
		for value := range parts(raw) {
			if kindOf(value) == nullKind {
				return true
			}
		}
	case objectKind:
		for _, value := range members(raw) {
			if kindOf(value) == nullKind {
				return true
			}
		}
	case nullKind: // portals write null here, too, so it is not a reason to ask again
		return raw != nil && (name == "name" || name == "transformBaseUrl" || name == "original")
	case scalarKind:
	}
	return false
}

// LacksFile reports whether a has no URL for the file that a selector of Kind Derivative or Transform
// chooses, or cannot decide which file that is; see Lacks.
func (a *Asset) LacksFile(s Selector) bool {
	switch s.Kind {
	case Transform:
		return a.Lacks("transformBaseUrl")
	case Derivative:
	default:
		return false
	}
	thumbnails := fields{}
	if raw := a.fields.get("thumbnails"); kindOf(raw) == objectKind {
		thumbnails, _ = readFields(raw)
	}
	lacksPreviews := a.Lacks("videoPreviewURLs") // a name may be that of a preview
	for name := range strings.SplitSeq(s.Name, ",") {
		link := thumbnails.get(name)
		switch {
		case link != nil && kindOf(link) == nullKind:
			return true
		case link != nil && !isNoLink(link):
			return false
		case lacksPreviews:
			return true
		case a.Derivatives[name] != "":
			return false
		}
	}
	return a.Lacks("thumbnails")
}

// Extension returns the first of the asset's extensions, without a dot, as the portal writes it; "" if there is none.
func (a *Asset) Extension() string {
	for _, ext := range a.fields.list("extension") {
		if ext = strings.TrimLeft(strings.TrimSpace(ext), "."); ext != "" {
			return ext
		}
	}
	return ""
}

// Slim returns the part of a that a transfer needs of its original, of an image made from it or of the derivative of that
// name: some hundred bytes.
func (a *Asset) Slim(derivative string) *Asset {
	slim := *a
	slim.Derivatives, slim.Tags, slim.fields, slim.items = nil, nil, nil, nil
	if link, ok := a.Derivatives[derivative]; ok {
		slim.Derivatives = map[string]string{derivative: link}
	}
	return &slim
}

// BrandID returns the id of the asset's brand, "" if it has none.
func (a *Asset) BrandID() string { return a.fields.text("brandId") }

// Pixels returns the width and height of the asset, -1 for those that are unknown.
func (a *Asset) Pixels() (width, height int64) {
	return orUnknown(a.fields.number("width")), orUnknown(a.fields.number("height"))
}

// Public reports whether the asset can be seen without logging in.
func (a *Asset) Public() bool { return a.fields.flag("isPublic", false) }

// DateCreated returns when the asset came to the portal, in UTC; zero if unknown.
func (a *Asset) DateCreated() time.Time { return a.fields.date("dateCreated") }

// DateModified returns when the asset or its metadata changed last, in UTC; zero if unknown.
func (a *Asset) DateModified() time.Time { return a.fields.date("dateModified") }

// Property returns the values of one metaproperty, whose name is without the property_
// prefix.
func (a *Asset) Property(name string) []string { return a.fields.list(propertyPrefix + name) }

// JSON returns the item's own fields, normalized, with the ids that a later command
// needs to find it. Temporary URLs are null unless urls is set.
func (m *MediaItem) JSON(mediaID string, urls bool) ([]byte, error) {
	all := m.fields.written(nil, urls)
	all["mediaId"], all["itemId"] = encode(mediaID), encode(m.ID)
	return marshal(all)
}

// ParseAsset reads one asset as the portal, or this program's own search --json,
// writes it. Only an id is required. An error names the asset and the field
// (IsMalformedElement).
func ParseAsset(raw json.RawMessage) (*Asset, error) {
	f, err := readFields(raw)
	if err != nil {
		return nil, malformed("an asset", err)
	}
	if err := f.check(); err != nil {
		return nil, malformedAsset(f, err)
	}
	a := &Asset{
		ID: f.text("id"), Name: f.text("name"), Type: f.text("type"), Modified: f.day("dateModified"),
		Size: orUnknown(f.number("fileSize")), Tags: f.list("tags"), Derivatives: f.derivatives(), TransformBase: f.text("transformBaseUrl"),
		Original: f.text("original"),
		Archived: f.flag("archive", false), Limited: f.flag("limited", false), Watermarked: f.flag("watermarked", false),
		fields: f, items: f.get("mediaItems"),
	}
	if err := CheckID(a.ID); err != nil {
		return nil, malformed("an asset", err)
	}
	// The documentation does not say which field has it in a list.
	if a.Version, _ = f.number("activeVersion"); a.Version <= 0 {
		a.Version, _ = f.number("version")
	}
	return a, nil
}

// named returns the name of an element for an error.
func named(what string, f fields) string {
	if id := f.text("id"); id != "" {
		return fmt.Sprintf("%s %.*q", what, maxID, id)
	}
	return what
}

// Items yields the asset's files, in the portal's order. Each is decoded when it is yielded,
// because all decoded items of an asset may need too much memory. Only Client.Asset returns
// assets with items. An item that cannot be read, or that has no id by which it could be
// fetched, is an error of its own (IsMalformedElement).
func (a *Asset) Items() iter.Seq2[MediaItem, error] {
	return func(yield func(MediaItem, error) bool) {
		values, _ := listOf(a.items)
		if values == nil {
			return
		}
		n := 0
		for raw := range values {
			n++
			if !yield(parseItem(raw, n)) {
				return
			}
		}
	}
}

// parseItem reads the nth media item; everything in it but the id may be missing.
func parseItem(raw json.RawMessage, n int) (MediaItem, error) {
	what := fmt.Sprintf("media item %d", n)
	f, err := readFields(raw)
	if err != nil {
		return MediaItem{}, malformed(what, err)
	}
	if err := f.check(); err != nil {
		return MediaItem{}, malformed(named(what, f), err)
	}
	m := MediaItem{
		ID: f.text("id"), Type: f.text("type"), FileName: f.text("fileName"),
		Active: f.flag("active", true), // as the SDKs read a missing field
		Size:   orUnknown(f.number("size")), Width: orUnknown(f.number("width")), Height: orUnknown(f.number("height")),
		Created: f.date("dateCreated"), Derivatives: f.derivatives(), fields: f,
	}
	if err := CheckID(m.ID); err != nil {
		return MediaItem{}, malformed(what, err)
	}
	m.Version, m.HasVersion = f.number("version")
	if m.FileName == "" {
		m.FileName = f.text("name") // as the SDKs do
	}
	return m, nil
}

// derivatives reads the URLs of an asset's or item's derivatives by name: thumbnails, and previews of a video,
// whose name is the last but one element of the URL's path (.../WebPrimary/WebPrimary-Film.web). If another file
// has that name, such as the preview in another format, the extension is added: WebPrimary.mp4.
func (f fields) derivatives() map[string]string {
	links := f.links("thumbnails")
	for _, link := range f.list("videoPreviewURLs") {
		name, file := previewName(link)
		if links == nil {
			links = map[string]string{}
		}
		for _, name := range []string{name, name + path.Ext(file)} {
			if _, taken := links[name]; !taken && file != "" {
				links[name] = link
				break
			}
		}
	}
	return links
}

// previewName returns the name of a video's preview, and that of its file.
func previewName(link string) (name, file string) {
	link, _, _ = strings.Cut(link, "#")
	link, _, _ = strings.Cut(link, "?")
	if _, rest, found := strings.Cut(link, "//"); found {
		link = rest
	}
	elements := strings.Split(link, "/")[1:] // without the host
	for i, element := range elements {
		if plain, err := url.PathUnescape(element); err == nil {
			elements[i] = plain
		}
	}
	switch n := len(elements); n {
	case 0:
		return "", ""
	case 1:
		return strings.TrimSuffix(elements[0], path.Ext(elements[0])), elements[0]
	default:
		return elements[n-2], elements[n-1]
	}
}

func orUnknown(n int64, ok bool) int64 {
	if !ok || n < 0 {
		return -1
	}
	return n
}

// Asset fetches one asset with all of its media items, with one call.
func (c *Client) Asset(ctx context.Context, mediaID string) (*Asset, error) {
	media, err := mediaPath(mediaID)
	if err != nil {
		return nil, err
	}
	raw, err := c.getRaw(ctx, media, url.Values{"versions": {"1"}})
	if err != nil {
		return nil, err
	}
	a, err := ParseAsset(raw)
	if err != nil {
		return nil, &ProtocolError{Path: media, Err: err}
	}
	if !sameID(a.ID, mediaID) && a.fields.text("idHash") != mediaID {
		return nil, &ProtocolError{Path: media, Err: fmt.Errorf("it describes another asset, %.80q", a.ID)}
	}
	return a, nil
}

// sameID reports whether two ids are spellings of the same id.
func sameID(a, b string) bool { return FoldedID(a) == FoldedID(b) }

// FoldedID returns an id in the form in which ids are compared: portals do not distinguish case, and write an id with a
// hyphen more or less (ColdFusion's and RFC 9562's UUIDs). It must not be sent.
func FoldedID(id string) string { return strings.ToUpper(strings.ReplaceAll(id, "-", "")) }
