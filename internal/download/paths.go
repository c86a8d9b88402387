package download

import (
	"context"
	"fmt"
	"hash/maphash"
	"iter"
	"strings"
	"sync"

	"github.com/bynder-cli/bynder/internal/fingerprint"
)

// Place is a path at which a sink can put a file.
type Place struct {
	Path string // as in Result.Path
	// Same is set if an identical file has the path already.
	Same bool
	// Kept is set if a different file has the path and keeps it, as if it were this one.
	Kept bool
	// Replaces is the size in bytes of the different file that would be replaced there; nil if there is none.
	Replaces *int64
	// Blocked is the error of the file if an existing file has the path and keeps it.
	Blocked error
}

// Paths decides which file of a run gets which path: the first in the input, whichever finishes first. Each
// file proposes the places it can have, in order of preference, as soon as they are known, and often before an
// earlier file does. Its place is decided when all earlier files have proposed theirs: of its places without a
// conflict with an earlier file, it gets the first with an identical file, or else the first that is not
// blocked. So the outcome depends only on the order of the input, and on the files in place before the run.
//
// A file's path conflicts with the same path, all paths below it, and its own folders as paths of files. So does
// the path of its metadata, if they are written.
//
// The content of files does not matter: two files of the same bytes conflict as any others do. A file that fails
// gives up its path; a later file that was refused the path before does not get it.
type Paths struct {
	sink   Sink                     // decides which paths are equal, and how they are shown
	beside func(path string) string // Options.Beside
	seed   maphash.Seed

	mu       sync.Mutex
	next     int64            // the number of the first file that is not decided
	proposed map[int64]*Claim // files from next on that have proposed their places, by number
	// taken has the owner of each path that a file has got.
	taken fingerprint.Table[owner]
	// described has the owner of each path of metadata of such a file.
	described fingerprint.Table[owner]
	// below has how many of those paths are below each folder.
	below fingerprint.Table[int32]
}

// owner is the asset and the media item whose file has a path, as hashes. A path that was given up has the zero owner.
type owner struct{ asset, item uint32 }

// NewPaths returns the Paths of a run into a sink, whose files are numbered from 1 on. beside returns the path of the
// metadata of the file at a path; it is nil if no metadata are written.
func NewPaths(to Sink, beside func(path string) string) *Paths {
	return &Paths{sink: to, beside: beside, seed: maphash.MakeSeed(), next: 1, proposed: map[int64]*Claim{}}
}

// Claim is the claim of one file to a path. A file without other files in its run has a nil Claim.
type Claim struct {
	paths   *Paths
	number  int64
	owner   owner
	decided chan struct{}
	lost    func() // called when another file's proposal decides that the file gets no place
	// recorded is Job.Recorded.
	recorded bool

	// Guarded by paths.mu.
	places  []Place // that the file proposed
	got     *Place  // what was decided; nil for no place
	refused error   // the error of a file without a place
	ended   bool
}

// Claim returns the claim of a job's file. There must be one for each number, and each must be ended. lost is
// called, at most once, when another file decides that the file gets none of its places.
func (p *Paths) Claim(job Job, lost func()) *Claim {
	by := owner{asset: max(p.short(job.MediaID), 1)}
	if id := job.Selector.ItemID; id != "" {
		by.item = max(p.short(id), 1)
	}
	return &Claim{paths: p, number: job.Number, owner: by, decided: make(chan struct{}), lost: lost, recorded: job.Recorded}
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
	if !c.isDecided() {
		c.places = places
		p.proposed[c.number] = c
		p.decide(c)
	}
	if c.isDecided() {
		return c.now(places)
	}
	if at := c.best(); at != nil {
		return *at, nil
	}
	return Place{}, &expected{c.refusal()}
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

// decide gives the files their paths, in their order, up to the first that has not proposed its places. The one that
// proposes gets its error from Propose, and is not interrupted: it still closes its connection in an orderly way.
func (p *Paths) decide(proposing *Claim) {
	for c := p.proposed[p.next]; c != nil; c = p.proposed[p.next] {
		delete(p.proposed, p.next)
		p.next++
		if c.got = c.best(); c.got != nil {
			p.setOwner(c.got.Path, c.owner, 1)
		} else {
			c.refused = c.refusal()
		}
		close(c.decided)
		if c.got == nil && c != proposing {
			c.lost()
		}
	}
}

// setOwner sets the owner of a path, and adds files to the counts of its folders.
func (p *Paths) setOwner(path string, by owner, files int32) {
	key := p.sink.PathKey(path)
	p.taken.Put(p.hash(key), by)
	if p.beside != nil {
		p.described.Put(p.hash(p.sink.PathKey(p.beside(path))), by)
	}
	for folder := range folders(key) {
		print := p.hash(folder)
		n, _ := p.below.Get(print)
		p.below.Put(print, n+files)
	}
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
	apart := NameApart(c.owner.item != 0 || by.asset == c.owner.asset)
	if by == c.owner {
		apart = "--name '{derivative}/{filename}'"
	}
	if conflict != belowItself { // in that case the id does not help
		apart += ", or let --if-exists rename add its id"
	}
	advice := "give every file a path of its own with " + apart
	if c.recorded {
		advice = "remove the record that is wrong from the journal"
	}
	return &Error{
		Code: CodeExists, Path: last.Path, Err: fmt.Errorf("%s is %s of an earlier file of this run", c.paths.sink.Show(shown), conflict),
		Advice: advice,
	}
}

// conflict is how a path is related to that of an earlier file, as messages say it.
type conflict string

const (
	noConflict  conflict = ""
	samePath    conflict = "the path"
	folderOf    conflict = "a folder"
	belowItself conflict = "below the path"
	metadataOf  conflict = "where the metadata are"
	itsMetadata conflict = "the path or a folder" // of the file that has the path of its metadata
)

// conflict returns why a file cannot have a path, "" if it can.
func (p *Paths) conflict(path string) conflict {
	found := p.relation(path)
	if found == noConflict && p.beside != nil && p.relation(p.beside(path)) != noConflict {
		return itsMetadata
	}
	return found
}

// relation returns how a path is related to that of an earlier file.
func (p *Paths) relation(path string) conflict {
	key := p.sink.PathKey(path)
	print := p.hash(key)
	if p.ownerOf(print) != (owner{}) {
		return samePath
	}
	if p.describes(print) {
		return metadataOf
	}
	if n, _ := p.below.Get(print); n > 0 {
		return folderOf
	}
	for folder := range folders(key) {
		if p.ownerOf(p.hash(folder)) != (owner{}) {
			return belowItself
		}
		if p.describes(p.hash(folder)) {
			return metadataOf
		}
	}
	return noConflict
}

// describes reports whether the path whose key has this hash is one of metadata.
func (p *Paths) describes(print uint64) bool {
	by, _ := p.described.Get(print)
	return by != owner{}
}

// folders yields the folders that the path with this key is in, the innermost first.
func folders(key string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := strings.LastIndexByte(key, '/'); i > 0; i = strings.LastIndexByte(key[:i], '/') {
			if !yield(key[:i]) {
				return
			}
		}
	}
}

// ownerOf returns the owner of the path whose key has this hash.
func (p *Paths) ownerOf(print uint64) owner {
	by, _ := p.taken.Get(print)
	return by
}

func (p *Paths) hash(key string) uint64 { return maphash.String(p.seed, key) }

func (p *Paths) short(id string) uint32 { return uint32(maphash.String(p.seed, id) >> 32) }
