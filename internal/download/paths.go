package download

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync"

	"github.com/bynder-cli/bynder/internal/fingerprint"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// Place is a path at which a sink can put a file.
type Place struct {
	Path string // as Result.Path has it
	// Same says that an identical file has the path already.
	Same bool
	// Replaces is the size in bytes of the different file that would be replaced there; nil if there is none.
	Replaces *int64
}

// Paths says which file of a run gets which path: the one that stands first in the input, whichever
// finishes first. Each file tells the places where it can go, in the order in which it wants them, as
// soon as they are known, and often before an earlier file does. What it gets is decided when all
// earlier files have told theirs: the first of its places that none of them has got. So the outcome
// depends on the order of the input alone.
//
// Two files of one digest do not meet at a path: they are the same bytes there. A file that fails
// gives up its path; a later one that was refused it before does not get it back.
type Paths struct {
	key  func(path string) string // equal for paths that are one
	seed maphash.Seed

	mu   sync.Mutex
	next int64            // the number of the first file that is not decided
	told map[int64]*Claim // files from next on that have told their places, by number
	// taken has what each path that a file has got is taken by.
	taken fingerprint.Table[holder]
}

// holder is what has a path.
type holder struct {
	content uint64 // 0 if it is not known
	files   int    // how many of the run; more than one only if content is known
}

// NewPaths returns the paths of a run whose files are numbered from 1 on. key makes equal strings of
// paths that are one.
func NewPaths(key func(path string) string) *Paths {
	return &Paths{key: key, seed: maphash.MakeSeed(), next: 1, told: map[int64]*Claim{}}
}

// Claim is the part of one file in the paths of its run. A nil Claim is that of a file that is alone.
type Claim struct {
	paths   *Paths
	number  int64
	decided chan struct{}
	lost    func() // is called when it is decided that the file gets no place

	// What the file told; guarded by paths.mu.
	places  []Place
	content uint64
	refused error // what a file without a place fails with

	got   *Place // what was decided; nil for no place
	ended bool
}

// Claim returns the part of the file with this number. Each number needs one that is ended. lost is called,
// at most once, when it is decided that the file gets none of its places.
func (p *Paths) Claim(number int64, lost func()) *Claim {
	return &Claim{paths: p, number: number, decided: make(chan struct{}), lost: lost}
}

// Pass says that the file with this number takes part without wanting a path.
func (p *Paths) Pass(number int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if number == p.next { // without more, because a run may pass a million
		p.next++
	} else {
		p.told[number] = p.Claim(number, func() {})
	}
	p.decide()
}

// Taken reports whether an earlier file of other content has got path. It may still say false of a path that
// an undecided file is going to get.
func (c *Claim) Taken(path string, obj transfer.Object) bool {
	if c == nil {
		return false
	}
	c.paths.mu.Lock()
	defer c.paths.mu.Unlock()
	if c.got != nil && c.got.Path == path {
		return false
	}
	return c.paths.keepsOut(path, c.paths.content(obj))
}

// Tell says where the file, which is obj, can go, the place that it wants most first, and returns
// the place to expect: later ones apply if an earlier file turns out to have those before.
// refused is the error of a file that gets none. A file may tell again, what it got stays.
func (c *Claim) Tell(places []Place, obj transfer.Object, refused error) (Place, error) {
	if c == nil {
		if len(places) == 0 {
			return Place{}, refused
		}
		return places[0], nil
	}
	p := c.paths
	p.mu.Lock()
	defer p.mu.Unlock()
	if !c.isDecided() {
		c.places, c.content, c.refused = places, p.content(obj), refused
		p.told[c.number] = c
		p.decide()
	}
	if !c.isDecided() {
		if at := c.best(); at != nil {
			return *at, nil
		}
		return Place{}, refused
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
		p.hold(c, -1)
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
		if !c.paths.keepsOut(place.Path, c.content) {
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
			p.hold(c, 1)
		}
		close(c.decided)
		if c.got == nil {
			c.lost()
		}
	}
}

// hold adds files to those that have c's path.
func (p *Paths) hold(c *Claim, files int) {
	print := p.hash(c.got.Path)
	h, _ := p.taken.Get(print)
	p.taken.Put(print, holder{c.content, h.files + files})
}

// keepsOut reports whether a path is taken by other content.
func (p *Paths) keepsOut(path string, content uint64) bool {
	h, _ := p.taken.Get(p.hash(path))
	return h.files > 0 && (h.content == 0 || h.content != content)
}

func (p *Paths) hash(path string) uint64 { return maphash.String(p.seed, p.key(path)) }

// content is a hash of what storage says of the bytes of an object; 0 if it sends no digest of them.
func (p *Paths) content(obj transfer.Object) uint64 {
	if !transfer.NewDigest(obj, transfer.DigestOptions{Verify: true}).Needed() {
		return 0
	}
	return max(maphash.String(p.seed, fmt.Sprint(obj.Size, obj.ETag, obj.Checksums)), 1)
}
