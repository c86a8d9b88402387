package bynder

import (
	"context"
	"encoding/json"
	"errors"
)

// Brand is a brand of a portal; several may share one portal.
type Brand struct{ ID, Name string }

// Brands lists the portal's brands, with one call.
func (c *Client) Brands(ctx context.Context) ([]Brand, error) {
	var all []Brand
	var malformed error
	got := page{total: -1}
	_, err := c.wholePage(ctx, "/api/v4/brands/", nil, &got, func(raw json.RawMessage, err error) bool {
		brand := Brand{}
		if err == nil {
			brand, err = parseBrand(raw)
		}
		got.elements++
		all, malformed = append(all, brand), err
		return err == nil
	})
	if err = errors.Join(err, malformed); err != nil {
		return nil, err
	}
	return all, nil
}

func parseBrand(raw json.RawMessage) (Brand, error) {
	f, err := readFields(raw)
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return Brand{}, malformed("a brand", err)
	}
	b := Brand{ID: f.text("id"), Name: f.text("name")}
	if err := CheckID(b.ID); err != nil {
		return Brand{}, malformed("a brand", err)
	}
	return b, nil
}
