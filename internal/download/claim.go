package download

import (
	"context"
	"fmt"
	"slices"
)

// Claim is the claim of one file to a path. A file without other files in its run has a nil Claim.
type Claim struct {
	paths   *Paths
	number  int64
	owner   owner
	decided chan struct{}
	lost    func() // called when another file's proposal decides that the file gets no place
	// recorded is Job.Recorded, and listed is Target.Listed.
	recorded, listed bool

	// Guarded by paths.mu.
	places  []Place // that the file proposed
	got     *Place  // what was decided; nil for no place
	refused error   // the error of a file without a place
	again   bool    // the next proposal decides anew
	ended   bool
}

// Claim returns the claim of a job's file. There must be one for each number, and each must be ended. lost is
// called, at most once, when another file decides that the file gets none of its places.
func (p *Paths) Claim(job Job, lost func()) *Claim {
	by := owner{asset: max(p.short(job.MediaID), 1)}
	if id := job.Selector.ItemID; id != "" {
		by.item = max(p.short(id), 1)
	}
	return &Claim{paths: p, number: job.Number, owner: by, decided: make(chan struct{}), lost: lost, recorded: job.Recorded, listed: job.Path != ""}
}

// Propose sets the places that the file can have, at least one, in order of preference, and returns the place to expect.
// The error is that of a file that gets none of these places, and of unexported type if that may still change. The
// expected place changes only if an earlier file gets it. A file may propose again; it keeps a place that it got,
// unless that is blocked now.
func (c *Claim) Propose(places []Place) (Place, error) {
	if c == nil {
		at := choose(places, func(Place) bool { return false })
		if at == nil {
			return Place{}, places[len(places)-1].Blocked
		}
		return *at, nil
	}
	p := c.paths
	p.mu.Lock()
	defer p.mu.Unlock()
	c.places = places
	if !c.isDecided() {
		p.proposed[c.number] = c
		p.decide(c)
	}
	if c.again {
		c.again = false
		p.place(c)
	}
	if c.isDecided() {
		return c.now(places)
	}
	if at := c.best(); at != nil {
		return *at, nil
	}
	return Place{}, &expected{c.refusal()}
}

// Withdraw takes back what the file has proposed, because it was wrong: the next proposal decides which of its places
// the file gets. Files that come later keep those that they have got.
func (c *Claim) Withdraw() {
	p := c.paths
	p.mu.Lock()
	defer p.mu.Unlock()
	if !c.isDecided() {
		delete(p.proposed, c.number)
		return
	}
	if c.got != nil {
		p.setOwner(c.got.Path, owner{}, -1)
	}
	c.got, c.again = nil, true
}

// meetsOther reports whether a different existing file has one of the paths that the file proposed last.
func (c *Claim) meetsOther() bool {
	c.paths.mu.Lock()
	defer c.paths.mu.Unlock()
	return slices.ContainsFunc(c.places, func(at Place) bool { return at.Blocked != nil || at.Kept || at.Replaces != nil })
}

// now returns the place of a decided file after its places have changed.
func (c *Claim) now(places []Place) (Place, error) {
	if c.got == nil {
		return Place{}, c.refused
	}
	for _, place := range places {
		if place.Path == c.got.Path && place.Blocked == nil {
			return place, nil
		}
	}
	// Another program has put a file there.
	at := choose(places, func(at Place) bool { return at.Path != c.got.Path && c.paths.conflict(at.Path) != noConflict })
	if at == nil {
		return Place{}, places[len(places)-1].Blocked
	}
	return *at, nil
}

// expected is the error of a file that gets no place unless an earlier file gives up one.
type expected struct{ error }

func (e *expected) Unwrap() error { return e.error }

// Decided returns a channel that is closed when it is decided which path the file gets.
func (c *Claim) Decided() <-chan struct{} { return c.decided }

// Got returns the place that the file got, or its error if it got none. ok is false before that is
// decided, and for a nil Claim.
func (c *Claim) Got() (at Place, ok bool, err error) {
	if c == nil {
		return Place{}, false, nil
	}
	c.paths.mu.Lock()
	defer c.paths.mu.Unlock()
	switch {
	case !c.isDecided():
		return Place{}, false, nil
	case c.got == nil:
		return Place{}, true, c.refused
	default:
		return *c.got, true, nil
	}
}

// Expected returns the path that the file got or, before that is decided, would get now, as in Result.Path; "" for
// none.
func (c *Claim) Expected() string {
	c.paths.mu.Lock()
	defer c.paths.mu.Unlock()
	at := c.got
	if !c.isDecided() {
		at = c.best()
	}
	if at == nil {
		return ""
	}
	return at.Path
}

// Refused returns the error of a file that got no place; nil for any other.
func (c *Claim) Refused() error {
	_, _, err := c.Got()
	return err
}

// Wait waits until it is decided which place the file gets. The error is that of a file that gets none, or
// ctx's cause if it ends first.
func (c *Claim) Wait(ctx context.Context) error {
	select {
	case <-c.decided:
		return c.Refused()
	case <-ctx.Done():
		return fmt.Errorf("waiting for earlier files to get their paths: %w", context.Cause(ctx))
	}
}

// End ends the claim. A file that is not in place gives up its path, also if it has proposed none yet.
func (c *Claim) End(inPlace bool) {
	p := c.paths
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case c.ended:
	case !c.isDecided():
		c.places = nil
		p.proposed[c.number] = c
		p.decide(c)
	case c.got != nil && !inPlace:
		p.setOwner(c.got.Path, owner{}, -1)
	}
	c.ended = true
}

func (c *Claim) isDecided() bool {
	select {
	case <-c.decided:
		return true
	default:
		return false
	}
}

// best returns the place that the file would get with the earlier files that are known; nil for none.
func (c *Claim) best() *Place {
	return choose(c.places, func(at Place) bool { return c.paths.conflict(at.Path) != noConflict })
}

// choose returns the first place with an identical file, or else the first that is not blocked, of those that are
// not taken; nil for none. So a file that is in place stays there, and is not transferred to another path.
func choose(places []Place, taken func(Place) bool) *Place {
	var first *Place
	for i := range places {
		switch at := &places[i]; {
		case at.Blocked != nil, taken(*at):
		case at.Same:
			return at
		case first == nil:
			first = at
		}
	}
	return first
}

// refusal returns the error of a file that gets none of its places, which is about the last one. It is nil for a file
// that proposed none.
func (c *Claim) refusal() error {
	if len(c.places) == 0 {
		return nil
	}
	last := c.places[len(c.places)-1]
	conflict := c.paths.conflict(last.Path)
	if conflict == noConflict {
		return last.Blocked
	}
	shown, by := last.Path, c.paths.ownerOf(c.paths.hash(c.paths.sink.PathKey(last.Path)))
	if conflict == itsMetadata {
		shown = c.paths.beside(last.Path)
	}
	advice := KeepApart(c.listed, c.owner.item != 0 || by.asset == c.owner.asset)
	if by == c.owner && !c.listed {
		advice = ownPath + "with --name '{derivative}/{filename}'"
	}
	if conflict != belowItself { // in that case the id does not help
		advice += ", or let --if-exists rename add its id"
	}
	if c.recorded {
		advice = "remove the record that is wrong from the journal"
	}
	return &Error{
		Code: CodeExists, Path: last.Path, Err: fmt.Errorf("%s is %s of an earlier file of this run", c.paths.sink.Show(shown), conflict),
		Advice: advice,
	}
}
