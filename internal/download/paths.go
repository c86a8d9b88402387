package download

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync"

	"github.com/bynder-cli/bynder/internal/fingerprint"
)

// Place is a path at which a sink can put a file.
type Place struct {
	Path string // as Result.Path has it
	// Same says that an identical file has the path already.
	Same bool
	// Kept says that a different file has the path and is to keep it, as if it were this one.
	Kept bool
	// Replaces is the size in bytes of the different file that would be replaced there; nil if there is none.
	Replaces *int64
}

// Paths says which file of a run gets which path: the one that stands first in the input, whichever
// finishes first. Each file tells the places where it can go, in the order in which it wants them, as
// soon as they are known, and often before an earlier file does. What it gets is decided when all
// earlier files have told theirs: the first of its places that none of them has got. So the outcome
// depends on the order of the input alone.
//
// What the files contain does not matter: two of the same bytes meet as any others do. A file that fails
// gives up its path; a later one that was refused it before does not get it back.
type Paths struct {
	sink Sink // says which paths are one, and how they are shown
	seed maphash.Seed

	mu   sync.Mutex
	next int64            // the number of the first file that is not decided
	told map[int64]*Claim // files from next on that have told their places, by number
	// taken has the owner of each path that a file has got.
	taken fingerprint.Table[owner]
}

// owner is the asset and the media item whose file has a path, as hashes. The zero owner is that of a path which
// was given up.
type owner struct{ asset, item uint32 }

// NewPaths returns the paths of a run into a sink whose files are numbered from 1 on.
func NewPaths(to Sink) *Paths {
	return &Paths{sink: to, seed: maphash.MakeSeed(), next: 1, told: map[int64]*Claim{}}
}

// Claim is the part of one file in the paths of its run. A nil Claim is that of a file that is alone.
type Claim struct {
	paths   *Paths
	number  int64
	owner   owner
	decided chan struct{}
	lost    func() // is called when it is decided that the file gets no place

	// Guarded by paths.mu.
	places  []Place // that the file told
	got     *Place  // what was decided; nil for no place
	refused error   // what a file without a place fails with
	ended   bool
}

// Claim returns the part of a job's file. Each number needs one that is ended. lost is called,
// at most once, when it is decided that the file gets none of its places.
func (p *Paths) Claim(job Job, lost func()) *Claim {
	by := owner{asset: max(p.short(job.MediaID), 1)}
	if id := job.Selector.ItemID; id != "" {
		by.item = max(p.short(id), 1)
	}
	return &Claim{paths: p, number: job.Number, owner: by, decided: make(chan struct{}), lost: lost}
}

// Pass says that the file with this number takes part without wanting a path.
func (p *Paths) Pass(number int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if number == p.next { // without more, because a run may pass a million
		p.next++
	} else {
		p.told[number] = p.Claim(Job{Number: number}, func() {})
	}
	p.decide()
}

// Taken reports whether an earlier file has got path. It may still say false of a path that an undecided file
// is going to get.
func (c *Claim) Taken(path string) bool {
	if c == nil {
		return false
	}
	c.paths.mu.Lock()
	defer c.paths.mu.Unlock()
	if c.got != nil && c.got.Path == path {
		return false
	}
	return c.paths.ownerOf(path) != owner{}
}

// Tell says where the file can go, the place that it wants most first, and returns
// the place to expect: later ones apply if an earlier file turns out to have those before.
// There must be one at least; a file that gets none of them fails with the error. A file may tell again, what it
// got stays.
func (c *Claim) Tell(places []Place) (Place, error) {
	if c == nil {
		return places[0], nil
	}
	p := c.paths
	p.mu.Lock()
	defer p.mu.Unlock()
	if !c.isDecided() {
		c.places = places
		p.told[c.number] = c
		p.decide()
	}
	if !c.isDecided() {
		if at := c.best(); at != nil {
			return *at, nil
		}
		return Place{}, c.taken()
	}
	if c.got == nil {
		return Place{}, c.refused
	}
	for _, place := range places { // as it is now
		if place.Path == c.got.Path {
			return place, nil
		}
	}
	return *c.got, nil
}

// Decided returns a channel that is closed when it is decided which path the file gets.
func (c *Claim) Decided() <-chan struct{} { return c.decided }

// Got returns the place that the file got, or the error of one that got none. ok is false before that is
// decided, and for a file that is alone.
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

// Expected returns the path that the file got or, before that is decided, would get now, as Result.Path has it; "" for
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
// ctx's cause if it ends before.
func (c *Claim) Wait(ctx context.Context) error {
	select {
	case <-c.decided:
		return c.Refused()
	case <-ctx.Done():
		return fmt.Errorf("waiting for earlier files to get their paths: %w", context.Cause(ctx))
	}
}

// End ends the file's part. One that is not in place gives up its path, also if it told none yet.
func (c *Claim) End(inPlace bool) {
	p := c.paths
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case c.ended:
	case !c.isDecided():
		c.places = nil
		p.told[c.number] = c
		p.decide()
	case c.got != nil && !inPlace:
		p.taken.Put(p.hash(c.got.Path), owner{})
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

// best is the first of the places that no earlier file is known to have; nil for none.
func (c *Claim) best() *Place {
	for i, place := range c.places {
		if c.paths.ownerOf(place.Path) == (owner{}) {
			return &c.places[i]
		}
	}
	return nil
}

// decide gives the files their paths, in their order, as far as they have told theirs.
func (p *Paths) decide() {
	for c := p.told[p.next]; c != nil; c = p.told[p.next] {
		delete(p.told, p.next)
		p.next++
		if c.got = c.best(); c.got != nil {
			p.taken.Put(p.hash(c.got.Path), c.owner)
		} else {
			c.refused = c.taken()
		}
		close(c.decided)
		if c.got == nil {
			c.lost()
		}
	}
}

// taken returns the error of a file whose places all have other owners; the last one counts. It is nil for a file
// that told no place.
func (c *Claim) taken() error {
	if len(c.places) == 0 {
		return nil
	}
	path := c.places[len(c.places)-1].Path
	by := c.paths.ownerOf(path)
	apart := NameApart(c.owner.item != 0 || by.asset == c.owner.asset)
	if by == c.owner {
		apart = "--name '{derivative}/{filename}'"
	}
	return &Error{
		Code: CodeExists, Path: path, Err: fmt.Errorf("%s is the path of an earlier file of this run", c.paths.sink.Show(path)),
		Advice: "give every file a path of its own with " + apart + ", or let --if-exists rename add its id",
	}
}

// ownerOf returns whose a path is.
func (p *Paths) ownerOf(path string) owner {
	by, _ := p.taken.Get(p.hash(path))
	return by
}

func (p *Paths) hash(path string) uint64 { return maphash.String(p.seed, p.sink.PathKey(path)) }

func (p *Paths) short(id string) uint32 { return uint32(maphash.String(p.seed, id) >> 32) }
