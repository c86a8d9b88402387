// Package budget limits the rate of API calls to what a portal allows: 4,500 in five minutes
// per source address, whatever the number of processes (the portal's documentation). All
// bynder processes of a user on a host share one allowance per portal, a token bucket
// (GCRA) in a small locked file, so that eight shell loops together stay within the limit.
// When the portal blocks one process, all stop calling until the block ends.
package budget

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bynder-cli/bynder/internal/retry"
)

// The rates that a process may ask for, in calls per second. The portal's documentation
// recommends about 10; 15 would reach its limit.
const (
	MinRate     = 0.1
	DefaultRate = 10
	MaxRate     = 14
)

// DefaultPenalty is how long the portal must receive no call after a 429 before it answers
// again (the portal's documentation).
const DefaultPenalty = 5 * time.Minute

const (
	// maxBlocks is the number of blocks without a success in between that ends a run.
	maxBlocks = 3

	// maxSleep is the longest sleep before the shared state is read again: a timer's clock
	// stops while a computer is suspended, the wall clock does not.
	maxSleep = 10 * time.Second

	// notifyAgain is how much later than reported a wait must end to be reported again.
	notifyAgain = time.Second
)

// Options change how Open works; the zero value is right for a real portal.
type Options struct {
	// Dir is the folder of the shared state; "" for bynder in the user's state folder.
	Dir string
	// Share is this process's share of the allowance; the zero value is all of it.
	Share Share
	// Penalty replaces DefaultPenalty, for test portals with a shorter one. It is at most
	// ten minutes.
	Penalty time.Duration
	// Notify receives the reason why a call waits: once per call that the allowance delays,
	// once per block, and again if the wait ends later than reported. It is called by one
	// goroutine at a time and must return soon.
	Notify func(Wait)
}

// Share is share number Index of Of equal shares of an allowance. The processes of one share, on
// one host, have its rate and its burst together, and do not see those of other shares, which
// may be on other hosts. Index 0 and Of are the same share.
type Share struct{ Index, Of int }

// suffix returns the end of the name of the file with the share's state.
func (s Share) suffix() string {
	if s.Of <= 1 {
		return ""
	}
	return fmt.Sprintf("-share-%d-of-%d", s.Index%s.Of, s.Of)
}

// Reason is why a call waits.
type Reason int

// The reasons to wait.
const (
	Allowance Reason = iota // calls are spread out so that the portal does not block
	Block                   // the portal blocks
)

// Wait describes the wait of an API call.
type Wait struct {
	Reason Reason
	Until  time.Time // about when it ends
	Rate   float64   // the rate in force for all processes of the share, in calls per second
}

// Exhausted is the error of a run that the portal keeps blocking (code rate_limited).
type Exhausted struct {
	Blocks int       // number of blocks in a row
	Until  time.Time // the end of the latest one
}

func (e *Exhausted) Error() string {
	return fmt.Sprintf("the portal blocks API calls from this address (429), %d times in a row", e.Blocks)
}

// Hint returns what the user can do about it.
func (e *Exhausted) Hint() string {
	return fmt.Sprintf("try again after %s with a lower --api-rate; "+
		"other programs at this address may be using the same limit", e.Until.Format("15:04"))
}

// Budget is this process's access to the allowance of one portal. All methods may be
// called concurrently.
type Budget struct {
	rate    float64
	shares  int
	penalty time.Duration
	notify  func(Wait)
	store   *store
	now     func() time.Time

	queue  chan struct{} // holds a value while a call waits; further calls wait to send one, so little is reserved ahead
	calls  atomic.Int64
	streak atomic.Uint32 // blocks without a success, as of the last read of the state

	// Guarded by queue.
	started  bool
	before   uint32 // number of blocks before this process's first call
	notified struct {
		block uint32
		until instant
	}
}

// Open returns the allowance for a portal, a URL or a host of which scheme, host and port
// count. rate is in calls per second: MinRate to MaxRate, or 0, which does not wait for the
// allowance but is counted and obeys blocks. The lowest rate that any process asked for
// within the last 300 s applies to all. It is that of all shares together, of which there are
// at most MaxShares(rate). A Budget needs no Close.
func Open(portal string, rate float64, options Options) (*Budget, error) {
	if rate != 0 && !(rate >= MinRate && rate <= MaxRate) {
		return nil, fmt.Errorf("invalid API rate %v: must be 0, or from %v to %v calls per second", rate, MinRate, MaxRate)
	}
	if most := MaxShares(rate); options.Share.Of > most {
		return nil, fmt.Errorf("invalid number of shares %d: must be at most %d at %v calls per second", options.Share.Of, most, rate)
	}
	if !strings.Contains(portal, "://") {
		portal = "https://" + portal
	}
	u, err := url.Parse(portal)
	if err != nil {
		return nil, fmt.Errorf("opening the API allowance: %w", err)
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("opening the API allowance: no host in %q", u.Redacted())
	}
	b := &Budget{
		rate:    rate,
		shares:  options.Share.Of,
		penalty: options.Penalty,
		notify:  options.Notify,
		store:   newStore(u, options.Share, options.Dir),
		now:     time.Now,
		queue:   make(chan struct{}, 1),
	}
	if b.penalty <= 0 {
		b.penalty = DefaultPenalty
	}
	if b.notify == nil {
		b.notify = func(Wait) {}
	}
	return b, nil
}

