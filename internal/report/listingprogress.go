package report

import (
	"fmt"
	"sync/atomic"
)

// ListingProgress counts the entries of a list of the portal as they come. It is safe for concurrent use.
type ListingProgress struct {
	Noun string // of one entry

	n, total atomic.Int64
}

// Set sets the number of entries listed, and of all entries that are to be listed, -1 if that is unknown.
func (p *ListingProgress) Set(n int, total int64) {
	p.total.Store(total)
	p.n.Store(int64(n))
}

// String returns a text such as "listed 1000 of 12000 assets", "" before the first entry.
func (p *ListingProgress) String() string {
	n, total := p.n.Load(), p.total.Load()
	switch {
	case n == 0:
		return ""
	case total >= n:
		return fmt.Sprintf("listed %d of %d %ss", n, total, p.Noun)
	default:
		return fmt.Sprintf("listed %d %ss", n, p.Noun)
	}
}
