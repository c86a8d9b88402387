// Package transfer turns a temporary location into one ordered stream of bytes that ends only when the whole file has
// been delivered. A connection that breaks, stalls or ends early is continued from the byte where it broke; a
// location that has expired is asked for again; all bytes are of the object whose bytes came first. If
// storage, or the distance to it, limits each connection, several fetch parts of a file ahead.
//
//	s, err := opener.Open(ctx, source, notify) // storage has answered: s.Object()
//	s.Continue(held)                            // N bytes are in place already
//	err = transfer.Copy(ctx, file, s, digest, prefix, advanced)
//	err = s.Restart(err)                        // if StartsOver(err)
package transfer

import (
	"cmp"
	"net/http"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

// Options are what all transfers of a run share.
type Options struct {
	// Client reaches storage, without any credentials. How many redirects it follows, where
	// to, and how many connections it keeps are its own business.
	Client *http.Client
	// Retries is the number of tries in a row without progress (leastProgress), after the first.
	Retries int
	// Idle is how long storage may send next to nothing (leastProgress) before the connection is given up
	// and continued with another one; 30 s for zero. Time between reads is not counted.
	Idle time.Duration
	// AllowHTTP permits locations without TLS: where the portal itself is on loopback.
	AllowHTTP bool
	// Rate is the limit of all transfers together, in bytes per second; 0 for no limit.
	Rate int64
	// Answered, if set, receives the status of each answer for a file, but for parts of one, and the time from when the
	// request was sent, over an open connection, to the answer's header.
	Answered func(status int, delay time.Duration)
	// Jobs is the number of connections in all. Each file has one, whatever the number; those that are left over go
	// to the largest file. Zero stands for Connections, so that one file in flight alone may have as many.
	Jobs int
	// Connections is the most that one file may use at a time; with zero or one, or with a Rate, which one connection reaches as
	// well as many, none uses another one. A file of 16 MiB and more whose length and strong ETag storage sends begins with one,
	// and gets more if that is slow: below 128 MiB a second, with more than a second to go.
	Connections int
	// KeepCoded leaves files that storage has with a content coding (gzip, deflate), and whose length it sends, as they are
	// stored: see Object.Kept. All other coded files are decoded.
	KeepCoded bool
	// Memory, if set, is what the destination holds files in. Parts that wait for their turn take of it; else they have
	// memory of their own.
	Memory Memory
}

// layout is how files are divided, in bytes.
type layout struct {
	smallest      int64 // a file of which less is to come is not divided
	large         int64 // from this size on, a file is divided into large parts
	partSize      int64
	largePartSize int64 // lets a connection run for longer between two requests
	shortest      int64 // what parts get down to towards the end
	eager         bool  // several connections fetch from the beginning
}

var usualLayout = layout{smallest: 16 << 20, large: 256 << 20, partSize: 1 << 20, largePartSize: 4 << 20, shortest: 256 << 10}

// slicesPerSecond is how many pieces of a second's worth the bytes come in, so that a low
// rate is a steady flow and no burst followed by silence.
const slicesPerSecond = 20

// Opener opens streams. It may be used from several goroutines at once.
type Opener struct {
	opts   Options
	rate   *rate.Limiter // of all transfers together, in bytes
	shares *allotment
	layout layout
}

// New returns an Opener.
func New(opts Options) *Opener {
	opts.Idle = cmp.Or(opts.Idle, 30*time.Second)
	opts.Jobs = cmp.Or(opts.Jobs, opts.Connections)
	opts.Memory = cmp.Or[Memory](opts.Memory, semaphore.NewWeighted(memoryBytes))
	limit := rate.NewLimiter(rate.Inf, largeBuffer)
	if opts.Rate > 0 {
		limit = rate.NewLimiter(rate.Limit(opts.Rate), int(min(max(opts.Rate/slicesPerSecond, 1), largeBuffer)))
	}
	return &Opener{opts: opts, rate: limit, shares: &allotment{total: opts.Jobs}, layout: usualLayout}
}

// SetJobs changes Options.Jobs.
func (o *Opener) SetJobs(n int) {
	o.shares.mu.Lock()
	defer o.shares.mu.Unlock()
	o.shares.total = n
}
