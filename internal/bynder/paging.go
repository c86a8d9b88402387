package bynder

import (
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"net/url"
	"strconv"
)

const (
	// usualPage is how many elements a page has when no limit is given: no portal is known
	// that gives fewer.
	usualPage = 50
	// maxBarren is how many pages in a row may bring nothing readable, beside those that
	// the total explains: elements that the credentials may not see fill pages, too.
	maxBarren = 100
)

// errRepeats is a list that would never end.
var errRepeats = errors.New("the portal's pages repeat themselves")

// paging decides which page of a list is asked for next, and when the last one was read.
//
// The first request names a limit and no page. If a cursor comes back, it leads on until a
// page has none; Solr, from which it is, ends with an empty page that returns the cursor it
// was asked with. Otherwise pages have numbers, and a short page is not the end: portals
// give fewer elements than asked for, and leave out those that the credentials may not see.
// The end is the total, or an empty page where no total is known.
type paging struct {
	limit     int
	asksTotal bool
	most      int64 // elements at most, whatever the total says; -1: unknown

	number  int    // of the page that is asked for, from 1 up
	cursor  string // in place of number, if not empty
	total   int64  // as the portal tells, -1: unknown
	read    int64
	longest int
	barren  int             // pages in a row without a readable element
	seen    map[uint64]bool // sums of pages and cursors
}

func newPaging(limit int, asksTotal bool, most int64) *paging {
	return &paging{limit: limit, asksTotal: asksTotal, most: most, number: 1, total: -1, seen: map[uint64]bool{}}
}

// query is the request for the next page: filters and what chooses the page.
func (p *paging) query(filters url.Values) url.Values {
	q := maps.Clone(filters)
	q.Set("limit", strconv.Itoa(p.limit))
	switch {
	case p.cursor != "":
		q.Set("cursor", p.cursor)
	case p.number > 1:
		q.Set("page", strconv.Itoa(p.number))
	case p.asksTotal:
		q.Set("total", "1")
	}
	return q
}

// first reports whether a sum comes for the first time.
func (p *paging) first(sum uint64) bool {
	known := p.seen[sum]
	p.seen[sum] = true
	return !known
}

// turn reports whether there is a page after the one that brought got.
func (p *paging) turn(got page) (more bool, err error) {
	sent := p.cursor
	if got.cursor != "" && got.cursor == sent && got.elements == 0 {
		return false, nil
	}
	if got.elements > 0 && !p.first(got.sum) || got.cursor != "" && !p.first(maphash.String(seed, "cursor "+got.cursor)) {
		return false, errRepeats
	}
	if p.total < 0 {
		p.total = got.total
	}
	p.read += int64(got.elements)
	p.longest = max(p.longest, got.elements)
	if p.barren++; got.readable > 0 {
		p.barren = 0
	}
	if p.barren > maxBarren && int64(p.barren) > p.total/int64(p.limit) {
		return false, fmt.Errorf("%d pages in a row bring nothing", p.barren)
	}
	if p.most >= 0 && p.read >= p.most {
		return false, nil
	}
	if p.cursor = got.cursor; p.cursor != "" || sent != "" {
		return p.cursor != "", nil
	}
	if more = p.numbered(got.elements); more {
		p.number++
	}
	return more, nil
}

// numbered reports whether a page follows the one that was asked for by number and brought
// n elements.
func (p *paging) numbered(n int) bool {
	switch {
	case p.total < 0, p.read > p.total: // or it has grown
		if n == 0 || p.most >= 0 && int64(p.number*p.longest) >= p.most {
			return false
		}
	case p.read == p.total:
		return false
	case p.longest >= usualPage && int64(p.number)*int64(p.longest) >= p.total:
		return false
	case p.longest < usualPage && n == 0 && int64(p.number)*usualPage >= p.total:
		return false
	}
	// A first page that is short may show how many elements this portal gives at most.
	// Some count pages by what they give, others by the limit that was asked for. With
	// that number as the limit both count alike, and nothing is left out.
	if p.number == 1 && n > 0 && n < p.limit && (n >= usualPage || p.total >= 0 && p.total <= 10*int64(n)) {
		p.limit = n
	}
	return true
}
