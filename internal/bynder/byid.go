package bynder

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"slices"
)

// maxIDQuery bounds the ids= of one call, so that the URL stays under 7 KiB: the network in
// front of portals takes request lines of 8,192 bytes.
const maxIDQuery = 7<<10 - 256

// IDBatch counts which ids one call of AssetsByID takes: about 190 of the portal's own
// length of 35. The zero value is an empty batch.
type IDBatch struct{ size int }

// Add counts one more id, and reports whether it belongs to this batch. The first always
// does; one that does not is not counted.
func (b *IDBatch) Add(id string) bool {
	cost := len(url.QueryEscape(id)) + len(",")
	if b.size > 0 && b.size+cost > maxIDQuery {
		return false
	}
	b.size += cost
	return true
}

// batchIDs cuts ids into lists that one call can ask for, in order.
func batchIDs(ids iter.Seq[string]) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		var ready []string
		var batch IDBatch
		for id := range ids {
			if !batch.Add(id) {
				if !yield(ready) {
					return
				}
				ready, batch = nil, IDBatch{}
				batch.Add(id)
			}
			ready = append(ready, id)
		}
		if len(ready) > 0 {
			yield(ready)
		}
	}
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
	assets := c.Assets(Query{IDs: ids})
	assets.most = int64(len(ids))
	for a, err := range assets.Each(ctx) {
		if api, ok := errors.AsType[*APIError](err); ok && len(ids) > 1 && tooLong(api.Status) {
			half := len(ids) / 2
			return c.batch(ctx, ids[:half], yield) && c.batch(ctx, ids[half:], yield)
		}
		if errors.Is(err, errRepeats) {
			break // a portal that knows no pages has given all of them at once
		}
		if !yield(a, err) {
			return false
		}
	}
	return true
}

// tooLong reports whether a status says that the request line was.
func tooLong(status int) bool {
	return status == http.StatusRequestURITooLong || status == http.StatusRequestEntityTooLarge ||
		status == http.StatusRequestHeaderFieldsTooLarge
}
