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
// The end is the total, or an empty page if no total is known.
//
// A short first page may mean that the portal limits the elements of a page, and
// some such portals count pages by what they give, others by the limit that was asked for. So
// its length is tried as the limit of page 2. If that brings elements, all of them new, both
// count alike from there on, and so does a portal that takes any limit. If not, elements of
// page 1 are hidden, and page 2 is asked for again with the first limit. A list of ids needs none of that: those that are missing are
// asked for one by one.
type paging struct {
	limit     int
	asksTotal string
	most      int64 // elements at most, whatever the total says; -1: unknown

	number   int             // of the page that is asked for, from 1 up
	cursor   string          // in place of number, if not empty
	trying   int             // the first limit, while another one is tried; else 0
	refused  bool            // another limit was tried, and does not count pages as the first one does
	total    int64           // as the portal tells, -1: unknown
	read     int64           // elements so far, each counted once
	longest  int             // page
	overlaps bool            // pages have brought elements of earlier ones
	barren   int             // pages in a row without a new element that can be read
	seen     map[uint64]bool // sums of pages and cursors
}

func newPaging(limit int, asksTotal string, most int64) *paging {
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
	case p.asksTotal != "":
		q.Set(p.asksTotal, "1")
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
	if p.trying == 0 && got.elements > 0 && !p.first(got.sum) {
		return false, errRepeats
	}
	if p.total < 0 {
		p.total = got.total
	}
	p.read += int64(got.fresh)
	p.longest = max(p.longest, got.elements)
	if p.barren++; got.readable > 0 && got.fresh > 0 {
		p.barren = 0
	}
	switch {
	case p.read == p.total, p.most >= 0 && p.read >= p.most:
		return false, nil
	case got.cursor != "" && got.cursor == sent && got.elements == 0:
		return false, nil
	case got.cursor != "" && !p.first(maphash.String(seed, "cursor "+got.cursor)):
		return false, errRepeats
	case p.barren > maxBarren && int64(p.barren) > p.total/int64(p.limit):
		return false, fmt.Errorf("%d pages in a row bring nothing new", p.barren)
	}
	if p.cursor = got.cursor; p.cursor != "" || sent != "" {
		return p.cursor != "", nil
	}
	return p.numbered(got), nil
}

// numbered reports whether a page follows the one that was asked for by number and brought
// got, and chooses it.
func (p *paging) numbered(got page) bool {
	if p.trying > 0 {
		if got.elements == 0 || got.fresh < got.elements {
			p.limit, p.trying, p.refused = p.trying, 0, true
			return true // page 2 once more
		}
		p.trying = 0
	} else {
		p.overlaps = p.overlaps || !p.refused && got.fresh < got.elements
	}
	if p.ended(got) {
		return false
	}
	if p.number == 1 && got.elements > 0 && got.elements < p.limit && p.limit > usualPage && p.most < 0 {
		p.trying, p.limit = p.limit, got.elements
	}
	p.number++
	return true
}

// ended reports whether the page that brought got is the last one with a number.
func (p *paging) ended(got page) bool {
	if p.total < 0 || p.read > p.total { // or the list has grown
		return got.elements == 0 || p.most >= 0 && int64(p.number*p.longest) >= p.most
	}
	if p.longest < usualPage {
		return got.elements == 0 && int64(p.number)*usualPage >= p.total
	}
	return int64(p.number)*int64(p.longest) >= p.total && (!p.overlaps || got.elements < p.longest)
}
