package bynder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/bynder-cli/bynder/internal/fingerprint"
)

const (
	// PageLimit is the most elements that the portal sends in a page.
	PageLimit = 1000
	// maxPages is the most pages of one list that are requested, far more than a million assets
	// need.
	maxPages = 100_000
	// maxMalformed is the most consecutive elements that may be unreadable.
	maxMalformed = 1000
	// maxBroken is the most consecutive times that a page may break off without a further
	// element, and maxBreaks the most times in total: each time its known elements come again.
	maxBroken, maxBreaks = 3, 20
)

// Listing is a list of the portal, which is fetched page by page.
type Listing[T any] struct {
	client    *Client
	path      string
	query     url.Values
	limit     int
	asksTotal string // the parameter that requests the total, "" if the portal has none
	most      int64  // most elements that the list can have; -1: unknown
	onePage   bool   // the portal may ignore page, and send the whole list each time
	parse     func(json.RawMessage) (T, error)
	id        func(T) string
	repeats   bool // elements of one page may be alike: values, or objects whose id is another's

	counted int64
}

// Assets lists the assets that match, in the portal's order.
func (c *Client) Assets(q Query) *Listing[*Asset] {
	limit := PageLimit
	if q.Limit > 0 {
		limit = min(limit, q.Limit)
	}
	return &Listing[*Asset]{
		client: c, path: "/api/v4/media/", query: q.values(), limit: limit, asksTotal: "total", most: -1, counted: -1,
		parse: ParseAsset, id: func(a *Asset) string { return a.ID },
	}
}

// Counted returns the number of elements on all pages that the portal reported; -1 if it
// did not. It may be more than Each yields, because it includes elements that the credentials
// may not see. It is known once Each has yielded an element or has ended.
func (l *Listing[T]) Counted() int64 { return l.counted }

// Each yields the elements as they arrive, before the page is complete. An element that
// cannot be read is an error of its own that does not end the list (IsMalformedElement);
// every other error does. An element on two pages, such as after a change of the portal's
// data, is yielded once. The list ends after the last page (paging); a list that never ends
// is an error.
func (l *Listing[T]) Each(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		p := newPaging(l.limit, l.asksTotal, l.most)
		p.onePage = l.onePage
		malformed := 0 // in a row
		var listed fingerprint.Table[struct{}]
		for range maxPages {
			got, alike := page{total: -1}, map[string]int{}
			each := func(raw json.RawMessage, err error) bool {
				entry, id := none, string(raw)
				if err == nil {
					entry, err = l.parse(raw)
				}
				if malformed++; err == nil {
					malformed, id = 0, l.id(entry)
				}
				if l.repeats {
					alike[id]++
					id = fmt.Sprint(alike[id], " ", id)
				}
				fresh := got.add(&listed, id, err == nil)
				l.counted = max(l.counted, got.total)
				return (!fresh && err == nil || yield(entry, err)) && malformed < maxMalformed
			}
			stopped, err := l.client.wholePage(ctx, l.path, p.query(l.query), &got, each)
			switch {
			case stopped && malformed < maxMalformed:
				return
			case stopped:
				err = &ProtocolError{Path: l.path, Err: fmt.Errorf("%d elements in a row cannot be read", malformed)}
			}
			l.counted = max(l.counted, got.total)
			more := false
			if err == nil {
				if more, err = p.next(got); err != nil {
					err = &ProtocolError{Path: l.path, Err: err}
				}
			}
			if err != nil {
				yield(none, err)
				return
			}
			if !more {
				return
			}
		}
		yield(none, &ProtocolError{Path: l.path, Err: fmt.Errorf("the list goes on after %d pages", maxPages)})
	}
}

// page is what one page of a list contained.
type page struct {
	elements, readable int
	fresh              int    // elements that no earlier page had
	sum                uint64 // of the ids, in any order
	total              int64  // of all pages, -1 if unknown
	cursor             string // of the next page
}

// seed makes sums of one process comparable.
var seed = maphash.MakeSeed()

// add counts an element and reports whether it is new; listed has the fingerprints of the
// elements before it.
func (p *page) add(listed *fingerprint.Table[struct{}], id string, readable bool) (fresh bool) {
	print := maphash.String(seed, id)
	p.elements++
	p.sum += print
	if readable {
		p.readable++
	}
	if fresh = listed.Put(print, struct{}{}); fresh {
		p.fresh++
	}
	return fresh
}

// wholePage requests one page until it was read to its end, yields each of its elements
// once, and counts them in got. A page that breaks off is requested again, and the elements
// that were read already are skipped. stopped reports whether yield returned false.
func (c *Client) wholePage(ctx context.Context, path string, query url.Values, got *page, yield func(json.RawMessage, error) bool) (stopped bool, err error) {
	broken := 0
	for range maxBreaks {
		before := got.elements
		stopped, err = c.page(ctx, path, query, got, yield)
		if broken++; got.elements > before {
			broken = 1
		}
		if _, again := errors.AsType[*readError](err); !again || broken > maxBroken || ctx.Err() != nil {
			break
		}
	}
	return stopped, err
}

// page requests one page and yields the elements that got does not count yet.
func (c *Client) page(ctx context.Context, path string, query url.Values, got *page, yield func(json.RawMessage, error) bool) (stopped bool, err error) {
	resp, err := c.open(ctx, path, query)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	known := got.elements
	for raw, err := range elements(resp.Body, &got.total) {
		if err != nil && !IsMalformedElement(err) {
			return false, c.notAList(path, resp, err)
		}
		if known > 0 {
			known--
			continue
		}
		if !yield(raw, err) {
			return true, nil
		}
	}
	for _, name := range []string{"X-Bynder-NextCursor", "Bynder-NextCursor"} {
		if got.cursor = strings.TrimSpace(resp.Header.Get(name)); got.cursor == "null" {
			got.cursor = "" // some programs write null so
		}
		if got.cursor != "" {
			break
		}
	}
	return false, nil
}

// notAList returns the error of a page: that of the connection if it broke off, else a *ProtocolError.
func (c *Client) notAList(path string, resp *http.Response, err error) error {
	if _, broke := errors.AsType[*readError](err); broke {
		return fmt.Errorf("asking the portal for %s: %w", subject(path), err)
	}
	return &ProtocolError{Path: path, Err: fmt.Errorf("%s where a list was expected: %w", describe(resp), err)}
}
