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

// IDBatch counts the ids that fit into one call of AssetsByID: about 190 of the portal's
// usual length of 35. The zero value is an empty batch.
type IDBatch struct {
	size    int
	filters int // length of the query without ids, in bytes
}

// Add counts one more id, and reports whether it fits into this batch. The first always
// does; one that does not fit is not counted.
func (b *IDBatch) Add(id string) bool {
	cost := len(url.QueryEscape(id)) + len(",")
	if b.size > 0 && b.size+cost > maxIDQuery-b.filters {
		return false
	}
	b.size += cost
	return true
}

// batchIDs splits ids into lists that fit into one call, in order. filters is the length of the query without the ids,
// in bytes.
func batchIDs(ids iter.Seq[string], filters int) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		var ready []string
		batch := IDBatch{filters: filters}
		for id := range ids {
			if !batch.Add(id) {
				if !yield(ready) {
					return
				}
				ready, batch = nil, IDBatch{filters: filters}
				batch.Add(id)
			}
			ready = append(ready, id)
		}
		if len(ready) > 0 {
			yield(ready)
		}
	}
}

// AssetsByID fetches the assets with these ids, in as few calls as the length of a URL
// allows, and yields those that the portal returns, in its order. If the portal refuses a
// long URL (413, 414), each call has half as many ids. An asset that is not returned may exist nevertheless.
func (c *Client) AssetsByID(ctx context.Context, ids []string) iter.Seq2[*Asset, error] {
	return func(yield func(*Asset, error) bool) {
		for a, err := range c.AssetsListed(ctx, Query{IDs: ids}) {
			if !errors.Is(err, ErrMiscounted) && !yield(a, err) {
				return
			}
		}
	}
}

// ErrMiscounted is the error of a list that has more or fewer elements than the portal has counted.
var ErrMiscounted = errors.New("the list does not have as many elements as the portal has counted")

// AssetsListed fetches the assets with q.IDs that match q's other filters, as AssetsByID does. After the assets
// of a call whose list does not have as many as the portal counts it yields ErrMiscounted, and goes on.
func (c *Client) AssetsListed(ctx context.Context, q Query) iter.Seq2[*Asset, error] {
	return func(yield func(*Asset, error) bool) {
		ids := q.IDs
		q.IDs = nil
		for batch := range batchIDs(slices.Values(ids), len(encodeQuery(q.values()))) {
			q.IDs = batch
			if !c.batch(ctx, q, yield) {
				return
			}
		}
	}
}

// batch fetches the assets with q.IDs in one call, and reports whether the next batch follows.
func (c *Client) batch(ctx context.Context, q Query, yield func(*Asset, error) bool) bool {
	assets := c.Assets(q)
	assets.most = int64(len(q.IDs))
	listed := int64(0)
	for a, err := range assets.Each(ctx) {
		if api, ok := errors.AsType[*APIError](err); ok && len(q.IDs) > 1 && tooLong(api.Status) {
			first, second := q, q
			half := len(q.IDs) / 2
			first.IDs, second.IDs = q.IDs[:half], q.IDs[half:]
			return c.batch(ctx, first, yield) && c.batch(ctx, second, yield)
		}
		if errors.Is(err, errRepeats) {
			break // a portal without pages has sent all assets at once
		}
		if !yield(a, err) {
			return false
		}
		if err == nil {
			listed++
		}
	}
	if counted := assets.Counted(); counted >= 0 && counted != listed {
		return yield(nil, ErrMiscounted)
	}
	return true
}

// tooLong reports whether a status means that the request line was too long.
func tooLong(status int) bool {
	return status == http.StatusRequestURITooLong || status == http.StatusRequestEntityTooLarge ||
		status == http.StatusRequestHeaderFieldsTooLarge
}
