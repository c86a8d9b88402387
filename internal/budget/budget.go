// Package budget shares out the calls that a portal's API allows: 4,500 in five minutes
// for an address, whatever the number of processes (the portal's documentation). All
// bynder processes of a user on a host draw on one allowance for each portal, a token
// bucket (GCRA) in a small locked file, so that eight shell loops stay within it together;
// and when the portal blocks one of them, all keep quiet until it lifts the block.
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

// The rates that a process may ask for, in calls a second. The documentation of the portal
// advises about 10; 15 would use its limit up.
const (
	MinRate     = 0.1
	DefaultRate = 10
	MaxRate     = 14
)

// DefaultPenalty is how long the portal has to be left alone after a 429 before it answers
// again (its documentation).
const DefaultPenalty = 5 * time.Minute

const (
	// maxBlocks is how many blocks without a success between them end a run.
	maxBlocks = 3

	// maxNap bounds a sleep before the shared state is looked at again: the clock of a
	// timer stands still while a computer sleeps, the wall clock does not.
	maxNap = 10 * time.Second

	// tellAgain is how much later than told a wait has to end to be worth telling again.
	tellAgain = time.Second
)

// Options change what Open does; the zero value is right for a real portal.
type Options struct {
	// Dir is the folder of the shared state. Empty: bynder in the user's state folder.
	Dir string
	// Penalty replaces DefaultPenalty, for portals with a shorter one: those of tests. At
	// most ten minutes.
	Penalty time.Duration
	// Notify is told what a call has to wait for: once for each call that the allowance
	// holds up, once for a block, and again where that lasts longer than told. It is called by
	// one goroutine at a time and must return soon.
	Notify func(Hold)
}

// Kind tells the reasons to wait apart.
type Kind int

// The reasons to wait.
const (
	Allowance Kind = iota // calls are spread out so that the portal does not block
	Block                 // the portal blocks
)

// Hold is what the next API call waits for.
type Hold struct {
	Kind  Kind
	Until time.Time // about when that ends
	Rate  float64   // the rate in force for all processes, calls a second
}

// Exhausted is the error of a run that the portal keeps blocking: the cause rate_limited.
type Exhausted struct {
	Blocks int       // how many blocks in a row
	Until  time.Time // the end of the latest
}

func (e *Exhausted) Error() string {
	return fmt.Sprintf("the portal blocks API calls from this address (429), %d times in a row", e.Blocks)
}

// Hint says what the user can do about it.
func (e *Exhausted) Hint() string {
	return fmt.Sprintf("the limit is for the whole address, and something else may be using it up: "+
		"try again after %s, with a lower --api-rate", e.Until.Format("15:04"))
}

// Budget is this process's access to the allowance of one portal. All methods may be
// called concurrently.
type Budget struct {
	rate    float64
	penalty time.Duration
	notify  func(Hold)
	store   *store
	now     func() time.Time

	turn   chan struct{} // holds a value while a call waits: the others queue behind it, so little is reserved ahead
	calls  atomic.Int64
	streak atomic.Uint32 // blocks without a success, as of the latest look at the state

	// Guarded by turn.
	started bool
	before  uint32 // blocks that there had been before this process's first call
	told    struct {
		block uint32
		until instant
	}
}

// Open returns the allowance for a portal, a URL or a host of which scheme, host and port
// count. rate is the calls a second this process asks for: MinRate to MaxRate, or 0, which
// does not wait for the allowance, but counts and obeys blocks. The lowest rate that any
// process asked for within the last 300 s holds for all. Nothing has to be closed.
func Open(portal string, rate float64, options Options) (*Budget, error) {
	if rate != 0 && !(rate >= MinRate && rate <= MaxRate) {
		return nil, fmt.Errorf("an API rate of %v is not 0 or between %v and %v calls a second", rate, MinRate, MaxRate)
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
		penalty: options.Penalty,
		notify:  options.Notify,
		store:   newStore(u, options.Dir),
		now:     time.Now,
		turn:    make(chan struct{}, 1),
	}
	if b.penalty <= 0 {
		b.penalty = DefaultPenalty
	}
	if b.notify == nil {
		b.notify = func(Hold) {}
	}
	return b, nil
}

// Alone says why this process cannot share the allowance with others, nil while it does.
// It may go from nil to an error during a run.
func (b *Budget) Alone() error { return b.store.reasonAlone() }

// Calls is how many API calls this process has made: the Waits that returned nil.
func (b *Budget) Calls() int64 { return b.calls.Load() }

// Wait returns nil when an API call may be sent, and then it has to be sent at once. It
// waits for the allowance, and for the end of a block. It fails with ctx's error, having
// used nothing up, or with *Exhausted.
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
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	var told instant
	for {
		g, blocks, err := b.reserve(ctx)
		if err != nil {
			return err
		}
		if g.blocked <= 0 && g.wait > 0 && (told == 0 || told.until(g.slot) >= tellAgain) {
			told = g.slot
			b.notify(Hold{Kind: Allowance, Until: g.slot.time(), Rate: g.rate})
		}
		switch {
		case g.blocked > 0:
			b.tellBlock(g, blocks)
			err = retry.Sleep(ctx, min(g.wait, maxNap))
		case g.reserved && g.wait <= 0:
			return nil
		case g.reserved:
			var free bool
			if free, err = b.awaitSlot(ctx, g); free {
				return nil
			}
		default:
			err = retry.Sleep(ctx, min(g.wait, maxNap))
		}
		if err != nil {
			return err
		}
	}
}

// reserve asks the shared state for the next slot. It also returns the number of the
// latest block.
func (b *Budget) reserve(ctx context.Context) (g grant, block uint32, err error) {
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

// awaitSlot waits for a reserved slot and says whether the call may be sent then. It may
// not where the portal has blocked meanwhile, or ctx ended.
func (b *Budget) awaitSlot(ctx context.Context, g grant) (free bool, err error) {
	if err := retry.Sleep(ctx, g.wait); err != nil {
		b.giveBack(g)
		return false, err
	}
	err = b.store.update(ctx, func(s *state) {
		now := instantOf(b.now())
		*s = s.settle(now)
		free = s.until <= now
	})
	if err != nil || !free {
		b.giveBack(g)
		return false, err
	}
	return true, nil
}

func (b *Budget) giveBack(g grant) {
	_ = b.store.update(context.Background(), func(s *state) { *s = s.giveBack(g) })
}

func (b *Budget) tellBlock(g grant, block uint32) {
	if b.told.until > 0 && b.told.block == block && b.told.until.until(g.blocked) < tellAgain {
		return
	}
	b.told.block, b.told.until = block, g.blocked
	b.notify(Hold{Kind: Block, Until: g.blocked.time(), Rate: g.rate})
}

// Blocked records that the portal answered 429: no process sends a call until it was left
// alone for five minutes (a little more, for clocks differ), or for as long as it asks
// for: retryAfter, where that is not 0. Ten minutes is the most.
func (b *Budget) Blocked(retryAfter time.Duration) {
	if retryAfter <= 0 {
		retryAfter = b.penalty + b.penalty/100
	}
	_ = b.store.update(context.Background(), func(s *state) {
		*s = s.block(instantOf(b.now()), retryAfter)
		b.streak.Store(s.streak)
	})
}

// Succeeded records that the portal answered a call otherwise than with 429. It costs
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
