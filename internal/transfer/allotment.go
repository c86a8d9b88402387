package transfer

import (
	"cmp"
	"maps"
	"slices"
	"sync"
)

// allotment shares a number of connections among the files in flight. Each file has
// one, whatever the number. Those that are left over go to the largest file, as many as it
// has a use for, then to the next one. By its size, and not by what is left of it: else two
// files of a size would take them from each other all the time.
type allotment struct {
	total int

	mu    sync.Mutex
	files int // in flight
	last  int // how many have asked for more than one, ever
	wants map[any]want
}

// want is how many connections a file has a use for.
type want struct {
	connections int
	size        int64
	order       int // of files of one size the first
}

func newAllotment(total int) *allotment {
	return &allotment{total: total, wants: map[any]want{}}
}

// join counts a file that is in flight from now on, and leave one that is no more.
func (a *allotment) join() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.files++
}

func (a *allotment) leave() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.files--
}

// grant notes that file, of size bytes, has a use for so many connections, and returns how many
// it may have, at least one. It is asked again and again: what was granted is taken
// back when another file begins.
func (a *allotment) grant(file any, connections int, size int64) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	w, known := a.wants[file]
	if !known {
		a.last++
		w = want{size: size, order: a.last}
	}
	w.connections = connections
	a.wants[file] = w
	spare := a.total - a.files
	for _, other := range slices.SortedFunc(maps.Values(a.wants), largestFirst) {
		more := max(min(other.connections-1, spare), 0)
		if other.order == w.order {
			return 1 + more
		}
		spare -= more
	}
	return 1
}

func largestFirst(a, b want) int {
	return cmp.Or(cmp.Compare(b.size, a.size), cmp.Compare(a.order, b.order))
}

// withdraw forgets what file wants.
func (a *allotment) withdraw(file any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.wants, file)
}
