package bynder

import (
	"encoding/json"
	"errors"
	"net/url"
)

// Collection is a named set of assets.
type Collection struct {
	ID, Name string
	Count    int64 // number of assets that the portal reports, deleted ones included; -1 if unknown
	Created  string

	fields fields
}

// MarshalJSON returns the collection's own fields, normalized; unknown ones are kept. Temporary URLs are null.
func (c *Collection) MarshalJSON() ([]byte, error) { return marshal(c.fields.written(nil, false)) }

// Collections lists the collections whose name or description holds keyword; all for "".
// The request asks for their number; if the portal does not send it, the list ends at an empty page.
func (c *Client) Collections(keyword string) *Listing[*Collection] {
	query := url.Values{}
	if keyword != "" {
		query.Set("keyword", keyword)
	}
	return &Listing[*Collection]{
		client: c, path: "/api/v4/collections/", query: query, limit: PageLimit, asksTotal: "count", most: -1, counted: -1,
		parse: parseCollection, id: func(c *Collection) string { return c.ID },
	}
}

func parseCollection(raw json.RawMessage) (*Collection, error) {
	f, err := readFields(raw)
	if err != nil {
		return nil, malformed("a collection", err)
	}
	if err := f.check(); err != nil {
		return nil, malformed(named("the collection", f), err)
	}
	c := &Collection{
		ID: f.text("id"), Name: f.text("name"),
		Count: orUnknown(f.number("collectionCount")), Created: f.text("dateCreated"), fields: f,
	}
	if created := f.date("dateCreated"); !created.IsZero() {
		c.Created = created.Format("2006-01-02T15:04:05Z")
	}
	if c.ID == "" {
		return nil, malformed("a collection", errors.New("it has no id"))
	}
	if err := CheckID(c.ID); err != nil {
		return nil, malformed("a collection", err)
	}
	return c, nil
}