// Unshared returns why this process does not share the allowance with other processes, nil
// while it does. It may change from nil to an error during a run.
func (b *Budget) Unshared() error { return b.store.whyUnshared() }

// Calls returns the number of API calls of this process: the calls of Wait that returned nil.
func (b *Budget) Calls() int64 { return b.calls.Load() }

// Wait waits for the allowance and for the end of a block, and returns nil when an API call
// may be sent. The caller then sends it at once. The error is ctx's, and nothing of the
// allowance is used, or an *Exhausted.
func (b *Budget) Wait(ctx context.Context) error {
	if err := b.wait(ctx); err != nil {
		return fmt.Errorf("waiting for the API allowance: %w", err)
	}
	b.calls.Add(1)
	return nil
}

func (b *Budget) wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case b.queue <- struct{}{}:
		defer func() { <-b.queue }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var notified instant
	for {
		g, blocks, err := b.reserve(ctx)
		if err != nil {
			return err
		}
		if g.blocked <= 0 && g.wait > 0 && (notified == 0 || notified.until(g.slot) >= notifyAgain) {
			notified = g.slot
			b.notify(Wait{Reason: Allowance, Until: g.slot.time(), Rate: b.shareOf(g.rate)})
		}
		switch {
		case g.blocked > 0:
			b.notifyBlock(g, blocks)
			err = retry.Sleep(ctx, min(g.wait, maxSleep))
		case g.reserved && g.wait <= 0:
			return nil
		case g.reserved:
			var free bool
			if free, err = b.awaitSlot(ctx, g); free {
				return nil
			}
		default:
			err = retry.Sleep(ctx, min(g.wait, maxSleep))
		}
		if err != nil {
			return err
		}
	}
}

// reserve reserves the next slot in the shared state. block is the number of the latest
// block.
func (b *Budget) reserve(ctx context.Context) (g reservation, block uint32, err error) {
	var exhausted *Exhausted
	err = b.store.update(ctx, func(s *state) {
		if !b.started {
			b.started, b.before = true, s.blocks
		}
		b.streak.Store(s.streak)
		block = s.blocks
		if blocks := min(s.streak, s.blocks-b.before); blocks >= maxBlocks {
			exhausted = &Exhausted{Blocks: int(blocks), Until: s.until.time()}
			return
		}
		*s, g = s.reserve(instantOf(b.now()), b.rate)
	})
	if err == nil && exhausted != nil {
		err = exhausted
	}
	return g, block, err
}

// awaitSlot waits for a reserved slot and reports whether the call may be sent: free is
// false if the portal has blocked meanwhile, or ctx has ended.
func (b *Budget) awaitSlot(ctx context.Context, g reservation) (free bool, err error) {
	if err := retry.Sleep(ctx, g.wait); err != nil {
		b.giveBack(g)
		return false, err
	}
	err = b.store.update(ctx, func(s *state) {
		now := instantOf(b.now())
		*s = s.at(now)
		free = s.until <= now
	})
	if err != nil || !free {
		b.giveBack(g)
		return false, err
	}
	return true, nil
}

// giveBack returns a reservation that is not used to the shared state.
func (b *Budget) giveBack(g reservation) {
	_ = b.store.update(context.Background(), func(s *state) { *s = s.giveBack(g) })
}

// notifyBlock reports a block unless it was reported, with about the same end.
func (b *Budget) notifyBlock(g reservation, block uint32) {
	if b.notified.until > 0 && b.notified.block == block && b.notified.until.until(g.blocked) < notifyAgain {
		return
	}
	b.notified.block, b.notified.until = block, g.blocked
	b.notify(Wait{Reason: Block, Until: g.blocked.time(), Rate: b.shareOf(g.rate)})
}

// shareOf returns the part of a rate that this process's share has.
func (b *Budget) shareOf(rate float64) float64 { return rate / float64(max(1, b.shares)) }

// Blocked records that the portal answered 429. No process sends a call for retryAfter or,
// if that is 0, for the penalty (and 1 % more, because clocks differ); for at most ten
// minutes.
func (b *Budget) Blocked(retryAfter time.Duration) {
	if retryAfter <= 0 {
		retryAfter = b.penalty + b.penalty/100
	}
	_ = b.store.update(context.Background(), func(s *state) {
		*s = s.block(instantOf(b.now()), retryAfter)
		b.streak.Store(s.streak)
	})
}

// Succeeded records that the portal answered a call with another status than 429. It does
// nothing unless the portal has blocked.
func (b *Budget) Succeeded() {
	if b.streak.Load() == 0 {
		return
	}
	_ = b.store.update(context.Background(), func(s *state) {
		*s = s.succeed(instantOf(b.now()))
		b.streak.Store(s.streak)
	})
}
