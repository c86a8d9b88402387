package transfer

import (
	"slices"
	"sync"
)

// allotment shares a number of connections among the files in flight. Each file has one, whatever the number. Those
// that are left over go to the largest file, as many as it has a use for, then to the next one. By its size, and not
// by the bytes to come: else two files of a size would take them from each other all the time.
type allotment struct {
	total int

	mu    sync.Mutex
	files int    // in flight
	wants []want // of files that asked for more than one, the largest first, else in the order in which they came
}

// want is how many connections a file has a use for.
type want struct {
	file        any
	connections int
	size        int64
}

// count adds n to the files in flight, 1 for one that begins, -1 for one that has ended, and returns their number.
func (a *allotment) count(n int) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.files += n
	return a.files
}

// grant notes that file, of size bytes, has a use for N connections, and returns how many it may have, at least one. It
// is called again and again: what was granted is taken back when another file begins.
func (a *allotment) grant(file any, connections int, size int64) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.wants, func(w want) bool { return w.file == file })
	if i < 0 {
		for i = 0; i < len(a.wants) && a.wants[i].size >= size; i++ {
		}
		a.wants = slices.Insert(a.wants, i, want{file: file, size: size})
	}
	a.wants[i].connections = connections
	more, spare := 0, a.total-a.files
	for _, w := range a.wants[:i+1] {
		more = max(min(w.connections-1, spare), 0)
		spare -= more
	}
	return 1 + more
}

// withdraw forgets what file wants.
func (a *allotment) withdraw(file any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wants = slices.DeleteFunc(a.wants, func(w want) bool { return w.file == file })
}

// memoryBytes is how much of all files of an Opener together may wait in memory for its turn.
const memoryBytes = 96 << 20

// Memory is memory that others take as well, in bytes. A part of a file is asked for only if all of it fits, so that no
// file holds memory while it waits for more.
type Memory interface {
	TryAcquire(n int64) bool
	Release(n int64)
}
