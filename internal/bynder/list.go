package bynder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	// pageLimit is the most that the portal gives in a page.
	pageLimit = 1000
	// maxIDQuery bounds the ids= of one call, so that the URL stays under 7 KiB: the
	// network in front of portals takes request lines of 8,192 bytes.
	maxIDQuery = 7<<10 - 256
)

// Query chooses assets. Values of one key are joined by commas, because a signature
// covers only the first of repeated keys.
type Query struct {
	Keyword                               string
	Types, Tags, Brands                   []string
	Collection                            string
	Properties                            map[string][]string // by name, without prefix
	CreatedFrom, ModifiedFrom, ModifiedTo string              // ISO 8601
	Archived, Limited, Public             *bool
	Order                                 string // "dateModified desc"
	IDs                                   []string
	// Limit is how many are wanted, where that is less than a page; 0 is all.
	Limit int
}

func (q Query) values() url.Values {
	v := url.Values{}
	set := func(key string, values ...string) {
		if joined := strings.Join(values, ","); joined != "" {
			v.Set(key, joined)
		}
	}
	set("keyword", q.Keyword)
	set("type", q.Types...)
	set("tags", q.Tags...)
	set("brandId", q.Brands...)
	set("collectionId", q.Collection)
	set("dateCreated", q.CreatedFrom)
	set("dateModified", q.ModifiedFrom)
	set("dateModifiedTo", q.ModifiedTo)
	set("orderBy", q.Order)
	set("ids", q.IDs...)
	for name, values := range q.Properties {
		set(propertyPrefix+name, values...)
	}
	for key, value := range map[string]*bool{"archive": q.Archived, "limited": q.Limited, "isPublic": q.Public} {
		if value != nil {
			v.Set(key, map[bool]string{true: "1", false: "0"}[*value])
		}
	}
	return v
}

