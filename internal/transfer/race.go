package transfer

import (
	"slices"
	"time"
)

// One slow connection must not hold up all others. So the bytes that the reader waits for are
// asked for once more when they take too long: a part by the reader's own connection, the head by
// a part. Whoever has brought them first wins, and the other is given up.

// slow is how long n bytes take at most before they are raced: twice as long as
// they took other connections in the middle. It is 0 where that is not known.
func (w *window) slow(n int64) time.Duration {
	if w.granted < 2 || w.took.n < fewest {
		return 0
	}
	share := float64(n) / float64(w.part)
	return max(time.Duration(2*share*float64(w.took.median())), leastRace)
}

// durations are those of the last parts that were fetched without a failure.
type durations struct {
	ring [9]time.Duration
	n    int // ever added
}

// fewest is how many of them say something about another part.
const fewest = 3

func (d *durations) add(took time.Duration) {
	d.ring[d.n%len(d.ring)] = took
	d.n++
}

func (d *durations) median() time.Duration {
	sorted := slices.Sorted(slices.Values(d.ring[:min(d.n, len(d.ring))]))
	return sorted[len(sorted)/2]
}

// racePart tells whether the reader is to ask itself for what p lacks, or after what
// time to look again.
func (w *window) racePart(p *part, now time.Time) (race bool, again time.Duration) {
	limit := w.slow(p.size)
	if p.raced || limit == 0 {
		return false, patience
	}
	if left := limit - now.Sub(p.started); left > 0 {
		return false, min(left, patience)
	}
	if w.wanted = w.busy() >= w.granted; w.wanted {
		return false, patience
	}
	p.raced = true
	return true, 0
}

// raceHead sets a part on the last bytes that the head is to bring, where the head takes too long.
func (w *window) raceHead(now time.Time) {
	h := &w.head
	if !h.active || h.raced || w.halted || len(w.parts) == 0 || w.parts[0].from <= w.next {
		return
	}
	until := w.parts[0].from
	limit := w.slow(until - h.from)
	if limit == 0 || h.waitedUntil(now) < limit {
		return
	}
	if h.wanted = w.busy() >= w.granted; h.wanted {
		return
	}
	p := w.newPart(max(w.next, until-w.part), until)
	if p == nil {
		return
	}
	h.raced, p.raced = true, true
	w.parts = slices.Insert(w.parts, 0, p)
	w.start(p, now)
}

// measure begins to count how long the reader waits for bytes of the head from offset from on.
func (h *head) measure(from int64, now time.Time) {
	h.from, h.waited, h.raced = from, 0, false
	if !h.reading.IsZero() {
		h.reading = now
	}
}

func (h *head) waitedUntil(now time.Time) time.Duration {
	if h.reading.IsZero() {
		return h.waited
	}
	return h.waited + now.Sub(h.reading)
}

// reads notes that the reader begins, or ends, to wait for bytes of the head. A nil
// window notes nothing.
func (w *window) reads(begins bool) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	w.head.waited = w.head.waitedUntil(now)
	w.head.reading = time.Time{}
	if begins {
		w.head.reading = now
	}
}
