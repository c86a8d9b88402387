package bynder

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
)

// Brand is a brand of a portal; several may share one portal.
type Brand struct {
	ID, Name, Description string

	raw json.RawMessage
}

// MarshalJSON returns the brand's fields as the portal sends them. Temporary URLs are null.
func (b Brand) MarshalJSON() ([]byte, error) { return rewrite(b.raw, nil) }

// Brands lists the portal's brands, with one call.
func (c *Client) Brands(ctx context.Context) ([]Brand, error) {
	return wholeList(ctx, c, "/api/v4/brands/", parseBrand)
}

func parseBrand(raw json.RawMessage) (Brand, error) {
	f, err := readFields(raw)
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return Brand{}, malformed("a brand", err)
	}
	b := Brand{ID: f.text("id"), Name: f.text("name"), Description: f.text("description"), raw: raw}
	if err := CheckID(b.ID); err != nil {
		return Brand{}, malformed("a brand", err)
	}
	return b, nil
}

// AccountDerivative is a kind of image that the portal makes of originals; not every asset has each.
type AccountDerivative struct {
	ID, Name      string // Name is what a derivative is called in an asset's thumbnails
	Extension     string
	Width, Height int64 // the most that an image has, in pixels; -1 if unknown
	OnTheFly      bool  // made when it is first requested
	Public        bool

	raw json.RawMessage
}

// MarshalJSON returns the derivative's fields as the portal sends them. Temporary URLs are null.
func (d AccountDerivative) MarshalJSON() ([]byte, error) { return rewrite(d.raw, nil) }

// Derivatives lists the derivatives of the account, with one call.
func (c *Client) Derivatives(ctx context.Context) ([]AccountDerivative, error) {
	return wholeList(ctx, c, "/api/v4/account/derivatives/", parseDerivative)
}

func parseDerivative(raw json.RawMessage) (AccountDerivative, error) {
	f, err := readFields(raw)
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return AccountDerivative{}, malformed("a derivative", err)
	}
	d := AccountDerivative{
		ID: f.text("id"), Name: f.text("prefix"), Extension: strings.Join(f.list("extension"), ","),
		Width: orUnknown(f.number("width")), Height: orUnknown(f.number("height")),
		OnTheFly: f.flag("isOnTheFly", false), Public: f.flag("isPublic", false), raw: raw,
	}
	if d.Name == "" {
		return AccountDerivative{}, malformed("a derivative", errors.New("it has no prefix, which is its name"))
	}
	return d, nil
}

// Tag is a tag of the portal.
type Tag struct {
	ID, Name string
	Assets   int64 // number of assets that the portal reports; -1 if unknown

	raw json.RawMessage
}

// MarshalJSON returns the tag's fields as the portal sends them. Temporary URLs are null.
func (t Tag) MarshalJSON() ([]byte, error) { return rewrite(t.raw, nil) }

// Tags lists the portal's tags.
func (c *Client) Tags() *Listing[Tag] {
	return &Listing[Tag]{
		client: c, path: "/api/v4/tags/", query: url.Values{}, limit: PageLimit, most: -1, counted: -1, onePage: true,
		parse: parseTag, id: func(t Tag) string { return t.Name },
	}
}

func parseTag(raw json.RawMessage) (Tag, error) {
	f, err := readFields(raw)
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return Tag{}, malformed("a tag", err)
	}
	t := Tag{ID: f.text("id"), Name: f.text("tag"), Assets: orUnknown(f.number("mediaCount")), raw: raw}
	if t.Name == "" {
		return Tag{}, malformed("a tag", errors.New("it has no text"))
	}
	return t, nil
}

// wholeList lists what the portal answers at once: these lists have no pages. One malformed element makes the list an error.
func wholeList[T any](ctx context.Context, c *Client, path string, parse func(json.RawMessage) (T, error)) ([]T, error) {
	var all []T
	var malformed error
	got := page{total: -1}
	_, err := c.wholePage(ctx, path, nil, &got, func(raw json.RawMessage, err error) bool {
		var entry T
		if err == nil {
			entry, err = parse(raw)
		}
		got.elements++
		all, malformed = append(all, entry), err
		return err == nil
	})
	if err = errors.Join(err, malformed); err != nil {
		return nil, err
	}
	return all, nil
}
