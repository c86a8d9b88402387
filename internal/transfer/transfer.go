// Package transfer turns a temporary location into one ordered stream of bytes that
// ends only when the whole file has been delivered. A connection that breaks, stalls
// or ends early is continued from the byte where it broke; a location that has expired is
// asked for again; what comes is always of the object that was there first. Where
// storage, or the distance to it, limits each connection, several fetch parts of a file ahead.
//
//	s, err := opener.Open(ctx, source, notify) // storage has answered: s.Object()
//	s.Continue(held)                            // so many bytes are here already
//	err = transfer.Copy(ctx, file, s, digest, prefix, advanced)
//	err = s.Restart(err)                        // where StartsOver(err)
package transfer

import (
	"context"
	"net/http"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// Source asks the portal for a fresh location of one file. Its errors are passed
// through as they are: what the portal refuses is not asked for again.
type Source func(ctx context.Context) (Location, error)

// Options are what all transfers of a run share.
type Options struct {
	// Client reaches storage, without any credentials. How many redirects it follows, where
	// to, and how many connections it keeps are its own business.
	Client *http.Client
	// Retries is the number of tries in a row without progress (leastProgress), after the first.
	Retries int
	// Idle is how long storage may send next to nothing (leastProgress) before the connection is given up
	// and continued with another one; 30 s for zero. Time in which nobody reads is not counted.
	Idle time.Duration
	// AllowHTTP permits locations without TLS: where the portal itself is on loopback.
	AllowHTTP bool
	// Limiter holds all transfers together to a rate; nil for none.
	Limiter *RateLimiter
	// Jobs is the number of connections in all. Each file has one, whatever the number; those that
	// are left over go to the largest file. Zero stands for Connections, so that one file in
	// flight alone may have as many.
	Jobs int
	// Connections is the most that one file may use at a time; with zero or one, or with
	// a Limiter, which one connection reaches as well as many, none uses another one. A file
	// of 16 MiB and more whose length and strong ETag storage tells begins with one, and gets the
	// others where one is slow: below 128 MiB a second, with more than a second to go.
	Connections int
}

// Opener opens streams. It may be used from several goroutines at once.
type Opener struct {
	opts   Options
	shares *allotment
	pool   *buffers
	layout layout
}

// New returns an Opener.
func New(opts Options) *Opener {
	if opts.Idle <= 0 {
		opts.Idle = 30 * time.Second
	}
	if opts.Jobs <= 0 {
		opts.Jobs = opts.Connections
	}
	return &Opener{
		opts:   opts,
		shares: newAllotment(opts.Jobs),
		pool:   &buffers{size: largeBuffer, most: poolBytes / largeBuffer},
		layout: usualLayout,
	}
}

// Open asks src for a location and storage for the file there, from its first byte
// on, and returns when storage has answered. It asks with GET and no Range: a
// temporary URL is signed for GET alone, and the headers of this answer are what
// all later ones are compared with.
//
// The stream is good until ctx ends or Close is called. notify, which may be nil, is
// told of each failure that another try follows after wait, from the goroutine that
// opens or reads. Errors are *Error values, src's own, or ctx's.
func (o *Opener) Open(ctx context.Context, src Source, notify func(err error, wait time.Duration)) (*Stream, error) {
	return o.open(ctx, src, notify, false)
}

func (o *Opener) open(ctx context.Context, src Source, notify func(err error, wait time.Duration), probing bool) (*Stream, error) {
	if notify == nil {
		notify = func(error, time.Duration) {}
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &Stream{
		opener:   o,
		opts:     &o.opts,
		ctx:      ctx,
		cancel:   cancel,
		source:   src,
		notify:   notify,
		backoff:  retry.New(o.opts.Retries),
		restarts: retry.New(o.opts.Retries),
		probing:  probing,
	}
	s.begin()
	if err := s.connect(); err != nil {
		s.leave()
		cancel()
		return nil, err
	}
	return s, nil
}
