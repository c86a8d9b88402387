package download

import (
	"fmt"
	"net/http"
	"sync"
	"time"
)

const (
	// nearWorkers is how many files are in flight at first. From a near storage, more take longer: the processor is the
	// limit then.
	nearWorkers = 32
	// DistantWorkers is how many are in flight if storage is distant: more do not make that faster.
	DistantWorkers = 128
	// Storage is near as soon as, of firstAnswers answers or more, one of nearShare has taken no longer than distant. The
	// median shows how busy this machine is instead: from a near storage, with 32 files in flight over TLS, that was 28 to
	// 120 ms, the fastest quarter took up to 23 ms, and the fastest eighth 5 to 15. A smaller share would be that of a
	// cache that has a few of the files.
	firstAnswers = 32
	nearShare    = 8
	distant      = 20 * time.Millisecond
	// halveAgain is the time within which several answers that ask for fewer requests count as one: all files in flight
	// meet the same trouble.
	halveAgain = 5 * time.Second
	// doubleAgain is how long storage must not ask for fewer requests until there are more again.
	doubleAgain = time.Minute
)

// Workers limits how many files are in flight at a time. If the number is automatic, the answers of storage decide. It is
// safe for concurrent use.
type Workers struct {
	// Changed, if set before the run, receives each new number, and why it has changed.
	Changed func(n int, why string)

	// slots holds a value for each file in flight, and for each one that may not be.
	slots chan struct{}

	mu       sync.Mutex
	number   int // of files that may be in flight
	withheld int // values in slots for files that may not be
	auto     bool
	answers  int       // with a file, or with none because it has not changed
	quick    int       // of these, those that took no longer than distant
	near     bool      // storage is
	changed  time.Time // when storage last asked for fewer requests, or number rose after that
}

// FixedWorkers returns Workers with n files in flight, at least 1.
func FixedWorkers(n int) *Workers {
	n = max(n, 1)
	return &Workers{slots: make(chan struct{}, n), number: n}
}

// AutoWorkers returns Workers with an automatic number of files in flight, at most as many as given: nearWorkers or, if
// storage is distant, DistantWorkers, until it turns out to be near; half of that each time storage asks for fewer requests (429, 503), down to 1, and
// twice as many each minute in which it does not. It is a threshold, because a number that follows what was measured would
// measure itself. Files that wait for the API's allowance cost nothing: they have no connection and no open file.
func AutoWorkers(most int) *Workers {
	w := FixedWorkers(min(most, DistantWorkers))
	w.auto = true
	w.set(min(nearWorkers, cap(w.slots)))
	return w
}

// Most returns the largest number of files in flight.
func (w *Workers) Most() int { return cap(w.slots) }

// Number returns how many files may be in flight now.
func (w *Workers) Number() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.number
}

// Answered receives the status and the delay of an answer of storage for a file: from when the request was sent, over an
// open connection, to the header of the answer.
func (w *Workers) Answered(status int, delay time.Duration) {
	if !w.auto {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	quiet := now.Sub(w.changed)
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		if quiet >= halveAgain {
			w.changed = now
			w.change(max(w.number/2, 1), fmt.Sprintf("storage answered %d", status))
		}
		return
	}
	if status/100 != 2 && status != http.StatusNotModified {
		return // an error comes from a server before the files, which may be near
	}
	if w.answers++; delay <= distant {
		w.quick++
	}
	usual := min(nearWorkers, cap(w.slots))
	if w.answers >= firstAnswers {
		if w.near = w.near || w.quick*nearShare >= w.answers; !w.near {
			usual = cap(w.slots)
		}
	}
	why := fmt.Sprintf("%d of %d answers took over %d ms", w.answers-w.quick, w.answers, distant.Milliseconds())
	switch {
	case w.number > usual, w.changed.IsZero():
		w.change(usual, why)
	case w.number < usual && quiet >= doubleAgain:
		w.changed = now
		w.change(min(2*w.number, usual), fmt.Sprintf("storage has answered no %d or %d for %s", http.StatusTooManyRequests, http.StatusServiceUnavailable, doubleAgain))
	}
}

// change sets the number of files that may be in flight, and reports it if it is a new one.
func (w *Workers) change(n int, why string) {
	if n == w.number {
		return
	}
	w.set(n)
	if w.Changed != nil {
		w.Changed(n, why)
	}
}

// set sets the number of files that may be in flight. If more are, they go on.
func (w *Workers) set(n int) {
	w.number = n
	for ; w.withheld > cap(w.slots)-n; w.withheld-- {
		<-w.slots
	}
	for ; w.withheld < cap(w.slots)-n; w.withheld++ {
		select {
		case w.slots <- struct{}{}:
		default:
			return // free withholds the rest
		}
	}
}

// free ends the use of a slot.
func (w *Workers) free() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.withheld < cap(w.slots)-w.number {
		w.withheld++
		return
	}
	<-w.slots
}
