package transfer

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// partsPerConnection lets each connection be one part ahead.
const partsPerConnection = 2

// queue fetches the rest of a file in parts, by several connections, and gives their bytes to one reader, in order.
//
// It begins with the answer that the Stream was reading, the first answer. As long as that is fast, it is alone; else
// other connections fetch the parts that follow. The first answer is kept until another connection has brought a
// byte: until then it is the only one that is known to work.
//
// No failure is judged here. One that a pause does not help against lowers the end, which never rises again. When the
// reader gets there, the Stream goes on alone: with the first answer, if that was kept, else by asking for the byte
// that failed, and the answer to that request decides.
//
// Every wait is on changed, for a change of the fields that mu guards. Nothing is read, closed or waited for while the
// mutex is held, but changed.
type queue struct {
	*Opener
	object  Object
	at      address       // where parts are asked for
	ifMatch string        // with this condition
	delay   time.Duration // of the first answer
	part    int64         // length of a part
	fetched *atomic.Int64
	ctx     context.Context // of the Stream
	cancel  context.CancelFunc
	crew    sync.WaitGroup

	mu      sync.Mutex
	changed sync.Cond
	parts   []*part  // without a gap: the first one has the byte at next, the last one ends at claimed
	spare   [][]byte // memory for others
	next    int64    // what the reader needs next, or has
	given   int      // how many bytes from there on it has
	claimed int64    // what is fetched next
	end     int64    // of the file, or where something failed
	cause   *Error   // what failed; nil if nothing did
	busy    int      // connections in use, with those that pause before another try
	granted int      // connections that may be in use
	full    bool     // the next part did not fit into the memory
	retried []*Error // that the reader is to be told of

	first  *answer   // nil once it was given up
	kept   int64     // where the last part ends that it brings
	others time.Time // when another connection was first given a part; zero if none was
	proved bool      // another one has brought a byte
	pace   pace
	usual  time.Duration // that a part takes: a moving average of the last ones
	timed  int           // how many that is of
}

// part is a stretch of a file that one connection fetches. The queue's mutex guards its fields, except that the
// goroutine that fetches it writes, without it, into bytes beyond filled, and alone changes filled.
type part struct {
	from   int64
	bytes  []byte
	filled int // how many bytes have come

	stop     func()    // ends the request in progress; nil between two
	asked    time.Time // when that was made
	requests int
	hangUps  int  // requests that were ended because they took too long
	slow     bool // the request in progress is ended for that reason
}

func (p *part) end() int64 { return p.from + int64(len(p.bytes)) }

func (p *part) done() bool { return p.filled == len(p.bytes) }

// errOdd is a failure of parts that no pause helps against. What a Stream is answered itself tells more.
var errOdd = &Error{Kind: Protocol, Err: errors.New("storage does not give the parts that it is asked for"), remedy: nothing}

// read returns the next bytes, at most that many, which stay as they are until it is called again. It waits for them,
// for failures that the reader has not been told of, or for the end.
func (q *queue) read(most int) (ready []byte, retried []*Error, ended bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.next += int64(q.given); q.given > 0 && q.next == q.parts[0].end() {
		q.spare = append(q.spare, q.parts[0].bytes[:q.part])
		q.parts = slices.Delete(q.parts, 0, 1)
		q.changed.Broadcast()
	}
	q.given = 0
	for q.ctx.Err() == nil {
		if q.full && len(q.parts) == 0 {
			q.cut(q.next, nil) // a reader never waits for memory
		}
		switch {
		case len(q.retried) > 0:
			retried, q.retried = q.retried, nil
			return nil, retried, false
		case q.next == q.end:
			return nil, nil, true
		case len(q.parts) > 0 && q.parts[0].from+int64(q.parts[0].filled) > q.next:
			p := q.parts[0]
			ready = p.bytes[q.next-p.from : p.filled]
			q.given = min(len(ready), most)
			return ready[:q.given], nil, false
		}
		q.changed.Wait()
	}
	return nil, nil, false
}

// take waits until a connection may fetch another part and returns that, or nil if the connection is not needed any
// more. a is the first answer, which can only bring the part that follows its last one; nil for other connections.
func (q *queue) take(a *answer) *part {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.ctx.Err() == nil && q.claimed < q.end && (a == nil || a.from == q.claimed) {
		if a != nil || q.busy < q.granted {
			if p := q.claim(); p != nil {
				if a != nil {
					q.kept = p.end()
					return p
				}
				if q.busy++; q.others.IsZero() {
					q.others = time.Now()
				}
				return p
			}
		}
		q.changed.Wait()
	}
	return nil
}

// claim makes the next part. It returns nil if the reader is far behind, or if the part does not fit into the memory.
// Towards the end parts get shorter, so that all connections end at about the same time.
func (q *queue) claim() *part {
	window, rest := partsPerConnection*int64(q.granted), q.end-q.claimed
	if q.claimed-q.next >= window*q.part {
		return nil
	}
	if len(q.spare) == 0 && q.opts.Memory.TryAcquire(q.part) {
		q.spare = append(q.spare, make([]byte, q.part))
	}
	last := len(q.spare) - 1
	if full := last < 0; full != q.full {
		q.full = full
		q.changed.Broadcast() // on a change alone: else two that wait for memory wake each other forever
	}
	if q.full {
		return nil
	}
	shortest := q.layout.shortest
	size := min(max(rest/window/shortest*shortest, shortest), q.part, rest)
	p := &part{from: q.claimed, bytes: q.spare[last][:size]}
	q.claimed, q.spare, q.parts = p.end(), q.spare[:last], append(q.parts, p)
	return p
}

// keepsFirst reports whether the first answer is the only one that is known to work.
func (q *queue) keepsFirst() bool { return q.first != nil && !q.proved }

// cut lowers the end to offset at, because of cause, and ends the requests for later parts. A connection that brings
// bytes is not given up for others that have not: until one has, the queue ends with the first answer's last part.
func (q *queue) cut(at int64, cause *Error) {
	if q.keepsFirst() {
		at = min(at, q.kept)
	}
	if at >= q.end {
		return
	}
	q.end, q.cause = at, cause
	for _, p := range q.parts {
		if p.from >= at && p.stop != nil {
			p.stop()
		}
	}
	q.changed.Broadcast()
}

// close ends all connections and gives everything back. It returns the first answer if that was kept.
func (q *queue) close() *answer {
	q.cancel()
	q.mu.Lock()
	for _, p := range q.parts {
		if p.stop != nil {
			p.stop() // the first answer is not of the queue's context
		}
		q.spare = append(q.spare, p.bytes)
	}
	q.changed.Broadcast()
	q.mu.Unlock()
	q.crew.Wait()
	q.opts.Memory.Release(int64(len(q.spare)) * q.part)
	q.shares.withdraw(q)
	return q.first
}
