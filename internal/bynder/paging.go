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
	// usualPage is how many elements a page has without a limit; no known portal sends
	// fewer.
	usualPage = 50
	// maxEmpty is the most consecutive pages without a new readable element, beside those
	// that the total explains: elements that the credentials may not see fill pages, too.
	maxEmpty = 100
)

// errRepeats is the error of a list that would never end.
var errRepeats = errors.New("the portal's pages repeat themselves")

// paging decides which page of a list is requested next, and which is the last.
//
// The first request has a limit and no page number. If the answer has a cursor, the next
// request has it too, until a page has none; Solr, which makes the cursors, ends with an empty
// page that repeats the request's cursor. Otherwise pages have numbers, and a short page is
// not the end: portals send fewer elements than requested, and leave out those that the
// credentials may not see. The list ends at the total, or at an empty page if no total is known.
//
// A short first page may mean that the portal limits the elements of a page. Some such
// portals number pages by their own limit, others by the requested one. So the length of page
// 1 is tried as the limit of page 2. If page 2 then has elements, and all are new, both
// numberings agree from there on. If not, elements of page 1 are hidden, and page 2 is
// requested again with the first limit. A list of ids needs none of this: missing ones are
// requested one by one.
type paging struct {
	limit     int
	asksTotal string
	most      int64 // most elements that the list can have, even if the total is higher; -1: unknown
	onePage   bool  // the portal may ignore page, and send the whole list each time

	number   int             // of the requested page, from 1 up
	cursor   string          // in place of number, if not empty
	trying   int             // the first limit, while another is tried; else 0
	refused  bool            // another limit was tried, and pages are numbered differently with it
	total    int64           // that the portal reported, -1: unknown
	read     int64           // elements so far, each counted once
	longest  int             // most elements of a page
	overlaps bool            // pages have brought elements of earlier ones
	empty    int             // consecutive pages without a new readable element
	seen     map[uint64]bool // sums of pages and cursors
}

func newPaging(limit int, asksTotal string, most int64) *paging {
	return &paging{limit: limit, asksTotal: asksTotal, most: most, number: 1, total: -1, seen: map[uint64]bool{}}
}

// query returns the query for the next page: the filters and what selects the page.
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

// first reports whether a sum is seen for the first time.
func (p *paging) first(sum uint64) bool {
	known := p.seen[sum]
	p.seen[sum] = true
	return !known
}

// next reports whether a page follows got, and selects it.
func (p *paging) next(got page) (more bool, err error) {
	sent := p.cursor
	if p.trying == 0 && got.elements > 0 && !p.first(got.sum) {
		if p.onePage && p.number == 2 && got.total < 0 && got.elements < p.limit {
			return false, nil // page 1 once more, and it is shorter than a page may be: it is the whole list
		}
		return false, errRepeats
	}
	if p.total < 0 {
		p.total = got.total
	}
	p.read += int64(got.fresh)
	p.longest = max(p.longest, got.elements)
	if p.empty++; got.readable > 0 && got.fresh > 0 {
		p.empty = 0
	}
	switch {
	case p.read == p.total, p.most >= 0 && p.read >= p.most:
		return false, nil
	case got.cursor != "" && got.cursor == sent && got.elements == 0:
		return false, nil
	case got.cursor != "" && !p.first(maphash.String(seed, "cursor "+got.cursor)):
		return false, errRepeats
	case p.empty > maxEmpty && int64(p.empty) > p.total/int64(p.limit):
		return false, fmt.Errorf("%d consecutive pages have no new element", p.empty)
	}
	if p.cursor = got.cursor; p.cursor != "" || sent != "" {
		return p.cursor != "", nil
	}
	return p.numbered(got), nil
}

// numbered reports whether a page follows got, which was requested by its number, and
// selects it.
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

// ended reports whether got is the last page with a number.
func (p *paging) ended(got page) bool {
	if p.total < 0 || p.read > p.total { // or the list has grown
		return got.elements == 0 || p.most >= 0 && int64(p.number*p.longest) >= p.most
	}
	if p.longest < usualPage {
		return got.elements == 0 && int64(p.number)*usualPage >= p.total
	}
	return int64(p.number)*int64(p.longest) >= p.total && (!p.overlaps || got.elements < p.longest)
}
