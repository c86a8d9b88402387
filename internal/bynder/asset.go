package bynder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

// Asset is what a portal knows of one media: a set of files with common metadata.
type Asset struct {
	ID       string
	Name     string
	Type     string   // image, document, audio, video, 3d
	Size     int64    // of the original in bytes, -1 where unknown; the bytes that come may be more
	Modified string   // as the portal writes it, ISO 8601
	Version  int64    // the active one, 0 where unknown
	Tags     []string // as the portal orders them
	// Thumbnails are the derivatives by name, custom ones included, with the URLs
	// where they can be had now.
	Thumbnails map[string]string
	// Items are the asset's files. They are known only from Client.Asset.
	Items []MediaItem
	// Flags that explain why a download may be refused.
	Archived, Limited, Watermarked bool

	fields fields
}

// MediaItem is one file of an asset.
type MediaItem struct {
	ID            string // "" in lists of assets
	Type          string // original, web, additional; an open set
	Version       int64
	HasVersion    bool
	Active        bool
	Size          int64 // -1 where unknown, likewise Width and Height
	Width, Height int64
	Created       time.Time
	FileName      string
	Thumbnails    map[string]string

	fields fields
}

// MarshalJSON writes the asset's own fields, normalised; unknown ones are kept.
func (a *Asset) MarshalJSON() ([]byte, error) { return marshal(a.fields.normalised()) }

// Property reads the portal's own metadata: the values of one property, whose name is
// without the property_ prefix.
func (a *Asset) Property(name string) []string { return a.fields.list(propertyPrefix + name) }

// JSON writes the item's own fields, normalised, with the ids that a later command
// needs to find it.
func (m *MediaItem) JSON(mediaID string) ([]byte, error) {
	return marshal(m.fields.normalised().with(map[string]string{"mediaId": mediaID, "itemId": m.ID}))
}

func marshal(f fields) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(map[string]json.RawMessage(f))
	return bytes.TrimSpace(b.Bytes()), err
}

// ParseAsset reads one asset as the portal, or this program's own search --json,
// writes it. Only an id is indispensable.
func ParseAsset(raw json.RawMessage) (*Asset, error) {
	f, err := readFields(raw)
	if err != nil {
		return nil, malformed("an asset", err)
	}
	if err := f.sound(); err != nil {
		return nil, malformed("the asset "+strconv.Quote(f.text("id")), err)
	}
	a := &Asset{
		ID: f.text("id"), Name: f.text("name"), Type: f.text("type"), Modified: f.day("dateModified"),
		Size: orUnknown(f.number("fileSize")), Tags: f.list("tags"), Thumbnails: f.links("thumbnails"),
		Archived: f.flag("archive", false), Limited: f.flag("limited", false), Watermarked: f.flag("watermarked", false),
		fields: f,
	}
	if a.ID == "" {
		return nil, malformed("an asset", errors.New("it has no id"))
	}
	a.Version, _ = f.number("activeVersion")
	for _, element := range f.elements("mediaItems") {
		if item, err := parseItem(element); err == nil {
			a.Items = append(a.Items, item)
		}
	}
	return a, nil
}

// sound refuses an asset that has something else altogether where names, files or
// derivatives belong: what is made of it would be wrong in silence.
func (f fields) sound() error {
	for _, name := range []string{"name", "type"} {
		if k := kindOf(f[name]); k == 'o' || k == 'a' {
			return fmt.Errorf("its %s is no text", name)
		}
	}
	for _, name := range []string{"thumbnails", "mediaItems"} {
		// PHP spells an empty object as an empty array, and sometimes as "".
		if value := bytes.TrimSpace(f[name]); kindOf(value) == 's' && string(value) != `""` {
			return fmt.Errorf("its %s are no list", name)
		}
	}
	return nil
}

// kindOf tells objects (o), arrays (a) and scalars (s) apart; 0 is null or missing.
func kindOf(raw json.RawMessage) byte {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || bytes.Equal(raw, null):
		return 0
	case raw[0] == '{':
		return 'o'
	case raw[0] == '[':
		return 'a'
	default:
		return 's'
	}
}

// parseItem reads one media item; everything in it may be missing.
func parseItem(raw json.RawMessage) (MediaItem, error) {
	f, err := readFields(raw)
	if err != nil {
		return MediaItem{}, malformed("a media item", err)
	}
	m := MediaItem{
		ID: f.text("id"), Type: f.text("type"), FileName: f.text("fileName"),
		Active: f.flag("active", true), // the SDKs read a missing one as true
		Size:   orUnknown(f.number("size")), Width: orUnknown(f.number("width")), Height: orUnknown(f.number("height")),
		Created: f.date("dateCreated"), Thumbnails: f.links("thumbnails"), fields: f,
	}
	m.Version, m.HasVersion = f.number("version")
	if m.FileName == "" {
		m.FileName = f.text("name") // as the SDKs do
	}
	return m, nil
}

func orUnknown(n int64, ok bool) int64 {
	if !ok || n < 0 {
		return -1
	}
	return n
}

// Asset asks for one asset with all of its media items, with one call.
func (c *Client) Asset(ctx context.Context, mediaID string) (*Asset, error) {
	path := "/api/v4/media/" + url.PathEscape(mediaID) + "/"
	var raw json.RawMessage
	if err := c.get(ctx, path, url.Values{"versions": {"1"}}, &raw); err != nil {
		return nil, err
	}
	a, err := ParseAsset(raw)
	if err != nil {
		return nil, &ProtocolError{Path: path, Err: err}
	}
	return a, nil
}