// Assets lists the assets that match, in the portal's order, page by page: the first
// comes as soon as the first page has begun. An element that cannot be read is an
// error of its own that does not end the list (IsMalformedElement); every other error does.
// An asset may come twice when the portal's data change between two pages.
func (c *Client) Assets(ctx context.Context, q Query) iter.Seq2[*Asset, error] {
	return func(yield func(*Asset, error) bool) {
		limit := pageLimit
		if q.Limit > 0 {
			limit = min(limit, q.Limit)
		}
		for raw, err := range c.pages(ctx, "/api/v4/media/", q.values(), limit) {
			var a *Asset
			if err == nil {
				a, err = ParseAsset(raw)
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

// batchIDs cuts ids into lists that one call can ask for, in order: about 190 of the
// portal's own length.
func batchIDs(ids iter.Seq[string]) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		var batch []string
		size := 0
		for id := range ids {
			cost := len(url.QueryEscape(id)) + len(",")
			if len(batch) > 0 && size+cost > maxIDQuery {
				if !yield(batch) {
					return
				}
				batch, size = nil, 0
			}
			batch, size = append(batch, id), size+cost
		}
		if len(batch) > 0 {
			yield(batch)
		}
	}
}

// maxBroken is how often in a row a page may break off without an element more.
const maxBroken = 3

// pages yields the elements of a list, following the portal's cursor where it gives
// one, else asking page after page until a short one. A page that breaks off is asked
// for again, and what it has brought already is passed over.
func (c *Client) pages(ctx context.Context, path string, query url.Values, limit int) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		skip, cursor, head := 0, "", ""
		followed := map[string]bool{}
		for {
			before := head
			head = ""
			each := func(raw json.RawMessage, err error) bool {
				if head == "" {
					head = string(raw)
				}
				return yield(raw, err)
			}
			page := maps.Clone(query)
			page.Set("limit", strconv.Itoa(limit))
			if cursor != "" {
				page.Set("cursor", cursor)
			} else {
				page.Set("page", strconv.Itoa(skip/limit+1))
			}
			n, next, stop, err := c.wholePage(ctx, path, page, each)
			if err == nil && (followed[next] || head != "" && head == before) {
				err = &ProtocolError{Path: path, Err: errors.New("the portal's pages repeat themselves")}
			}
			if stop {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			// With cursors the page without one is the last, else a short one is.
			if next == "" && (cursor != "" || n < limit) {
				return
			}
			skip, cursor = skip+n, next
			if next != "" {
				followed[next] = true
			}
		}
	}
}

// wholePage asks for one page until it has come to its end, and yields each of its
// elements once. It returns how many there were and the cursor of the next page; stop
// tells that the consumer wants no more.
func (c *Client) wholePage(ctx context.Context, path string, query url.Values, yield func(json.RawMessage, error) bool) (n int, next string, stop bool, err error) {
	for broken := 0; ; broken++ {
		before := n
		n, next, stop, err = c.page(ctx, path, query, n, yield)
		if n > before {
			broken = 0
		}
		if _, again := errors.AsType[*readError](err); !again || broken == maxBroken || ctx.Err() != nil {
			return n, next, stop, err
		}
	}
}

// page asks for one page and yields its elements but the first few, which are known. It
// returns how many are known then.
func (c *Client) page(ctx context.Context, path string, query url.Values, known int, yield func(json.RawMessage, error) bool) (n int, next string, stop bool, err error) {
	resp, err := c.open(ctx, path, query)
	if err != nil {
		return known, "", false, err
	}
	defer resp.Body.Close()
	for raw, err := range elements(resp.Body) {
		if err != nil && !IsMalformedElement(err) {
			return max(n, known), "", false, c.notAList(path, resp, err)
		}
		if n++; n > known && !yield(raw, err) {
			return n, "", true, nil
		}
	}
	return max(n, known), resp.Header.Get("X-Bynder-NextCursor"), false, nil
}

// notAList says what is wrong with a page; one that broke off is no fault of its own.
func (c *Client) notAList(path string, resp *http.Response, err error) error {
	if _, broke := errors.AsType[*readError](err); broke {
		return fmt.Errorf("asking the portal for %s: %w", path, err)
	}
	return &ProtocolError{Path: path, Err: fmt.Errorf("%s where a list was expected: %w", describe(resp), err)}
}

// AssetsByID asks for the assets named by ids, in as few calls as their URLs allow, and
// yields those that the list returns, in the portal's order. When the portal refuses a
// long URL (413, 414), it is asked for half as many at a time.
func (c *Client) AssetsByID(ctx context.Context, ids []string) iter.Seq2[*Asset, error] {
	return func(yield func(*Asset, error) bool) {
		for batch := range batchIDs(slices.Values(ids)) {
			if !c.batch(ctx, batch, yield) {
				return
			}
		}
	}
}

func (c *Client) batch(ctx context.Context, ids []string, yield func(*Asset, error) bool) bool {
	for a, err := range c.Assets(ctx, Query{IDs: ids}) {
		if api, ok := errors.AsType[*APIError](err); ok && len(ids) > 1 && tooLong(api.Status) {
			half := len(ids) / 2
			return c.batch(ctx, ids[:half], yield) && c.batch(ctx, ids[half:], yield)
		}
		if !yield(a, err) {
			return false
		}
	}
	return true
}

// tooLong tells whether a status says that the request line was.
func tooLong(status int) bool {
	return status == http.StatusRequestURITooLong || status == http.StatusRequestEntityTooLarge ||
		status == http.StatusRequestHeaderFieldsTooLarge
}

// Collection is a named set of assets.
type Collection struct {
	ID, Name string
	Count    int64 // of assets as the portal says, deleted ones included; -1 where unknown
	Created  string

	fields fields
}

// MarshalJSON writes the collection's own fields, normalised; unknown ones are kept.
func (c *Collection) MarshalJSON() ([]byte, error) { return marshal(c.fields.normalised()) }

// Collections lists the collections whose name or description holds keyword; all for "".
func (c *Client) Collections(ctx context.Context, keyword string) iter.Seq2[*Collection, error] {
	query := url.Values{}
	if keyword != "" {
		query.Set("keyword", keyword)
	}
	return func(yield func(*Collection, error) bool) {
		for raw, err := range c.pages(ctx, "/api/v4/collections/", query, pageLimit) {
			var found *Collection
			if err == nil {
				found, err = parseCollection(raw)
			}
			if !yield(found, err) {
				return
			}
		}
	}
}

func parseCollection(raw json.RawMessage) (*Collection, error) {
	f, err := readFields(bytes.TrimSpace(raw))
	if err != nil {
		return nil, malformed("a collection", err)
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
	return c, nil
}
