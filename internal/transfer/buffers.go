package transfer

import "sync"

// poolBytes is how much of all files of an Opener together may wait in memory for its
// turn.
const poolBytes = 96 << 20

// buffers lends the buffers in which parts of files wait for their turn. All have the
// size of a large buffer of Copy, so that one can be exchanged for the other.
type buffers struct {
	size int // of each, in bytes
	most int // how many there may be

	mu    sync.Mutex
	lent  int
	spare []*[]byte
}

// take lends n buffers, or none where there are not so many: bytes are asked for only
// where there is room for all of them, and nobody holds some while waiting for more.
func (b *buffers) take(n int) []*[]byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lent+n > b.most {
		return nil
	}
	b.lent += n
	reused := min(n, len(b.spare))
	lent := append(make([]*[]byte, 0, n), b.spare[len(b.spare)-reused:]...)
	b.spare = b.spare[:len(b.spare)-reused]
	for len(lent) < n {
		buf := make([]byte, b.size)
		lent = append(lent, &buf)
	}
	return lent
}

// give takes a buffer back.
func (b *buffers) give(buf *[]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lent--
	b.spare = append(b.spare, buf)
}

// rest lets go of the memory when nobody needs it.
func (b *buffers) rest() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lent == 0 {
		b.spare = nil
	}
}
